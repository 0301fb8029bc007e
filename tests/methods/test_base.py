import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS, create
from ssgan_tf.methods.contract import ALL_CLASSES
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.losses import gradient_penalty
from ssgan_tf.methods.gan.settings import NOISES, PRECISIONS
from ssgan_tf.methods.gan.ssgan import SSGAN, Settings
from ssgan_tf.methods.gan.wgan_gp import WGANGP
from tests.training.tiny import GANS, untrained


class Dense(keras.Model):
    """A network of one layer."""

    def __init__(self, shape, activation=None):
        super().__init__()
        self.before = keras.layers.Flatten()
        self.dense = keras.layers.Dense(int(np.prod(shape)), activation=activation, name="dense")
        self.after = keras.layers.Reshape(shape)

    def call(self, inputs, labels=None, training=None):
        return self.after(self.dense(self.before(inputs)))


class Plain(WGANGP):
    """WGAN-GP with dense networks."""

    name = "plain"

    def build_generator(self, classes=1):
        return Dense((self.settings.image_size, self.settings.image_size, 3), "tanh")

    def build_critic(self, classes=1):
        return Dense(())


def slope_of(critic, images):
    images = tf.constant(images, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = critic(images)
    return tape.gradient(scores, images)


@pytest.mark.parametrize("slope", [0.25, 1.0, 3.0, 60.0])
def test_penalty_of_a_linear_critic_is_exact(slope):
    direction = np.random.default_rng(0).normal(size=(8, 8, 3))
    direction = tf.constant(slope * direction / np.linalg.norm(direction), tf.float32)
    images = np.random.default_rng(1).normal(size=(4, 8, 8, 3))
    gradients = slope_of(lambda x: tf.reduce_sum(x * direction, (1, 2, 3)) + 5.0, images)
    penalty = float(gradient_penalty(gradients))
    assert penalty == pytest.approx((slope - 1) ** 2, rel=1e-5, abs=1e-9)


def test_penalty_is_the_mean_over_images_of_single_penalties():
    gradients = np.zeros((3, 2, 2, 1), np.float32)
    gradients[0, :, :, 0] = 1.0  # norm 2, penalty 1
    gradients[1, 0, 0, 0], gradients[1, 1, 1, 0] = 3.0, -4.0  # norm 5, penalty 16
    gradients[2, 0, 1, 0] = 1.0  # norm 1, penalty 0
    assert float(gradient_penalty(gradients)) == pytest.approx(17 / 3)


def test_penalty_of_a_flat_critic_is_1_with_a_finite_derivative():
    gradients = tf.zeros((2, 4, 4, 3))
    with tf.GradientTape() as tape:
        tape.watch(gradients)
        penalty = gradient_penalty(gradients)
    assert float(penalty) == pytest.approx(1, abs=1e-5)
    assert np.all(np.isfinite(tape.gradient(penalty, gradients)))


def judged(scores):
    return CriticOutput(tf.constant(scores), tf.zeros(len(scores), tf.int32))


def test_critic_losses_by_hand():
    real, fake = judged([4.0, 6.0]), judged([1.0, -3.0])
    losses = Plain().critic_losses(real, fake)
    assert set(losses) == {"critic_loss", "wasserstein"}
    assert float(losses["wasserstein"]) == pytest.approx(5 - -1)
    assert float(losses["critic_loss"]) == pytest.approx(-6)  # Eq. 3, the penalty aside


def test_generator_losses_by_hand():
    losses = Plain().generator_losses(judged([1.0, 2.0, 6.0]))
    assert {name: float(value) for name, value in losses.items()} == {"generator_loss": -3.0}


def test_without_more_a_method_has_no_perceptual_network():
    assert Plain().build_perceptual() is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latent_dim": 0}, "--latent_dim is 0; it must be at least 1"),
        ({"base_channels": 0}, "--base_channels is 0; it must be"),
        ({"base_channels": 48}, "--base_channels is 48; it must be a multiple of 32"),
        ({"batch_size": -1}, "--batch_size is -1; it must be at least 1"),
        ({"critic_steps": 0}, "--critic_steps is 0; it must be at least 1"),
        ({"mu": -0.1}, "--mu is -0.1; it must be 0 or more"),
        ({"mu": float("nan")}, "--mu is nan; it must be 0 or more"),
        ({"lambda_": -1}, "--lambda is -1; it must be 0 or more"),
        ({"lambda_": float("inf")}, "--lambda is inf; it must be 0 or more"),
        ({"learning_rate": 0.0}, "--learning_rate is 0.0; it must be more than 0"),
        ({"learning_rate": float("nan")}, "--learning_rate is nan; it must be more than 0"),
        ({"ema": 1.0}, "--ema is 1.0; it must be at least 0 and less than 1"),
        ({"ema": -0.5}, "--ema is -0.5; it must be at least 0 and less than 1"),
        ({"seed": -1}, "--seed is -1; it must be at least 0"),
        ({"seed": 2**31}, "--seed is 2147483648; it must be"),
        ({"seed": None}, "--seed is None; it must be a whole number"),
        ({"latent_dim": 2.5}, "--latent_dim is 2.5; it must be a whole number"),
        ({"latent_dim": 10**9}, "--latent_dim is 1000000000; it must be at least 1 and at mo"),
        ({"base_channels": 2097152}, "--base_channels is 2097152; it must be at least 1"),
        ({"critic_steps": 10**30}, "--critic_steps is 1000000000000000000000000000000; it must"),
        ({"mu": "much"}, "--mu is much; it must be a number"),
        ({"noise": "pink"}, "--noise is pink; it must be one of " + ", ".join(NOISES)),
        ({"precision": "float8"}, "--precision is float8; it must be one of auto, float32"),
    ],
)
def test_impossible_settings_name_their_flag(changes, message):
    for make in (Settings, SSGAN):
        with pytest.raises(UserError) as caught:
            make(**changes)
        assert str(caught.value).startswith(message)
        assert "\n" not in str(caught.value)


