import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from ssgan_tf.device.updates import apply_gradients


def train(update, optimizer):
    """Return the weights after three compiled steps of a small network."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    optimizer.build(network.trainable_variables)
    images = tf.constant(np.random.default_rng(0).normal(size=(4, 3)), tf.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(network(images) ** 2)
        weights = network.trainable_variables
        update(optimizer, tape.gradient(loss, weights), weights)

    for _ in range(3):
        step()
    assert int(optimizer.iterations) == 3
    return np.concatenate([weight.ravel() for weight in network.get_weights()])


@pytest.mark.parametrize("name", ["Adam", "RMSprop"])
def test_updates_are_those_of_apply(name):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 5)
    ours, theirs = (
        train(update, getattr(keras.optimizers, name)(schedule))
        for update in (apply_gradients, lambda optimizer, *pairs: optimizer.apply(*pairs))
    )
    np.testing.assert_array_equal(ours, theirs)


def test_a_compiled_function_dies_with_its_network():
    def alive():
        gc.collect()
        return sum(isinstance(thing, FuncGraph) for thing in gc.get_objects())

    before = alive()
    train(apply_gradients, keras.optimizers.Adam(0.1))
    assert alive() == before
