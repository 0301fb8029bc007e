"""The parts of SinGAN: sizes, networks, losses, packs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods import create
from ssgan_tf.methods.singan import networks
from ssgan_tf.methods.singan.levels import apart, side_by_side
from ssgan_tf.methods.singan.models import of_models
from ssgan_tf.methods.singan.phases import ScalePhase
from ssgan_tf.methods.singan.plan import parameters
from ssgan_tf.methods.singan.scales import resize, resize_matrix, scales_of
from ssgan_tf.methods.singan.settings import Settings
from ssgan_tf.methods.singan.step import gradient_penalty

TINY = Settings(
    image_size=14, min_size=10, extra_scales=-2, layers=3, channels=4, iterations=40,
    precision="float32",
)  # fmt: skip


def sizes(size, **changes):
    return [scale.size for scale in scales_of(Settings(image_size=size, **changes))]


def test_sizes_are_the_originals():
    assert sizes(28) == [25, 27, 28]
    assert sizes(32) == [26, 29, 32]  # the ceiling of 25.000000000000004
    assert sizes(56) == [25, 31, 38, 46, 56]
    assert sizes(64) == [25, 31, 37, 44, 54, 64]
    assert sizes(56, extra_scales=-1) == [25, 33, 43, 56]
    assert sizes(56, extra_scales=-2) == [25, 38, 56]
    assert sizes(56, sizes="log")[0] == 25 and sizes(56, sizes="log")[-1] == 56
    with pytest.raises(UserError, match="fewer than two scales"):
        sizes(28, extra_scales=-2)


def test_impossible_settings_are_refused():
    for changes, words in (
        ({"image_size": 20}, "at least --min_size"),
        ({"pack": "0"}, "--pack is 0"),
        ({"images_per_class": "some"}, "or all"),
        ({"layers": 13}, "more than twice --layers"),
        ({"schedule": "both"}, "one of shared, separate"),
    ):
        with pytest.raises(UserError, match=words):
            create("singan", **changes)


@pytest.mark.parametrize(
    ("channels", "generator", "critic"),
    [(32, 29_763, 29_185), (64, 114_819, 113_665), (128, 450_819, 448_513)],
)
def test_parameters_are_the_originals(channels, generator, critic):
    settings = Settings(channels=channels)
    (scale, *_) = scales_of(settings)
    for build, outputs, count in (
        (networks.build_generator, 3, generator), (networks.build_critic, 1, critic),
    ):  # fmt: skip
        network = build(1, channels, settings)
        assert sum(int(np.prod(one.shape)) for one in network.trainable_variables) == count
        assert parameters(settings, scale, outputs) == count


@pytest.mark.parametrize(("layers", "patch"), [(5, 11), (6, 13)])
def test_a_score_looks_at_a_patch(layers, patch):
    critic = networks.build_critic(1, 4, Settings(layers=layers, norm="none"))
    networks.initialise(critic, (1, 2))
    images = tf.random.stateless_normal((1, 25, 25, 3), (3, 4))
    with tf.GradientTape() as tape:
        tape.watch(images)
        score = critic(images)[0, 2, 3, 0]
    seen = np.argwhere(tape.gradient(score, images)[0].numpy().any(-1))
    assert len(seen) == patch**2
    assert seen.min(0).tolist() == [2, 3] and seen.max(0).tolist() == [1 + patch, 2 + patch]


@pytest.mark.parametrize("size", [16, 25, 64])
def test_resizing_is_tensorflows(size):
    images = tf.random.stateless_uniform((2, 32, 32, 3), (1, size))
    matrix = resize_matrix(32, size, size / 32)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-6)
    expected = tf.image.resize(images, (size, size), "bicubic", antialias=True)
    np.testing.assert_allclose(resize(images, matrix), expected, atol=1e-5)


def test_penalty_of_a_linear_critic():
    """Of a critic w·x of each pixel: (‖w‖ - 1)²."""
    weights = np.array([[3.0, 0.0, 4.0], [0.3, 0.4, 0.0]], np.float32)  # of two models

    def critic(images):
        each = tf.reshape(images, (1, 6, 6, 2, 3))
        return tf.reduce_sum(each * weights, -1)

    real, fake = (tf.random.stateless_normal((1, 6, 6, 6), (1, seed)) for seed in range(2))
    penalty = gradient_penalty(critic, real, fake, tf.constant([0.2, 0.7]))
    np.testing.assert_allclose(penalty, [16.0, 0.25], rtol=1e-6)


def pack(settings, images, seed=(0, 0)):
    scale = scales_of(settings)[0]
    names = [f"image {number}" for number in range(len(images))]
    return ScalePhase(settings, 0, scale, images, names, [], seed)


def pictures(count, size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def gradients_of(phase, fake_noise, mix):
    """Losses and gradients of both networks, by name, for given random numbers."""
    step, previous = phase.step, tf.zeros_like(phase.real)
    with tf.GradientTape(persistent=True) as tape:
        fake, reconstruction = step._generate(fake_noise, previous)
        critic, critic_loss = step._critic_losses(tf.stop_gradient(fake), mix)
        generator, generator_loss = step._generator_losses(fake, reconstruction)
    found = {"losses": tf.concat([critic, generator], 0).numpy()}
    for name, loss in (("critic", critic_loss), ("generator", generator_loss)):
        weights = networks.named(getattr(step, name))
        for key, gradient in tape.gradient(loss, weights).items():
            if gradient is not None:
                found[f"{name}/{key}"] = gradient.numpy()
    return found


@pytest.mark.parametrize("grouped", [True, False])
def test_a_pack_is_its_models(grouped, monkeypatch):
    monkeypatch.setattr(networks, "groups_have_gradients", lambda: grouped)
    images = pictures(3, 14)
    together = pack(TINY, images)
    noise = together.level.draw_noise(1, (5, 6))
    mix = tf.constant([0.1, 0.5, 0.8])
    expected = gradients_of(together, noise, mix)
    for place in range(3):
        alone = pack(TINY, images[place : place + 1])
        for name, variable in alone.variables().items():
            if ("/" in name and "optimizer" not in name) or name == "fixed_noise":
                value = together.variables()[name].numpy()
                parts = value.reshape(*value.shape[:-1], 3, -1)[..., place, :]
                variable.assign(parts.reshape(variable.shape))
        found = gradients_of(
            alone, side_by_side(apart(noise)[0][place : place + 1]), mix[place : place + 1]
        )
        shares = of_models({**expected, "scale-0/amplitude": np.ones(3)}, [place])
        for name, value in found.items():
            # Of its network: biases in front of a normalisation have no gradient but rounding.
            largest = max(np.abs(found[key]).max() for key in found if key[:3] == name[:3])
            np.testing.assert_allclose(
                value, shares[name], rtol=1e-4, atol=1e-5 * largest, err_msg=name
            )


def test_the_device_is_asked_once_whether_groups_have_gradients(monkeypatch):
    networks.groups_have_gradients.cache_clear()

    def refuse():
        raise tf.errors.UnimplementedError(None, None, "no groups")

    with monkeypatch.context() as patch:
        patch.setattr(networks, "_differentiate_groups", refuse)
        assert not networks.groups_have_gradients()
    networks.groups_have_gradients.cache_clear()
    assert networks.PackedConv2D(2, 3).groups == 3


def test_models_of_a_pack_do_not_touch_each_other(caplog):
    """Another image changes nothing for its neighbour, nor does a model that is not finite."""
    images = pictures(2, 14)
    first = pack(TINY, images)
    images = images.copy()
    images[1] = pictures(1, 14, seed=5)
    second = pack(TINY, images)
    for phase in (first, second):
        phase.run(20)
    assert_same(first, second)
    kernel = networks.named(second.step.generator)["conv_1/kernel"]
    values = kernel.numpy()
    values[..., 4:] = np.nan  # those of model 1
    kernel.assign(values)
    losses = second.run(3)
    first.run(3)
    assert second.failed.numpy().tolist() == [False, True]
    assert "the model of image 1 is not finite after iteration 23" in caplog.text
    assert all(np.isfinite(list(losses.values())))
    assert not kernel.numpy()[..., 4:].any()
    assert_same(first, second)


def assert_same(first, second):
    found, arrays = first.variables(), second.variables()
    for name in found:
        if "/" in name and len(found[name].shape):
            one, other = (
                each[name].numpy().reshape(*found[name].shape[:-1], 2, -1)[..., 0, :]
                for each in (found, arrays)
            )
            np.testing.assert_array_equal(one, other, err_msg=name)


def test_rates_fall_after_four_fifths():
    phase = pack(TINY, pictures(1, 14))
    rate = phase.step.generator_optimizer.learning_rate
    assert float(rate) == pytest.approx(5e-4)
    for updates, expected in ((32 * 3 - 1, 5e-4), (32 * 3, 5e-5)):  # of 40 iterations
        phase.step.generator_optimizer.iterations.assign(updates)
        now = phase.step.generator_optimizer.learning_rate
        assert float(keras.ops.convert_to_numpy(now)) == pytest.approx(expected)