def test_borderline_settings_are_allowed():
    Settings(mu=0, lambda_=0, ema=0, seed=2**31 - 1, batch_size=1, base_channels=32)
    for noise in NOISES:
        assert Settings(noise=noise).noise == noise
    for precision in PRECISIONS:
        assert Settings(precision=precision).precision == precision


def test_settings_become_flags():
    # Components that are off are left out.
    on = {"augment_critic": "ada", "penalty": "r1", "init": "runs/flower", "freeze": 2}
    flags = create("ssgan", lambda_=3.0, **on).as_flags()
    assert flags["lambda"] == 3.0
    assert not set(on) & set(create("ssgan").as_flags())
    assert "lambda_" not in flags
    assert set(flags) == {field.name.rstrip("_") for field in dataclasses.fields(Settings)}
    # Off where the method would have it on is recorded.
    assert create("projected", augment_critic="none").as_flags()["augment_critic"] == "none"


def test_settings_of_other_methods_are_refused_and_not_recorded():
    with pytest.raises(UserError, match="dcgan has no setting 'lambda'; it has image_size"):
        create("dcgan", lambda_=10.0)
    assert "lambda" in create("wgan-gp").as_flags()
    assert not {"lambda", "mu", "pyramid", "vgg_weights"} & set(create("dcgan").as_flags())


def test_networks_by_class_or_one_for_all(monkeypatch):
    method = Plain()
    assert method.jobs(["a", "b"]) == {"a": ("a",), "b": ("b",)}
    monkeypatch.setattr(Plain, "conditional", True)
    assert method.jobs(["a", "b"]) == {ALL_CLASSES: ("a", "b")}


def test_both_sides_are_judged_in_one_call_and_come_back_in_order():
    calls = []

    def critic(images, labels, training):
        calls.append(training)
        return tf.reduce_sum(images, (1, 2, 3)) + 100.0 * tf.cast(labels, tf.float32)

    images = tf.reshape(tf.range(4.0), (4, 1, 1, 1))
    labels = tf.constant([0, 1, 2, 3])
    real, fake = Plain().judge_both(critic, (images[:2], labels[:2]), (images[2:], labels[2:]))
    assert calls == [True]
    np.testing.assert_array_equal(real.scores, [0, 101])
    np.testing.assert_array_equal(fake.scores, [202, 303])
    np.testing.assert_array_equal(fake.labels, [2, 3])
    assert real.details == ()


def test_changes_fall_on_the_methods_own_defaults():
    assert Plain(seed=4).settings == WGANGP(seed=4).settings
    assert create("ssgan", seed=4).settings.lambda_ == SSGAN.defaults.lambda_ == 1.0


def test_unknown_names():
    with pytest.raises(UserError, match=r"unknown method 'gan'; choose one of .*ssgan"):
        create("gan")
    with pytest.raises(UserError, match=r"ssgan has no setting 'nu'; it has .*image_size.*mu"):
        create("ssgan", nu=1)
    assert all(METHODS[name].name == name for name in METHODS)


def with_generators():
    keras.utils.set_random_seed(0)
    return untrained(Plain(image_size=32, latent_dim=8), {"roses": 1, "daisy": 1})


def test_sample_gives_images_of_the_class():
    method = with_generators()
    images = method.sample("roses", 70, seed=3)
    assert (images.shape, images.dtype) == ((70, 32, 32, 3), np.uint8)
    assert images.std() > 5
    np.testing.assert_array_equal(images, method.sample("roses", 70, seed=3))
    np.testing.assert_array_equal(images[:5], method.sample("roses", 5, seed=3))
    np.testing.assert_array_equal(images[:65], method.sample("roses", 65, seed=3))
    assert len(np.unique(images.reshape(70, -1), axis=0)) == 70
    assert np.any(images != method.sample("roses", 70, seed=4))
    assert np.any(images != method.sample("daisy", 70, seed=3))
    assert method.sample("roses", 0).shape == (0, 32, 32, 3)


def test_sample_takes_a_place_in_the_sorted_class_names():
    method = with_generators()
    np.testing.assert_array_equal(method.sample(0, 3), method.sample("daisy", 3))
    np.testing.assert_array_equal(method.sample(1, 3), method.sample("roses", 3))


@pytest.mark.parametrize("label", ["tulips", 2, -1])
def test_sample_of_an_unknown_class(label):
    with pytest.raises(UserError, match=f"class {label!r} can be made; classes: daisy, roses"):
        with_generators().sample(label, 1)
    with pytest.raises(UserError, match=r"not trained yet; call fit\(\) first"):
        Plain().sample(label, 1)


@pytest.mark.parametrize("name", GANS)
def test_images_of_256_pixels(name):
    settings = {"vgg_weights": "random"} if METHODS[name].judges_features else {}
    method = create(name, image_size=256, base_channels=64, latent_dim=8, **settings)
    generator, critic = method.build(2)
    labels = tf.constant([1])
    images = generator(tf.ones((1, 8)), labels)
    assert images.shape == (1, 256, 256, 3)
    seen = method.perceptual()(images) if method.judges_features else images
    assert np.all(np.isfinite(keras.tree.flatten(critic(seen, labels))[0]))
    with pytest.raises(UserError, match="--base_channels is 32; it must be at least 64 for images"):
        create(name, image_size=256, base_channels=32)
