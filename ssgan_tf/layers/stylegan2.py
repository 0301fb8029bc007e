"""The layers of StyleGAN2, from its equations.

T. Karras, S. Laine, M. Aittala, J. Hellsten, J. Lehtinen, T. Aila: "Analyzing and Improving the
Image Quality of StyleGAN" (2020), sections 2.2 and 3.2; equalised learning rates and the standard
deviation of a batch are from T. Karras, T. Aila, S. Laine, J. Lehtinen: "Progressive Growing of
GANs" (2018), sections 3 and 4.1.

Gains of activations are folded into weights and biases, which saves passes over the maps:
√2 lrelu(x) = lrelu(√2 x).
"""

import functools
import math

import keras
import numpy as np
from keras import layers, ops

TAPS = np.float32([1, 3, 3, 1]) / 8  # of the filter of all resampling
SLOPE = 0.2
SQRT2 = 2**0.5
EPSILON = 1e-8


@ops.custom_gradient
def rectify(x):
    """Return x, or 0.2 x where it is negative.

    Its gradient is made from the result, which has the sign of x, so that x need not be kept.
    (Keras's leaky rectifier is what TensorFlow tries to join with the convolution before it, cannot
    where a penalty wants its gradients, and reports as an error in each training.)
    """
    y = _sloped(x, x)
    return y, lambda dy: _sloped(dy, y)


def _sloped(values, signs):
    """Return values times the rectifier's slope at `signs`, in one pass over both."""
    import tensorflow as tf  # `keras.ops` would take three

    return tf.raw_ops.LeakyReluGrad(gradients=values, features=signs, alpha=SLOPE)


def normalize_second_moment(vectors):
    """Return vectors `(batch, width)` divided by their root mean square."""
    return vectors * ops.rsqrt(ops.mean(ops.square(vectors), axis=-1, keepdims=True) + EPSILON)


def blur(maps, padding, gain=1.0):
    """Return maps filtered by [1, 3, 3, 1] along height and width.

    Args:
        maps: `(batch, side, side, channels)`.
        padding: zeros on each of the four edges; the result is `2 * padding - 3` wider.
        gain: factor of the result.
    """
    kernel = gain * np.outer(TAPS, TAPS)
    kernel = ops.cast(np.tile(kernel[:, :, None, None], (1, 1, maps.shape[-1], 1)), maps.dtype)
    edges = (padding, padding)
    # Padded beforehand: TensorFlow's gradient of a padded depthwise convolution is slow on CPUs.
    return ops.depthwise_conv(ops.pad(maps, ((0, 0), edges, edges, (0, 0))), kernel)


def halve(maps):
    """Return maps `(batch, side / 2, side / 2, channels)`, filtered by [1, 3, 3, 1].

    The filter is [1, 2, 1] and then the mean of two neighbours.
    """
    taps = np.float32([1, 2, 1]) / 4
    kernel = np.outer(taps, taps)[:, :, None, None]
    kernel = ops.cast(np.tile(kernel, (1, 1, maps.shape[-1], 1)), maps.dtype)
    padded = ops.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return ops.average_pool(ops.depthwise_conv(padded, kernel), 2)


def double(images):
    """Return images `(batch, 2 * side, 2 * side, channels)`, zeros between them filtered away.

    The filter is [1, 3, 3, 1]; along an axis the pixels a, b give ..., (3a + b)/4, (a + 3b)/4, ...
    """
    matrix = ops.cast(_doubling(images.shape[1]), images.dtype)
    rows = ops.einsum("ij,bjwc->biwc", matrix, images)
    return ops.einsum("kw,biwc->bikc", matrix, rows)


@functools.cache
def _doubling(side):
    """Return the matrix `(2 * side, side)` of `double`."""
    matrix = np.zeros((2 * side + 2, side), np.float32)
    for place in range(side):
        matrix[2 * place : 2 * place + 4, place] = 2 * TAPS
    return matrix[1:-1]


class EqualizedDense(layers.Dense):
    """A fully connected layer whose weights are N(0, 1), scaled when they are used.

    So the optimiser's steps are alike for layers of every width. With a `rate` below 1 the layer
    learns as much more slowly.

    Args:
        units: width of the result.
        rate: factor of the learning rate.
        gain: factor of the result.
    """

    def __init__(self, units, rate=1.0, gain=1.0, **kwargs):
        initializer = keras.initializers.RandomNormal(stddev=1.0 / rate)
        super().__init__(units, kernel_initializer=initializer, autocast=False, **kwargs)
        self.rate, self.gain = rate, gain

    def call(self, inputs, training=None):
        """Return `(batch, units)` for inputs `(batch, any)`."""
        scale = self.gain * self.rate / self.kernel.shape[0] ** 0.5
        inputs = ops.cast(inputs, self.compute_dtype)
        x = ops.matmul(inputs, ops.cast(scale * self.kernel, self.compute_dtype))
        if self.use_bias:
            x += ops.cast(self.gain * self.rate * self.bias, self.compute_dtype)
        return x


