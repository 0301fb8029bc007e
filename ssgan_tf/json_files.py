"""JSON files are input, whoever wrote them: their shape is compared before anybody looks inside.

A shape is written as an example of what it describes:

- a type, or a tuple of types that will do: `str`, `NUMBER`, `(str, None)`; `object` is anything;
- `[shape]`: a list, whose members all have the shape;
- `Each(shape)`: an object with any keys, whose values all have the shape;
- `{"key": shape, "other?": shape}`: an object with these keys, those that end with "?" perhaps;
  more keys do not matter, so that files of later versions can be read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from ssgan_tf.files import is_plain_name

NUMBER = (int, float)
MOST_LEVELS = 50  # of nesting; ours have a handful, and thousands exhaust the interpreter's stack


class Damaged(ValueError):
    """What is no JSON of the shape that is wanted; the message says where."""


class Each(NamedTuple):
    """The shape of an object with any keys.

    Attributes:
        shape: of its values.
        plain: whether its keys must be plain names of files or folders.
    """

    shape: Any
    plain: bool = False


def parse(data: bytes | str, shape: Any = object) -> Any:
    """Returns what JSON text holds.

    Raises:
        Damaged: it is no JSON (NaN and infinity are not), nested too deeply, or of another shape.
    """
    try:
        value = json.loads(data, parse_constant=_refuse)
    except RecursionError:
        raise Damaged("it is nested too deeply") from None
    except ValueError as error:  # also no UTF-8, and numbers of thousands of digits
        raise Damaged(f"it is no JSON: {error}") from None
    if _is_deep(value):
        raise Damaged("it is nested too deeply")
    _check(value, shape)
    return value


def read_json(path: str | os.PathLike, shape: Any = object) -> Any:
    """Returns what a JSON file holds.

    Raises:
        Damaged: as `parse`.
        OSError: there is no such file, or the disk refuses.
    """
    return parse(Path(path).read_bytes(), shape)


def find_json(path: str | os.PathLike, shape: Any = object) -> Any:
    """Returns what a JSON file holds; None where there is none of the shape."""
    try:
        return read_json(path, shape)
    except (OSError, Damaged):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [member for outer in level for member in _members(outer)]
    return bool(level)


def _members(value: Any) -> list:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check(value: Any, shape: Any, place: str = "it") -> None:
    """Raises `Damaged` with the place where a value has another shape."""
    containers = ((list, list), (Each, dict), (dict, dict))
    kinds = next((kind for form, kind in containers if isinstance(shape, form)), shape)
    if not _is_one_of(value, kinds):
        raise Damaged(f"{place} is {json.dumps(value)[:40]}, which does not belong there")
    if isinstance(shape, list):
        for number, member in enumerate(value):
            _check(member, shape[0], f"{place}[{number}]")
    elif isinstance(shape, Each):
        for key, member in value.items():
            if shape.plain and not is_plain_name(key):
                raise Damaged(f"{place} has a key {key[:60]!r}, which is no plain name")
            _check(member, shape.shape, f"{place}[{key[:60]!r}]")
    elif isinstance(shape, dict):
        for key, wanted in shape.items():
            name = key.removesuffix("?")
            if name in value:
                _check(value[name], wanted, name if place == "it" else f"{place}.{name}")
            elif name == key:
                raise Damaged(f"{place} has no {name!r}")


def _is_one_of(value: Any, kinds: Any) -> bool:
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if kind is None or isinstance(value, bool):
            fits = value is None if kind is None else kind in (bool, object)
        else:
            fits = isinstance(value, kind)
        if fits:
            return True
    return False
