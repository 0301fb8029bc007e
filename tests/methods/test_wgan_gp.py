import numpy as np

from ssgan_tf.methods import create
from ssgan_tf.methods.gan.build import build


def test_defaults_are_those_of_algorithm_1():
    method = create("wgan-gp")
    assert (method.settings.lambda_, method.settings.critic_steps) == (10.0, 5)
    assert (method.settings.learning_rate, method.settings.batch_size) == (1e-4, 64)
    for optimizer in method.optimizers():
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)


def test_the_critic_judges_each_image_by_itself():
    """What the penalty, which is on gradients of single images, takes for granted."""
    critic = build(create("wgan-gp", image_size=32, base_channels=32)).critic
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    alone = critic(images[1:2], training=True)
    np.testing.assert_allclose(critic(images, training=True)[1:2], alone, rtol=1e-3, atol=1e-4)
