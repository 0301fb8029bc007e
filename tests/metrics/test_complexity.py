import keras
import numpy as np
import pytest
from keras import layers

from ssgan_tf.metrics.complexity import (
    LayerCost,
    activation_bytes,
    flops,
    layer_costs,
    parameter_count,
)


@pytest.fixture
def small():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, strides=2, padding="same", name="conv"),  # to 4×4×4
            layers.GroupNormalization(1),
            layers.ReLU(),
            layers.Conv2DTranspose(2, 5, strides=2, padding="same", name="deconv"),  # to 8×8×2
            layers.Flatten(),
            layers.Dense(5, name="dense"),
        ]
    )


def test_a_network_worked_out_by_hand(small):
    conv = 3 * 3 * 3 * 4
    deconv = 5 * 5 * 4 * 2
    dense = 8 * 8 * 2 * 5
    assert layer_costs(small) == [
        LayerCost("conv", conv + 4, (2 * conv + 4) * 16, conv * 16),
        # A transposed convolution multiplies each value of its input, 4×4, with the whole kernel.
        LayerCost("deconv", deconv + 2, (2 * deconv + 2) * 64, deconv * 16),
        LayerCost("dense", dense + 5, 2 * dense + 5, dense),
    ]
    assert parameter_count(small) == 112 + 202 + 645
    assert flops(small) == 3520 + 25728 + 1285


def test_normalisation_is_left_out(small):
    assert small.count_params() - parameter_count(small) == 2 * 4


def test_networks_add_up(small):
    assert parameter_count(small, small) == 2 * parameter_count(small)
    assert flops(small, small) == 2 * flops(small)


def test_layers_without_bias_and_without_padding():
    network = keras.Sequential(
        [
            keras.Input((7, 9, 2)),
            layers.Conv2D(3, (3, 5), use_bias=False),  # to 5×5×3
            layers.Flatten(),
            layers.Dense(2, use_bias=False),
        ]
    )
    assert parameter_count(network) == 3 * 5 * 2 * 3 + 75 * 2
    assert flops(network) == 2 * 90 * 25 + 2 * 150


def test_layers_inside_layers_are_counted():
    class Inner(layers.Layer):
        def __init__(self):
            super().__init__()
            self.branches = {1: layers.Conv2D(2, 1)}

        def call(self, images):
            return self.branches[1](images)

    class Outer(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def call(self, images):
            return self.inner(images)

    network = Outer()
    network(np.zeros((1, 4, 4, 3), np.float32))
    assert parameter_count(network) == 3 * 2 + 2
    assert flops(network) == (2 * 6 + 2) * 16


def test_activations(small):
    values = 64 + 64 + 128 + 128 + 5  # not the ReLU
    assert activation_bytes(small) == 4 * values
    assert activation_bytes(small, bytes_per_value=2) == 2 * values
