import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.methods import create
from ssgan_tf.methods.gan.base import CriticOutput
from tests.training.tiny import make_step, painted_squares, tiny_method


def judged(scores):
    return CriticOutput(tf.constant(scores), tf.zeros(len(scores), tf.int32))


def test_defaults_are_those_of_algorithm_1():
    method = create("wgan")
    assert (method.settings.learning_rate, method.settings.batch_size) == (5e-5, 64)
    assert method.settings.critic_steps == 5
    assert all(type(one) is keras.optimizers.RMSprop for one in method.optimizers())


@pytest.mark.parametrize("gradient", [1e-6, 1.0])
def test_small_gradients_move_weights_as_far_as_large_ones(gradient):
    """Torch's first step: g / (√(0.01 g²) + 1e-8) = 10, but for its 1e-8."""
    optimizer, _ = create("wgan", learning_rate=0.5).optimizers()
    weight = keras.Variable(np.zeros(1, np.float32))
    optimizer.build([weight])
    optimizer.apply([tf.constant([gradient])], [weight])
    assert float(weight[0]) == pytest.approx(-0.5 * 10, rel=0.11)


def test_losses_by_hand():
    losses = create("wgan").critic_losses(judged([4.0, 6.0]), judged([1.0, -3.0]))
    assert {key: float(value) for key, value in losses.items()} == {
        "critic_loss": -6.0, "wasserstein": 6.0,
    }  # fmt: skip
    generator = create("wgan").generator_losses(judged([1.0, 3.0]))
    assert {key: float(value) for key, value in generator.items()} == {"generator_loss": -2.0}


def test_clipping_bounds_every_weight_of_the_critic_and_none_of_the_generator():
    step = make_step(tiny_method("wgan", critic_steps=1), "left", painted_squares())
    largest = [np.abs(weight).max() for weight in step.critic.trainable_variables]
    assert max(largest) > 0.5  # the scales of batch normalisation begin at 1
    step.run_iterations(1)
    for weight in step.critic.trainable_variables:
        assert np.abs(weight).max() <= 0.01 + 1e-9, weight.path
    at_the_bound = [np.mean(np.abs(weight) > 0.00999) for weight in step.critic.trainable_variables]
    assert max(at_the_bound) > 0.9  # those scales
    assert max(np.abs(weight).max() for weight in step.generator.trainable_variables) > 0.5
