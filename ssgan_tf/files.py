"""Files that are either whole or not there, and plain words when the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ssgan_tf.errors import UserError

try:
    import fcntl
except ImportError:  # Windows, where a file that is being written cannot be deleted anyway
    fcntl = None

TEMPORARY_SUFFIX = ".ssgan-tmp"
LOCK, HOLDER = ".lock", ".lock.json"  # of `ssgan_tf.folder_lock`

# What may lie in a folder that still counts as empty.
_NO_CONTENT = {LOCK, HOLDER, ".DS_Store", "Thumbs.db", "desktop.ini"}
_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY

_SAVED = "nothing that was saved is lost"
_FREE_SPACE = f"free some space and run the same command again; {_SAVED}"
_PERMISSION = f"make it writable or choose another folder and run the command again; {_SAVED}"
_IN_THE_WAY = f"move what is in the way or choose another folder; {_SAVED}"
_ADVICE = {
    errno.ENOSPC: _FREE_SPACE,
    getattr(errno, "EDQUOT", errno.ENOSPC): _FREE_SPACE,
    errno.EFBIG: f"raise the limit on file sizes (ulimit -f) or {_FREE_SPACE}",
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EROFS: _PERMISSION,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOLCK: f"choose a folder on a disk that has file locks; {_SAVED}",
    errno.ELOOP: _IN_THE_WAY,
    errno.ENAMETOOLONG: f"choose a shorter path; {_SAVED}",
}


def write_atomically(path: str | os.PathLike, write: Callable[[BinaryIO], None]) -> None:
    """Replaces a file by a new version that appears whole or not at all.

    The bytes go to a temporary file in the same folder, reach the disk (fsync), and only then
    take the name; the folder is synced last, so that the name survives a power cut too. Whatever
    goes wrong, the earlier version stays and the temporary file is removed. After `kill -9` it is
    left behind, for `sweep_temporaries`.

    Args:
        path: the file to write. Its folder must exist.
        write: is given the open, seekable binary file and writes all of it.

    Raises:
        OSError: the disk refused; its `filename` is `path`.
    """
    path = Path(path)
    try:
        temporary, mark = _begin(path.parent, lambda new: os.close(os.open(new, _NEW_FILE, 0o666)))
        try:
            with temporary.open("r+b") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        finally:
            _end(mark)
        _sync_folder(path.parent)
    except OSError as error:
        # Failed writes name no file, others the temporary one; neither helps the reader.
        error.filename, error.filename2 = str(path), None
        raise


@contextlib.contextmanager
def temporary_folder(parent: str | os.PathLike) -> Iterator[Path]:
    """Makes a folder for what is not whole yet, and deletes it with all that is left in it.

    After `kill -9` it is left behind, for `sweep_temporaries`.

    Args:
        parent: the folder to make it in.

    Raises:
        OSError: the disk refuses.
    """
    folder, mark = _begin(Path(parent), Path.mkdir)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _end(mark)


def write_json(path: str | os.PathLike, obj: Any) -> None:
    """Writes `obj` as indented UTF-8 JSON, atomically, keys in their own order.

    Raises:
        TypeError, ValueError: `obj` is no plain JSON (NaN and infinity are not); nothing is
            written then.
        OSError: as `write_atomically`.
    """
    text = json.dumps(obj, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # File names that are no UTF-8 arrive as lone surrogates; "\udcff" is their JSON escape.
    data = text.encode("utf-8", errors="backslashreplace")
    write_atomically(path, lambda file: file.write(data))


def sweep_temporaries(folder: str | os.PathLike, below: bool = True) -> None:
    """Deletes the temporary files and folders that dead writers left; those in use stay.

    Args:
        folder: where to look.
        below: look in the folders in it, too.
    """
    pattern = f".*{TEMPORARY_SUFFIX}"
    found = Path(folder).rglob(pattern) if below else Path(folder).glob(pattern)
    for temporary in list(found):
        # One that cannot be deleted does no harm but for its size.
        with contextlib.suppress(OSError):
            _delete_if_dead(temporary)


def content_of(folder: str | os.PathLike) -> list[str]:
    """The names in a folder that somebody put there on purpose, sorted; [] where there is none.

    Left out are our locks, our temporaries (so that a start that was killed leaves an empty
    folder empty), and what file managers leave.

    Raises:
        OSError: the disk refuses.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.name not in _NO_CONTENT and not entry.name.endswith(TEMPORARY_SUFFIX)
    )


def is_plain_name(name: Any) -> bool:
    """Whether it is the name of something directly in a folder, without a path or control signs."""
    return (
        isinstance(name, str)
        and name not in ("", ".", "..")
        and not {"/", os.sep, os.altsep} & set(name)
        and not any(unicodedata.category(sign) == "Cc" for sign in name)
    )


def resolved(path: str | os.PathLike) -> Path:
    """The absolute path without links.

    Raises:
        UserError: links lead in a circle.
    """
    try:
        return Path(path).resolve()
    except (RuntimeError, OSError) as error:  # the former until Python 3.12
        if isinstance(error, OSError) and error.errno != errno.ELOOP:
            raise
        raise UserError(f"{path}: a link there leads back to itself; choose another path") from None


def require_outside(
    out: str | os.PathLike, *sources: str | os.PathLike | None, flag: str = "--out"
) -> None:
    """Refuses to write among images.

    Args:
        out: the folder to write.
        *sources: folders of images (or names, or None), which pictures must not be added to.
        flag: what names the folder.

    Raises:
        UserError: `out` is one of the sources or lies in one.
    """
    for source in filter(None, sources):
        source = Path(source).expanduser()
        if source.is_dir() and resolved(out).is_relative_to(resolved(source)):
            raise UserError(
                f"{flag} {out} lies in {source}, where its pictures would count as images; choose "
                "a folder elsewhere"
            )


@contextlib.contextmanager
def disk_errors(action: str) -> Iterator[None]:
    """Turns what the user's disk refuses inside the block into a `UserError` of one line.

    Args:
        action: what failed, as the line should begin: "cannot save the checkpoint".

    Raises:
        UserError: no space, no permission, read-only, a file where a folder should be, a name
            too long. Other errors pass unchanged.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _ADVICE:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        reason = os.strerror(error.errno)
        raise UserError(f"{action}: {where}{reason}; {_ADVICE[error.errno]}") from error


def _begin(parent: Path, make: Callable[[Path], None]) -> tuple[Path, int | None]:
    """Makes a temporary and marks it as in use; returns its path and the mark, for `_end`."""
    while True:
        # The length of this name does not depend on that of the file, which may be at the limit.
        temporary = parent / f".{uuid.uuid4().hex}{TEMPORARY_SUFFIX}"
        make(temporary)
        if fcntl is None:
            return temporary, None
        # The kernel drops this mark when the process dies, however it dies, and unlike a process
        # id it means the same in every container. File systems without locks go without it.
        try:
            mark = os.open(temporary, os.O_RDONLY)
        except FileNotFoundError:  # swept before it was marked
            continue
        with contextlib.suppress(OSError):
            fcntl.flock(mark, fcntl.LOCK_EX)
        if temporary.exists():
            return temporary, mark
        os.close(mark)


def _end(mark: int | None) -> None:
    if mark is not None:
        os.close(mark)


def _delete_if_dead(temporary: Path) -> None:
    if fcntl is None:  # Windows, which deletes no file in use; a folder would go in part
        if not temporary.is_dir():
            temporary.unlink()
        return
    mark = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink()
    finally:
        os.close(mark)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems do not know how to sync a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
