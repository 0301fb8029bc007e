"""The pyramid of image sizes, and resizing between them by exact factors.

SinGAN shrinks by a factor r and takes the ceiling of the sizes, so a coarser image that is enlarged
by 1/r is a little larger than the finer one and is cropped. Resizing by the ratio of the sizes
would shift it by up to 0.7 pixels instead.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods.singan.settings import LOG

CUBIC = -0.5  # Keys's parameter, as in `tf.image.resize`


class Scale(NamedTuple):
    """One level of the pyramid, the coarsest being number 0."""

    number: int
    size: int  # pixels
    shrink: float  # of the whole image, which size is the ceiling of
    channels: int  # of the hidden layers


def scales_of(settings):
    """Return the `Scale`s of `Settings`, the coarsest first (Zhang et al., Eq. 1).

    Eq. 1 gives the number of the last scale, `stop`; there is one more. The factor is then chosen
    so that the coarsest has `min_size`.

    Raises:
        UserError: fewer than two remain.
    """
    side, least = settings.image_size, settings.min_size
    # As the original computes it: 32 px begin with 26, since 32·r² is 25.000000000000004.
    stop = math.ceil(math.log(least / side, settings.scale_factor)) + 1 + settings.extra_scales
    if stop < 1:
        raise UserError(
            f"--extra_scales is {settings.extra_scales} and leaves fewer than two scales for "
            f"{side} pixels; raise it"
        )
    factor = math.pow(least / side, 1 / stop)
    exponents = list(range(stop, -1, -1))
    if settings.sizes == LOG and stop > 1:  # ConSinGAN: more scales are coarse ones
        steps = [math.log(stop - number) / math.log(stop) for number in range(stop)]
        exponents = [(stop - 1) * step + 1 for step in steps] + [0]
    shrinks = [math.pow(factor, exponent) for exponent in exponents]
    return [
        Scale(
            number,
            math.ceil(side * shrink),
            shrink,
            min(settings.channels * 2 ** (number // 4), settings.max_channels),
        )
        for number, shrink in enumerate(shrinks)
    ]


def resize_matrix(n_in, n_out, factor):
    """Return the matrix that resizes rows of pixels, float32 `(n_out, n_in)`.

    Bicubic, with antialiasing where it shrinks; weights beyond the edge are left out and the others
    made to sum to 1, as `tf.image.resize` does.

    Args:
        n_in: pixels.
        n_out: pixels wanted; fewer than `factor * n_in` leave out the last ones.
        factor: of the scaling, which need not be the ratio of the two.
    """
    width = max(1.0, 1.0 / factor)
    centres = (np.arange(n_out) + 0.5) / factor - 0.5
    distance = np.abs(centres[:, None] - np.arange(n_in)[None]) / width
    near = ((CUBIC + 2) * distance - (CUBIC + 3)) * distance**2 + 1
    far = ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC
    weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def resize(images, matrix):
    """Return square images resized along both axes.

    Args:
        images: float32 `(batch, n_in, n_in, channels)`.
        matrix: see `resize_matrix`.

    Returns:
        float32 `(batch, n_out, n_out, channels)`.
    """
    rows = tf.einsum("oh,bhwc->bowc", matrix, images)
    return tf.einsum("pw,bowc->bopc", matrix, rows)


def shrunk(images, scale):
    """Return images of full size at a `Scale`, float32 `(batch, size, size, channels)`."""
    full = images.shape[1]
    if scale.shrink == 1.0:
        return tf.convert_to_tensor(images, tf.float32)
    return resize(images, resize_matrix(full, scale.size, scale.shrink))
