import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.methods import create
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.build import build

TINY = {"image_size": 32, "base_channels": 32, "latent_dim": 8}


def judged(scores):
    return CriticOutput(tf.constant(scores), tf.zeros(len(scores), tf.int32))


def test_defaults_are_those_of_the_paper():
    settings = create("dcgan").settings
    assert (settings.latent_dim, settings.noise, settings.batch_size) == (100, "uniform", 128)
    assert settings.critic_steps == 1
    for optimizer in create("dcgan").optimizers():
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert optimizer.beta_1 == 0.5


def test_losses_by_hand():
    method = create("dcgan")
    real, fake = judged([0.0, np.log(3.0)]), judged([0.0, -np.log(3.0)])  # D = 1/2, 3/4; 1/2, 1/4
    expected = (np.log(2) + np.log(4 / 3)) / 2 * 2
    assert float(method.critic_losses(real, fake)["critic_loss"]) == pytest.approx(expected)
    expected = (np.log(2) + np.log(4)) / 2
    assert float(method.generator_losses(fake)["generator_loss"]) == pytest.approx(expected)


def test_real_and_generated_images_are_normalised_apart():
    """Else the statistics of the one would tell the critic about the other."""
    method = create("dcgan", **TINY)
    critic = build(method).critic
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (3, 4, 32, 32, 3)).astype(np.float32)
    labels = tf.zeros(4, tf.int32)
    for first in images[:2]:
        real, fake = method.judge_both(critic, (first, labels), (images[2], labels))
        alone = method.judge(critic, images[2], labels)
        np.testing.assert_allclose(fake.scores, alone.scores, atol=1e-5)
    assert np.any(np.abs(real.scores - fake.scores) > 1e-3)


def test_normalisation_and_slopes_are_dcgans():
    generator, critic = build(create("dcgan", **TINY))
    assert len(critic.norms) == len(critic.convs) - 1  # none on the first map
    assert len(generator.norms) == len(generator.deconvs)  # none on the image
    np.testing.assert_allclose(critic.rectify(tf.constant([-1.0, 0.0, 2.0])), [-0.2, 0.0, 2.0])
    kernels = [weight for weight in critic.weights if "kernel" in weight.path]
    assert len(kernels) == len(critic.convs) + 1
    for kernel in [*kernels, generator.project.kernel]:  # the last layer's too (section 4)
        assert np.std(kernel) == pytest.approx(0.02, rel=0.15)
