from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.data.decoding import decode
from ssgan_tf.errors import UserError
from ssgan_tf.perceptual import perceptual_loss, perceptual_network, weights_fingerprint

SHARED = Path(__file__).parents[2] / "shared"
VGG_FILE = SHARED / "weights" / "vgg19_notop.h5"
SUNFLOWERS = SHARED / "datasets" / "flower" / "sunflowers"
CHOICES = ("imagenet", "PATH", "random")


@pytest.fixture(scope="module")
def network():
    return perceptual_network(32, "random")


@pytest.fixture(scope="module")
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3))
    return (pixels / 127.5 - 1).astype(np.float32)


def test_loss_of_equal_images_is_0(network, images):
    features = network(images)
    assert features.dtype == tf.float32
    assert np.std(features) > 0
    assert float(perceptual_loss(features, network(images))) == 0


def test_loss_matches_numpy(network, images):
    real, fake = np.asarray(network(images[:2]), float), np.asarray(network(images[2:]), float)
    _, width, height, channels = real.shape
    expected = 0
    for x, x_tilde in zip(real, fake, strict=True):
        total = 0
        for i in range(width):
            for j in range(height):
                total += np.sum((x[i, j] - x_tilde[i, j]) ** 2) / channels
        expected += total / (width * height) / len(real)
    assert expected > 0
    assert float(perceptual_loss(real, fake)) == pytest.approx(expected, rel=1e-5)


def test_network_is_vgg19_with_its_own_preprocessing(network, images):
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    convolutions = keras.Model(vgg.inputs, vgg.get_layer("block5_conv4").output)
    assert len(convolutions.get_weights()) == 2 * 16
    convolutions.set_weights(network.get_weights())
    bgr = (images.astype(np.float64) * 127.5 + 127.5)[..., ::-1] - [103.939, 116.779, 123.68]
    expected = np.asarray(convolutions(bgr.astype(np.float32)))
    assert expected.shape == (4, 2, 2, 512)
    np.testing.assert_allclose(network(images), expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_network_is_frozen_but_passes_gradients_on(network, images):
    assert network.trainable_variables == []
    inputs = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = perceptual_loss(0.0, network(inputs))
    gradients = np.asarray(tape.gradient(loss, inputs))
    assert np.all(np.isfinite(gradients))
    assert np.all(np.any(gradients, axis=(1, 2)))  # every image, every colour


def test_random_weights_are_equal_from_build_to_build(network):
    keras.utils.set_random_seed(1)
    again = perceptual_network(64, "random")
    assert weights_fingerprint(again) == weights_fingerprint(network)
    for weight, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)
    first, second = network.get_weights()[2], network.get_weights()[4]
    assert not np.allclose(first.ravel()[:64], second.ravel()[:64])  # each layer has its own


def test_fingerprint_tells_weights_apart():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    before = weights_fingerprint(model)
    model.layers[0].kernel.assign(model.layers[0].kernel + 1)
    assert weights_fingerprint(model) != before


def test_mixed_precision_gives_float32_features(images):
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = perceptual_network(32, "random")
    finally:
        keras.config.set_dtype_policy(former)
    assert network(images[:1]).dtype == tf.float32


def refused(weights):
    with pytest.raises(UserError) as caught:
        perceptual_network(32, weights)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["nowhere.h5", "folder", ""])
def test_missing_file(tmp_path, name):
    (tmp_path / "folder").mkdir()
    message = refused(str(tmp_path / name) if name else "")
    assert "no file" in message
    assert name in message
    assert all(choice in message for choice in CHOICES)


@pytest.mark.parametrize("name", ["weights.h5", "weights.txt", "weights.weights.h5"])
def test_file_that_is_no_weights_file(tmp_path, name):
    path = tmp_path / name
    path.write_text("not weights")
    message = refused(str(path))
    assert name in message
    assert all(choice in message for choice in CHOICES)


@pytest.mark.parametrize("name", ["other.h5", "other.weights.h5"])
def test_weights_of_another_network(tmp_path, name):
    other = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    if name.endswith(".weights.h5"):
        other.save_weights(tmp_path / name)
    else:
        other.save(tmp_path / name)
    message = refused(str(tmp_path / name))
    assert name in message
    assert all(choice in message for choice in CHOICES)


def test_failing_download_names_the_other_choices(monkeypatch):
    def fail(*_, weights, **__):
        assert weights == "imagenet"
        raise Exception(
            "URL fetch failure on https://example.org/vgg19.h5: None -- timed out\nmore"
        )

    monkeypatch.setattr(keras.applications, "VGG19", fail)
    message = refused("imagenet")
    assert "could not be downloaded" in message
    assert "timed out" in message
    assert "--vgg_weights PATH" in message
    assert "--vgg_weights random" in message


@pytest.fixture(scope="module")
def photographs():
    if not SUNFLOWERS.is_dir():
        pytest.skip("the real photographs (../shared/datasets/flower) are not here")
    files = sorted(SUNFLOWERS.glob("*.jpg"))[:64]
    pixels = np.stack([decode(path.read_bytes(), 64) for path in files])
    return pixels.astype(np.float32) / 127.5 - 1


def loss_between_halves(network, photographs):
    return float(perceptual_loss(network(photographs[:32]), network(photographs[32:])))


def test_loss_between_real_photographs(photographs):
    if not VGG_FILE.is_file():
        pytest.skip("the VGG-19 weights (../shared/weights/vgg19_notop.h5) are not here")
    loss = loss_between_halves(perceptual_network(64, str(VGG_FILE)), photographs)
    assert 100 < loss < 140  # so that μ = 0.01 adds about 1 to the generator's loss


def test_random_weights_give_a_loss_of_the_same_order(photographs):
    loss = loss_between_halves(perceptual_network(64, "random"), photographs)
    assert 30 < loss < 400
