"""The folder of all candidates: what was made, of what, and how close it is to its source."""

import io
import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ssgan_tf import plots
from ssgan_tf.errors import UserError
from ssgan_tf.files import sweep_temporaries, write_atomically, write_json
from ssgan_tf.json_files import Damaged, read_json
from ssgan_tf.methods.sgid.journal import Journal

FOLDER = "_candidates"  # its name begins so that nobody takes it for a class
SETTINGS, ROWS, COSINES = "settings.json", "candidates.jsonl", "cosines.jsonl"
NUMBER = (int, float)
ROW = {
    "class": str, "image": int, "candidate": int, "source": str, "sha256": str, "variant": int,
    "caption": str, "similarity": NUMBER, "guidance": NUMBER, "noise_seed": int,
    "truncated": bool, "sigma": NUMBER, "first_step": int, "steps": int,
}  # fmt: skip
COSINE = {"class": str, "image": int, "candidate": int, "cosine": NUMBER}


class Key(NamedTuple):
    """A candidate: its class, the image that it may become, and its number among those."""

    class_name: str
    image: int
    candidate: int


class Candidates:
    """Candidates on the disk, in `<folder>/_candidates`.

    ```
    settings.json            what the candidates depend on
    candidates.jsonl         a line a candidate, written when its batch is
    cosines.jsonl            how close each is to its source
    roses/000003-2.png       candidate 2 for image 3
    ```

    Args:
        folder: of the generated set.

    Attributes:
        path: the folder of the candidates.
        rows: dict from `Key` to what is known of each.
        cosines: dict from `Key` to its cosine with its source.
    """

    def __init__(self, folder):
        self.path = Path(folder) / FOLDER
        self._rows = Journal(self.path / ROWS, ROW)
        self._cosines = Journal(self.path / COSINES, COSINE)
        self.rows, self.cosines = {}, {}

    def open(self, settings, classes, overwrite=False):
        """Make sure that candidates of earlier calls are of the same settings, and read them.

        Args:
            settings: dict from flag to value, of what candidates depend on.
            classes: dict from class to what tells its sources from others.
            overwrite: move candidates of other settings aside.

        Raises:
            UserError: they are of other settings; the line names these.
        """
        settings, classes = json.loads(json.dumps([settings, classes]))
        file = self.path / SETTINGS
        if file.exists():
            had = self._earlier(file, settings, classes, overwrite)
            classes = {**had, **classes}
        self.path.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(self.path)
        write_json(file, {"settings": settings, "classes": classes})
        self.rows = {_key(row): row for row in self._rows.read()}
        self.cosines = {_key(row): row["cosine"] for row in self._cosines.read()}

    def _earlier(self, file, settings, classes, overwrite):
        """Return the classes of earlier calls; refuse or move aside those of other settings."""
        try:
            earlier = read_json(file, {"settings": dict, "classes": dict})
        except (OSError, Damaged):
            earlier = {"settings": {}, "classes": {}}
        was, had = earlier["settings"], earlier["classes"]
        changes = [
            f"--{name} was {_words(was.get(name))}, is now {_words(now)}"
            for name, now in settings.items()
            if was.get(name) != now
        ]
        changes += [
            f"the training images of {name} are others"
            for name, now in classes.items()
            if had.get(name, now) != now
        ]
        if not changes:
            return had
        if not overwrite:
            raise UserError(
                f"{self.path} holds candidates made otherwise: {'; '.join(changes)}; use the old "
                "settings, choose another --out, or begin anew with --overwrite"
            )
        self.path.rename(self.path.with_name(f"{FOLDER}.old-{datetime.now():%Y%m%d-%H%M%S-%f}"))
        return {}

    def holds(self, key):
        """Return whether a candidate has been made and its picture is there."""
        return key in self.rows and self._file(key).is_file()

    def add(self, made):
        """Keep a batch of candidates, pictures first, so that lines tell of whole pictures only.

        Args:
            made: list of pairs of what is known of a candidate and its image.
        """
        for row, image in made:
            file = self._file(_key(row))
            file.parent.mkdir(exist_ok=True)
            write_atomically(file, lambda opened, image=image: plots.write_png(opened, image))
        self._rows.append([row for row, _ in made])
        for row, _ in made:
            self.rows[_key(row)] = row
            self.cosines.pop(_key(row), None)

    def add_cosine(self, key, cosine):
        """Keep the cosine of a candidate with its source."""
        row = {"class": key.class_name, "image": key.image, "candidate": key.candidate}
        self._cosines.append([row | {"cosine": cosine}])
        self.cosines[key] = cosine

    def image(self, key):
        """Return the image of a candidate, uint8 `(size, size, 3)`.

        Raises:
            UserError: its file is gone or damaged.
        """
        try:
            return np.asarray(Image.open(io.BytesIO(self._file(key).read_bytes())).convert("RGB"))
        except OSError:
            raise UserError(
                f"{self._file(key)} is gone or damaged; delete it and run the same command again"
            ) from None

    def _file(self, key):
        return self.path / key.class_name / f"{key.image:06d}-{key.candidate}.png"


def _key(row):
    return Key(row["class"], row["image"], row["candidate"])


def _words(value):
    return "nothing" if value in (None, "") else value
