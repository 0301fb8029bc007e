"""The checkpoints of a training: a file a step, whole or ignored, the newest ones kept."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, sweep_temporaries, write_atomically
from ssgan_tf.runs.checkpoint_file import (
    DamagedCheckpoint,
    manifest_of,
    read,
    read_description,
    storable,
    write,
)

_FILE_NAME = re.compile(r"(\d{6,})\.npz")

Checkpoint = tuple[int, dict[str, np.ndarray], dict]


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
        arrays = {name: storable(name, value) for name, value in arrays.items()}
        text = manifest_of(step, arrays, metadata)
        path = self._path(step)
        with disk_errors("cannot save the checkpoint"):
            self.directory.mkdir(parents=True, exist_ok=True)
            sweep_temporaries(self.directory)
            write_atomically(path, lambda file: write(file, text, arrays))
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
        return self._complete(read_description)

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
        except DamagedCheckpoint as error:
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
                except DamagedCheckpoint as error:
                    if path not in self._reported:
                        self._reported.add(path)
                        logging.getLogger(__name__).warning("%s; ignored", error)
                else:
                    yield found

    def _read(self, path: Path, only: Callable[[str], bool] | None) -> Checkpoint:
        manifest, arrays = read(path, only)
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
        except (DamagedCheckpoint, FileNotFoundError):
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


def _signature(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
