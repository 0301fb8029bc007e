"""The demo set: five kinds of painted flowers, the same on each machine, needing no download."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from PIL import Image
from tqdm import tqdm

from ssgan_tf.data import painted_flowers
from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.data.painted_backgrounds import paint_background
from ssgan_tf.data.painted_flowers import Pose, face_on, upright
from ssgan_tf.data.painting import Canvas, Random, ellipse, noise, vector

#: Raise this when the pictures change.
PAINTER_VERSION = 1

#: Pictures are painted so many times larger, then averaged down: that makes smooth edges.
_SUPERSAMPLING = 3

_PAINTERS: dict[str, tuple[Callable[[Random, np.ndarray, float], Pose], Callable]] = {
    "daisy": (face_on, painted_flowers.paint_daisy),
    "dandelion": (face_on, painted_flowers.paint_dandelion),
    "roses": (face_on, painted_flowers.paint_rose),
    "sunflowers": (face_on, painted_flowers.paint_sunflower),
    "tulips": (upright, painted_flowers.paint_tulip),
}


def paint_demo(
    image_size: int = 64, progress: bool = True, *, per_class: int = 200, seed: int = 0
) -> ImageSet:
    """Paint the demo set.

    Picture i of a class depends on the seed, the class and i alone: a smaller set is the beginning
    of a larger one, and another image size shows the same flowers.

    Args:
        image_size: height and width in pixels.
        progress: show a progress bar.
        per_class: pictures of each of the five classes.
        seed: another seed paints other flowers.

    Returns:
        an `ImageSet` whose hashes are the SHA-256 of the pixels, with paths as a folder of PNG
        files would have.
    """
    images, labels, paths = [], [], []
    jobs = [(label, name, i) for label, name in enumerate(_PAINTERS) for i in range(per_class)]
    for label, name, i in tqdm(
        jobs, desc="painting flowers", unit="image", leave=False, disable=None if progress else True
    ):
        images.append(paint(name, np.random.default_rng([seed, label, i]), image_size))
        labels.append(label)
        paths.append(f"{name}/{i:06d}.png")
    return ImageSet(
        images=np.array(images, np.uint8).reshape(-1, image_size, image_size, 3),
        labels=np.array(labels, np.int32),
        class_names=tuple(_PAINTERS),
        paths=tuple(paths),
        hashes=tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in images),
        name="demo",
    )


def paint(class_name: str, rng: Random, image_size: int) -> np.ndarray:
    """Paint one picture, uint8 `(image_size, image_size, 3)`, of one flower or a few."""
    make_pose, paint_flower = _PAINTERS[class_name]
    size = _SUPERSAMPLING * image_size
    canvas = Canvas(paint_background(rng, size))
    for centre, radius in _arrangement(rng, class_name):
        pose = make_pose(rng, centre, radius)
        canvas.shadow(pose(ellipse(1.9, 1.9)) + vector(0.02, 0.035), 0.04, 0.5)
        paint_flower(rng, canvas, pose)
    small = canvas.picture.resize((image_size, image_size), Image.Resampling.BOX)
    return _in_daylight(rng, np.asarray(small, np.float32))


def _arrangement(rng: Random, class_name: str) -> list[tuple[np.ndarray, float]]:
    """Return centres and radii: one large flower, and at times smaller ones behind it."""
    scale = 0.72 if class_name == "tulips" else 1  # a tulip is twice as high as it is wide
    main = (rng.normal([0.5, 0.48], 0.05), scale * rng.uniform(0.33, 0.46))
    behind = [
        (rng.uniform(0.05, 0.95, 2), scale * rng.uniform(0.14, 0.24))
        for _ in range(rng.choice([0, 0, 0, 1, 2]))
    ]
    return [*sorted(behind, key=lambda flower: flower[1]), main]


def _in_daylight(rng: Random, pixels: np.ndarray) -> np.ndarray:
    """Vary exposure, warmth and the fall of light over `(size, size, 3)` pixels in [0, 255]."""
    size = len(pixels)
    light = rng.uniform(0.86, 1.1) * (0.85 + 0.3 * noise(rng, 2, size))[..., None]
    warmth = rng.normal(0, 0.03)
    return np.clip(pixels * light * [1 + warmth, 1, 1 - warmth], 0, 255).round().astype(np.uint8)
