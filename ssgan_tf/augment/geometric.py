"""The same picture, framed otherwise: random crops, and random affine maps."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from ssgan_tf.augment.turns import change_each

#: Side of a random crop, as a share of the image's. The SSGAN paper gives none. Below 80 % a crop
#: begins to lose the object (64 % of the area is left); above 95 % it is nearly a copy.
CROP_SIDE = (0.8, 0.95)

#: The five limits of the SinGAN paper's appendix. It names no filling: what comes in from beyond
#: the edge is mirrored here, for a black corner would mark each image as a made one.
MAX_CROP = 0.1  # cut off each side, as a share of it
SCALE = (0.8, 1.2)  # of x and y, drawn apart
MAX_TRANSLATION = 0.2  # of x and y, as a share of the side
MAX_ROTATION = 25  # degrees
MAX_SHEAR = 8  # degrees, along x


class Geometry(NamedTuple):
    """What happens to one image, in this order. Lengths are shares of the image's side."""

    crop: tuple[float, float, float, float] = (0, 0, 0, 0)  # left, top, right, bottom
    scale: tuple[float, float] = (1, 1)  # x, y, about the centre
    shear: float = 0  # degrees; positive moves the lower half to the left
    rotation: float = 0  # degrees, clockwise, about the centre
    translation: tuple[float, float] = (0, 0)  # to the right, down


def crop(images, count, rng):
    """Return random squares of the images, enlarged to their size.

    The "random clipping" of SSGAN, Table 5. Nothing is rotated, mirrored or squeezed.

    Args:
        images: uint8 `(n, height, width, 3)` of one class.
        count: how many to make; each image is used once before any is used again.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.
    """
    return change_each(_crop, images, count, rng)


def geometric(images, count, rng):
    """Return the images under random affine maps: crop, scale, shear, rotation and translation.

    The parameters of the SinGAN paper (section 2.2 and appendix), which has no flips: mirrored
    letters are others.

    Args:
        images: uint8 `(n, height, width, 3)` of one class.
        count: how many to make; each image is used once before any is used again.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.
    """
    return change_each(lambda image, rng: transform(image, draw(rng)), images, count, rng)


def draw(rng):
    """Return a random `Geometry` within the limits of the SinGAN paper's appendix."""
    return Geometry(
        crop=tuple(rng.uniform(0, MAX_CROP, 4)),
        scale=tuple(rng.uniform(*SCALE, 2)),
        shear=rng.uniform(-MAX_SHEAR, MAX_SHEAR),
        rotation=rng.uniform(-MAX_ROTATION, MAX_ROTATION),
        translation=tuple(rng.uniform(-MAX_TRANSLATION, MAX_TRANSLATION, 2)),
    )


def transform(image, geometry):
    """Return an image after a `Geometry`, interpolated once (bicubic), mirrored beyond its edges.

    Args:
        image: uint8 `(height, width, 3)`.
        geometry: within the limits above; further out there are no pixels to mirror.

    Returns:
        uint8 `(height, width, 3)`.
    """
    height, width = image.shape[:2]
    # One more image on each side: the largest maps reach 0.73 of a side beyond the edge.
    mirrored = np.pad(image, ((height, height), (width, width), (0, 0)), mode="symmetric")
    pixels = np.diag([width, height, 1])
    to_source = _shift(width, height) @ pixels @ _to_source(geometry) @ np.linalg.inv(pixels)
    moved = Image.fromarray(mirrored).transform(
        (width, height),
        Image.Transform.AFFINE,
        to_source[:2].ravel().tolist(),
        Image.Resampling.BICUBIC,
    )
    return np.asarray(moved)


def _to_source(geometry):
    """Return the matrix that takes a point of the result to its origin, both in [0, 1]²."""
    left, top, right, bottom = geometry.crop
    window = np.array([[1 - left - right, 0, left], [0, 1 - top - bottom, top], [0, 0, 1]])
    angle, slant = np.deg2rad([geometry.rotation, geometry.shear])
    rotation = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    shear = np.array([[1, -np.tan(slant), 0], [0, 1, 0], [0, 0, 1]])
    scale = np.diag([*geometry.scale, 1])
    about_centre = _shift(0.5, 0.5) @ rotation @ shear @ scale @ _shift(-0.5, -0.5)
    return window @ np.linalg.inv(_shift(*geometry.translation) @ about_centre)


def _shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])


def _crop(image, rng):
    """Return a random square of one image, enlarged; its edges may lie between pixels."""
    height, width = image.shape[:2]
    side = rng.uniform(*CROP_SIDE)
    left, top = rng.uniform(0, 1 - side, 2)
    box = (left * width, top * height, (left + side) * width, (top + side) * height)
    return np.asarray(
        Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC, box=box)
    )
