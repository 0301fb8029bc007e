"""Augmentation of what a critic sees, real and generated images alike, for few training images.

With few images a critic learns them by heart. It cannot where every image reaches it changed at
random; and since generated images are changed in the same way, by operations that gradients flow
through, the generator does not learn the changes.

An augmentation is a component of a training, chosen by `Settings.augment_critic`; methods know
nothing of it.
"""

from typing import Protocol

from ssgan_tf.methods.gan.critic_augment.ada import ADA
from ssgan_tf.methods.gan.critic_augment.diffaugment import DiffAugment

NONE = "none"
AUGMENTS = {"diffaugment": DiffAugment, "ada": ADA}


class CriticAugment(Protocol):
    """Changes images before a critic sees them.

    Attributes:
        draws: how many random numbers an image takes.
    """

    draws: int

    def variables(self):
        """Return its state by name, a dict of Keras variables, to be kept in checkpoints."""

    def __call__(self, images, uniforms):
        """Return images `(batch, size, size, 3)` in about [-1, 1], changed.

        Args:
            images: as many.
            uniforms: `(batch, draws)` in [0, 1), which decide everything.
        """

    def observe(self, real_scores):
        """Take in what the critic said of real images, `(batch,)`, to adapt."""

    def report(self):
        """Return figures for the log, a dict of scalars."""


def create(name):
    """Return a new `CriticAugment`, or None for "none"."""
    return AUGMENTS[name]() if name != NONE else None
