"""RandAugment (Cubuk et al. 2019): two random operations on each image, of one strength.

The operations and strengths of torchvision's `RandAugment` with its defaults, which the SGID
replication uses: N = 2 and M = 9 (of 30).

`keras.layers.RandAugment` (3.15) is another policy, so it is not used: it draws two operations for
a whole batch, equalizes the histogram of the batch, and has one number for all strengths, so that
its default 0.5 turns by up to 180° and posterizes to one to three bits.
"""

import math

from keras import ops

from ssgan_tf.augment.layer import BatchLayer

OPERATIONS_PER_IMAGE = 2
STRENGTH = 9 / 30  # of the largest values, which follow

SHEAR = 0.3 * STRENGTH
TRANSLATION = 150 / 331 * STRENGTH  # of the side
ROTATION = math.radians(30 * STRENGTH)
ENHANCEMENT = 0.9 * STRENGTH  # factor 1 + or - this
POSTERIZED_BITS = 8 - round(4 * STRENGTH)
SOLARIZED_FROM = 255 - 255 * STRENGTH


class RandAugment(BatchLayer):
    """Two operations on each image, drawn with replacement; beyond the edges is black."""

    def changes(self, batch):
        """Return the images, each after its two operations."""
        images = batch["images"]
        shape = ops.shape(images)
        for _ in range(OPERATIONS_PER_IMAGE):
            drawn = self.integers(shape[:1], 0, len(OPERATIONS))
            signs = 2 * self.integers((shape[0], 1, 1, 1), 0, 2) - 1
            images = _apply_drawn(images, drawn, ops.cast(signs, "float32"))
        return {"images": ops.reshape(images, shape)}


def _apply_drawn(images, drawn, signs):
    """Return the images, each after the operation drawn for it."""
    # Each operation sees only its own images: on a processor all of them on all take ten times
    # as long.
    parts, indices = [], []
    for number, operation in enumerate(OPERATIONS):
        (these,) = ops.nonzero(drawn == number)
        parts.append(operation(ops.take(images, these, axis=0), ops.take(signs, these, axis=0)))
        indices.append(these)
    in_order = ops.argsort(ops.concatenate(indices))
    return ops.take(ops.concatenate(parts), in_order, axis=0)


# Each operation takes images `(batch, height, width, 3)` in [0, 255] and a sign, 1 or -1, for each
# of them, `(batch, 1, 1, 1)`.


def identity(images, sign):
    """Return the images."""
    return images


def shear_x(images, sign):
    """Move rows sideways, the lower the further."""
    return _affine(images, b=SHEAR * sign)


def shear_y(images, sign):
    """Move columns up or down, the more to the right the further."""
    return _affine(images, d=SHEAR * sign)


def translate_x(images, sign):
    """Move to the left or right."""
    return _affine(images, c=TRANSLATION * images.shape[2] * sign)


def translate_y(images, sign):
    """Move up or down."""
    return _affine(images, f=TRANSLATION * images.shape[1] * sign)


def rotate(images, sign):
    """Turn about the centre."""
    middle_y, middle_x = (images.shape[1] - 1) / 2, (images.shape[2] - 1) / 2
    cosine, sine = math.cos(ROTATION), math.sin(ROTATION) * sign
    c = middle_x - cosine * middle_x + sine * middle_y
    f = middle_y - sine * middle_x - cosine * middle_y
    return _affine(images, a=cosine, b=-sine, c=c, d=sine, e=cosine, f=f)


def brightness(images, sign):
    """Move away from or towards black."""
    return _enhance(images, ops.zeros_like(images), sign)


def saturation(images, sign):
    """Move away from or towards grey ("Color" in the paper)."""
    return _enhance(images, ops.image.rgb_to_grayscale(images), sign)


def contrast(images, sign):
    """Move away from or towards the mean brightness of the image."""
    grey = ops.image.rgb_to_grayscale(images)
    return _enhance(images, ops.mean(grey, axis=(1, 2, 3), keepdims=True), sign)


def sharpness(images, sign):
    """Move away from or towards a blurred image, of a 3 × 3 kernel with 5 amid ones."""
    ones = ops.average_pool(images, 3, strides=1, padding="same")
    return _enhance(images, (9 * ones + 4 * images) / 13, sign)


def posterize(images, sign):
    """Keep the highest bits of each value."""
    step = 2 ** (8 - POSTERIZED_BITS)
    return ops.floor(images / step) * step


def solarize(images, sign):
    """Invert bright values."""
    return ops.where(images >= SOLARIZED_FROM, 255 - images, images)


def autocontrast(images, sign):
    """Stretch each channel of an image to [0, 255]."""
    # With an initial value these take batches of no image too, outside of compiled functions.
    low = ops.min(images, axis=(1, 2), keepdims=True, initial=255)
    span = ops.max(images, axis=(1, 2), keepdims=True, initial=0) - low
    return ops.where(span > 0, 255 * (images - low) / ops.maximum(span, 1e-3), images)


def equalize(images, sign):
    """Make all values of each channel of an image about equally frequent (as Pillow does)."""
    count, (height, width, channels) = ops.shape(images)[0], images.shape[1:]
    values = ops.cast(ops.round(images), "int32")
    # A histogram of 256 values for each channel of each image, all in one vector.
    starts = 256 * ops.reshape(ops.arange(count * channels), (count, 1, 1, channels))
    indices = ops.reshape(starts + values, (-1,))
    histograms = ops.segment_sum(ops.ones_like(indices), indices, 256 * count * channels)
    histograms = ops.reshape(histograms, (-1, 256))
    darker = ops.reshape(ops.cumsum(histograms, axis=1) - histograms, (-1,))
    darker = ops.reshape(ops.take(darker, indices), (count, height, width, channels))
    brightest = ops.cast(values == ops.max(values, axis=(1, 2), keepdims=True, initial=0), "int32")
    step = (height * width - ops.sum(brightest, axis=(1, 2), keepdims=True)) // 255
    spread = ops.minimum((darker + step // 2) // ops.maximum(step, 1), 255)
    return ops.where(step > 0, ops.cast(spread, "float32"), images)


def _affine(images, a=1.0, b=0.0, c=0.0, d=0.0, e=1.0, f=0.0):
    """Return images whose pixel (x, y) comes from (a x + b y + c, d x + e y + f)."""
    each = (ops.shape(images)[0], 1)
    rows = [ops.broadcast_to(ops.reshape(v, (-1, 1)), each) for v in (a, b, c, d, e, f, 0.0, 0.0)]
    return ops.image.affine_transform(images, ops.concatenate(rows, axis=1), "bilinear")


def _enhance(images, dull, sign):
    return ops.clip(images + ENHANCEMENT * sign * (images - dull), 0, 255)


OPERATIONS = (
    identity,
    shear_x,
    shear_y,
    translate_x,
    translate_y,
    rotate,
    brightness,
    saturation,
    contrast,
    sharpness,
    posterize,
    solarize,
    autocontrast,
    equalize,
)
