"""How small and how large every number may be that a flag or a setting gives, in one place.

The lower bounds follow from what a number means. The upper ones are far beyond what small sets of
images need and below what files, seeds and most memories bear: a slip of the finger is to be one
line, not hours of work or a full machine.
"""

from __future__ import annotations

import dataclasses
import numbers
import typing
from typing import Any, NamedTuple

from ssgan_tf.errors import UserError

#: Generator updates of a network; the most where minutes are the limit.
MOST_ITERATIONS = 10_000_000


class Bound(NamedTuple):
    """What a number may be: from `low` to `high`, without one or both of them."""

    low: float
    high: float
    above: bool = False  # more than `low`
    below: bool = False  # less than `high`

    def holds(self, value: float) -> bool:
        """Whether it may be this one; no number at all may not."""
        return (self.low < value if self.above else self.low <= value) and (
            value < self.high if self.below else value <= self.high
        )

    def __str__(self) -> str:
        if self.above:
            low = f"more than {self.low}"
        else:
            # People say it so of what has fractions.
            fractions = isinstance(self.high, float)
            low = f"{self.low} or more" if fractions else f"at least {self.low}"
        high = f"{self.high:g}" if isinstance(self.high, float) else self.high
        return f"{low} and {'less than' if self.below else 'at most'} {high}"


_IMAGES = 1_000_000  # of a class
_EVERY = Bound(1, MOST_ITERATIONS)

#: By the names of flags.
BOUNDS = {
    "image_size": Bound(1, 1024),
    "latent_dim": Bound(1, 4096),
    "base_channels": Bound(1, 4096),
    "batch_size": Bound(1, 16_384),
    "critic_steps": Bound(1, 1000),
    "freeze": Bound(0, 100),
    "mu": Bound(0, 1e6),
    "lambda": Bound(0, 1e6),
    "class_weight": Bound(0, 1e6),
    "learning_rate": Bound(0, 10, above=True),
    "ema": Bound(0, 1, below=True),
    "ema_images": Bound(0, 1_000_000_000),
    "r1_gamma": Bound(0, 1e6),
    "style_mixing": Bound(0, 1.0),
    "unet_channels": Bound(32, 1024),
    "unet_blocks": Bound(1, 8),
    "dropout": Bound(0, 1, below=True),
    "label_dropout": Bound(0, 1, below=True),
    "augment_probability": Bound(0, 1, below=True),
    "guide_iterations": Bound(0, MOST_ITERATIONS),
    "classifier_guidance": Bound(0, 100.0),
    "seed": Bound(0, 2**31 - 1),
    "iterations": _EVERY,
    "autoencoder_iterations": _EVERY,
    "checkpoint_every": _EVERY,
    "sample_every": _EVERY,
    "log_every": _EVERY,
    "evaluate_every": _EVERY,
    "evaluate_images": Bound(2, _IMAGES),
    "minutes": Bound(0, 525_600, above=True),
    "test_per_class": Bound(0, _IMAGES),
    "train_per_class": Bound(2, _IMAGES),
    "real_per_class": Bound(2, _IMAGES),
    "validation_per_class": Bound(1, _IMAGES),
    "per_class": Bound(1, 100_000),
    "seeds": Bound(1, 1000),
    "generators": Bound(1, 1000),
    "classifier_seeds": Bound(1, 1000),
    "epochs": Bound(1, 100_000),
    "classifier_epochs": Bound(1, 100_000),
    "added_share": Bound(0, 1, above=True, below=True),
    "added_smoothing": Bound(0, 1, below=True),
    "balanced_beta": Bound(0, 1, below=True),
    "threshold": Bound(0, 1, above=True),
    "filter_limit": Bound(1, 1_000_000),
    "filter_rounds": Bound(1, 100),
    "layers": Bound(2, 20),
    "extra_scales": Bound(-20, 20),
    "min_size": Bound(4, 256),
    "scale_factor": Bound(0.1, 0.95),
    "alpha": Bound(0, 1e6),
    "noise_amplitude": Bound(0, 10, above=True),
    "channels": Bound(1, 1024),
    "max_channels": Bound(1, 1024),
    "start_scale": Bound(0, 100),
    "filter_tolerance": Bound(0, 1, below=True),
    "steps": Bound(1, 1000),
    "sigma": Bound(0, 80.0, above=True),
    "strength": Bound(0, 1, above=True),
    "label_weight": Bound(0, 10),
    "caption_weight": Bound(0, 10),
    "caption_count": Bound(1, 100),
    "candidates": Bound(1, 100),
    "min_similarity": Bound(-1, 1),
    "similarity_limit": Bound(1, 1000),
    "resolution": Bound(32, 2048),
}


def require(name: str, value: Any) -> None:
    """Refuses a number out of its bounds; None, and what has no bounds, passes.

    Args:
        name: of the flag, or of the field of a dataclass that stands for it.
        value: what it was given.

    Raises:
        UserError: it is out of bounds, or no number.
    """
    flag = name.rstrip("_")
    bound = BOUNDS.get(flag)
    if bound is None or value is None:
        return
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not bound.holds(value):
        raise UserError(f"--{flag} is {_short(value)}; it must be {bound}")


def require_fields(settings: Any) -> None:
    """Refuses a dataclass with a number out of its bounds, or another kind of number than it names.

    Args:
        settings: an instance; its fields are annotated with types, not with their names.

    Raises:
        UserError: as `require`; None or a fraction where a whole number is needed.
    """
    for field in dataclasses.fields(settings):
        value, kinds = getattr(settings, field.name), typing.get_args(field.type) or [field.type]
        if value is None and type(None) in kinds:
            continue
        flag = field.name.rstrip("_")
        if int in kinds and (not isinstance(value, numbers.Integral) or isinstance(value, bool)):
            raise UserError(f"--{flag} is {_short(value)}; it must be a whole number")
        if float in kinds and (not isinstance(value, numbers.Real) or isinstance(value, bool)):
            raise UserError(f"--{flag} is {_short(value)}; it must be a number")
        require(field.name, value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
