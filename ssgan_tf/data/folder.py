"""A folder with one sub-folder per class, read into an `ImageSet`."""

from __future__ import annotations

import hashlib
import stat
import threading
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ssgan_tf.data.decoding import MAX_FILE_BYTES, Budget, UnreadableImageError, decode
from ssgan_tf.data.description import Description
from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.errors import UserError
from ssgan_tf.files import is_plain_name

_READABLE = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".webp", ".ppm", ".pgm",
    ".pbm", ".pnm",
}  # fmt: skip
_OTHER_IMAGES = {".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".psd", ".svg", ".dng"}

#: Files with these endings, in any case, are taken for images; all others are ignored. The other
#: images cannot be read, but leaving them out without a word would lose a user's images.
IMAGE_SUFFIXES = frozenset(_READABLE | _OTHER_IMAGES)

_EXPECTED = "expected a folder with one sub-folder of images per class, such as cats/ and dogs/"

_MAX_THREADS = 8
_bytes_in_flight = Budget(MAX_FILE_BYTES)  # of files that are read at the same time
_warnings_lock = threading.Lock()


@dataclass(frozen=True, order=True)
class SourceFile:
    """An image file as the scan saw it; a change of size or time means new contents.

    `size` (bytes) and `mtime_ns` are -1 if the file could not be looked at.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class FolderScan:
    """What a data-set folder holds, before any file is opened.

    Attributes:
        folder: the folder, resolved.
        class_names: its class sub-folders, sorted; those without images too.
        files: the image files, sorted by their path `"class/file.jpg"`.
        nested: images found one level too deep, which are not read.
    """

    folder: Path
    class_names: tuple[str, ...]
    files: tuple[SourceFile, ...]
    nested: tuple[str, ...]


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders that stand for a class, sorted; links to folders are followed.

    Names that begin with `.` or `_` are left out, and so is a link that leads back to the folder
    itself or to one that it lies in.
    """
    resolved = folder.resolve()
    return sorted(
        child
        for child in folder.iterdir()
        if not child.name.startswith((".", "_"))
        and child.is_dir()
        and not resolved.is_relative_to(child.resolve())
    )


def scan_folder(folder: Path) -> FolderScan:
    """List the classes and image files of a data-set folder.

    Images lie directly in their class folder. Those in folders further down are not taken, because
    a folder one level too high (with `train/cats` and `test/cats`) would then turn into a data set
    of the classes `train` and `test`.

    Raises:
        UserError: the folder is missing, is a file, cannot be read, or has no class sub-folders.
    """
    try:
        if not folder.exists():
            raise UserError(f"{folder}: no such folder; {_EXPECTED}")
        if not folder.is_dir():
            raise UserError(f"{folder} is a file; {_EXPECTED} (unpack an archive first)")
        class_paths = class_folders(folder)
        if not class_paths:
            raise UserError(f"{folder} {_what_is_there(folder)}; {_EXPECTED}")
        files, nested = [], []
        for class_path in class_paths:
            if not is_plain_name(class_path.name):
                raise UserError(
                    f"{folder} has a folder {class_path.name!r}, and a class cannot be called so; "
                    "rename it"
                )
            files += [_look_at(path, class_path.name) for path in image_files(class_path)]
            nested += [
                f"{class_path.name}/{inner.name}/{path.name}"
                for inner in class_folders(class_path)
                for path in image_files(inner)
            ]
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror}; {_EXPECTED}") from error
    return FolderScan(
        folder=folder.resolve(),
        class_names=tuple(path.name for path in class_paths),
        files=tuple(sorted(files, key=lambda file: file.path)),
        nested=tuple(nested),
    )


def scan_flat_folder(folder: Path) -> FolderScan:
    """List the image files of a folder without classes, as one class of the folder's name.

    Raises:
        UserError: the folder is missing, cannot be read, or holds fewer than two image files.
    """
    folder = folder.resolve()
    try:
        files = sorted(_look_at(path, folder.name) for path in image_files(folder))
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror}") from error
    if len(files) < 2:
        raise UserError(f"{folder} {_what_is_there(folder)}; expected at least 2 images in it")
    return FolderScan(folder.parent, (folder.name,), tuple(files), nested=())


