"""Strided convolutions whose filter gradient is fast on a CPU where feature maps are small.

A filter gradient sums over images and places. Where the channels are many and the map is 8×8 or
less, oneDNN's kernel for it is slow, while its forward convolution is not. The same sum is one:

    dw[a, ci, co] = sum over b, p of x[b, 2p + a, ci] dy[b, p, co]

is a convolution that takes the input channels as its batch, the images as its channels, and `dy`,
dilated by the stride, as its kernel. Measured at base 1024, batch 64, bfloat16, on a two-core
CPU: from 43 to 23 ms for the critic's last convolution, from 324 to 86 ms for the generator's
first deconvolution; benchmarks/README.md has the whole iteration. On larger maps the sum is long,
the gradient's own kernel fast; on a GPU it always is. Keras's layers stay in those places.
"""

import contextlib
import contextvars

import keras
from keras import layers, ops

LARGEST = 8  # height and width of the smaller of a layer's two maps
STRIDE = 2

_plain = contextvars.ContextVar("plain", default=False)


@ops.custom_gradient
def _down(x, w):
    """Convolve `(batch, 2h, 2w, ci)` with `(size, size, ci, co)`; return `(batch, h, w, co)`."""

    def grad(dy):
        return _up(dy, w), _filter_gradient(x, dy, w.shape[0])

    return ops.conv(x, w, strides=STRIDE, padding="same"), grad


@ops.custom_gradient
def _up(y, w):
    """Apply the adjoint of `_down`: `(batch, h, w, co)` to `(batch, 2h, 2w, ci)`."""

    def grad(dx):
        return _down(dx, w), _filter_gradient(dx, y, w.shape[0])

    return ops.conv_transpose(y, w, strides=STRIDE, padding="same"), grad


def _filter_gradient(x, dy, size):
    """Return the gradient `(size, size, ci, co)` of <`_down(x, w)`, dy> with respect to `w`."""

    @ops.custom_gradient
    def correlate(x, dy):
        def grad(dw):
            return _up(dy, dw), _down(x, dw)

        padding = size - STRIDE  # of "same", for a map that the stride divides
        ends = (padding // 2, padding - padding // 2)
        channels_first = ops.pad(ops.transpose(x, (3, 1, 2, 0)), ((0, 0), ends, ends, (0, 0)))
        kernel = ops.transpose(dy, (1, 2, 0, 3))
        dw = _dilated_convolution(channels_first, kernel)
        return ops.transpose(dw, (1, 2, 0, 3)), grad

    return correlate(x, dy)


def _dilated_convolution(x, kernel):
    # The one call that `keras.ops` has no fast equal for: measured, `ops.conv` dilates so slowly
    # that nothing is won. These layers are only made on the TensorFlow backend.
    import tensorflow as tf

    return tf.nn.conv2d(x, kernel, 1, "VALID", dilations=STRIDE)


def _value(kernel):
    """Return the tensor in a variable: TensorFlow lets no variable into a custom gradient."""
    return ops.reshape(kernel, kernel.shape)


# Both bear the names of Keras's layers because a weights file of Keras (`save_weights`) calls the
# members of a list by their class: a file from a CPU and one from a GPU stay the same.
class Conv2D(layers.Conv2D):
    """Keras's `Conv2D` for stride 2, padding "same" and maps of even sides; see the module."""

    def convolution_op(self, inputs, kernel):
        """Return the convolution of `inputs` with `kernel`, without the bias."""
        return _down(inputs, _value(kernel))


class Conv2DTranspose(layers.Conv2DTranspose):
    """Keras's `Conv2DTranspose` for stride 2 and padding "same"; see the module."""

    def call(self, inputs):
        """Return feature maps twice as high and wide as `inputs`."""
        outputs = _up(inputs, _value(self.kernel))
        if self.use_bias:
            outputs = ops.add(outputs, ops.reshape(self.bias, (1, 1, 1, self.filters)))
        return outputs if self.activation is None else self.activation(outputs)


@contextlib.contextmanager
def plain_layers():
    """Let `strided_conv` and `strided_deconv` make Keras's own layers, to compare with."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def _ours_is_faster(side):
    on_cpu = all(device.startswith("cpu") for device in keras.distribution.list_devices())
    measured = keras.backend.backend() == "tensorflow"
    return side <= LARGEST and measured and on_cpu and not _plain.get()


def strided_conv(filters, kernel_size, side, **options):
    """Return a `Conv2D` of stride 2 whose output is `side` high and wide, the fastest here."""
    layer = Conv2D if _ours_is_faster(side) else layers.Conv2D
    return layer(filters, kernel_size, strides=STRIDE, padding="same", **options)


def strided_deconv(filters, kernel_size, side, **options):
    """Return a `Conv2DTranspose` of stride 2 whose input is `side` high and wide, the fastest."""
    layer = Conv2DTranspose if _ours_is_faster(side) else layers.Conv2DTranspose
    return layer(filters, kernel_size, strides=STRIDE, padding="same", **options)


def double(y, kernel):
    """Return the transposed convolution of stride 2 and padding "same", the fastest here.

    Args:
        y: feature maps `(batch, side, side, channels)`.
        kernel: `(height, width, filters, channels)`, a tensor.
    """
    if _ours_is_faster(y.shape[1]):
        return _up(y, kernel)
    return ops.conv_transpose(y, kernel, strides=STRIDE, padding="same")
