from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods import create, recreate
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.build import build
from ssgan_tf.methods.gan.fastgan_generator import Generator, channels_at
from ssgan_tf.methods.gan.projected import LEVELS, Critic, Features, Projected, wrong_label_loss
from ssgan_tf.methods.gan.state import variables_of
from tests.training.tiny import make_step, painted_squares, tiny_method

VGG_FILE = Path(__file__).parents[3] / "shared" / "weights" / "vgg19_notop.h5"
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def features():
    return Features(32, "random", seed=1)


@pytest.fixture(scope="module")
def trained():
    """A step of two classes, five iterations on, with the weights that it began with."""
    method = tiny_method("projected", class_weight=0.5, wrong_labels=True, learning_rate=2e-3)
    images = painted_squares(10, classes=("left", "right"))
    step = make_step(method, "all_classes", images)
    networks = (step.generator, step.critic, step.features)
    before = {weight.path: weight.numpy() for network in networks for weight in network.weights}
    losses = step.run_iterations(5)
    return step, before, losses


def test_settings():
    method = Projected()
    assert (method.settings.learning_rate, method.settings.batch_size) == (2e-4, 16)
    assert method.settings.flip and method.settings.augment_critic == "diffaugment"
    half_life = np.log(0.5) / np.log(method.settings.ema) * method.settings.batch_size
    assert half_life == pytest.approx(5500, rel=0.02)
    for optimizer in method.optimizers():
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.99)
    with pytest.raises(UserError, match="--class_weight is -1; it must be 0 or more"):
        Projected(class_weight=-1)
    with pytest.raises(UserError, match="ssgan has no setting 'wrong_labels'"):
        create("ssgan", wrong_labels=True)


def test_a_network_for_each_class_is_wanted_by_name():
    for_all, for_each = Projected(), Projected(conditional=False)
    assert list(for_all.jobs(["a", "b"])) == ["all_classes"]
    assert for_each.jobs(["a", "b"]) == {"a": ("a",), "b": ("b",)}
    assert for_each.jobs(["a"]) == {"a": ("a",)}
    assert for_each.classes_of_network(5) == 1
    assert "conditional" not in for_all.as_flags()  # so that earlier runs go on
    assert for_each.as_flags()["conditional"] is False
    assert not recreate({"method": "projected", **for_each.as_flags()}).conditional
    with pytest.raises(UserError, match="there is one; add --noconditional"):
        for_all.jobs(["a"])
    for changes in ({"class_weight": 0.5}, {"wrong_labels": True}):
        with pytest.raises(
            UserError, match=f"--{next(iter(changes))} is for a network that learns"
        ):
            Projected(conditional=False, **changes)


def test_a_network_of_one_class_makes_and_judges_images():
    method = tiny_method("projected", conditional=False)
    networks = build(method, 1)
    images = networks.generator(normal(2, 8), np.zeros(2, np.int32))
    assert images.shape == (2, 32, 32, 3)
    features = method.perceptual()(images)
    scores = method.judge(networks.critic, features, np.zeros(2, np.int32)).scores
    assert np.all(np.isfinite(scores)) and scores.shape == (2,)


@pytest.mark.parametrize("weights", ["random", VGG_FILE])
def test_levels_are_those_of_keras_applications(weights):
    if weights == VGG_FILE and not VGG_FILE.exists():
        pytest.skip("no VGG-19 file beside this checkout")
    found = Features(32, str(weights), seed=0).levels
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    expected = keras.Model(vgg.inputs, [vgg.get_layer(name).output for name in LEVELS])
    expected.set_weights(found.get_weights())
    if weights == VGG_FILE:
        vgg.load_weights(weights)
    pixels = keras.applications.vgg19.preprocess_input(IMAGES.astype(np.float32))
    for level, (ours, theirs) in enumerate(
        zip(found(IMAGES / np.float32(127.5) - 1), expected(pixels), strict=True)
    ):
        assert ours.shape[1:3] == (16 // 2**level,) * 2
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.max(theirs))