def read_folder(
    scan: FolderScan,
    image_size: int,
    name: str,
    progress: bool = True,
    said: Description | None = None,
    crop: bool = False,
) -> ImageSet:
    """Read, hash and decode the files of a scan.

    Files that cannot be used are left out and recorded in `ImageSet.skipped`; a class may end up
    with no image at all.

    Args:
        scan: what the folder holds.
        image_size: height and width in pixels.
        name: of the image set.
        progress: show a bar.
        said: what the folder says of its images.
        crop: take of each image what is in its box only; its hash is then of the box too.
    """
    said = said or Description()
    # Pillow loads its plug-ins on first need, which is not safe in several threads at once.
    Image.init()

    def read(file: SourceFile):
        box = said.boxes.get(file.path) if crop else None
        return _read_file(scan.folder, file, image_size, *([box] if box else []))

    # Pillow's warnings name no file, and what matters of them is in the reasons. The filters belong
    # to the whole process: without the lock, two readers could put each other's back.
    threads = min(_MAX_THREADS, cpu_count() or 1)
    with _warnings_lock, warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter("ignore")
        bar = tqdm(
            pool.map(read, scan.files),
            desc=f"reading {name}",
            total=len(scan.files),
            unit="image",
            leave=False,
            disable=None if progress else True,
        )
        try:
            results = list(bar)
        except BaseException:  # such as Ctrl-C: the files that wait are not to be read first
            pool.shutdown(wait=False, cancel_futures=True)
            raise

    images, labels, paths, hashes, skipped = [], [], [], [], []
    label_of = {class_name: label for label, class_name in enumerate(scan.class_names)}
    for file, (image, outcome) in zip(scan.files, results, strict=True):
        if image is None:
            skipped.append((file.path, outcome))
            continue
        images.append(image)
        labels.append(label_of[file.path.split("/")[0]])
        paths.append(file.path)
        hashes.append(outcome)
    of_path = dict(zip(paths, hashes, strict=True))
    return ImageSet(
        images=np.array(images, np.uint8).reshape(-1, image_size, image_size, 3),
        labels=np.array(labels, np.int32),
        class_names=scan.class_names,
        paths=tuple(paths),
        hashes=tuple(hashes),
        name=name,
        skipped=tuple(skipped),
        tested=frozenset(of_path[path] for path in said.test if path in of_path),
        groups={of_path[path]: group for path, group in said.groups.items() if path in of_path},
    )


def picture_sizes(folder: Path) -> Counter[tuple[int, int]]:
    """Return how many pictures have each `(width, height)`, in the folder or its class folders."""
    sizes = Counter()
    try:
        places = class_folders(folder) if folder.is_dir() else []
        for path in sorted(path for place in places or [folder] for path in image_files(place)):
            try:
                with Image.open(path) as image:
                    sizes[image.size] += 1
            except (OSError, Image.DecompressionBombError):
                continue  # the loader will name it
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror}") from error
    if not sizes:
        raise UserError(f"{folder}: no images in it that can be read")
    return sizes


def require_enough_images(image_set: ImageSet, scan: FolderScan, least: int = 2) -> None:
    """Check that each class has at least so many images.

    Raises:
        UserError: a class has fewer.
    """
    for class_name, count in image_set.counts().items():
        if count < least:
            unread = sum(path.split("/")[0] == class_name for path, _ in image_set.skipped)
            deeper = [path for path in scan.nested if path.split("/")[0] == class_name]
            raise UserError(
                f"{scan.folder / class_name}: expected at least {least} images (JPEG, PNG, BMP, "
                f"GIF, WebP or PPM, directly in the folder), found {count} readable and {unread} "
                "unreadable; "
                + (
                    f"some lie deeper, e.g. {deeper[0]}: move them up, or name the folder that "
                    "holds the classes"
                    if deeper
                    else "add images, or take the folder away or begin its name with _"
                )
            )


def _is_image_name(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def image_files(folder: Path) -> list[Path]:
    """Return the files directly in a folder that are taken for images, in no order."""
    return [path for path in folder.iterdir() if _is_image_name(path) and not path.is_dir()]


def _what_is_there(folder: Path) -> str:
    if image_files(folder):
        return "holds images but no class sub-folders"
    return "has no class sub-folders" if any(folder.iterdir()) else "is empty"


def _look_at(path: Path, class_name: str) -> SourceFile:
    relative = f"{class_name}/{path.name}"
    try:
        status = path.stat()
    except OSError:  # a broken link: kept in the list, so that it is reported
        return SourceFile(relative, -1, -1)
    return SourceFile(relative, status.st_size, status.st_mtime_ns)


def _read_file(folder: Path, file: SourceFile, image_size: int, box: list[int] | None = None):
    """Return `(image, hash)`, or `(None, reason)`."""
    path = folder / file.path
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
            return None, "not a regular file"
        if file.size > MAX_FILE_BYTES:
            return None, f"too large: {file.size / 1024**2:.0f} MiB"
        with _bytes_in_flight.room(file.size):
            data = path.read_bytes()
            mark = b"" if box is None else str(box).encode()
            return decode(data, image_size, box), hashlib.sha256(data + mark).hexdigest()
    except OSError as error:
        return None, f"cannot be read: {error.strerror}"
    except UnreadableImageError as error:
        return None, str(error)
