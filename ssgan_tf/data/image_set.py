"""The images of a small data set, decoded and held in memory."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ssgan_tf.errors import UserError


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Labelled square images. Nothing in it is ever changed in place.

    Attributes:
        images: uint8 `(N, height, width, 3)`, RGB in [0, 255].
        labels: int32 `(N,)`, indices into `class_names`.
        class_names: the classes, sorted.
        paths: where each image came from, as `"class/file.jpg"`.
        hashes: SHA-256 (hex) of each source file; equal hashes are exact duplicates.
        name: the name of the data set, e.g. `"flower"`.
        skipped: `(path, reason)` of each file that could not be used.
        contradictory: hashes that the whole data set holds under more than one class. They stay
            known when classes are picked, so that a split of some classes agrees with a split of
            all of them.
        tested: hashes of the test side that the data set brings; empty where it brings none.
        groups: dict from hashes to the names of groups, such as the frames of one object; a split
            keeps a group on one side. Images that it does not have are groups of their own.
        folder: where `paths` begin; None where the images are of no files, or of parts of files.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    hashes: tuple[str, ...]
    name: str
    skipped: tuple[tuple[str, str], ...] = ()
    contradictory: frozenset[str] = frozenset()
    tested: frozenset[str] = frozenset()
    groups: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def __post_init__(self):
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[3] != 3:
            raise ValueError(
                f"images: uint8 (N, H, W, 3), not {self.images.dtype} {self.images.shape}"
            )
        if self.labels.dtype != np.int32 or self.labels.shape != (len(self.images),):
            raise ValueError("labels: int32, one for each image")
        if not len(self.paths) == len(self.hashes) == len(self.images):
            raise ValueError("paths and hashes: one for each image")
        # Frozen is meant for callers; what the images themselves show is added here.
        object.__setattr__(self, "contradictory", self.contradictory | self._contradictions())

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"ImageSet({self.name!r}, {self.image_size} px, {self.counts()})"

    @property
    def image_size(self) -> int:
        """Height and width of the images in pixels."""
        return self.images.shape[1]

    def select(self, indices: Sequence[int] | np.ndarray) -> ImageSet:
        """Return the images at `indices`, in that order; the class names stay the same."""
        indices = np.asarray(indices, dtype=np.int64)
        return replace(
            self,
            images=self.images[indices],
            labels=self.labels[indices],
            paths=tuple(self.paths[i] for i in indices),
            hashes=tuple(self.hashes[i] for i in indices),
        )

    def of_class(self, class_name: str) -> ImageSet:
        """Return the images of one class, labels and class names unchanged.

        Raises:
            UserError: there is no such class.
        """
        self._require_classes([class_name])
        return self.select(np.flatnonzero(self.labels == self.class_names.index(class_name)))

    def with_classes(self, names: Iterable[str]) -> ImageSet:
        """Return the set of these classes only, in sorted order, with labels from 0 again.

        Raises:
            UserError: a name is unknown, or there is none.
        """
        kept = tuple(sorted(set(names)))
        if not kept:
            raise UserError(f"no class named; {self.name} has {', '.join(self.class_names)}")
        self._require_classes(kept)
        old_labels = [self.class_names.index(name) for name in kept]
        chosen = self.select(np.flatnonzero(np.isin(self.labels, old_labels)))
        # class_names is sorted, and so are old_labels: a label's place among them is the new one.
        return replace(
            chosen,
            labels=np.searchsorted(old_labels, chosen.labels).astype(np.int32),
            class_names=kept,
            skipped=tuple(item for item in self.skipped if item[0].split("/")[0] in kept),
        )

    def relabelled(self, names: Sequence[str]) -> ImageSet:
        """Return the same images as a set of these classes, some of which it may not have.

        Raises:
            UserError: it has a class that is not among them.
        """
        for name in self.class_names:
            if name not in names:
                raise UserError(f"{self.name} has a class {name!r}; known are {', '.join(names)}")
        new_labels = np.array([names.index(name) for name in self.class_names], np.int32)
        return replace(self, labels=new_labels[self.labels], class_names=tuple(names))

    def joined_with(self, other: ImageSet) -> ImageSet:
        """Return these images and, after them, those of another set of the same classes."""
        if self.class_names != other.class_names:
            raise ValueError(f"classes {self.class_names} and {other.class_names}")
        return replace(
            self,
            images=np.concatenate([self.images, other.images]),
            labels=np.concatenate([self.labels, other.labels]),
            paths=self.paths + other.paths,
            hashes=self.hashes + other.hashes,
            folder=self.folder if self.folder == other.folder else None,
        )

    def counts(self) -> dict[str, int]:
        """Return how many images each class has, in the order of `class_names`."""
        per_label = np.bincount(self.labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, per_label.tolist(), strict=True))

    def grey_classes(self) -> list[str]:
        """Return the classes of which every image is grey: red, green and blue are equal."""
        grey = np.array([(image == image[..., :1]).all() for image in self.images], dtype=bool)
        return [
            name
            for label, name in enumerate(self.class_names)
            if (self.labels == label).any() and grey[self.labels == label].all()
        ]

    def group_counts(self) -> dict[str, int]:
        """Return how many groups the images of each class are from; {} without any groups."""
        if not self.groups:
            return {}
        found = {name: set() for name in self.class_names}
        for digest, label in zip(self.hashes, self.labels.tolist(), strict=True):
            found[self.class_names[label]].add(self.groups.get(digest, digest))
        return {name: len(groups) for name, groups in found.items()}

    def fingerprint(self) -> str:
        """Return a SHA-256 (hex) that is equal for equal data.

        It covers the class names, the hash and class of each image, and the image size; not the
        order, names, places or times of the files.
        """
        labelled_hashes = zip(self.labels.tolist(), self.hashes, strict=True)
        contents = [self.image_size, self.class_names, sorted(labelled_hashes)]
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()

    def _contradictions(self) -> set[str]:
        distinct = set(zip(self.hashes, self.labels.tolist(), strict=True))
        classes_of = Counter(file_hash for file_hash, _ in distinct)
        return {file_hash for file_hash, count in classes_of.items() if count > 1}

    def _require_classes(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.class_names:
                raise UserError(
                    f"{self.name} has no class {name!r}; it has {', '.join(self.class_names)}"
                )
