"""Files of JSON lines that only grow, and bear a process that ends in the middle of a line."""

import json
import os
from pathlib import Path

from ssgan_tf.json_files import Damaged, parse


class Journal:
    """A file with an object a line.

    Args:
        path: need not exist; its folder is made when something is written.
        shape: of each object, see `ssgan_tf.json_files`. Other lines are passed over.
    """

    def __init__(self, path, shape):
        self.path, self.shape = Path(path), shape

    def read(self):
        """Return the objects, in their order; a line that is not whole counts as not written."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        found = []
        for line in data.split(b"\n"):
            try:
                found.append(parse(line, self.shape))
            except Damaged:
                continue
        return found

    def append(self, rows):
        """Write objects, whole lines that reach the disk before it returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        with self.path.open("a+b") as file:
            # What a killed process left of a line is closed, so that the next one is a line.
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    text = "\n" + text
            file.write(text.encode("utf-8", errors="backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
