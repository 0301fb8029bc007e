"""Checkpoints: one uncompressed npz a step, whole or ignored, read without pickle."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, sweep_temporaries, write_atomically
from ssgan_tf.json_files import NUMBER, Each, parse

_MANIFEST = "metadata.json"
_FORMAT = 1
_SHAPE = {
    "format": int,
    "step": int,
    "arrays": Each({"shape": [int], "dtype": str}),
    # Of what callers put there, that which trainings go on from.
    "metadata": {
        "seconds?": NUMBER,
        "window?": Each(NUMBER),
        "iterations?": int,
        "unscored?": bool,
        "score?": {"value": NUMBER, "by": dict},
    },
}
_CHUNK = 1 << 20
_KINDS = "biufc"  # bool, signed, unsigned, float, complex
_FILE_NAME = re.compile(r"(\d{6,})\.npz")

# Offsets that point nowhere and sectors that cannot be read; zipfile's own errors have no number.
_UNREADABLE = (None, errno.EINVAL, errno.EIO)

# All that zipfile, json and numpy raise when the bytes are not what they should be.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)

Checkpoint = tuple[int, dict[str, np.ndarray], dict]


class _Damaged(Exception):
    """A file that bears a checkpoint's name but does not hold a complete one."""


class Checkpoints:
    """The checkpoints of one class, `<directory>/<step>.npz`.

    A file holds arrays under names such as "generator/conv/kernel", and a JSON entry with the
    step, the name, shape and type of every array, and the caller's metadata. It counts as
    complete only if all of that agrees; zip's checksums cover every byte of the arrays. `np.load`
    opens it too.

    Args:
        directory: made by the first `save`.
        keep: how many complete checkpoints stay, at least 1.
    """

    def __init__(self, directory: str | os.PathLike, keep: int = 2):
        if keep < 1:
            raise ValueError(f"keep must be at least 1, not {keep}")
        self.directory = Path(directory)
        self.keep = keep
        self._reported: set[Path] = set()
        self._verified: dict[Path, tuple[int, int]] = {}

    def save(self, step: int, arrays: dict[str, np.ndarray], metadata: dict) -> Path:
        """Writes the checkpoint of `step`, then deletes those beyond the newest `keep`.

        Nothing is deleted before the new file is complete on the disk, and damaged files do not
        count among those kept.

        Args:
            step: not negative.
            arrays: boolean, integer, float or complex arrays of any shape, by name.
            metadata: plain JSON.

        Returns:
            The file.

        Raises:
            UserError: the disk is full or refuses; the earlier checkpoints are intact.
            TypeError, ValueError: an array or the metadata cannot be stored.
        """
        step = int(step)
        if step < 0:
            raise ValueError(f"step must not be negative, not {step}")
        arrays = {name: _storable(name, value) for name, value in arrays.items()}
        manifest = {
            "format": _FORMAT,
            "step": step,
            "arrays": {
                name: {"shape": list(array.shape), "dtype": array.dtype.str}
                for name, array in arrays.items()
            },
            "metadata": metadata,
        }
        text = json.dumps(manifest)
        path = self._path(step)
        with disk_errors("cannot save the checkpoint"):
            self.directory.mkdir(parents=True, exist_ok=True)
            sweep_temporaries(self.directory)
            write_atomically(path, lambda file: _write(file, text, arrays))
            self._verified[path] = _signature(path)
            self._delete_old(path)
        return path

    def latest(self) -> Checkpoint | None:
        """Loads the newest complete checkpoint.

        A damaged one is named in one warning, and the one before it used.

        Returns:
            (step, arrays, metadata), or None where there is no complete one.
        """
        return self._newest(lambda path: self._read(path, None))

    def latest_step(self) -> int | None:
        """The step of the newest checkpoint, without reading the arrays; None without any.

        Every array is there in full length; that no bit of them has changed is only known when
        they are read.
        """
        newest = self.newest_description()
        return newest and newest[0]

    def newest_description(self) -> tuple[int, dict] | None:
        """Step and metadata of the newest checkpoint, as `latest_step`; None without any."""
        return next(self.described(), None)

    def described(self) -> Iterator[tuple[int, dict]]:
        """Yields step and metadata of every complete checkpoint, newest first, as `latest_step`."""
        return self._complete(_read_description)

    def delete_others(self, step: int) -> None:
        """Deletes every checkpoint but that of `step`, newer ones too.

        Raises:
            UserError: the disk refuses.
        """
        with disk_errors("cannot delete a checkpoint"):
            for other in self._steps():
                if other != step:
                    self._path(other).unlink(missing_ok=True)

    def load(
        self, step: int | None = None, only: Callable[[str], bool] | None = None
    ) -> Checkpoint:
        """Reads a checkpoint, or a part of it.

        Args:
            step: which one; None means the newest complete one.
            only: is given each array's name and says whether to read it; None reads all.

        Returns:
            (step, arrays, metadata).

        Raises:
            UserError: there is none, or that of `step` is missing or damaged.
        """
        if step is None:
            found = self._newest(lambda path: self._read(path, only))
            if found is None:
                raise UserError(
                    f"{self.directory} holds no complete checkpoint; train the class first, or "
                    "name another run"
                )
            return found
        try:
            with disk_errors("cannot read the checkpoint"):
                return self._read(self._path(step), only)
        except FileNotFoundError:
            steps = ", ".join(map(str, self._steps())) or "none"
            raise UserError(
                f"{self.directory} holds no checkpoint of step {step}; there are: {steps}"
            ) from None
        except _Damaged as error:
            raise UserError(f"{error}; choose another step, or none for the newest") from error

    def _newest(self, read: Callable[[Path], Any]) -> Any:
        return next(self._complete(read), None)

    def _complete(self, read: Callable[[Path], Any]) -> Iterator[Any]:
        with disk_errors("cannot read the checkpoint"):
            for step in self._steps():
                path = self._path(step)
                try:
                    found = read(path)
                except FileNotFoundError:
                    continue  # a training that goes on beside us has just deleted it
                except _Damaged as error:
                    if path not in self._reported:
                        self._reported.add(path)
                        logging.getLogger(__name__).warning("%s; ignored", error)
                else:
                    yield found

    def _read(self, path: Path, only: Callable[[str], bool] | None) -> Checkpoint:
        with _opened(path) as archive:
            with _damage_named(path):
                manifest = _checked_manifest(archive, path)
            names = [name for name in manifest["arrays"] if only is None or only(name)]
            with _damage_named(path):
                arrays = {
                    name: _read_array(archive, name, manifest["arrays"][name]) for name in names
                }
        if only is None:
            self._verified[path] = _signature(path)
        return manifest["step"], arrays, manifest["metadata"]

    def _delete_old(self, saved: Path) -> None:
        complete = 0
        for step in self._steps():
            path = self._path(step)
            if complete >= self.keep and path != saved:
                path.unlink(missing_ok=True)
            elif self._is_complete(path):
                complete += 1

    def _is_complete(self, path: Path) -> bool:
        # Files that this process wrote or read whole are not read again at every save.
        try:
            if self._verified.get(path) != _signature(path):
                self._read(path, None)
        except (_Damaged, FileNotFoundError):
            return False
        return True

    def _path(self, step: int) -> Path:
        return self.directory / f"{step:06d}.npz"

    def _steps(self) -> list[int]:
        """Steps that have a file, newest first."""
        if not self.directory.is_dir():
            return []
        matches = (_FILE_NAME.fullmatch(path.name) for path in self.directory.iterdir())
        steps = {int(match[1]) for match in matches if match}
        return sorted((step for step in steps if self._path(step).is_file()), reverse=True)


