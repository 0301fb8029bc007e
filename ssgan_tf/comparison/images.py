"""The images of contestants, read from their folders."""

from pathlib import Path

import numpy as np

from ssgan_tf.comparison.results import REAL
from ssgan_tf.data.decoding import UnreadableImageError, decode
from ssgan_tf.data.folder import image_files
from ssgan_tf.metrics.checkerboard import nyquist_share

MEASURED = 64  # images of each class that the checkerboard is measured on


def read_images(out, results, count, names=None):
    """Return the first images of each class, of contestants and of real ones under `REAL`.

    Those that cannot be read are left out, and so is who has none of some class: images of some
    classes only would not compare with those of all.

    Returns:
        dict by name (of `names`, by default all contestants; the real ones first) of lists: of each
        class `count` images at most, uint8 `(n, size, size, 3)`.
    """
    members, dataset, read = results["members"], results["dataset"], {}
    for name in (REAL, *(members if names is None else names)):
        if name != REAL and name not in members:
            continue
        folder = REAL if name == REAL else members[name]["paths"]["generated"]
        classes = [
            _read(Path(out, folder, one), count, dataset["image_size"])
            for one in dataset["classes"]
        ]
        if all(classes):
            read[name] = [np.stack(images) for images in classes]
    return read


def nyquist_shares(out, results):
    """Return the Nyquist share of the images of each of `read_images`; see `nyquist_share`."""
    read = read_images(out, results, MEASURED)
    return {name: nyquist_share(np.concatenate(classes)) for name, classes in read.items()}


def _read(folder, count, size):
    images = []
    for file in sorted(image_files(folder))[:count] if folder.is_dir() else []:
        try:
            images.append(decode(file.read_bytes(), size))
        except (OSError, UnreadableImageError):
            continue  # of a contestant that is still generating
    return images
