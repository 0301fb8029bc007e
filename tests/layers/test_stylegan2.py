"""StyleGAN2's layers against their definitions, worked out with NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.layers.stylegan2 import (
    TAPS,
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    ModulatedConv2D,
    blur,
    double,
    halve,
    normalize_second_moment,
    rectify,
)
from ssgan_tf.metrics.complexity import layer_costs

FILTER = np.outer(TAPS, TAPS)


@pytest.fixture(autouse=True)
def fixed_weights():
    keras.utils.set_random_seed(0)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def filtered(maps, before, after, stride=1):
    """Maps with zeros around them, filtered."""
    padded = np.pad(maps, ((0, 0), (before, after), (before, after), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, FILTER.shape, axis=(1, 2))
    return np.einsum("bhwcij,ij->bhwc", windows, FILTER)[:, ::stride, ::stride]


def zeros_between(maps):
    batch, side, _, channels = maps.shape
    spread = np.zeros((batch, 2 * side, 2 * side, channels), np.float32)
    spread[:, ::2, ::2] = maps
    return spread


def convolved(maps, kernel):
    """The correlation with a kernel of odd sides, zeros around the maps."""
    edge = len(kernel) // 2
    padded = np.pad(maps, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(1, 2))
    return np.einsum("bhwcij,ijco->bhwo", windows, kernel)


def test_filters_are_theirs():
    maps = normal(2, 6, 6, 3)
    np.testing.assert_allclose(double(maps), 4 * filtered(zeros_between(maps), 2, 1), atol=1e-6)
    np.testing.assert_allclose(halve(tf.constant(maps)), filtered(maps, 1, 1, 2), atol=1e-6)
    np.testing.assert_allclose(blur(maps, 2, gain=3.0), 3 * filtered(maps, 2, 2), atol=1e-5)
    # In the inside a constant stays what it is.
    flat = np.ones((1, 8, 8, 1), np.float32)
    np.testing.assert_allclose(double(flat)[0, 1:-1, 1:-1], 1, atol=1e-6)
    np.testing.assert_allclose(halve(flat)[0, 1:-1, 1:-1], 1, atol=1e-6)


def test_the_rectifier_and_its_first_two_derivatives():
    x = tf.constant(normal(50))
    slope = np.where(x > 0, 1, 0.2)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = rectify(x)
            total = tf.reduce_sum(y**3)
        gradient = tape.gradient(total, x)
        squares = tf.reduce_sum(gradient**2)  # 9 slope⁶ x⁴
    np.testing.assert_allclose(y, slope * x, rtol=1e-6)
    np.testing.assert_allclose(gradient, 3 * slope**3 * x**2, rtol=1e-5)
    np.testing.assert_allclose(outer.gradient(squares, x), 36 * slope**6 * x**3, rtol=1e-4)


def test_equalised_layers_scale_their_weights_when_they_are_used():
    dense, x = EqualizedDense(400, rate=0.01, gain=2.0), normal(300, 100)
    y = dense(x)
    assert np.std(dense.kernel) == pytest.approx(100, rel=0.05)  # 1 / rate
    assert np.std(y) == pytest.approx(2, rel=0.05)
    dense.bias.assign(np.full(400, 50.0))
    np.testing.assert_allclose(dense(x), y + 2 * 0.01 * 50, atol=1e-4)

    conv, maps = EqualizedConv2D(40, 3, gain=3.0), normal(4, 16, 16, 50)
    y = conv(maps)
    assert np.std(conv.kernel) == pytest.approx(1, rel=0.05)
    assert np.std(y[:, 1:-1, 1:-1]) == pytest.approx(3, rel=0.05)
    np.testing.assert_allclose(
        conv.scaled_kernel(), 3 / np.sqrt(9 * 50) * np.asarray(conv.kernel), rtol=1e-5
    )
    vectors = 7 * normal(3, 5)
    squares = np.square(normalize_second_moment(vectors)).mean(1)
    np.testing.assert_allclose(squares, 1, rtol=1e-5)


@pytest.mark.parametrize(("resample", "size"), [("up", 3), ("down", 3), ("down", 1), (None, 3)])
def test_convolutions_that_resample_are_a_filter_and_a_convolution(resample, size):
    layer, maps = EqualizedConv2D(5, size, resample), normal(2, 8, 8, 3)
    made = layer(maps)
    kernel = np.asarray(layer.scaled_kernel())
    if resample == "up":
        # A transposed convolution is one with the turned kernel, of what has zeros between.
        spread = np.pad(zeros_between(maps), ((0, 0), (1, 1), (1, 1), (0, 0)))
        whole = convolved(spread, kernel[::-1, ::-1])[:, :-1, :-1]
        expected = 4 * filtered(whole, 1, 1)
    elif resample == "down" and size == 1:
        expected = convolved(filtered(maps, 1, 1, 2), kernel)
    elif resample == "down":
        expected = convolved(filtered(maps, 2, 2), kernel)[:, 1:-1:2, 1:-1:2]
    else:
        expected = convolved(maps, kernel)
    np.testing.assert_allclose(made, expected, atol=1e-5)
    assert layer.compute_output_shape(maps.shape) == made.shape
    (cost,) = layer_costs(keras.Sequential([keras.Input((8, 8, 3)), layer]))
    outputs = {"up": 64, "down": 16, None: 64}[resample]  # of up, a product an input
    assert cost.multiply_adds == outputs * size * size * 3 * 5


def modulated(layer, maps, latents):
    """A modulated convolution by its definition: a kernel for each image; and the kernels."""
    styles = layer.to_style(latents)[:, None, None, :, None]
    kernels = layer.conv.scaled_kernel()[None] * styles
    if layer.demodulate:
        kernels *= tf.math.rsqrt(tf.reduce_sum(kernels**2, (1, 2, 3), keepdims=True) + 1e-8)
    made = [
        tf.nn.conv2d(maps[place : place + 1], kernels[place], 1, "SAME")
        for place in range(len(maps))
    ]
    return layer.gain * (tf.concat(made, 0) + layer.bias), kernels


@pytest.mark.parametrize("demodulate", [True, False])
def test_a_modulated_convolution_is_one_with_a_kernel_for_each_image(demodulate):
    layer = ModulatedConv2D(7, 3, demodulate=demodulate, gain=1.5)
    maps, latents = tf.constant(normal(3, 6, 6, 5)), tf.constant(normal(3, 8, seed=1))
    layer(maps, latents)
    layer.bias.assign(normal(7, seed=2))
    weights = [weight.value for weight in layer.trainable_weights]
    probe = normal(3, 6, 6, 7, seed=3)
    results = []
    for call in (layer, lambda *inputs: modulated(layer, *inputs)[0]):
        with tf.GradientTape() as tape:
            tape.watch([maps, latents])
            made = call(maps, latents)
            total = tf.reduce_sum(made * probe)
        results.append([made, *tape.gradient(total, [maps, latents, *weights])])
    assert len(results[0]) == 3 + 4
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    if demodulate:
        norms = np.sqrt(np.square(modulated(layer, maps, latents)[1]).sum((1, 2, 3)))
        np.testing.assert_allclose(norms, 1, atol=1e-5)
        styles = layer.to_style(latents)
        kernels = layer.conv.scaled_kernel()[None] * styles[:, None, None, :, None]
        norms = np.sqrt(np.square(kernels).sum((1, 2, 3)))
        np.testing.assert_allclose(layer.demodulation(styles) * norms, 1, atol=1e-5)


def test_a_modulated_convolution_computes_in_the_policys_type():
    maps, latents = normal(2, 4, 4, 5), normal(2, 8)
    plain, layer = (
        ModulatedConv2D(7, 3, "up", dtype=dtype) for dtype in ("float32", "mixed_bfloat16")
    )
    expected, made = plain(maps, latents), layer(maps, latents)
    assert (made.shape, made.dtype) == ((2, 8, 8, 7), tf.bfloat16)
    for weight, value in zip(layer.weights, plain.weights, strict=True):
        assert weight.dtype == "float32"
        weight.assign(value)
    made = tf.cast(layer(maps, latents), tf.float32)
    np.testing.assert_allclose(made, expected, rtol=0.03, atol=0.03)
    assert layer.conv.scaled_kernel().dtype == tf.float32


def test_the_deviation_of_groups():
    layer, maps = MinibatchStandardDeviation(), normal(1, 4, 4, 3)
    signs = np.float32([1, -1, 1, -1])[:, None, None, None]
    batch = np.concatenate([maps.repeat(4, 0), signs * np.ones((4, 4, 4, 3), np.float32)])
    made = np.asarray(layer(tf.constant(batch)))
    np.testing.assert_array_equal(made[..., :3], batch)
    np.testing.assert_allclose(made[:4, ..., 3], 1e-4, rtol=1e-4)  # equal images
    np.testing.assert_allclose(made[4:, ..., 3], 1, rtol=1e-6)
    assert layer(tf.constant(batch[:6])).shape == (6, 4, 4, 4)  # groups of three
    alone = layer(tf.constant(batch[:1]))
    np.testing.assert_allclose(alone[..., 3], 1e-4, rtol=1e-4)
