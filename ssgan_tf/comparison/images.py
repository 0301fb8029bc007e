"""The images of a study's members, read from their folders."""

from pathlib import Path

import numpy as np

from ssgan_tf.data.decoding import UnreadableImageError, decode
from ssgan_tf.data.folder import image_files
from ssgan_tf.metrics.checkerboard import nyquist_share

REAL = "real"  # folder in a study with some real images of each class; it may be missing
MEASURED = 64  # images of each class that the checkerboard is measured on


def read_images(results, folder, count):
    """Return up to `count` images of each class, dict by class of uint8 `(n, size, size, 3)`.

    The first ones by name; those that cannot be read are left out. {} where a class has none:
    images of some classes only would not compare with those of all.

    Args:
        results: what `results.json` holds.
        folder: with a folder for each class.
        count: of images a class.
    """
    size, read = results["dataset"]["image_size"], {}
    for name in results["dataset"]["classes"]:
        of_class = Path(folder) / name
        files = sorted(image_files(of_class))[:count] if of_class.is_dir() else []
        images = [image for file in files if (image := _read(file, size)) is not None]
        if not images:
            return {}
        read[name] = np.stack(images)
    return read


def folders(out, results, names=None):
    """Return the folder of generated images of each member, and that of real images under `REAL`.

    Args:
        out: the folder of the study.
        results: what `results.json` holds.
        names: of members; all by default. Names that are not in the study are left out.
    """
    members = results["members"]
    places = {
        name: Path(out) / members[name]["paths"]["generated"]
        for name in (members if names is None else names)
        if name in members
    }
    return {REAL: Path(out) / REAL, **places}


def nyquist_shares(out, results):
    """Return the Nyquist share of the images of each member, and of real ones under `REAL`.

    Those without images of every class are left out. See `nyquist_share`.
    """
    shares = {}
    for name, folder in folders(out, results).items():
        if images := read_images(results, folder, MEASURED):
            shares[name] = nyquist_share(np.concatenate(list(images.values())))
    return shares


def _read(file, size):
    try:
        return decode(file.read_bytes(), size)
    except (OSError, UnreadableImageError):
        return None  # a member that is still generating
