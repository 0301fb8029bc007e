"""The data sets that have a name. To add one, add one entry to `DATASETS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ssgan_tf.data.benchmarks import CIFAR_10, DIGITS, GTSRB, GTSRB_FULL, MNIST, OBJECTS, SIGNS
from ssgan_tf.data.demo import PAINTER_VERSION, paint_demo
from ssgan_tf.data.download import Archive
from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.errors import UserError


@dataclass(frozen=True)
class DatasetEntry:
    """A named data set and how to come by it: either `fetch` or `make` is set.

    Attributes:
        description: one line for people.
        classes: its class names, sorted.
        fetch: `fetch(folder, progress)` fills the folder with one sub-folder per class, whole or
            not at all, or raises `UserError`. Used when `<datasets_dir>/<name>/` has none.
        make: `make(image_size, progress)` returns the images without any files.
        version: raised when `make` would return other images than before.
        test_per_class: test images of each class by default; None for a share of the class, or for
            the test side that the data set brings.
        boxes_of: the name of another data set, whose images are cropped to their boxes.
    """

    description: str
    classes: tuple[str, ...]
    fetch: Callable[[Path, bool], None] | None = None
    make: Callable[[int, bool], ImageSet] | None = None
    version: int = 1
    test_per_class: int | None = None
    boxes_of: str | None = None


@dataclass(frozen=True)
class ByHand:
    """A data set without an official source: `fetch` can only say what belongs where."""

    classes: tuple[str, ...]
    advice: str

    def fetch(self, folder: Path, progress: bool = True) -> None:
        """Raise a `UserError` that names the folders."""
        folders = ", ".join(f"{folder / name}/" for name in self.classes)
        raise UserError(f"{folder.name} has no official download; make {folders} ({self.advice})")


_FLOWERS = ("daisy", "dandelion", "roses", "sunflowers", "tulips")

_FLOWER_PHOTOS = Archive(
    url="https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    size=228813984,
    # As published by TensorFlow Datasets for tf_flowers.
    sha256="4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
    top_folder="flower_photos",
    classes=_FLOWERS,
)

_ANIMALS = ByHand(
    classes=("cats", "dogs", "tigers"),
    advice="with your own images in them; the SSGAN paper has 500 of each",
)

DATASETS: dict[str, DatasetEntry] = {
    "flower": DatasetEntry(
        description="3,670 photographs of flowers (TensorFlow flower_photos, 218 MiB)",
        classes=_FLOWERS,
        fetch=_FLOWER_PHOTOS.fetch,
        test_per_class=100,
    ),
    "animal": DatasetEntry(
        description="photographs of cats, dogs and tigers, to be put in place by hand",
        classes=_ANIMALS.classes,
        fetch=_ANIMALS.fetch,
        test_per_class=100,
    ),
    "demo": DatasetEntry(
        description="200 painted flowers of each of 5 kinds; needs no download",
        classes=_FLOWERS,
        make=paint_demo,
        version=PAINTER_VERSION,
    ),
    "mnist": DatasetEntry(
        description="70,000 digits, 28 px with a black border to 32 (11 MiB)",
        classes=DIGITS,
        fetch=MNIST.fetch,
    ),
    "cifar10": DatasetEntry(
        description="60,000 small photographs of 10 kinds of things, 32 px (163 MiB)",
        classes=OBJECTS,
        fetch=CIFAR_10.fetch,
    ),
    "gtsrb": DatasetEntry(
        description="26,640 traffic signs to train on, 12,630 to test on (264 MiB)",
        classes=SIGNS,
        fetch=GTSRB.fetch,
    ),
    "gtsrb-full": DatasetEntry(
        description="39,209 traffic signs to train on, 12,630 to test on (348 MiB)",
        classes=SIGNS,
        fetch=GTSRB_FULL.fetch,
    ),
    "gtsrb-roi": DatasetEntry(
        description="gtsrb, cropped to the annotated boxes (--roi)",
        classes=SIGNS,
        fetch=GTSRB.fetch,
        boxes_of="gtsrb",
    ),
    "gtsrb-full-roi": DatasetEntry(
        description="gtsrb-full, cropped to the annotated boxes (--roi)",
        classes=SIGNS,
        fetch=GTSRB_FULL.fetch,
        boxes_of="gtsrb-full",
    ),
}


def cropped_name(name: str | None) -> str:
    """Return the name of the data set that is another one's images, cropped to their boxes.

    Raises:
        UserError: it has no boxes.
    """
    found = {entry.boxes_of: cropped for cropped, entry in DATASETS.items() if entry.boxes_of}
    if name in found.values():
        return name
    if name not in found:
        raise UserError(
            f"--roi is for --dataset {' and '.join(found)}, which have boxes; leave it out"
        )
    return found[name]
