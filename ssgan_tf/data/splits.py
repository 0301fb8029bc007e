"""Training and test images, told apart by nothing but their hashes, a seed and the sizes."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.data.registry import DATASETS
from ssgan_tf.errors import UserError

#: The share of each class that is tested on, where the data set has no number of its own.
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Split:
    """The two sides; no hash is on both, unless all images were asked for."""

    train: ImageSet
    test: ImageSet


def split(
    image_set: ImageSet,
    seed: int = 0,
    test_per_class: int | None = None,
    train_per_class: int | dict[str, int] | None = None,
    all_images: bool = False,
) -> Split:
    """Split each class into training and test images.

    A class is put in the order of SHA-256(seed:hash). The first images are tested on, the rest is
    for training. So file names, order and times do not matter, and programs that split the same
    files agree without talking. Files with equal hashes go to the same side; those that lie in
    more than one class go to the training side, so that no test label is contradicted.

    A data set that brings its own test side (`ImageSet.tested`) is tested on that, whole, whatever
    the seed; of its files those that lie in more than one class are on neither side. Else images of
    a group (`ImageSet.groups`) go to the same side, and the order is that of SHA-256(seed:group)
    first.

    Args:
        image_set: the images; all or some of the classes, the outcome for a class is the same.
        seed: another seed gives another split.
        test_per_class: test images of each class, of the data set's own test side at most so many.
            Default: that side, else 100 for flower and animal, else 20 %.
        train_per_class: take only so many of the training images, or a dict from class to number;
            a class that is not in it keeps all. A smaller sample is part of a larger one, and
            exact copies come last.
        all_images: train on the test images too (the test side stays what it was). Whatever is
            then measured on the test side is leaked; it is for the caller to say so.

    Raises:
        UserError: a class has too few images for these sizes, or a number is given for a class
            that does not exist.
    """
    if test_per_class is not None and test_per_class < 0:
        raise UserError(f"test_per_class must be 0 or more, not {test_per_class}")
    samples = _samples(image_set, train_per_class)
    if test_per_class is None and image_set.name in DATASETS:
        test_per_class = DATASETS[image_set.name].test_per_class

    train_indices, test_indices = [], []
    for label, class_name in enumerate(image_set.class_names):
        ordered = _ordered(image_set, label, seed)
        if image_set.tested:
            own = [index for index in ordered if image_set.hashes[index] in image_set.tested]
            clean = [i for i in own if image_set.hashes[i] not in image_set.contradictory]
            test = clean[:test_per_class]
            train = [index for index in ordered if image_set.hashes[index] not in image_set.tested]
            if len(train) < 2:
                raise UserError(
                    f"class {class_name!r} has {len(train)} images beside those that the data set "
                    "tests on, and at least 2 are needed; add images"
                )
            train_indices += _sample(
                image_set, class_name, samples, ordered if all_images else train
            )
            test_indices += test
            continue
        wanted = test_per_class
        if wanted is None:
            wanted = round(TEST_SHARE * len(ordered))
        if wanted > len(ordered) - 2:
            raise UserError(
                f"class {class_name!r} has {len(ordered)} images: {wanted} for testing leaves "
                f"{max(0, len(ordered) - wanted)} for training, and at least 2 are needed; lower "
                "test_per_class or add images"
            )
        test = _first_whole_groups(image_set, _by_group(image_set, ordered, seed), wanted)
        on_test_side = set(test)
        train = [index for index in ordered if index not in on_test_side]
        if all_images:
            train = ordered
        train_indices += _sample(image_set, class_name, samples, train)
        test_indices += test
    train = replace(image_set.select(train_indices), tested=frozenset())
    return Split(train=train, test=image_set.select(test_indices))


def limited_split(
    image_set: ImageSet,
    flag: str,
    at_most: int | None = None,
    kept: dict[str, int] | None = None,
    **options,
) -> Split:
    """Split as `split` does, and train on limited numbers of images of each class.

    Args:
        image_set: the images.
        flag: what gave the numbers, for messages.
        at_most: train on so many of each class, or on all where there are fewer.
        kept: dict from class to how many of it are trained on instead.
        options: `seed`, `test_per_class` and `all_images` of `split`.

    Raises:
        UserError: as `split`; a class of `kept` does not exist, or has fewer images.
    """
    available = split(image_set, **options).train.counts()
    sizes = {
        name: count if at_most is None else min(at_most, count) for name, count in available.items()
    }
    for class_name, count in (kept or {}).items():
        if class_name not in available:
            raise UserError(
                f"--{flag}: {image_set.name} has no class {class_name!r}; it has "
                f"{', '.join(available)}"
            )
        if count > available[class_name]:
            raise UserError(
                f"--{flag}: class {class_name!r} has {available[class_name]} images to train on, "
                f"fewer than {count}"
            )
        sizes[class_name] = count
    return split(image_set, train_per_class=sizes, **options)


def parse_class_sizes(
    flag: str, texts: list[str], everywhere: bool = True
) -> tuple[int | None, dict[str, int]]:
    """Return how many images of each class are trained on, as a flag says it.

    `["400", "roses=20"]` gives `(400, {"roses": 20})`: 20 of roses, 400 of every other class.

    Args:
        flag: the flag's name, for messages.
        texts: what it was given, divided at the commas.
        everywhere: whether a number without a class may be given, for all others.

    Returns:
        that number, or None; and a dict from class to its own number.

    Raises:
        UserError: a text is of another form, a number is less than 2, a class is named twice, or
            two numbers have no class.
    """
    at_most, kept = None, {}
    for text in texts:
        class_name, is_of_class, digits = text.rpartition("=")
        count = int(digits) if digits.isdecimal() and len(digits) < 10 else 0
        if count < 2 or (not class_name if is_of_class else not everywhere):
            raise UserError(
                f"--{flag} {text}: give a class and how many of its real images to keep, at least "
                f"2, such as roses=20{', or a number for all classes' if everywhere else ''}"
            )
        if class_name in kept:
            raise UserError(f"--{flag} names the class {class_name!r} twice; name it once")
        if is_of_class:
            kept[class_name] = count
        elif at_most is None:
            at_most = count
        else:
            raise UserError(
                f"--{flag} has two numbers without a class, {at_most} and {count}; give one, for "
                "all classes that are not named"
            )
    return at_most, kept


def _samples(image_set: ImageSet, train_per_class) -> dict[str, int]:
    """Return the size of the training sample for each class that has one."""
    if train_per_class is None:
        return {}
    if not isinstance(train_per_class, dict):
        train_per_class = dict.fromkeys(image_set.class_names, train_per_class)
    for class_name, sample in train_per_class.items():
        if class_name not in image_set.class_names:
            raise UserError(
                f"{image_set.name} has no class {class_name!r}; it has "
                f"{', '.join(image_set.class_names)}"
            )
        if sample < 2:
            raise UserError(f"train_per_class must be 2 or more, not {sample}")
    return train_per_class


def _sample(image_set, class_name, samples, train) -> list[int]:
    """Return so many of the training images of a class as there are to be; all without a number."""
    if class_name not in samples:
        return train
    sample = samples[class_name]
    if sample > len(train):
        raise UserError(
            f"class {class_name!r} has {len(train)} images for training, fewer than "
            f"train_per_class {sample}; lower it or test_per_class"
        )
    return _copies_last(image_set, train)[:sample]


def _ordered(image_set: ImageSet, label: int, seed: int) -> list[int]:
    """Return the indices of one class in the order of SHA-256(seed:hash)."""

    def place(index: int):
        return _key(seed, image_set.hashes[index]), image_set.paths[index]

    return sorted(np.flatnonzero(image_set.labels == label).tolist(), key=place)


def _by_group(image_set: ImageSet, ordered: list[int], seed: int) -> list[int]:
    """Return indices with the members of a group together, the groups by SHA-256(seed:group)."""
    if not image_set.groups:
        return ordered
    groups = {index: _group(image_set, index) for index in ordered}
    keys = {group: _key(seed, group) for group in set(groups.values())}
    return sorted(ordered, key=lambda index: keys[groups[index]])


def _group(image_set: ImageSet, index: int) -> str:
    digest = image_set.hashes[index]
    return image_set.groups.get(digest, digest)


def _key(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def _first_whole_groups(image_set, ordered, wanted) -> list[int]:
    """Take groups, and equal files, together as long as they fit into the number wanted."""
    chosen: list[int] = []
    for _, group in groupby(ordered, key=lambda index: _group(image_set, index)):
        group = list(group)
        clean = image_set.contradictory.isdisjoint(image_set.hashes[index] for index in group)
        if clean and len(chosen) + len(group) <= wanted:
            chosen += group
    return chosen


def _copies_last(image_set: ImageSet, ordered: list[int]) -> list[int]:
    """Move second copies of a file behind all first ones, third copies behind those."""
    seen: Counter[str] = Counter()
    rank = {}
    for index in ordered:
        rank[index] = seen[image_set.hashes[index]]
        seen[image_set.hashes[index]] += 1
    return sorted(ordered, key=rank.__getitem__)
