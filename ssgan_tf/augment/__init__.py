"""Augmentation that needs no training: sets made once, and policies for training time."""

import hashlib

import numpy as np

from ssgan_tf.augment import colour, geometric, mixing
from ssgan_tf.augment.online import POLICIES
from ssgan_tf.data import ImageSet
from ssgan_tf.errors import UserError

#: Each makes images of one class: `(images, count, rng) -> images`, uint8 `(n, height, width, 3)`.
OFFLINE = {
    "crop": geometric.crop,
    "geometric": geometric.geometric,
    "colour": colour.colour,
    "smote": mixing.smote,
    "mixup": mixing.mixup,
    "samplepairing": mixing.samplepairing,
}


def augment(name, image_set, per_class, seed=0):
    """Return new labelled images, made from each class of an image set.

    The images of a class depend on the name, the seed, and the images and name of the class alone;
    a smaller set is the beginning of a larger one.

    Args:
        name: a key of `OFFLINE`.
        image_set: the `ImageSet` to start from: training images only, where a test follows.
        per_class: how many to make of each class, or a dict from class to number; a class that is
            not in it gets none.
        seed: another seed makes other images.

    Returns:
        an `ImageSet` of the new images only, named after the augmentation, with the same classes,
        paths as a folder of PNG files would have, and the SHA-256 of the pixels as hashes.

    Raises:
        UserError: no such augmentation or class, a negative number, or a class with too few images
            to start from.
    """
    if name not in OFFLINE:
        raise UserError(f"unknown augmentation {name!r}; choose one of {', '.join(OFFLINE)}")
    counts = _counts(image_set, per_class)
    made = {
        class_name: _of_class(name, image_set.of_class(class_name).images, class_name, count, seed)
        for class_name, count in counts.items()
    }
    images = np.concatenate(list(made.values()))
    return ImageSet(
        images=images,
        labels=np.repeat(np.arange(len(made), dtype=np.int32), list(counts.values())),
        class_names=image_set.class_names,
        paths=tuple(f"{c}/{i:06d}.png" for c, count in counts.items() for i in range(count)),
        hashes=tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in images),
        name=name,
    )


def _counts(image_set, per_class):
    """Return how many images to make, for each class in the order of the labels."""
    if not isinstance(per_class, dict):
        per_class = dict.fromkeys(image_set.class_names, per_class)
    if unknown := sorted(per_class.keys() - set(image_set.class_names)):
        raise UserError(
            f"{image_set.name} has no class {unknown[0]!r}; it has "
            f"{', '.join(image_set.class_names)}"
        )
    for class_name, count in per_class.items():
        if count < 0:
            raise UserError(f"per_class must be 0 or more, not {count} (class {class_name!r})")
    return {class_name: per_class.get(class_name, 0) for class_name in image_set.class_names}


def _of_class(name, images, class_name, count, seed):
    if not count:
        return images[:0]
    if not len(images):
        raise UserError(f"class {class_name!r} has no images to start {name} from; add some")
    key = hashlib.sha256(f"{name}:{seed}:{class_name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(key))
    try:
        return OFFLINE[name](images, count, rng)
    except UserError as error:
        raise UserError(f"class {class_name!r}, {name}: {error}") from None


__all__ = ["OFFLINE", "POLICIES", "augment"]
