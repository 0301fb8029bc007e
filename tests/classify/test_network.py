"""The networks of classifiers beside ResNet-18, and the last layer trained alone."""

import keras
import numpy as np
import pytest

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.network import build_network
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares

IMAGES = painted_squares(per_class=12, size=32, classes=("left", "right"))
RECORD = {
    "class_names": ["left", "right"], "image_size": 32, "condition": "original", "seed": 0,
    "settings": {}, "learnt_from": {}, "held_out": {},
    "dataset": {"source": "demo", "datasets_dir": "datasets"},
}  # fmt: skip


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    """A file of weights as `keras.applications` writes them."""
    path = tmp_path_factory.mktemp("vgg") / "vgg19_notop.weights.h5"
    keras.utils.set_random_seed(1)
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    vgg.save_weights(path)
    return path


def test_vgg19_is_that_of_keras_applications_with_its_own_input(vgg_file):
    network = build_network(str(vgg_file), 32, 2, "vgg19")
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    vgg.load_weights(vgg_file)
    pixels = IMAGES.images[:3].astype(np.float32)
    maps = vgg(keras.applications.vgg19.preprocess_input(pixels.copy()))
    dense = network.get_layer("logits")
    expected = np.mean(maps, axis=(1, 2)) @ dense.kernel.numpy() + dense.bias.numpy()
    np.testing.assert_allclose(network(pixels), expected, rtol=1e-4, atol=1e-5)
    assert len(network.trainable_variables) == 2 * 16 + 2


def test_a_probe_trains_the_last_layer_alone(vgg_file):
    settings = ClassifierSettings(
        network="vgg19", weights=str(vgg_file), probe=True, batch_size=8, precision="float32",
        learning_rate=0.05,
    )  # fmt: skip
    learning = ClassifierTraining(IMAGES, settings, 0, steps=30)
    before = learning.network.get_weights()
    losses = [learning.run(15)["loss"] for _ in range(2)]
    after = learning.network.get_weights()
    changed = [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    assert changed == [False] * 32 + [True] * 2
    assert losses[1] < losses[0]


def test_a_probe_on_resnet_keeps_its_statistics(preset):
    settings = ClassifierSettings(weights=preset, probe=True, batch_size=8, precision="float32")
    learning = ClassifierTraining(IMAGES, settings, 0, steps=3)
    before = [np.array(weight) for weight in learning.network.weights]
    learning.run(3)
    for old, weight in zip(before, learning.network.weights, strict=True):
        assert np.array_equal(old, weight) == (not weight.path.startswith("logits")), weight.path


def test_a_saved_vgg19_says_the_same(vgg_file, tmp_path):
    network = build_network(str(vgg_file), 32, 2, "vgg19")
    before = Classifier(network, RECORD)
    before.save(tmp_path)
    np.testing.assert_allclose(
        Classifier.load(tmp_path).probabilities(IMAGES.images[:4]),
        before.probabilities(IMAGES.images[:4]), atol=1e-6,
    )  # fmt: skip


def test_what_vgg19_cannot_be_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"--weights: no file 'none.h5'; .*--weights scratch"):
        build_network("none.h5", 32, 2, "vgg19")
    with pytest.raises(UserError, match="--network vgg19 takes images of 32 pixels or more"):
        build_network("scratch", 16, 2, "vgg19")
    (tmp_path / "damaged.h5").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"--weights: .* does not hold the weights of VGG-19"):
        build_network(str(tmp_path / "damaged.h5"), 32, 2, "vgg19")
    with pytest.raises(UserError, match="--network is 'vgg16'; choose one of resnet18, vgg19"):
        ClassifierSettings(network="vgg16")


def test_the_last_layer_alone_learns_at_the_rate_of_new_weights():
    assert ClassifierSettings(probe=True).rate == 3e-3
    assert ClassifierSettings(network="vgg19").rate == 1e-4
