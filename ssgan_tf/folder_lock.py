"""One process at a time in a folder, and a line that says which one holds it."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import socket
import sys
from datetime import datetime
from pathlib import Path

import filelock

from ssgan_tf.errors import UserError
from ssgan_tf.files import HOLDER, LOCK, resolved, write_json
from ssgan_tf.json_files import find_json
from ssgan_tf.terminal import printable

_log = logging.getLogger(__name__)


class FolderLock:
    """Keeps every other process, and every other object in this one, out of a folder.

    The system drops the lock when its process dies, so a dead one blocks nobody; who holds it is
    written to `.lock.json` for the message. It is a context manager.

    Args:
        path: the folder, made by `acquire`.
        flag: the flag that named it, for the messages.
        timeout: seconds that the context manager waits for someone else who holds it.
    """

    def __init__(self, path: str | os.PathLike, flag: str, timeout: float = 0.0):
        self.path, self.flag, self.timeout = Path(path), flag, timeout
        self._identity: dict | None = None
        self._lock: filelock.BaseFileLock | None = None

    def acquire(self, timeout: float = 0.0) -> None:
        """Takes the lock.

        Args:
            timeout: seconds to wait for someone else who holds it.

        Raises:
            UserError: someone else holds it; the line says who.
            OSError: the disk refuses.
        """
        # Resolved, since a link whose folder was moved aside cannot be made a folder itself.
        try:
            resolved(self.path).mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:  # as in /proc
            raise UserError(
                f"{self.path}: no folder can be made there; choose another {self.flag}"
            ) from None
        # Shared by the threads of this process: a loop may be left by another one than began.
        lock = filelock.FileLock(self.path / LOCK, thread_local=False)
        try:
            lock.acquire(timeout=timeout)
        except filelock.Timeout:
            raise UserError(self.held_by_another()) from None
        try:
            if (dead := _holder(self.path)) is not None:
                _log.warning("%s, which used %s, is gone; taking over", _described(dead), self.path)
            self._identity = _this_process()
            write_json(self.path / HOLDER, self._identity)
        except BaseException:
            lock.release()
            raise
        self._lock = lock

    def release(self) -> None:
        """Gives the lock back."""
        # Before the lock goes: afterwards it would be the next holder's file.
        if _holder(self.path) == self._identity:
            with contextlib.suppress(OSError):
                (self.path / HOLDER).unlink()
        self.unlock()

    def unlock(self) -> None:
        """Gives the lock back and leaves its files alone, as where they were moved away."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def held_by_another(self) -> str:
        """The line that refuses to go on, with who holds the lock."""
        return (
            f"{self.path} is in use by {_described(_holder(self.path))}; wait until it ends, stop "
            f"it, or choose another {self.flag}"
        )

    def __enter__(self) -> FolderLock:
        self.acquire(self.timeout)
        return self

    def __exit__(self, *exception) -> None:
        self.release()


def _this_process() -> dict:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join([sys.executable or "python", *sys.argv]),
    }


def _holder(path: Path) -> dict | None:
    return find_json(path / HOLDER, dict)


def _described(holder: dict | None) -> str:
    if holder is None:
        return "another process"
    return printable(
        f"process {holder.get('pid')} on {holder.get('host')} "
        f"(since {holder.get('started')}: {holder.get('command')})"
    )
