"""Penalties that a GAN's networks can have beside their losses.

They are components of a training: WGAN-GP's own, and those that `Settings.penalty` adds to any
method, which knows nothing of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import keras
from keras import ops

from ssgan_tf.errors import UserError
from ssgan_tf.methods.gan.losses import gradient_penalty


class CriticBatch(NamedTuple):
    """What a penalty may look at.

    Attributes:
        real_scores: `(batch,)`, the critic's scores of real images.
        fake_scores: `(batch,)`, those of generated ones.
        real_gradients: function that returns the scores' gradients with respect to the real
            images, float32 `(batch, size, size, 3)`.
        between_gradients: the same at random points between real and generated images.
    """

    real_scores: Any
    fake_scores: Any
    real_gradients: Callable[[], Any]
    between_gradients: Callable[[], Any]


class GeneratorBatch(NamedTuple):
    """What a penalty of a generator with styles may look at.

    Attributes:
        style_gradients: function that returns the gradients of images, each projected on noise
            y ~ N(0, 1) / side, with respect to their styles, float32 `(batch, layers, width)`.
    """

    style_gradients: Callable[[], Any]


class Penalty(Protocol):
    """Adds to a network's loss.

    Attributes:
        name: it is logged under.
        role: of the network, "critic" or "generator".
        weight: of it in the network's loss.
        every: updates of the network from one time to the next; it is so many times as strong
            then. Where more than 1 it is `Lazy`.
        passes: what it takes at a time, in forward passes of the network.
    """

    name: str
    role: str
    weight: float
    every: int
    passes: int

    def variables(self):
        """Return its state by name, a dict of Keras variables, to be kept in checkpoints."""

    def __call__(self, batch):
        """Return the penalty without its weight, a scalar, from the network's batch."""


class Lazy:
    """A penalty that has its turn every so many updates.

    A training calls `measure`, on a condition, inside of which several devices could not agree on
    new values of `variables`; so it returns them.
    """

    def __call__(self, batch):
        """Return the penalty, once its state has taken in the batch."""
        penalty, new = self.measure(batch)
        for variable, value in zip(self.variables().values(), new, strict=True):
            variable.assign(value)
        return penalty


class GradientPenalty:
    """E[(‖∇D(x̂)‖₂ − 1)²] between real and generated images (WGAN-GP, Eq. 3).

    Args:
        weight: λ.
    """

    name, role = "penalty", "critic"
    every = 1
    passes = 6  # forward (1), backward to its input (1), and backward through both (4)

    def __init__(self, weight):
        self.weight = weight

    def variables(self):
        """Return no state."""
        return {}

    def __call__(self, batch):
        """Return the penalty."""
        return gradient_penalty(batch.between_gradients())


class LeCam:
    """E[(D(x) − α_F)²] + E[(D(G(z)) − α_R)²], with moving averages α of the scores.

    H.-Y. Tseng et al., "Regularizing Generative Adversarial Networks under Limited Data" (2021),
    Eq. 3. α_R follows the scores of real images, α_F those of generated ones: both are held near
    what the other side's have been. Its weight and the decay are those of their BigGAN trainings.
    """

    name, role = "lecam", "critic"
    every = 1
    passes = 0
    weight = 0.3  # λ
    decay = 0.99  # of the moving averages

    def __init__(self):
        self.real = keras.Variable(0.0, trainable=False, aggregation="mean", name="real")
        self.fake = keras.Variable(0.0, trainable=False, aggregation="mean", name="fake")

    def variables(self):
        """Return the moving averages."""
        return {"real": self.real, "fake": self.fake}

    def __call__(self, batch):
        """Return the penalty, with the averages as they are once the batch is taken in."""
        for average, scores in ((self.real, batch.real_scores), (self.fake, batch.fake_scores)):
            now = ops.stop_gradient(ops.mean(scores))
            average.assign(self.decay * average + (1 - self.decay) * now)
        real = ops.mean(ops.square(batch.real_scores - self.fake))
        fake = ops.mean(ops.square(batch.fake_scores - self.real))
        return real + fake


class R1(Lazy):
    """E[‖∇D(x)‖²] at real images, with a weight of γ/2.

    L. Mescheder, A. Geiger, S. Nowozin, "Which Training Methods for GANs do actually Converge?"
    (2018), Eq. 9, with their γ; lazily, every 16th update and 16 times as strong, as in T. Karras
    et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020), section 3.1.
    """

    name, role = "r1", "critic"
    every = 16
    passes = GradientPenalty.passes

    def __init__(self, weight=5.0):
        self.weight = weight  # γ/2

    def variables(self):
        """Return no state."""
        return {}

    def measure(self, batch):
        """Return the penalty, and no new values."""
        return ops.mean(ops.sum(ops.square(batch.real_gradients()), axis=(1, 2, 3))), []


class PathLength(Lazy):
    """E[(‖Jᵀy‖ − a)²], y ~ N(0, 1), with a moving average a of the lengths.

    J is the derivative of an image by its styles: steps of w are to change images alike, wherever
    and in whatever direction. T. Karras et al., "Analyzing and Improving the Image Quality of
    StyleGAN" (2020), Eq. 4 and appendix B: weight 2, every fourth update, half a batch.
    """

    name, role = "path_length", "generator"
    every = 4
    passes = 3  # of half a batch: forward, backward to the styles, and backward through both
    weight = 2.0
    decay = 0.01  # share of the new lengths in the average

    def __init__(self):
        self.average = keras.Variable(0.0, trainable=False, aggregation="mean", name="average")

    def variables(self):
        """Return the moving average."""
        return {"average": self.average}

    def measure(self, batch):
        """Return the penalty and the average, both as they are once the batch is taken in."""
        squares = ops.sum(ops.square(batch.style_gradients()), axis=2)
        lengths = ops.sqrt(ops.mean(squares, axis=1) + 1e-12)
        now = ops.stop_gradient(ops.mean(lengths))
        average = self.average + self.decay * (now - self.average)
        return ops.mean(ops.square(lengths - average)), [average]


PENALTIES = {penalty.name: penalty for penalty in (LeCam, R1, PathLength)}


def parse(names):
    """Return the names in a text such as "lecam,r1", a list; "none" has none.

    Raises:
        UserError: a name is unknown or repeated.
    """
    chosen = [] if names == "none" else names.split(",")
    for name in chosen:
        if name not in PENALTIES or chosen.count(name) > 1:
            raise UserError(
                f"--penalty is {names!r}; choose none, or some of {', '.join(PENALTIES)}, each "
                "once, separated by commas"
            )
    return chosen


def require_possible(names, method):
    """Refuse penalties of styles, where the generators of a method have none.

    Raises:
        UserError: it is so.
    """
    if "path_length" in parse(names) and not method.has_styles:
        raise UserError(
            f"--penalty path_length is for generators with styles, and that of {method.name} has "
            "none; choose stylegan2 or transitional, or leave it out"
        )


def create(names, **options):
    """Return the penalties that `parse` finds, new ones, a list.

    Args:
        names: see `parse`.
        **options: by name of a penalty a dict of its arguments.
    """
    return [PENALTIES[name](**options.get(name, {})) for name in parse(names)]
