"""What a data set's folder says of its images, in a file that lies in it: `ssgan_tf.json`.

    {
        "test": ["cats/9.jpg"],
        "groups": {"cats/1.jpg": "burst 1", "cats/2.jpg": "burst 1"},
        "boxes": {"cats/1.jpg": [2, 0, 9, 7]}
    }

All three are optional, and so is the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ssgan_tf.errors import UserError
from ssgan_tf.json_files import Damaged, Each, parse

FILE = "ssgan_tf.json"
_SHAPE = {"test?": [str], "groups?": Each(str), "boxes?": Each([int])}
_NOTHING = MappingProxyType({})


class Description(NamedTuple):
    """What is said of images, by their paths `"class/file.jpg"`.

    Attributes:
        test: those of the test side; none where the data set has no test side of its own.
        groups: dict to the name of a group, such as the frames of one object, which a split keeps
            on one side.
        boxes: dict to the box around the object: left, top, right and bottom in pixels, of which
            the last two lie outside.
        digest: SHA-256 of the file; None without one.
    """

    test: frozenset[str] = frozenset()
    groups: Mapping[str, str] = _NOTHING
    boxes: Mapping[str, list[int]] = _NOTHING
    digest: str | None = None


def read_description(folder: Path) -> Description:
    """Return the `Description` of a data set's folder; an empty one without a file.

    Raises:
        UserError: the file is damaged, or cannot be read.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
        found = parse(data, _SHAPE)
    except FileNotFoundError:
        return Description()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except Damaged as error:
        raise UserError(f"{path} cannot be used: {error}; mend it, or take it away") from error
    boxes = found.get("boxes", {})
    for image, box in boxes.items():
        if len(box) != 4 or not (0 <= box[0] < box[2] and 0 <= box[1] < box[3]):
            raise UserError(
                f"{path}: the box of {image} is {box}; it must be left, top, right, bottom"
            )
    return Description(
        test=frozenset(found.get("test", ())),
        groups=found.get("groups", {}),
        boxes=boxes,
        digest=hashlib.sha256(data).hexdigest(),
    )


def write_description(folder: Path, **said: object) -> None:
    """Write the file of a folder that is being made; what is empty is left out."""
    said = {key: value for key, value in said.items() if value}
    (folder / FILE).write_text(json.dumps(said, indent=0), encoding="utf-8")
