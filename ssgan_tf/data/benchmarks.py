"""The archives of MNIST, CIFAR-10 and GTSRB, and how they become folders of classes.

Files keep the bytes of the archive where it has image files, and become PGM or PPM where it has
arrays: formats without a compressor, so that their hashes, and so all splits, follow from the
pixels alone. The test side, the tracks of traffic signs and their boxes go into the folder's
`Description`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import pickle
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ssgan_tf.data.description import write_description
from ssgan_tf.data.download import whole_folder
from ssgan_tf.data.web import download
from ssgan_tf.errors import UserError, first_line

BORDER = 2  # black pixels around a digit, from 28 to 32
DIGITS = tuple("0123456789")
OBJECTS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
SIGNS = tuple(f"{number:02d}" for number in range(43))


@dataclass(frozen=True)
class Source:
    """A file on the web, verified by one of two sums (hex)."""

    url: str
    sha256: str | None = None
    md5: str | None = None

    @property
    def name(self) -> str:
        """Its name on a disk."""
        return PurePosixPath(self.url).name

    def matches(self, path: Path) -> bool:
        """Whether a file has the sum."""
        kind, wanted = ("sha256", self.sha256) if self.sha256 else ("md5", self.md5)
        with path.open("rb") as file:
            return hashlib.file_digest(file, kind).hexdigest() == wanted


@dataclass(frozen=True)
class Benchmark:
    """A data set that comes in archives.

    Attributes:
        sources: the files.
        unpack: `unpack(paths, folder)` fills a folder that it makes, from files in that order.
        site: where people find the files.
    """

    sources: tuple[Source, ...]
    unpack: Callable[[list[Path], Path], None]
    site: str

    def fetch(self, folder: Path, progress: bool = True) -> None:
        """Make the folder of the data set, which has no images yet.

        A file that lies beside the folder already is taken instead of a download.

        Raises:
            UserError: no connection, a broken or altered file, or no room on the disk.
        """
        with whole_folder(folder) as (work, unpacked):
            paths = [self._file(source, folder, work, progress) for source in self.sources]
            try:
                self.unpack(paths, unpacked)
            except (
                tarfile.TarError, zipfile.BadZipFile, zlib.error, pickle.UnpicklingError, EOFError,
                ArithmeticError, AttributeError, LookupError, TypeError, ValueError,
            ) as error:  # fmt: skip
                names = ", ".join(source.name for source in self.sources)
                raise UserError(
                    f"{names}: not of the expected form ({first_line(error)})"
                ) from error

    def _file(self, source, folder, work, progress):
        """Return the path of a file that is there, or that is downloaded now."""
        own = folder.parent / source.name
        if own.is_file():
            if not source.matches(own):
                raise UserError(
                    f"{own} is not the file that is expected (its "
                    f"{'SHA-256' if source.sha256 else 'MD5'} differs); get it again from "
                    f"{self.site}, or take it away to have it downloaded"
                )
            return own
        names = ", ".join(source.name for source in self.sources)
        download(
            source.url, work / source.name, None, source.sha256, md5=source.md5,
            label=source.name, progress=progress,
            by_hand=f"put {names} from {self.site} into {folder.parent}",
        )  # fmt: skip
        return work / source.name


def unpack_mnist(paths: list[Path], folder: Path) -> None:
    """Write the digits of `mnist.npz` as PGM, 32 × 32, with a black border and unchanged pixels."""
    test = []
    with np.load(paths[0], allow_pickle=False) as arrays:
        for side in ("train", "test"):
            images, labels = arrays[f"x_{side}"], arrays[f"y_{side}"]
            if images.shape != (len(labels), 28, 28) or images.dtype != np.uint8:
                raise ValueError(f"x_{side} is {images.dtype} {images.shape}")
            framed = np.pad(images, ((0, 0), (BORDER, BORDER), (BORDER, BORDER)))
            names = [DIGITS[label] for label in labels]
            written = _write_arrays(folder, DIGITS, names, framed, side)
            test += written if side == "test" else []
    write_description(folder, test=test)


def unpack_cifar10(paths: list[Path], folder: Path) -> None:
    """Write the pictures of `cifar-10-python.tar.gz` as PPM, 32 × 32."""
    sides = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
    batches = {}
    with tarfile.open(paths[0]) as archive:
        for member in archive:
            if member.isreg():
                name = PurePosixPath(member.name).name
                if any(name in of_side for of_side in sides.values()):
                    batches[name] = _Arrays(archive.extractfile(member), encoding="bytes").load()
    test = []
    for side, of_side in sides.items():
        flat = np.concatenate([np.asarray(batches[name][b"data"]) for name in of_side])
        labels = [label for name in of_side for label in batches[name][b"labels"]]
        if flat.shape != (len(labels), 3 * 32 * 32) or flat.dtype != np.uint8:
            raise ValueError(f"data is {flat.dtype} {flat.shape}")
        images = flat.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        names = [OBJECTS[label] for label in labels]
        written = _write_arrays(folder, OBJECTS, names, images, side)
        test += written if side == "test" else []
    write_description(folder, test=test)


def unpack_gtsrb(paths: list[Path], folder: Path) -> None:
    """Write the traffic signs of GTSRB: training images, test images and test truth, zips.

    A training image is named by its track, the frames of one sign, and the frame.
    """
    said = {"test": [], "groups": {}, "boxes": {}}
    for name in SIGNS:
        (folder / name).mkdir(parents=True)
    with zipfile.ZipFile(paths[0]) as archive:
        boxes = {}
        for member in archive.namelist():
            if match := re.search(r"/(\d{5})/GT-\1\.csv$", member):
                boxes |= {(match[1], row): box for row, (box, _) in _rows(archive, member).items()}
        for member in archive.namelist():
            if match := re.search(r"/(\d{5})/((\d{5})_\d{5}\.ppm)$", member):
                number, name, track = match.groups()
                path = f"{SIGNS[int(number)]}/{name}"
                (folder / path).write_bytes(archive.read(member))
                said["groups"][path] = f"{SIGNS[int(number)]}/{track}"
                said["boxes"][path] = boxes[number, name]
    with zipfile.ZipFile(paths[2]) as archive:
        (truth,) = (name for name in archive.namelist() if name.endswith("GT-final_test.csv"))
        rows = _rows(archive, truth)
    with zipfile.ZipFile(paths[1]) as archive:
        for member in archive.namelist():
            if match := re.search(r"(?:^|/)(\d{5}\.ppm)$", member):
                box, label = rows[match[1]]
                path = f"{SIGNS[label]}/test_{match[1]}"
                (folder / path).write_bytes(archive.read(member))
                said["test"].append(path)
                said["boxes"][path] = box
    if not said["groups"] or len(said["test"]) != len(rows):
        raise ValueError(
            f"{len(said['groups'])} training images, and {len(said['test'])} test images for "
            f"{len(rows)} rows of truth"
        )
    write_description(folder, **said)


def _rows(archive, member):
    """Return the rows of an annotation file: dict from file name to box and class.

    The annotated box has its last row and column inside.
    """
    text = io.StringIO(archive.read(member).decode("utf-8-sig"))
    found = {}
    for row in csv.DictReader(text, delimiter=";"):
        left, top, right, bottom = (int(row[f"Roi.{key}"]) for key in ("X1", "Y1", "X2", "Y2"))
        found[row["Filename"]] = [left, top, right + 1, bottom + 1], int(row["ClassId"])
    return found


def _write_arrays(folder, class_names, names, images, side):
    """Write images, uint8 `(n, h, w)` or `(n, h, w, 3)`, of named classes; return their paths."""
    for name in class_names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    grey = images.ndim == 3
    head = b"P%d\n%d %d\n255\n" % (5 if grey else 6, images.shape[2], images.shape[1])
    paths = []
    for number, (name, image) in enumerate(zip(names, images, strict=True)):
        paths.append(f"{name}/{side}_{number:05d}.{'pgm' if grey else 'ppm'}")
        (folder / paths[-1]).write_bytes(head + np.ascontiguousarray(image).tobytes())
    return paths


class _Arrays(pickle.Unpickler):
    """Reads pickled arrays, and makes nothing else that a pickle may ask for."""

    _KNOWN = frozenset(
        {
            ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"),
        }
    )  # fmt: skip

    def find_class(self, module, name):
        """Return one of the few things that arrays are made of."""
        if (module, name) not in self._KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


_ERDA = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370"
_SIGN_TESTS = (
    Source(
        f"{_ERDA}/GTSRB_Final_Test_Images.zip",
        "48ba6fab7e877eb64eaf8de99035b0aaecfbc279bee23e35deca4ac1d0a837fa",
    ),
    Source(
        f"{_ERDA}/GTSRB_Final_Test_GT.zip",
        "f94e5a7614d75845c74c04ddb26b8796b9e483f43541dd95dd5b726504e16d6d",
    ),
)

MNIST = Benchmark(
    (
        Source(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    unpack_mnist,
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
)
CIFAR_10 = Benchmark(
    (
        Source(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    unpack_cifar10,
    "https://www.cs.toronto.edu/~kriz/cifar.html",
)
GTSRB = Benchmark(
    (
        Source(
            f"{_ERDA}/GTSRB-Training_fixed.zip",
            "df4144942083645bd60b594de348aa6930126c3e0e5de09e39611630abf8455a",
        ),
        *_SIGN_TESTS,
    ),
    unpack_gtsrb,
    f"{_ERDA}/published-archive.html",
)
GTSRB_FULL = Benchmark(
    (
        Source(f"{_ERDA}/GTSRB_Final_Training_Images.zip", md5="f33fd80ac59bff73c82d25ab499e03a3"),
        *_SIGN_TESTS,
    ),
    unpack_gtsrb,
    f"{_ERDA}/published-archive.html",
)
