"""What is compared: ways to fill a class up again, and how many of its images are kept."""

import difflib
from typing import NamedTuple

from ssgan_tf.augment import OFFLINE, POLICIES
from ssgan_tf.classify.conditions import ORIGINAL, Condition
from ssgan_tf.data.balance import RESTORE
from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS

FULL = "full"  # the data set before any class was cut down


class Filling(NamedTuple):
    """A way to fill a class up, such as "singan" or "singan+flip-crop".

    Attributes:
        name: its pieces with + between.
        methods: those pieces that are names of methods, whose images are generated.
    """

    name: str
    methods: tuple[str, ...] = ()

    def condition(self, folders):
        """Return the `Condition` of the classifiers.

        Args:
            folders: dict from each of `methods` to the folder of its images.
        """
        pieces = [piece for piece in self.name.split("+") if piece != ORIGINAL]
        return Condition(
            name=self.name,
            parts=tuple(piece for piece in pieces if piece not in POLICIES),
            policies=tuple(piece for piece in pieces if piece in POLICIES),
            folders={name: folders[name] for name in self.methods},
        )

    @property
    def size(self):
        """The size of what is added, as members of a `Study` have it."""
        pieces = [piece for piece in self.name.split("+") if piece != ORIGINAL]
        return None if all(piece in POLICIES for piece in pieces) else RESTORE


def parse_fillings(texts):
    """Return the `Filling` of each text, after `original`, which is always there.

    Raises:
        UserError: a piece is no augmentation and no method, or something is named twice.
    """
    found = {ORIGINAL: Filling(ORIGINAL)}
    for text in texts:
        pieces = text.split("+")
        for piece in pieces:
            if piece not in (ORIGINAL, *OFFLINE, *POLICIES) and piece not in METHODS:
                raise UserError(f"--conditions {text}: {_unknown(piece)}")
        if len(set(pieces)) < len(pieces):
            raise UserError(f"--conditions {text}: a piece is named twice; name it once")
        if ORIGINAL in pieces and len(pieces) > 1:
            raise UserError(
                f"--conditions {text}: {ORIGINAL!r} stands alone, as the baseline that nothing is "
                "added to"
            )
        classical = (ORIGINAL, *OFFLINE, *POLICIES)
        methods = tuple(piece for piece in pieces if piece not in classical)
        found[text] = Filling(text, methods)
    return list(found.values())


class Level(NamedTuple):
    """How much of a class is kept.

    Attributes:
        text: a number of images, "10", or a share, "2.5%".
    """

    text: str

    @property
    def heading(self):
        """What stands over its column: "10 left", or "2.5 % left"."""
        return f"{self.text.replace('%', ' %')} left"

    def kept(self, count):
        """Return how many images are kept of so many: two at least."""
        if self.text.endswith("%"):
            return max(2, round(float(self.text[:-1]) / 100 * count))
        return int(self.text)


def parse_levels(texts):
    """Return the `Level`s of `--keep`, in their order, each once.

    Raises:
        UserError: one is neither a number from 2 nor a share below 100 %.
    """
    for text in texts:
        try:
            number = float(text[:-1]) if text.endswith("%") else int(text)
        except ValueError:
            number = 0
        high = 100 if text.endswith("%") else 1_000_000
        if not (0 if text.endswith("%") else 1) < number < high:
            raise UserError(
                f"--keep {text}: give how many images of a class to keep, at least 2, or a share "
                "such as 2.5%"
            )
    if not texts:
        raise UserError("--keep names no number; give some, such as 15,10,5")
    return [Level(text) for text in dict.fromkeys(texts)]


def _unknown(piece):
    known = [ORIGINAL, *OFFLINE, *POLICIES, *METHODS]
    close = difflib.get_close_matches(piece, known, n=1)
    question = f", did you mean {close[0]}?" if close else ""
    return f"{piece!r} is no known augmentation and no method{question}; known: {', '.join(known)}"
