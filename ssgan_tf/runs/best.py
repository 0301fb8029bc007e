"""The best checkpoint of a phase by a score, of which lower is better."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.runs.checkpoints import Checkpoint, Checkpoints


class Best(NamedTuple):
    """What is known of the best checkpoint.

    Attributes:
        step: iterations behind it.
        value: its score.
        by: what that is the score of: measure, network, numbers of images.
    """

    step: int
    value: float
    by: dict


class BestCheckpoint:
    """The one checkpoint `<directory>/<step>.npz` that scored best, with its score.

    Args:
        directory: made by the first `save`.
    """

    def __init__(self, directory: str | os.PathLike):
        self._checkpoints = Checkpoints(directory)
        self.directory = self._checkpoints.directory

    def find(self) -> Best | None:
        """The best checkpoint; None where there is none that is complete.

        A process that dies between writing one and deleting the former leaves both.
        """
        scored = [
            Best(step, float(metadata["score"]["value"]), metadata["score"]["by"])
            for step, metadata in self._checkpoints.described()
            if "score" in metadata
        ]
        return min(scored, key=lambda best: (best.value, best.step), default=None)

    def load(self, only: Callable[[str], bool] | None = None) -> Checkpoint:
        """Reads it, or the arrays that `only` picks by name.

        Raises:
            UserError: there is none, or it is damaged.
        """
        best = self.find()
        if best is None:
            raise UserError(
                f"{self.directory} holds no best checkpoint; train.py --evaluate_every keeps one"
            )
        return self._checkpoints.load(best.step, only)

    def save(
        self, step: int, arrays: dict[str, np.ndarray], metadata: dict, value: float, by: Any
    ) -> None:
        """Writes a checkpoint that is better than the best so far, which is then deleted.

        Args:
            step: not negative.
            arrays: by name, see `Checkpoints.save`.
            metadata: plain JSON.
            value: its score.
            by: plain JSON, what it is the score of.

        Raises:
            UserError: the disk is full or refuses; the former one is intact.
        """
        score = {"value": value, "by": by}
        self._checkpoints.save(step, arrays, metadata | {"score": score})
        self._checkpoints.delete_others(step)