class EqualizedConv2D(layers.Conv2D):
    """A convolution with equalised rates (`EqualizedDense`) that can double or halve its maps.

    Doubling is a transposed convolution of stride 2 and the filter [1, 3, 3, 1] behind it, halving
    the filter and a convolution of stride 2 (of 1×1: the filter with stride 2 before it).

    Call with maps `(batch, side, side, any)`.

    Args:
        filters: channels of the result.
        kernel_size: 1, or 3 where it doubles, or any odd number.
        resample: None, "up" or "down".
        gain: factor of the result.
    """

    def __init__(self, filters, kernel_size, resample=None, gain=1.0, **kwargs):
        initializer = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(
            filters, kernel_size, padding="same", kernel_initializer=initializer, autocast=False,
            **kwargs,
        )  # fmt: skip
        self.resample, self.gain = resample, gain

    def scaled_kernel(self):
        """Return the kernel as it is used, `(size, size, any, filters)`, float32."""
        return self.kernel * (self.gain / math.prod(self.kernel.shape[:3]) ** 0.5)

    def call(self, maps):
        """Return the result, in the layer's compute type."""
        maps = ops.cast(maps, self.compute_dtype)
        kernel = ops.cast(self.scaled_kernel(), self.compute_dtype)
        if self.resample == "up":
            turned = ops.transpose(kernel, (0, 1, 3, 2))
            maps = ops.conv_transpose(maps, turned, strides=2, padding="valid")
            maps = blur(maps, padding=1, gain=4.0)  # three of four pixels were zeros
        elif self.resample == "down" and self.kernel_size == (1, 1):
            maps = ops.conv(halve(maps), kernel)
        elif self.resample == "down":
            maps = ops.conv(blur(maps, padding=2), kernel, strides=2, padding="valid")
        else:
            maps = ops.conv(maps, kernel, padding="same")
        if self.use_bias:
            maps += ops.cast(self.gain * self.bias, self.compute_dtype)
        return maps

    def compute_output_shape(self, input_shape):
        """Return the shape of the result."""
        batch, height, width, _ = input_shape
        if self.resample == "up":
            height, width = 2 * height, 2 * width
        elif self.resample == "down":
            height, width = height // 2, width // 2
        return (batch, height, width, self.filters)

    def products(self, input_shape):
        """Return the products that a forward pass of one image forms, without the filters'."""
        _, height, width, _ = input_shape
        positions = height * width // (4 if self.resample == "down" else 1)
        return math.prod(self.kernel.shape) * positions


class ModulatedConv2D(layers.Layer):
    """A convolution whose kernel each image scales by its style (StyleGAN2, Eq. 1 to 3).

    Scaling an input channel of the kernel is scaling that channel of the maps, and dividing an
    output channel by its norm is dividing that channel of the result:

        y = d ⊙ conv(s ⊙ x, W),  d_o = 1 / √(Σ_i s_i² Σ_k W²_kio + 1e-8),

    so that all images share one kernel.

    Call with maps `(batch, side, side, any)` and latents w `(batch, width)`.

    Args:
        filters: channels of the result.
        kernel_size: 1 or 3.
        resample: None or "up", see `EqualizedConv2D`.
        demodulate: divide by the norm; else the kernel is only scaled.
        gain: factor of the result.
    """

    def __init__(self, filters, kernel_size, resample=None, demodulate=True, gain=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.filters, self.resample = filters, resample
        self.demodulate, self.gain = demodulate, gain
        self.conv = EqualizedConv2D(
            filters, kernel_size, resample, use_bias=False, dtype=self.dtype_policy, name="conv"
        )

    def build(self, maps_shape, latents_shape):
        """Make the layer of the styles, which begin about 1, the kernel and the bias."""
        self.to_style = EqualizedDense(
            maps_shape[-1], bias_initializer="ones", dtype="float32", name="to_style"
        )
        self.to_style.build(latents_shape)
        self.conv.build(maps_shape)
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, maps, latents):
        """Return the result, in the layer's compute type."""

        def over_maps(values):
            return ops.cast(values, self.compute_dtype)[..., None, None, :]

        styles = self.to_style(latents)
        maps = self.conv(ops.cast(maps, self.compute_dtype) * over_maps(styles))
        if self.demodulate:
            maps *= over_maps(self.gain * self.demodulation(styles))
        elif self.gain != 1:
            maps *= self.gain
        return maps + over_maps(self.gain * self.bias)

    def demodulation(self, styles):
        """Return d, `(batch, filters)`, for styles `(batch, any)`; both are float32."""
        energy = ops.sum(ops.square(self.conv.scaled_kernel()), axis=(0, 1))
        return ops.rsqrt(ops.matmul(ops.square(styles), energy) + EPSILON)

    def compute_output_shape(self, maps_shape, latents_shape):
        """Return the shape of the result."""
        return self.conv.compute_output_shape(maps_shape)


class MinibatchStandardDeviation(layers.Layer):
    """A further channel that tells how much the images of a group differ.

    The standard deviation of each value over a group of four images (or as many as divide the
    batch), averaged over the map: one number a group, float32 until it joins the maps.

    Call with maps `(batch, side, side, channels)`; returns `(batch, side, side, channels + 1)`.
    """

    largest = 4  # images in a group

    def call(self, maps):
        """Return the maps with the channel added."""
        shape = maps.shape
        group = next(size for size in range(self.largest, 0, -1) if shape[0] % size == 0)
        values = ops.reshape(ops.cast(maps, "float32"), (-1, group, *shape[1:]))
        centred = values - ops.mean(values, axis=1, keepdims=True)
        deviations = ops.sqrt(ops.mean(ops.square(centred), axis=1) + EPSILON)
        each = ops.repeat(ops.mean(deviations, axis=(1, 2, 3)), group)
        channel = ops.broadcast_to(each[:, None, None, None], (*shape[:3], 1))
        return ops.concatenate([maps, ops.cast(channel, maps.dtype)], axis=-1)

    def compute_output_shape(self, maps_shape):
        """Return the shape with one more channel."""
        return (*maps_shape[:-1], maps_shape[-1] + 1)