def test_adapted_levels_have_a_deviation_of_1(features):
    features.adapt(IMAGES)
    for level, maps in enumerate(features.levels(IMAGES / np.float32(127.5) - 1)):
        np.testing.assert_allclose(features.mixing.scales[level], np.std(maps), rtol=1e-4)
    assert [tuple(maps.shape) for maps in features(IMAGES / np.float32(127.5) - 1)] == [
        (6, 16, 16, 64), (6, 8, 8, 128), (6, 4, 4, 128), (6, 2, 2, 128),
    ]  # fmt: skip


def test_features_are_the_same_for_a_seed_and_never_trained(features, trained):
    again, other = Features(32, "random", seed=1), Features(32, "random", seed=2)
    images = IMAGES / np.float32(127.5) - 1
    features.mixing.scales.assign(np.ones(4))
    for one, same, different in zip(features(images), again(images), other(images), strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.allclose(one, different)
    step, before, _ = trained
    assert not step.features.trainable_weights
    assert len(step.features.weights) == 2 * 16 + 4 + 3 + 1
    for weight in step.features.weights:
        np.testing.assert_array_equal(weight, before[weight.path])
    assert not any("block5" in name or "mixing" in name for name in variables_of(step))
    assert not {id(weight) for weight in step.features.weights} & {
        id(weight) for weight in (*step.critic.weights, *step.generator.weights)
    }


def test_one_pass_of_generated_images_serves_both_updates(trained, monkeypatch):
    step, _, _ = trained
    passes = []
    real = step.features

    def counted(images, training):
        passes.append(images.shape[0])
        return real(images, training=training)

    monkeypatch.setattr(step, "features", counted)
    step._last_steps(step.images.tensors)
    assert len(passes) == 2  # one of real, one of generated images


def test_every_weight_of_both_networks_learns(trained):
    step, before, losses = trained
    for network in (step.generator, step.critic):
        assert len(network.trainable_weights) > 15
        for weight in network.trainable_weights:
            assert np.any(np.not_equal(weight, before[weight.path])), weight.path
    assert set(losses) >= set(step.method.loss_names)
    assert all(np.isfinite(value) for value in losses.values())


def test_convolutions_of_the_heads_keep_a_spectral_norm_of_1(trained):
    heads = trained[0].critic.heads
    wrapped = [layer for head in heads for layer in (*head.convs, head.patches)]
    assert len(wrapped) == 4 + 3 + 2 + 2  # of maps of 16, 8, 4 and 2
    for layer in wrapped:
        assert isinstance(layer, SpectralNormalization)
        kernel = np.asarray(layer.normalized_kernel())
        norm = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
        assert 0.9 < norm < 1.25, layer.path  # the power method is a little behind


def test_real_and_generated_images_are_normalised_apart():
    critic, method = Critic(32, 2), Projected(image_size=32)
    maps = [
        normal(4, side, side, width) for side, width in ((16, 64), (8, 128), (4, 128), (2, 128))
    ]
    labels = np.int32([0, 1, 1, 0])
    alone = method.judge(critic, maps, labels).scores
    shifted = [each + 5 for each in maps]
    real, _ = method.judge_both(critic, (maps, labels), (shifted, labels))
    np.testing.assert_allclose(real.scores, alone, rtol=0.2, atol=1e-3)


def test_the_critic_judges_patches_by_class():
    critic, method = Critic(64, 3, classify=True), Projected(class_weight=1.0)
    maps = [
        normal(2, side, side, width) for side, width in ((32, 64), (16, 128), (8, 128), (4, 128))
    ]
    logits, classes = critic(maps)
    assert logits.shape == (2, 4 * 16, 3) and classes.shape == (2, 3)
    judged = method.judge(critic, maps, np.int32([2, 0]))
    patches, logits, _ = (np.asarray(each) for each in judged.details)
    np.testing.assert_allclose(patches[0], logits[0, :, 2], rtol=1e-5)
    np.testing.assert_allclose(patches[1], logits[1, :, 0], rtol=1e-5)
    np.testing.assert_allclose(judged.scores, patches.mean(1), rtol=1e-5)


def judged(logits, labels, classes=None):
    """What a critic with one patch and two classes says."""
    logits, labels = np.float32(logits)[:, None], np.int32(labels)
    patches = np.take_along_axis(logits, labels[:, None, None], 2)[..., 0]
    return CriticOutput(patches.mean(1), labels, (patches, logits, classes))


def test_losses_by_hand():
    real = judged([[2, 0.5], [-3, 0]], [0, 1], np.float32([[0, 0], [0, 0]]))  # own: 2 and 0
    fake = judged([[-2, 9], [9, 1]], [0, 1], np.float32([[0, 0], [0, 0]]))  # own: -2 and 1
    plain = Projected()
    losses = plain.critic_losses(real, fake)
    assert set(losses) == {"critic_loss"}
    np.testing.assert_allclose(losses["critic_loss"], (0 + 1) / 2 + (0 + 2) / 2)
    np.testing.assert_allclose(plain.generator_losses(fake)["generator_loss"], -(-2 + 1) / 2)

    everything = Projected(class_weight=2.0, wrong_labels=True)
    losses = everything.critic_losses(real, fake)
    wrong = (1.5 + 0) / 2  # of 0.5 and -3
    np.testing.assert_allclose(losses["wrong_label_loss"], wrong)
    np.testing.assert_allclose(losses["class_loss"], np.log(2), rtol=1e-6)
    np.testing.assert_allclose(losses["critic_loss"], 1.5 + wrong + 2 * np.log(2), rtol=1e-6)
    losses |= everything.generator_losses(fake)
    np.testing.assert_allclose(losses["fake_class_loss"], np.log(2), rtol=1e-6)
    np.testing.assert_allclose(losses["generator_loss"], 0.5 + 2 * np.log(2), rtol=1e-6)
    assert set(losses) == set(everything.loss_names)


def test_wrong_labels_of_three_classes_by_hand():
    logits = np.float32([[[5, 1, -1]], [[0, 7, -4]]])  # classes 0 and 1: wrong are 1, -1; 0, -4
    loss = wrong_label_loss(logits, np.int32([0, 1]))
    np.testing.assert_allclose(loss, (2 + 0 + 1 + 0) / 4)
    assert float(wrong_label_loss(logits[..., :1], np.int32([0, 0]))) == 0


def test_channels_by_size():
    assert [channels_at(side, 256) for side in (4, 8, 16, 32, 64, 128, 256)] == [
        256, 256, 128, 64, 32, 16, 16,
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "excited"), [(32, [32]), (64, [32, 64]), (128, [32, 64, 128])])
def test_generator_of_each_size(size, excited):
    generator = Generator(size, 32, classes=2)
    images = generator(normal(2, 8), np.int32([0, 1]))
    assert images.shape == (2, size, size, 3) and images.dtype == tf.float32
    assert np.abs(images).max() <= 1
    assert list(generator.excitations) == excited


def test_an_image_depends_on_the_direction_of_its_latents_and_its_class_alone():
    generator, latents = Generator(32, 32, classes=2), normal(4, 8)
    labels = np.int32([0, 1, 0, 1])
    generator(latents, labels, training=True)
    for block in generator.blocks:
        block.noise.weight.assign(1.0)
        block.norm.betas.assign(normal(*block.norm.betas.shape))
    images = np.asarray(generator(latents, labels))
    np.testing.assert_allclose(generator(3 * latents, labels), images, atol=1e-4)
    np.testing.assert_allclose(generator(latents[2:], labels[2:]), images[2:], atol=1e-4)
    assert not np.allclose(generator(latents, 1 - labels), images, atol=1e-2)


def test_a_generator_of_one_class_does_without_labels():
    generator, latents = Generator(32, 32), normal(2, 8)
    images = np.asarray(generator(latents))
    np.testing.assert_array_equal(generator(latents, np.int32([4, 7])), images)
