"""Affine maps of images through which gradients flow exactly, filtered against aliasing.

The images are doubled in size by an orthogonal wavelet's low-pass filter, read between their pixels
bilinearly, and halved by the same filter, as in adaptive discriminator augmentation (Karras et al.,
"Training Generative Adversarial Networks with Limited Data", 2020, appendix B). Beyond its edges an
image is mirrored. Every step is linear in the pixels, and its gradient is its transpose. (The
gradient of `keras.ops.image.affine_transform` is not, on TensorFlow.)
"""

import functools

import numpy as np
from keras import ops

#: Low-pass filter of the wavelet sym6 (Daubechies, "Ten Lectures on Wavelets", 1992), Σh² = 1.
SYM6 = np.array([
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
])  # fmt: skip
CENTRE = float((np.arange(len(SYM6)) * SYM6).sum() / SYM6.sum())  # where a pixel comes to lie
MARGIN = len(SYM6) // 2  # mirrored pixels on each side, so that the filter finds some


def warp(images, to_source):
    """Return images under affine maps, one for each.

    Args:
        images: `(batch, size, size, channels)`, float32.
        to_source: `(batch, 2, 3)`; takes a point (x, y, 1) of the result, in pixels from the
            image's centre, to where it comes from.

    Returns:
        as many images. The identity gives the images themselves.
    """
    size, channels = images.shape[1], images.shape[-1]
    up, down = _filters(size)
    wide, fine = up.shape[0], down.shape[1]
    doubled = _along_both(up, images)

    places = (np.arange(fine) + 2 * MARGIN - CENTRE) / 2 - MARGIN - (size - 1) / 2
    y, x = np.meshgrid(places, places, indexing="ij")
    grid = np.stack([x.ravel(), y.ravel(), np.ones(fine**2)]).astype(np.float32)
    source = ops.matmul(to_source, grid) + (size - 1) / 2  # pixels from the first, (batch, 2, n)
    first, last = places[[0, -1]] + (size - 1) / 2  # between them `doubled` is whole
    beyond = ops.logical_or(source < first - 1e-3, source > last + 1e-3)  # by more than rounding
    source = ops.where(beyond, _mirrored(source, size), source)
    source = 2 * (source + MARGIN) + CENTRE  # places of `doubled`

    corner = ops.clip(ops.floor(source), 0, wide - 2)
    share = source - corner
    corner = ops.cast(corner, "int32")
    flat = ops.reshape(doubled, (-1, wide * wide, channels))
    read = 0.0
    for right in (0, 1):
        for lower in (0, 1):
            place = (corner[:, 1] + lower) * wide + corner[:, 0] + right
            weight = (share[:, 0] if right else 1 - share[:, 0]) * (
                share[:, 1] if lower else 1 - share[:, 1]
            )
            read += weight[..., None] * ops.take_along_axis(flat, place[..., None], axis=1)
    return _along_both(down, ops.reshape(read, (-1, fine, fine, channels)))


def _along_both(matrix, images):
    """Apply a matrix `(n, size)` along height and width."""
    rows = ops.einsum("ij,bjwc->biwc", matrix, images)
    return ops.einsum("kw,biwc->bikc", matrix, rows)


def _mirrored(places, size):
    """Fold places into [0, size - 1], as between two mirrors."""
    period = 2 * (size - 1)
    folded = ops.mod(places, period)
    return ops.minimum(folded, period - folded)


@functools.cache
def _filters(size):
    """Return the matrices that double a side with its margins, and that halve it again.

    The second is the transpose of the first without the rows of the margins and the columns that
    then have no part, so the two together are the identity.
    """
    taps, padded = len(SYM6), size + 2 * MARGIN
    up = np.zeros((2 * (padded - 1) + taps, padded))
    for place in range(padded):
        up[2 * place : 2 * place + taps, place] = SYM6
    kept = up[:, MARGIN : MARGIN + size]
    down = kept[2 * MARGIN : 2 * (MARGIN + size - 1) + taps].T
    inside = np.abs(np.arange(-MARGIN, size + MARGIN))
    inside = np.minimum(inside, 2 * (size - 1) - inside)
    mirror = np.eye(size)[inside]
    return (up @ mirror).astype(np.float32), down.astype(np.float32)


def translation(x, y):
    """Return matrices `(batch, 3, 3)` that move by (x, y), in pixels, each `(batch,)`."""
    one, zero = ops.ones_like(x), ops.zeros_like(x)
    return _matrix([[one, zero, x], [zero, one, y], [zero, zero, one]])


def scaling(x, y):
    """Return matrices `(batch, 3, 3)` that enlarge by the factors x and y, each `(batch,)`."""
    one, zero = ops.ones_like(x), ops.zeros_like(x)
    return _matrix([[x, zero, zero], [zero, y, zero], [zero, zero, one]])


def rotation(angle):
    """Return matrices `(batch, 3, 3)` that turn by an angle, in radians, `(batch,)`."""
    one, zero = ops.ones_like(angle), ops.zeros_like(angle)
    cos, sin = ops.cos(angle), ops.sin(angle)
    return _matrix([[cos, -sin, zero], [sin, cos, zero], [zero, zero, one]])


def _matrix(rows):
    return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=-2)
