import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.layers.backbone import layer_normalization
from ssgan_tf.methods import create
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.latents import draw_latents
from ssgan_tf.methods.gan.settings import NOISES
from ssgan_tf.methods.gan.ssgan import SSGAN, Critic, Generator
from ssgan_tf.metrics.checkerboard import nyquist_share
from ssgan_tf.metrics.complexity import parameter_count

SIZES = (32, 64, 128, 256)


@pytest.fixture(autouse=True)
def fixed_weights():
    keras.utils.set_random_seed(0)


def noise_images(size, count=3):
    return np.random.default_rng(0).uniform(-1, 1, (count, size, size, 3)).astype(np.float32)


def forbid_vgg(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("VGG-19 was asked for")

    monkeypatch.setattr(keras.applications, "VGG19", fail)


@pytest.mark.parametrize("pyramid", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_generator_shapes_and_ranges(size, pyramid):
    generator = Generator(size, base_channels=64, pyramid=pyramid)
    images = generator(draw_latents("normal", (3, 16), (0, 0)))
    assert images.shape == (3, size, size, 3)
    assert images.dtype == tf.float32
    images = np.asarray(images)
    assert -1 <= images.min() < 0 < images.max() <= 1
    assert not np.allclose(images[0], images[1])
    assert len(generator.deconvs) == {32: 3, 64: 4, 128: 5, 256: 6}[size]
    assert len(generator.pyramids) == (2 if pyramid else 0)


@pytest.mark.parametrize("pyramid", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_critic_shapes(size, pyramid):
    critic = Critic(size, base_channels=64, pyramid=pyramid)
    images = noise_images(size)
    scores = critic(images)
    assert scores.shape == (3,)
    assert scores.dtype == tf.float32
    assert np.all(np.isfinite(scores))
    assert len(critic.pyramids) == (2 if pyramid else 0)
    # A critic of WGAN-GP judges each image by itself: its penalty is on single gradients.
    np.testing.assert_allclose(critic(images[1:2]), scores[1:2], rtol=1e-3, atol=1e-4)


def test_mixed_precision_leaves_images_and_scores_in_float32():
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator, critic = Generator(32, 32), Critic(32, 32)
        images = generator(draw_latents("normal", (2, 16), (0, 0)))
        assert images.dtype == critic(images).dtype == tf.float32
        assert generator.deconvs[0].compute_dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy(former)


@pytest.mark.parametrize("size", [0, 16, 48, 512])
def test_other_sizes_are_refused(size):
    for make in (Generator, Critic, lambda size: create("ssgan", image_size=size).build()):
        with pytest.raises(UserError, match=f"--image_size is {size}; .*32, 64, 128 or 256"):
            make(size)


def test_paper_defaults():
    settings = create("ssgan").settings
    assert (settings.mu, settings.lambda_) == (0.01, 1.0)  # section 4.3
    assert (settings.image_size, settings.learning_rate, settings.pyramid) == (64, 1e-4, True)
    for optimizer in SSGAN(learning_rate=0.25).optimizers():
        assert (float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2) == (
            0.25,
            0.5,
            0.9,
        )


def test_parameters_at_the_defaults_round_to_the_papers_25_million():
    generator, critic = SSGAN().build()
    critic(generator(draw_latents("normal", (1, 128), (0, 0))))
    generator_by_hand = (
        # No biases where batch normalisation would take them away again.
        (128 * 16384)  # latents to 4×4×1024
        + (25 * 1024 * 512)  # 4 to 8
        + (25 * 512 * 256)  # 8 to 16
        + (25 * 256 * 128)  # 16 to 32
        + (25 * 128 * 3 + 3)  # 32 to 64
        + (1024 * 256 + 256)  # pyramid from 4 to 16: its 1×1 and 3×3 convolutions
        + (9 * 256 * 256)
        + (256 * 256 + 256)  # pyramid from 16 to 64
        + (9 * 256 * 3 + 3)
    )
    critic_by_hand = (
        (25 * 3 * 64 + 64)  # 64 to 32
        + (25 * 64 * 128 + 128)  # 32 to 16
        + (25 * 128 * 256 + 256)  # 16 to 8
        + (25 * 256 * 512 + 512)  # 8 to 4
        + (16 * 512 + 1)  # 4×4×512 to a score
        + (3 * 128 + 128)  # pyramid from the image to 16
        + (128 * 512 + 512)  # pyramid from 16 to 4
    )
    assert parameter_count(generator) == generator_by_hand == 20234886
    assert parameter_count(critic) == critic_by_hand == 4381313
    assert round((generator_by_hand + critic_by_hand) / 1e6) == 25  # Table 2
    norms = 4 * (1024 + 512 + 256 + 128) + 2 * (128 + 256 + 512)  # what Eq. 9 leaves out
    total = generator.count_params() + critic.count_params()
    assert total == generator_by_hand + critic_by_hand + norms


def test_layer_normalization_is_over_the_whole_image():
    images = np.random.default_rng(0).normal(3, [1, 5, 9], (2, 8, 8, 3)).astype(np.float32)
    result = np.asarray(layer_normalization("norm")(images))
    expected = images - images.mean((1, 2, 3), keepdims=True)
    expected /= np.sqrt(images.var((1, 2, 3), keepdims=True) + 1e-5)
    np.testing.assert_allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("size", SIZES[:3])
def test_a_gradient_reaches_every_variable_of_the_generator(size, noise):
    method = SSGAN(mu=0, base_channels=64, image_size=size)
    generator, critic = method.build()
    latents = draw_latents(noise, (4, 16), (0, 0))
    with tf.GradientTape() as tape:
        fake_images = generator(latents, training=True)
        losses = method.generator_losses(method.judge(critic, fake_images, None))
    variables = generator.trainable_variables
    gradients = tape.gradient(losses["generator_loss"], variables)
    # Kernels, one bias, scales and offsets, two pyramid connections: all are trained.
    assert len(variables) == (1 + len(generator.deconvs)) + 1 + 2 * len(generator.norms) + (3 + 4)
    for variable, gradient in zip(variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.all(np.isfinite(gradient)), variable.path
        assert np.any(gradient), variable.path


@pytest.mark.parametrize("size", SIZES[:3])
def test_a_gradient_reaches_every_variable_of_the_critic(size):
    critic = Critic(size, base_channels=64)
    with tf.GradientTape() as tape:
        # Not the loss itself: in D(x) − D(x̃) the bias of the last layer cancels.
        scores = tf.reduce_sum(critic(noise_images(size)))
    variables = critic.trainable_variables
    assert len(variables) == 4 * len(critic.convs) - 2 + 2 + 2 * 2
    for variable, gradient in zip(variables, tape.gradient(scores, variables), strict=True):
        assert gradient is not None, variable.path
        assert np.all(np.isfinite(gradient)) and np.any(gradient), variable.path


@pytest.mark.parametrize("size", SIZES)
def test_each_pyramid_connection_counts(size):
    generator, critic = Generator(size, base_channels=64), Critic(size, base_channels=64)
    latents, images = draw_latents("normal", (4, 16), (0, 0)), noise_images(size)
    for network, inputs in ((generator, latents), (critic, images)):
        before = np.asarray(network(inputs))
        for branch in network.pyramids.values():
            with tf.GradientTape() as tape:
                result = tf.reduce_sum(network(inputs) ** 2)
            gradients = tape.gradient(result, branch.trainable_variables)
            assert len(gradients) == len(branch.weights) > 0
            assert all(np.any(gradient) for gradient in gradients), branch.name
            weights = branch.get_weights()
            branch.set_weights([np.zeros_like(weight) for weight in weights])
            assert np.abs(np.asarray(network(inputs)) - before).max() > 1e-3, branch.name
            branch.set_weights(weights)


def test_pyramid_connections_weaken_the_checkerboard_at_initialisation():
    """Fig. 6's claim."""
    shares = []
    for seed in range(8):
        latents = draw_latents("normal", (8, 128), (seed, 0))
        shares.append([])
        for pyramid in (True, False):
            keras.utils.set_random_seed(seed)
            images = Generator(64, base_channels=64, pyramid=pyramid)(latents)
            shares[-1].append(nyquist_share(np.asarray(images)))
    with_pyramid, without = np.array(shares).T
    assert with_pyramid.mean() < 0.9 * without.mean()
    assert (with_pyramid < without).sum() >= 6


def test_generator_losses_without_perceptual_network():
    losses = SSGAN(mu=0.5).generator_losses(CriticOutput(tf.constant([1.0, 2.0, 6.0]), None))
    assert set(losses) == {"generator_loss"}
    assert float(losses["generator_loss"]) == -3.0


def test_generator_losses_with_perceptual_loss():
    real = np.zeros((2, 1, 2, 2), np.float32)
    fake = np.zeros((2, 1, 2, 2), np.float32)
    fake[0] = 3  # 9 at both positions, in both channels
    fake[1, 0, 0, 1] = 2  # 4 once out of four: 1
    losses = SSGAN(mu=0.5).generator_losses(CriticOutput(tf.constant([1.0, 3.0]), None), real, fake)
    assert float(losses["perceptual"]) == 5.0  # the mean of 9 and 1
    assert float(losses["generator_loss"]) == -2.0 + 0.5 * 5.0  # Eq. 2


def test_mu_0_never_builds_vgg(monkeypatch):
    forbid_vgg(monkeypatch)
    assert SSGAN(mu=0).build_perceptual() is None
    with pytest.raises(AssertionError, match="asked for"):
        SSGAN(mu=0.01, vgg_weights="random").build_perceptual()


def test_perceptual_network_fits_the_image_size():
    network = SSGAN(image_size=32, vgg_weights="random").build_perceptual()
    assert network.input_shape == (None, 32, 32, 3)
    assert network.output_shape == (None, 2, 2, 512)
