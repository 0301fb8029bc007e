"""DiffAugment: colour, translation and cutout of every image that the critic sees.

S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han: "Differentiable Augmentation for Data-Efficient GAN
Training" (2020), section 3.3 and appendix; the policy "color, translation, cutout", which they
advise for small sets.
"""

import numpy as np
from keras import ops

TRANSLATION = 1 / 8  # of the side, at most, in whole pixels
CUTOUT = 1 / 2  # side of the square, as a share of the image's


def brightness(images, shift):
    """Return images with a number added to every pixel; `shift` is `(batch, 1, 1, 1)`."""
    return images + shift


def saturation(images, factor):
    """Return images whose pixels' distances from their own grey are multiplied by a factor."""
    grey = ops.mean(images, axis=-1, keepdims=True)
    return grey + factor * (images - grey)


def contrast(images, factor):
    """Return images whose pixels' distances from the image's mean are multiplied by a factor."""
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + factor * (images - mean)


def translate(images, down, right):
    """Return images moved by whole pixels, int32 `(batch,)` each; what comes in is 0 (grey)."""
    size = images.shape[1]
    rows = _moved(down, size)
    columns = _moved(right, size)
    return ops.einsum("bij,bkl,bjlc->bikc", rows, columns, images)


def _moved(by, size):
    """Return matrices `(batch, size, size)` that move a row of pixels."""
    target, source = np.arange(size)[:, None], np.arange(size)[None, :]
    return ops.cast(target - source == by[:, None, None], "float32")


def cutout(images, top, left, side):
    """Return images with a square set to 0; its part beyond the edges is cut off.

    Args:
        images: `(batch, size, size, channels)`.
        top: int32 `(batch,)`, first row of the square; may be negative.
        left: likewise its first column.
        side: of the square, in pixels.
    """
    places = np.arange(images.shape[1])

    def inside(first):
        return ops.logical_and(places >= first[:, None], places < first[:, None] + side)

    hole = ops.logical_and(inside(top)[:, :, None], inside(left)[:, None, :])
    return ops.where(hole[..., None], 0.0, images)


class DiffAugment:
    """Changes every image, each otherwise; see `CriticAugment`.

    Brightness ± 0.5, saturation × U(0, 2), contrast × U(0.5, 1.5), translation by up to an eighth
    of the side, and a square of half the side cut out, whose centre may lie anywhere.
    """

    draws = 7

    def variables(self):
        """Return no state."""
        return {}

    def __call__(self, images, uniforms):
        """Return the images changed; see `CriticAugment`."""
        size = images.shape[1]
        each = [uniforms[:, place] for place in range(self.draws)]
        shift, colours, strength = (draw[:, None, None, None] for draw in each[:3])
        images = contrast(saturation(brightness(images, shift - 0.5), 2 * colours), 0.5 + strength)
        most = int(size * TRANSLATION + 0.5)
        down, right = (_whole(draw, 2 * most + 1) - most for draw in each[3:5])
        side = int(size * CUTOUT + 0.5)
        # Centres from 0 to size, where an even square has room for one more.
        top, left = (_whole(draw, size + 1 - side % 2) - side // 2 for draw in each[5:])
        return cutout(translate(images, down, right), top, left, side)

    def observe(self, real_scores):
        """Do nothing: this augmentation does not adapt."""
        return None  # AutoGraph cannot read a function of a docstring alone

    def report(self):
        """Return nothing to report."""
        return {}


def _whole(uniforms, count):
    """Return whole numbers from 0 to `count` - 1 for numbers in [0, 1)."""
    return ops.cast(ops.floor(uniforms * count), "int32")
