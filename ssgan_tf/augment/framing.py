"""The same pictures, framed otherwise in every batch: crops, mirror images and affine maps.

Keras 3.15 has no such layers: `keras.layers.RandomCrop` cuts one window for a whole batch and
changes the size, and its layers for shear, rotation, zoom and translation would each interpolate
anew. Here each image has a draw of its own and is interpolated once, bilinearly. A crop is never
made smaller, so nothing can alias.
"""

import math

from keras import ops

from ssgan_tf.augment import geometric
from ssgan_tf.augment.layer import BatchLayer

#: Area of a crop, as a share of the image's. torchvision's `RandomResizedCrop` goes down to 0.08,
#: meant for 256 pixels and 90 epochs of ImageNet; of 64 pixels that leaves 18. This is the range
#: of fastai's `train_imagenette.py`: ten classes of photographs, from 128 pixels, 5 to 200 epochs.
CROP_AREA = (0.35, 1.0)
CROP_ASPECT = (3 / 4, 4 / 3)  # torchvision's; its logarithm is uniform
CROP_TRIES = 10  # torchvision's; each is within the image with probability 0.8
FLIP_PROBABILITY = 0.5


class _Framing(BatchLayer):
    """Changes each image by the affine map that `draw` returns for it; edges are mirrored."""

    def changes(self, batch):
        """Return the images, framed anew."""
        images = batch["images"]
        return {"images": reframe(images, *self.draw(ops.shape(images)[0]))}


class FlipCrop(_Framing):
    """Enlarge a random window of each image to the image's size, and mirror half of them.

    torchvision's `RandomResizedCrop` followed by `RandomHorizontalFlip`, with another smallest
    area (see `CROP_AREA`) and with windows whose edges may lie between pixels.
    """

    def draw(self, count):
        """Return maps of `count` images, as `reframe` takes them."""
        width, height = self._window(count)
        left = self.uniform((count,), 0, 1) * (1 - width)
        top = self.uniform((count,), 0, 1) * (1 - height)
        mirror = ops.where(self.uniform((count,), 0, 1) < FLIP_PROBABILITY, -1.0, 1.0)
        none, half = ops.zeros((count,)), ops.full((count,), 0.5)
        return (
            (mirror * width, none, none, height),
            (half, half),
            (left + width / 2, top + height / 2),
        )

    def _window(self, count):
        """Return widths and heights of windows, shares of the sides."""
        area = self.uniform((count, CROP_TRIES), *CROP_AREA)
        aspect = ops.exp(self.uniform((count, CROP_TRIES), *map(math.log, CROP_ASPECT)))
        width, height = ops.sqrt(area * aspect), ops.sqrt(area / aspect)
        fits = ops.logical_and(width <= 1, height <= 1)
        first = ops.argmax(ops.cast(fits, "int32"), axis=1)[:, None]
        found = ops.any(fits, axis=1)
        return tuple(
            ops.where(found, ops.take_along_axis(side, first, axis=1)[:, 0], 1.0)
            for side in (width, height)
        )


class Geometric(_Framing):
    """The affine maps of `ssgan_tf.augment.geometric.geometric`, drawn anew for each batch.

    Pillow interpolates bicubically there, TensorFlow bilinearly here.
    """

    def draw(self, count):
        """Return maps of `count` images, as `reframe` takes them."""
        slant, angle = math.radians(geometric.MAX_SHEAR), math.radians(geometric.MAX_ROTATION)
        far = geometric.MAX_TRANSLATION
        return affine_maps(
            crop=self.uniform((4, count), 0, geometric.MAX_CROP),
            scale=self.uniform((2, count), *geometric.SCALE),
            shear=self.uniform((count,), -slant, slant),
            rotation=self.uniform((count,), -angle, angle),
            translation=self.uniform((2, count), -far, far),
        )


def affine_maps(crop, scale, shear, rotation, translation):
    """Return the maps of `geometric.Geometry`s, as `reframe` takes them.

    Args:
        crop: float32 `(4, batch)`: left, top, right and bottom.
        scale: `(2, batch)`: x and y.
        shear: `(batch,)`, radians.
        rotation: `(batch,)`, radians.
        translation: `(2, batch)`: x and y.
    """
    left, top, right, bottom = ops.unstack(crop, num=4)
    width, height = 1 - left - right, 1 - top - bottom
    x, y = width / scale[0], height / scale[1]
    sine, cosine, slope = ops.sin(rotation), ops.cos(rotation), ops.tan(shear)
    # A point goes back by the inverse of each change, the last one first: rotation, shear, scale.
    linear = (x * (cosine - slope * sine), x * (sine + slope * cosine), -y * sine, y * cosine)
    return (
        linear,
        (0.5 + translation[0], 0.5 + translation[1]),
        (left + width / 2, top + height / 2),
    )


def reframe(images, linear, centre, origin):
    """Return images whose point p shows what was at `linear` (p - centre) + origin.

    Points are (x, y) in [0, 1]², shares of the sides from the top left corner.

    Args:
        images: float32 `(batch, height, width, 3)`.
        linear: the four entries of a matrix, row by row, each `(batch,)`.
        centre: x and y, each `(batch,)`.
        origin: where the centre comes from: x and y, each `(batch,)`.

    Returns:
        images of the same shape, interpolated bilinearly, mirrored beyond the edges.
    """
    height, width = images.shape[1:3]
    a, b, c, d = linear
    b, c = b * (width / height), c * (height / width)
    # Pixel (column, row) has its centre at (column + 0.5, row + 0.5).
    x, y = 0.5 - width * centre[0], 0.5 - height * centre[1]
    across = width * origin[0] - 0.5 + a * x + b * y
    down = height * origin[1] - 0.5 + c * x + d * y
    none = ops.zeros_like(a)
    rows = ops.stack([a, b, across, c, d, down, none, none], axis=1)
    moved = ops.image.affine_transform(images, rows, "bilinear", fill_mode="reflect")
    return ops.clip(moved, 0, 255)  # rounding may lead a hair beyond
