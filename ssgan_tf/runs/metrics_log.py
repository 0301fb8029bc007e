"""metrics.jsonl: one line of JSON a log step, each step once, whatever stopped the run."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

from ssgan_tf.files import disk_errors, write_atomically
from ssgan_tf.json_files import Damaged, parse


class MetricsLog:
    """Appends the figures of training to a file that other programs may read meanwhile.

    Args:
        path: the file; made, with its folder, by the first `write`.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)

    def truncate(self, after_step: int) -> None:
        """Drops the lines of steps beyond `after_step`, and what is no whole line.

        A run that resumes at `after_step` passes those steps again; without this they would
        stand twice. Replaces the file atomically, and only when something is to drop.

        Raises:
            UserError: the disk refuses; the file is as it was.
        """
        with disk_errors("cannot shorten the log of metrics"):
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                return
            kept = b"".join(
                line
                for line in data.splitlines(keepends=True)
                if (record := _record(line)) is not None and record["step"] <= after_step
            )
            if kept != data:
                write_atomically(self.path, lambda file: file.write(kept))

    def write(self, step: int, **values: Any) -> None:
        """Appends `{"step": step, **values}` as one line and hands it to the system.

        Args:
            step: generator updates so far.
            **values: numbers, strings, None, or lists of them; NumPy and TensorFlow scalars too.
                NaN and infinity, which JSON does not know, are written as null.

        Raises:
            UserError: the disk is full or refuses; the lines before are intact.
        """
        record = {"step": int(step)} | {name: _plain(value) for name, value in values.items()}
        line = _line(record)
        with disk_errors("cannot write the log of metrics"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self.path.open("a+b") as file:
                    _cut_half_line(file)
                    file.write(line)
            except OSError as error:
                error.filename = str(self.path)
                raise

    def add(self, step: int, **values: Any) -> None:
        """Adds values to the last line where that is of `step`, else appends a line as `write`.

        The file is replaced atomically, so that each step stays one line.

        Raises:
            UserError: the disk refuses; the file is as it was.
        """
        records = read_metrics(self.path)
        if not records or records[-1]["step"] != step:
            self.write(step, **values)
            return
        records[-1] |= {name: _plain(value) for name, value in values.items()}
        lines = b"".join(_line(record) for record in records)
        with disk_errors("cannot write the log of metrics"):
            write_atomically(self.path, lambda file: file.write(lines))


def read_metrics(path: str | os.PathLike) -> list[dict]:
    """The records of a log in their order, without half-written lines; [] where no file is.

    Raises:
        UserError: the file cannot be read.
    """
    with disk_errors("cannot read the log of metrics"):
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError:
            return []
    return [record for line in data.splitlines(keepends=True) if (record := _record(line))]


def _line(record: dict) -> bytes:
    return json.dumps(record, allow_nan=False).encode() + b"\n"


def _record(line: bytes) -> dict | None:
    """The record of a whole line, else None."""
    if not line.endswith(b"\n"):
        return None
    try:
        return parse(line, {"step": int})
    except Damaged:
        return None


def _cut_half_line(file: BinaryIO) -> None:
    # A process that died, or a disk that was full, in the midst of a line.
    end = file.seek(0, os.SEEK_END)
    if not end:
        return
    file.seek(end - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def _plain(value: Any) -> Any:
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
