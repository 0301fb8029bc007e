"""The file of a checkpoint: an uncompressed npz that is whole or damaged, read without pickle."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

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


class DamagedCheckpoint(Exception):
    """A file that bears a checkpoint's name but does not hold a complete one."""


def storable(name: str, value: Any) -> np.ndarray:
    """Returns a value as an array that a file can hold.

    Raises:
        TypeError: of this type it cannot.
    """
    array = np.asarray(value, order="C")
    # A type that numpy knows only by an extension, bfloat16 say, would come back as raw bytes.
    if array.dtype.kind not in _KINDS or np.dtype(array.dtype.str) != array.dtype:
        raise TypeError(f"a checkpoint cannot hold {name!r}, of type {array.dtype}")
    return array


def manifest_of(step: int, arrays: dict[str, np.ndarray], metadata: dict) -> str:
    """Returns the text that says what a file holds."""
    described = {
        name: {"shape": list(array.shape), "dtype": array.dtype.str}
        for name, array in arrays.items()
    }
    return json.dumps({"format": _FORMAT, "step": step, "arrays": described, "metadata": metadata})


def write(file: BinaryIO, manifest: str, arrays: dict[str, np.ndarray]) -> None:
    """Writes arrays, and the text of `manifest_of` that describes them."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_MANIFEST, manifest)
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                header = np.lib.format.header_data_from_array_1_0(array)
                np.lib.format.write_array_header_1_0(member, header)
                member.write(_bytes_of(array))


def _bytes_of(array: np.ndarray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))


def _opened(path: Path) -> zipfile.ZipFile:
    with _damage_named(path):
        return zipfile.ZipFile(path)


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Turns what damaged bytes raise into `DamagedCheckpoint`; a missing file is not damaged."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNREADABLE:
            raise
        raise DamagedCheckpoint(f"{path} cannot be read ({error})") from error
    except _DAMAGE as error:
        raise DamagedCheckpoint(f"{path} is damaged or half-written ({error})") from error


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


def read(
    path: Path, only: Callable[[str], bool] | None = None
) -> tuple[dict, dict[str, np.ndarray]]:
    """Returns what a file says of itself, and its arrays by name.

    Args:
        path: of the file.
        only: is given each array's name and says whether to read it; None reads all.

    Raises:
        DamagedCheckpoint: the file is not whole.
    """
    with _opened(path) as archive:
        with _damage_named(path):
            manifest = _checked_manifest(archive, path)
        names = [name for name in manifest["arrays"] if only is None or only(name)]
        with _damage_named(path):
            return manifest, {
                name: _read_array(archive, name, manifest["arrays"][name]) for name in names
            }


def read_description(path: Path) -> tuple[int, dict]:
    """Returns step and metadata of a file whose arrays are there in full length.

    Raises:
        DamagedCheckpoint: the file is not whole.
    """
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
