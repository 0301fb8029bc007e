"""The run directory: one process at a time for a network, one set of settings, no losses."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ssgan_tf.errors import UserError
from ssgan_tf.files import (
    HOLDER,
    LOCK,
    content_of,
    disk_errors,
    is_plain_name,
    sweep_temporaries,
    write_json,
)
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.json_files import Damaged, Each, find_json, read_json
from ssgan_tf.runs.best import BestCheckpoint
from ssgan_tf.runs.checkpoints import Checkpoints
from ssgan_tf.runs.continuation import as_read, merged

_CONFIG = "config.json"
OF_PHASES = ("checkpoints", "samples", "best")  # the folders of each phase
PATIENCE = 60.0  # seconds to wait for other processes that begin
_CLASSES = Each({"train?": [str], "test?": [str]}, plain=True)
#: The shape of config.json, and that of one that a training wrote.
CONFIG = {"settings": dict, "data": {"classes?": _CLASSES}, "options?": dict}
TRAINED = {
    "settings": {"method": str},
    "data": {
        "name": str,
        "fingerprint": str,
        "source?": [(str, None)],
        "classes": Each({"train": [str], "test": [str]}, plain=True),
        "before?": Each([str], plain=True),
    },
}
_log = logging.getLogger(__name__)


def default_run_path(dataset: str, method: str) -> Path:
    """Where a run goes unless told otherwise: `runs/<dataset>/<method>`."""
    return Path("runs") / dataset / method


class RunDirectory:
    """A folder with config.json and one sub-folder per network: per class, or for all classes.

    Training does `with run.begun(config, networks):`; those who only read need not.

    Args:
        path: need not exist.
        flag: the flag that named the path, for the messages.
    """

    def __init__(self, path: str | os.PathLike, flag: str = "--run_dir"):
        self.path, self.flag = Path(path), flag
        self._lock: FolderLock | None = None

    @contextlib.contextmanager
    def lock(self, timeout: float = 0.0) -> Iterator[RunDirectory]:
        """Keeps every other process, and every other object in this one, out of the directory.

        Makes the folder. The system drops the lock when its process dies, so a dead run blocks
        nobody; who holds it is written to `.lock.json` for the message.

        Args:
            timeout: seconds to wait for someone else who holds it.

        Raises:
            UserError: someone else holds it (the line says who), the folder is no run of ours,
                or the disk refuses.
        """
        lock = FolderLock(self.path, self.flag)
        if self._lock is not None:
            raise UserError(lock.held_by_another())
        self._refuse_foreign_folder()
        with disk_errors("cannot use the run directory"):
            lock.acquire(timeout)
        self._lock = lock
        try:
            yield self
        finally:
            self._lock.release()  # that of another folder, where this one was moved aside
            self._lock = None

    @contextlib.contextmanager
    def begun(
        self, config: dict, networks: Iterable[str], overwrite: bool = False
    ) -> Iterator[RunDirectory]:
        """Prepares the run, and keeps every other process out of some of its networks.

        The directory itself is locked only while it is prepared, so that several processes can
        train different networks of one run.

        Args:
            config: as for `prepare`.
            networks: their names.
            overwrite: as for `prepare`.

        Raises:
            UserError: as `lock` and `prepare`; or someone else holds one of the networks, which is
                found out before anything is written.
        """
        with contextlib.ExitStack() as held:
            with self.lock(timeout=PATIENCE):
                self._require_free(networks)
                self.prepare(config, overwrite)
                with disk_errors("cannot use the run directory"):
                    for name in networks:
                        held.enter_context(FolderLock(self.network_directory(name), self.flag))
            yield self

    def prepare(self, config: dict, overwrite: bool = False) -> Path | None:
        """Begins the run, or makes sure that it may go on with `config`; writes config.json.

        Takes the lock for the call where the caller does not hold it.

        Args:
            config: plain JSON with the sections "settings" (flags that alter the result) and
                "data" (with "classes": class -> {"train": [hashes], "test": [hashes]}), both
                compared with those of an earlier call, and "options", "versions", "git_commit"
                and others, which are not. Classes that only the earlier configuration has stay
                in it.
            overwrite: move an existing run aside and begin anew.

        Returns:
            Where the existing run was moved to, or None.

        Raises:
            UserError: the settings or a class's images differ (the line names each difference),
                config.json is damaged, the folder is no run of ours, someone else holds it, or
                the disk refuses.
        """
        config = as_read(config)
        with contextlib.nullcontext() if self._lock is not None else self.lock():
            moved = None
            if overwrite and self._holds_run():
                moved = self._move_aside()
            elif (self.path / _CONFIG).exists():
                config = merged(self.config(), config, self.path, self.flag)
            with disk_errors("cannot write the run directory"):
                sweep_temporaries(self.path)
                write_json(self.path / _CONFIG, config)
        return moved

    def check(self, config: dict) -> None:
        """Refuses a `config` that `prepare` would refuse; takes no lock and writes nothing.

        Raises:
            UserError: as `prepare`.
        """
        self._refuse_foreign_folder()
        if (self.path / _CONFIG).exists():
            merged(self.config(), as_read(config), self.path, self.flag)

    def config(self, shape: Any = CONFIG) -> dict:
        """The contents of config.json.

        Args:
            shape: what it must have; see `ssgan_tf.json_files`.

        Raises:
            UserError: this is no run directory, or its config.json is damaged.
        """
        path = self.path / _CONFIG
        try:
            with disk_errors("cannot read the run directory"):
                return read_json(path, shape)
        except FileNotFoundError:
            raise UserError(
                f"{self.path} is not a run directory (it has no {_CONFIG}); name a folder that "
                "train.py has written"
            ) from None
        except Damaged as error:
            raise UserError(
                f"{path} is damaged or not of this program ({error}); put a good copy back, choose "
                f"another {self.flag}, or move the folder away"
            ) from None

    def network_directory(self, name: str) -> Path:
        """The folder of a network, whether it exists or not.

        Raises:
            UserError: the name cannot be that of a folder in the run directory.
        """
        if not is_plain_name(name):
            raise UserError(f"{name!r} cannot be the name of a class; rename its folder")
        return self.path / name

    def phase_directory(self, name: str, phase: str = "") -> Path:
        """The folder of a phase of a job's training; that of the job itself for the phase "".

        Raises:
            UserError: a name cannot be that of a folder in the run directory.
        """
        folder = self.network_directory(name)
        if phase and (not is_plain_name(phase) or phase in OF_PHASES):
            raise ValueError(f"{phase!r} cannot be the name of a phase")
        return folder / phase

    def checkpoint_directory(self, name: str, phase: str = "") -> Path:
        """`<job>/checkpoints`, or `<job>/<phase>/checkpoints`."""
        return self.phase_directory(name, phase) / "checkpoints"

    def sample_directory(self, name: str, phase: str = "") -> Path:
        """The folder of the sample grids, beside the checkpoints."""
        return self.phase_directory(name, phase) / "samples"

    def metrics_path(self, name: str, phase: str = "") -> Path:
        """The file for `MetricsLog`, beside the checkpoints."""
        return self.phase_directory(name, phase) / "metrics.jsonl"

    def checkpoints(self, name: str, phase: str = "", keep: int = 2) -> Checkpoints:
        """The checkpoints of a phase; nothing is made before the first is saved."""
        return Checkpoints(self.checkpoint_directory(name, phase), keep)

    def best(self, name: str, phase: str = "") -> BestCheckpoint:
        """The best checkpoint of a phase by its score, in `best` beside `checkpoints`."""
        return BestCheckpoint(self.phase_directory(name, phase) / "best")

    def weights(
        self, name: str, phase: str = "", only: Callable[[str], bool] | None = None
    ) -> dict[str, Any]:
        """The arrays of a phase's newest checkpoint, by name.

        Args:
            name: the job's.
            phase: the phase's.
            only: says of each name whether its array is wanted; None wants all.

        Raises:
            UserError: there is no checkpoint.
        """
        return self.checkpoints(name, phase).load(only=only)[1]

    def networks(self) -> list[str]:
        """The networks that have a valid checkpoint, in alphabetical order."""
        if not self.path.is_dir():
            return []
        with disk_errors("cannot read the run directory"):
            folders = sorted(entry.name for entry in self.path.iterdir() if entry.is_dir())
        return [name for name in folders if self.checkpoints(name).latest_step() is not None]

    def phases(self, name: str) -> list[str]:
        """The phases of a job that have a folder of checkpoints, in alphabetical order."""
        folder = self.network_directory(name)
        found = folder.glob("checkpoints"), folder.glob("*/checkpoints")
        with disk_errors("cannot read the run directory"):
            places = [place.parent.relative_to(folder) for each in found for place in each]
        return sorted("" if place == Path() else place.name for place in places)

    def _holds_run(self) -> bool:
        """Whether a run of ours is here, damaged or not; refuses any other content."""
        self._refuse_foreign_folder()
        path = self.path / _CONFIG
        if not path.exists():
            return False
        if find_json(path, CONFIG):
            return True
        if any(self.path.glob("**/checkpoints/*.npz")):
            return True
        raise UserError(
            f"{path} is not of this program, so the folder is left alone; choose another "
            f"{self.flag}, or move it away"
        )

    def _refuse_foreign_folder(self) -> None:
        with disk_errors("cannot use the run directory"):
            if (self.path / _CONFIG).exists():
                return
            content = content_of(self.path)
        if content:
            raise UserError(
                f"{self.path} is not empty and no run directory (it holds {content[0]!r} but no "
                f"{_CONFIG}), so nothing is written into it; choose another {self.flag}"
            )

    def _require_free(self, networks: Iterable[str]) -> None:
        """Refuses networks that someone else holds; nobody can take them while `lock` is held."""
        with disk_errors("cannot use the run directory"):
            for name in networks:
                if (self.network_directory(name) / LOCK).exists():
                    with FolderLock(self.network_directory(name), self.flag):
                        pass

    def _move_aside(self) -> Path:
        self._require_free(lock.parent.name for lock in self.path.glob(f"*/{LOCK}"))
        # The real folder: where `path` is a link, the link is to stay and the disk be the same.
        folder = self.path.resolve()
        stem = f"{folder.name}.old-{datetime.now():%Y%m%d-%H%M%S}"
        target, count = folder.with_name(stem), 1
        while target.exists():
            count += 1
            target = folder.with_name(f"{stem}-{count}")
        if os.name == "nt":  # where a folder with an open file cannot be renamed
            self._lock.unlock()
        try:
            folder.rename(target)
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be moved aside ({error.strerror}), so nothing was changed; "
                f"move it yourself or choose another {self.flag}"
            ) from error
        _log.warning("the earlier run was moved to %s", target)
        # The lock that was held went with the folder. Its file is unlinked before it is released,
        # so that nobody who waits for it takes it for that of the new folder.
        moved_lock, self._lock = self._lock, FolderLock(self.path, self.flag)
        with disk_errors("cannot use the run directory"):
            self._lock.acquire()
        for name in (LOCK, HOLDER):
            (target / name).unlink(missing_ok=True)
        moved_lock.unlock()
        return target
