"""The settings of a method: each with its default, its bounds and the help text of its flag.

`Settings` decide what a training gives; `Sampling` is what may be said later, when images are made.
"""

import dataclasses
import typing

from ssgan_tf.bounds import require_fields
from ssgan_tf.errors import UserError


def setting(default, help):
    """Return a dataclass field with a default value and the help text of its flag."""
    return dataclasses.field(default=default, metadata={"help": help})


@dataclasses.dataclass(frozen=True)
class Checked:
    """Fields whose values are looked at when they are set; names are those of flags.

    A field `lambda_` is the flag `--lambda`: Python keeps the word for itself.
    """

    def __post_init__(self):
        require_fields(self)

    def require(self, name, holds, expected):
        """Refuse a value.

        Args:
            name: of the field.
            holds: whether the value is possible.
            expected: what it must be, in words.

        Raises:
            UserError: it is not.
        """
        if not holds:
            value = getattr(self, name)
            raise UserError(f"--{name.rstrip('_')} is {value}; it must be {expected}")


@dataclasses.dataclass(frozen=True)
class Sampling(Checked):
    """What may be said of images when they are made, by a flag of `generate.py`.

    A method that lets users choose has a subclass, with a `setting` for each choice.
    """


@dataclasses.dataclass(frozen=True)
class Settings(Checked):
    """What every method has; a method's own settings are a subclass.

    They are all that decides what a training gives.
    """

    image_size: int = setting(64, "Height and width in pixels.")
    seed: int = setting(0, "Of the split, the weights, the batches and the noise.")


def value_of(field, text):
    """Return a text as a value of a dataclass field, which is a flag, a number or a text.

    Raises:
        ValueError: it is none; the message says what it must be.
    """
    kinds = typing.get_args(field.type) or (field.type,)
    if bool in kinds:
        if text.lower() not in ("true", "false"):
            raise ValueError("true or false")
        return text.lower() == "true"
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                raise ValueError("a whole number" if kind is int else "a number") from None
    return text


def changed(defaults, changes, lacks, has):
    """Return settings with other values.

    Args:
        defaults: an instance of a subclass of `Checked`.
        changes: dict of values by the names of fields.
        lacks: words before a name that is no field.
        has: words before the names of the fields.

    Raises:
        UserError: there is no such field, or a value is impossible.
    """
    known = [field.name for field in dataclasses.fields(defaults)]
    for name in changes:
        if name not in known:
            names = ", ".join(each.rstrip("_") for each in known) or "nothing"
            raise UserError(f"{lacks} {name.rstrip('_')!r}; {has} {names}")
    return dataclasses.replace(defaults, **changes)