def _storable(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value, order="C")
    # A type that numpy knows only by an extension, bfloat16 say, would come back as raw bytes.
    if array.dtype.kind not in _KINDS or np.dtype(array.dtype.str) != array.dtype:
        raise TypeError(f"a checkpoint cannot hold {name!r}, of type {array.dtype}")
    return array


def _write(file: BinaryIO, manifest: str, arrays: dict[str, np.ndarray]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_MANIFEST, manifest)
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                header = np.lib.format.header_data_from_array_1_0(array)
                np.lib.format.write_array_header_1_0(member, header)
                member.write(_bytes_of(array))


def _bytes_of(array: np.ndarray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))


def _signature(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _opened(path: Path) -> zipfile.ZipFile:
    with _damage_named(path):
        return zipfile.ZipFile(path)


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Turns what damaged bytes raise into `_Damaged`; missing or forbidden is not damaged."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNREADABLE:
            raise
        raise _Damaged(f"{path} cannot be read ({error})") from error
    except _DAMAGE as error:
        raise _Damaged(f"{path} is damaged or half-written ({error})") from error


def _checked_manifest(archive: zipfile.ZipFile, path: Path) -> dict:
    members = archive.infolist()
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ValueError(f"{member.filename} is compressed")
    manifest = parse(archive.read(_MANIFEST), _SHAPE)
    if manifest["format"] != _FORMAT or path.name != f"{manifest['step']:06d}.npz":
        raise ValueError("its entry metadata.json belongs to another file")
    expected = [_MANIFEST, *(f"{name}.npy" for name in manifest["arrays"])]
    if sorted(expected) != sorted(member.filename for member in members):
        raise ValueError("arrays are missing")
    return manifest


def _read_description(path: Path) -> tuple[int, dict]:
    with _opened(path) as archive, _damage_named(path):
        manifest = _checked_manifest(archive, path)
        for name, entry in manifest["arrays"].items():
            with archive.open(f"{name}.npy") as member:
                _empty_array(archive, member, name, entry)
        return manifest["step"], manifest["metadata"]


def _empty_array(
    archive: zipfile.ZipFile, member: zipfile.ZipExtFile, name: str, entry: dict
) -> np.ndarray:
    """Room for the array, once its header agrees with the manifest and the file's length."""
    # Not np.load: its reader believes the header alone.
    if np.lib.format.read_magic(member) != (1, 0):
        raise ValueError(f"{name} has an unknown header")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(member)
    if fortran_order or list(shape) != entry["shape"] or dtype.str != entry["dtype"]:
        raise ValueError(f"{name} is not as {_MANIFEST} describes it")
    if dtype.kind not in _KINDS:
        raise ValueError(f"{name} is of type {dtype}")
    if math.prod(shape) * dtype.itemsize != archive.getinfo(member.name).file_size - member.tell():
        raise ValueError(f"{name} has another length")
    return np.empty(shape, dtype)


def _read_array(archive: zipfile.ZipFile, name: str, entry: dict) -> np.ndarray:
    with archive.open(f"{name}.npy") as member:
        array = _empty_array(archive, member, name, entry)
        target, position = _bytes_of(array), 0
        while position < len(target):  # with the last byte, zipfile compares the checksum
            count = member.readinto(target[position : position + _CHUNK])
            if not count:
                raise EOFError(f"{name} ends early")
            position += count
    return array
