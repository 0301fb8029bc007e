import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ssgan_tf.layers.fastgan import (
    GatedLinearUnit,
    LatentNoise,
    SkipLayerExcitation,
    UpBlock,
    UpsampledConv2D,
)
from ssgan_tf.metrics.complexity import layer_costs


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_gated_linear_unit_matches_numpy():
    x = normal(2, 3, 3, 8)
    result = GatedLinearUnit()(x)
    np.testing.assert_allclose(result, x[..., :4] * sigmoid(x[..., 4:]), rtol=1e-5, atol=1e-6)
    assert GatedLinearUnit().compute_output_shape(x.shape) == (2, 3, 3, 4)


def upsampled_convolution(x, kernel):
    """Nearest up-sampling, a border of zeros, a 3×3 correlation."""
    copied = x.repeat(2, 1).repeat(2, 2)
    padded = np.pad(copied, ((0, 0), (1, 1), (1, 1), (0, 0)))
    _, height, width, _ = copied.shape
    return sum(
        np.einsum("bhwi,io->bhwo", padded[:, a : a + height, b : b + width], kernel[a, b])
        for a in range(3)
        for b in range(3)
    )


@pytest.mark.parametrize("side", [4, 16])  # either has an implementation of its own on CPUs
def test_the_transposed_convolution_is_up_sampling_and_a_convolution(side):
    layer = UpsampledConv2D(5)
    x = normal(2, side, side, 3)
    result = layer(x)
    kernel = np.asarray(layer.kernel)
    assert kernel.shape == (3, 3, 3, 5) and len(layer.weights) == 1
    np.testing.assert_allclose(result, upsampled_convolution(x, kernel), rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == result.shape == (2, 2 * side, 2 * side, 5)


@pytest.mark.parametrize("side", [4, 16])
def test_its_gradients_are_those_of_the_two_layers(side):
    layer, plain = UpsampledConv2D(5), layers.Conv2D(5, 3, padding="same", use_bias=False)
    x, weights = tf.constant(normal(2, side, side, 3)), normal(2, 2 * side, 2 * side, 5, seed=1)
    copied = layers.UpSampling2D(2)
    plain(copied(x)), layer(x)
    plain.kernel.assign(layer.kernel)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, theirs = (tf.reduce_sum(made * weights) for made in (layer(x), plain(copied(x))))
    for one, other in (
        (tape.gradient(ours, x), tape.gradient(theirs, x)),
        (tape.gradient(ours, layer.kernel.value), tape.gradient(theirs, plain.kernel.value)),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_noise_begins_as_none_and_is_a_fixed_projection_of_the_latents():
    layer, maps, latents = LatentNoise(), normal(3, 4, 4, 2), normal(3, 8, seed=1)
    np.testing.assert_array_equal(layer(maps, latents), maps)
    assert [weight.name for weight in layer.trainable_weights] == ["weight"]
    directions = np.asarray(layer.directions)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1, rtol=1e-5)
    layer.weight.assign(0.5)
    expected = maps + 0.5 * (latents @ directions).reshape(3, 4, 4, 1)
    np.testing.assert_allclose(layer(maps, latents), expected, rtol=1e-5, atol=1e-6)


def test_noise_of_latents_on_the_sphere_is_of_unit_variance_and_hardly_correlated():
    keras.utils.set_random_seed(0)
    layer, latents = LatentNoise(), normal(2000, 128)
    latents *= 128**0.5 / np.linalg.norm(latents, axis=1, keepdims=True)
    maps = np.zeros((2000, 8, 8, 1), np.float32)
    layer(maps, latents)
    layer.weight.assign(1.0)
    noise = np.asarray(layer(maps, latents)).reshape(2000, 64)
    np.testing.assert_allclose(noise.var(0), 1, atol=0.2)  # 2000 draws
    np.testing.assert_allclose(noise.var(0).mean(), 1, atol=0.02)
    correlations = np.corrcoef(noise.T)[np.triu_indices(64, 1)]
    assert np.sqrt(np.mean(correlations**2)) < 1.5 / 128**0.5


@pytest.mark.parametrize("side", [4, 8])
def test_skip_layer_excitation_matches_numpy(side):
    layer, large, small = SkipLayerExcitation(), normal(2, 16, 16, 6), normal(2, side, side, 3)
    result = layer(large, small)
    pooled = small.reshape(2, 4, side // 4, 4, side // 4, 3).mean((2, 4))
    squeezed = np.einsum("bhwi,hwio->bo", pooled, layer.squeeze.kernel)
    squeezed *= sigmoid(squeezed)
    factors = sigmoid(squeezed @ np.asarray(layer.excite.kernel)[0, 0])
    np.testing.assert_allclose(result, large * factors[:, None, None], rtol=1e-4, atol=1e-5)
    assert np.ptp(factors) > 0


def test_a_block_doubles_the_map_and_computes_in_the_policys_type():
    block = UpBlock(6, classes=2, dtype="mixed_bfloat16")
    labels = np.int32([0, 1])
    assert block(normal(2, 4, 4, 3), normal(2, 8), labels, training=True).shape == (2, 8, 8, 6)


def test_its_cost_is_that_of_the_convolution_as_done():
    model = keras.Sequential([keras.Input((8, 8, 3)), UpsampledConv2D(5)])
    (cost,) = layer_costs(model)
    assert cost.parameters == 9 * 3 * 5
    assert cost.flops == 2 * 9 * 3 * 5 * 16 * 16
    assert cost.multiply_adds == 16 * 3 * 5 * 8 * 8
