"""The settings of a method: each with its default, its bounds and the help text of its flag."""

import dataclasses

from ssgan_tf.bounds import require_fields
from ssgan_tf.errors import UserError


def setting(default, help):
    """Return a dataclass field with a default value and the help text of its flag."""
    return dataclasses.field(default=default, metadata={"help": help})


@dataclasses.dataclass(frozen=True)
class Settings:
    """What every method has; a method's own settings are a subclass.

    They are all that decides what a training gives. A field `lambda_` is the flag `--lambda`:
    Python keeps the word for itself.
    """

    image_size: int = setting(64, "Height and width in pixels.")
    seed: int = setting(0, "Of the split, the weights, the batches and the noise.")

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
