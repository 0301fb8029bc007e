"""Size and cost of a network: parameters by SSGAN's Eq. 9, operations by its Eq. 10.

Both equations count convolutions and fully connected layers, with their biases; normalisation,
activations and resampling are left out.
"""

import math
from typing import NamedTuple

from keras import layers


class LayerCost(NamedTuple):
    """What one convolution or fully connected layer costs, for one image."""

    name: str
    parameters: int  # Eq. 9
    flops: int  # Eq. 10
    multiply_adds: int  # products really formed in a forward pass


def layer_costs(network):
    """Return a `LayerCost` for each convolution and fully connected layer of a built network.

    Eq. 10 takes a layer's cost at its *output* size. A transposed convolution of stride 2 forms a
    quarter of the products that this counts; `multiply_adds` holds the true number.

    Args:
        network: a `keras.Model` that has been called once.
    """
    return [
        _layer_cost(layer)
        for layer in network._flatten_layers()
        if isinstance(layer, layers.Dense | layers.Conv2D | layers.Conv2DTranspose)
    ]


def _layer_cost(layer):
    input_shape = layer.get_build_config()["input_shape"]
    output_shape = layer.compute_output_shape(input_shape)
    weights = math.prod(layer.kernel.shape)
    biases = layer.bias.shape[0] if layer.use_bias else 0
    positions = math.prod(output_shape[1:-1])
    products = weights * positions
    if isinstance(layer, layers.Conv2DTranspose):
        products = weights * math.prod(input_shape[1:-1])
    if hasattr(layer, "products"):  # a layer of our own that computes it otherwise
        products = layer.products(input_shape)
    return LayerCost(
        name=layer.name,
        parameters=weights + biases,
        flops=(2 * weights + biases) * positions,
        multiply_adds=products,
    )


def parameter_count(*networks):
    """Return the parameters of networks together, by Eq. 9."""
    return sum(cost.parameters for network in networks for cost in layer_costs(network))


def flops(*networks):
    """Return the operations that one image takes through networks in turn, by Eq. 10."""
    return sum(cost.flops for network in networks for cost in layer_costs(network))


def products(network):
    """Return the operations that one image really takes through a network: Eq. 10 counts more."""
    return 2 * sum(cost.multiply_adds for cost in layer_costs(network))


def activation_bytes(network, bytes_per_value=4):
    """Return the bytes that the outputs of a built network's weighted layers take for one image.

    An estimate of what a training step keeps for its backward pass. Layers that Keras builds
    without a shape, such as ReLU, are left out: their output is mostly kept in place of their
    input.
    """
    leaves = [
        layer
        for layer in network._flatten_layers()
        if not any(layer._flatten_layers(include_self=False))
        and "input_shape" in (layer.get_build_config() or {})
    ]
    return bytes_per_value * sum(
        math.prod(layer.compute_output_shape(layer.get_build_config()["input_shape"])[1:])
        for layer in leaves
    )
