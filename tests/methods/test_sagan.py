import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.device.batches import DeviceImages
from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.build import build
from ssgan_tf.methods.gan.sagan import SAGAN, Critic, Generator
from ssgan_tf.methods.gan.state import variables_of
from ssgan_tf.methods.gan.step import TrainingStep
from ssgan_tf.metrics.complexity import layer_costs
from ssgan_tf.runs.state import assign, export
from tests.training.tiny import painted_squares

TINY = {"image_size": 32, "base_channels": 32, "latent_dim": 8, "batch_size": 4}
IMAGES = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def trained():
    """A step that has run; a test may run it on."""
    keras.utils.set_random_seed(0)
    step = TrainingStep(SAGAN(**TINY), DeviceImages(painted_squares().images), seed=(3, 4))
    step.losses = step.run_iterations(20)
    return step


def spectral_layers(network):
    return [each for each in network._flatten_layers() if isinstance(each, SpectralNormalization)]


def spectral_norm(layer):
    kernel = layer.normalized_kernel().numpy()
    if isinstance(layer.layer, keras.layers.Conv2DTranspose):
        kernel = np.swapaxes(kernel, -1, -2)
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]


def test_every_layer_of_both_networks_comes_to_spectral_norm_1():
    keras.utils.set_random_seed(0)
    generator, critic = build(SAGAN(**TINY))
    call = tf.function(lambda latents: critic(generator(latents, training=True), training=True))
    for _ in range(100):
        call(tf.ones((1, 8)))
    for network in (generator, critic):
        wrapped = spectral_layers(network)
        assert len(wrapped) == len(layer_costs(network)) == 8
        for layer in wrapped:
            assert spectral_norm(layer) == pytest.approx(1, abs=1e-2), layer.path


def test_one_iteration_a_call_keeps_up_with_training(trained):
    for layer in spectral_layers(trained.generator) + spectral_layers(trained.critic):
        assert spectral_norm(layer) == pytest.approx(1, abs=0.1), layer.path


def test_losses_are_reported_and_gamma_has_learnt(trained):
    assert all(np.isfinite(loss) for loss in trained.losses.values())
    assert set(SAGAN.loss_names) <= set(trained.losses)
    assert trained.losses["critic_loss"] < 2  # what a critic pays that says 0 of everything
    for network in (trained.generator, trained.critic):
        assert float(network.attention.gamma) != 0


def test_training_continues_bit_by_bit_from_what_a_checkpoint_holds(trained):
    before = export(variables_of(trained))
    assert sum(name.endswith("/u") for name in before) == 2 * 8  # the average has none
    trained.run_iterations(2)
    after = export(variables_of(trained))
    assign(variables_of(trained), before)
    trained.run_iterations(2)
    for name, array in export(variables_of(trained)).items():
        np.testing.assert_array_equal(array, after[name], err_msg=name)


def test_both_learning_rates():
    rates = [
        (float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2)
        for method in (SAGAN(), SAGAN(learning_rate=3e-5))
        for optimizer in method.optimizers()
    ]
    expected = [(1e-4, 0, 0.9), (4e-4, 0, 0.9), (3e-5, 0, 0.9), (12e-5, 0, 0.9)]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)


def test_defaults_of_the_paper():
    settings = SAGAN().settings
    assert (settings.critic_steps, settings.latent_dim, settings.noise) == (1, 128, "normal")


def test_hinge_of_hand_worked_scores():
    real = CriticOutput(np.float32([2, 0.5, -1]), None)  # costs 0, 0.5 and 2
    fake = CriticOutput(np.float32([-3, 0, 1]), None)  # costs 0, 1 and 2
    assert float(SAGAN().critic_losses(real, fake)["critic_loss"]) == pytest.approx(5.5 / 3)
    assert float(SAGAN().generator_losses(fake)["generator_loss"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("size", "side"), [(32, 16), (64, 32), (128, 32)])
def test_attention_looks_at_one_map(size, side):
    networks = build(SAGAN(**TINY | {"image_size": size}))
    for network in networks:
        shapes = {layer.layer.name: layer.layer for layer in spectral_layers(network)}
        assert shapes["query"].get_build_config()["input_shape"][1:3] == (side, side)
        assert float(network.attention.gamma) == 0
    assert networks.generator(np.zeros((2, 8), np.float32)).shape == (2, size, size, 3)


def test_gamma_gets_a_gradient_in_both_networks():
    keras.utils.set_random_seed(0)
    generator, critic = build(SAGAN(**TINY))
    latents = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(critic(generator(latents, training=True), training=True))
    gammas = [network.attention.gamma.value for network in (generator, critic)]
    for gradient in tape.gradient(loss, gammas):
        assert float(gradient) != 0


def test_normalisation_is_batch_in_the_generator_and_none_in_the_critic():
    generator, critic = build(SAGAN(**TINY))
    kinds = [
        {type(layer).__name__ for layer in network._flatten_layers() if "Norm" in str(type(layer))}
        for network in (generator, critic)
    ]
    assert kinds == [{"SpectralNormalization", "BatchNormalization"}, {"SpectralNormalization"}]


def test_the_critic_does_not_change_much_faster_than_its_images():
    critic = Critic(32, 32)
    scores = critic(IMAGES)
    assert scores.shape == (4,)
    small = np.float32(1e-3) * np.sign(IMAGES)
    # Of the reshaped kernels the norm is 1; a strided 5×5 convolution's own is at most 5 times it.
    changes = np.abs(critic(IMAGES + small) - scores) / np.linalg.norm(small[0])
    assert np.all(changes < 5**3)
    weights = critic.get_weights()
    critic.set_weights([100 * w if w.ndim > 1 else w for w in weights])
    np.testing.assert_allclose(critic(IMAGES), scores, rtol=1e-3, atol=1e-5)


def test_in_bfloat16_images_and_scores_are_float32():
    with dtype_policy("mixed_bfloat16"):
        generator, critic = Generator(32, 32), Critic(32, 32)
        images = generator(np.zeros((2, 8), np.float32), training=True)
        scores = critic(images, training=True)
    assert images.dtype == scores.dtype == tf.float32
    assert {layer.u.dtype for layer in spectral_layers(critic)} == {"float32"}
