"""What every GAN here shares: its settings, its losses (those of WGAN-GP) and the calls on it.

A method overrides what differs from this and nothing else. It knows networks and losses; how they
are trained, saved and drawn from is `ssgan_tf.training`'s business.
"""

import abc
import dataclasses
import operator
from typing import ClassVar, NamedTuple

import keras
from keras import ops

from ssgan_tf.errors import UserError

GENERATOR_NORMS = ("batch", "layer")
NOISES = ("normal", "poisson", "uniform", "normal+uniform")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that alters the result of training. This is the one place for the defaults.

    `lambda` is spelt `lambda_` here, because Python keeps the word for itself.
    """

    image_size: int = 64  # height and width in pixels (SSGAN, section 4.2)
    latent_dim: int = 128  # as WGAN-GP; SSGAN names none
    base_channels: int = 1024  # feature maps at 4×4; the total meets SSGAN's Table 2
    pyramid: bool = True  # pyramid connections (SSGAN, section 3.2)
    generator_norm: str = "batch"  # "batch" or "layer"; the critic's is always per image
    mu: float = 0.0  # weight of the perceptual loss (SSGAN, Eq. 2)
    lambda_: float = 10.0  # weight of the gradient penalty (SSGAN, Eq. 3)
    learning_rate: float = 1e-4  # Adam's (SSGAN, section 4.3.1)
    batch_size: int = 64  # images a step, over all replicas
    critic_steps: int = 5  # critic updates per generator update, as in WGAN-GP
    noise: str = "normal"  # distribution of the latents (SSGAN, Table 6)
    ema: float = 0.999  # decay of the generator's moving average, 0 for none
    flip: bool = False  # train on horizontal mirror images as well
    vgg_weights: str = "imagenet"  # "imagenet", "random" or a path to VGG-19 without its top
    precision: str = "auto"  # the type that layers compute in
    seed: int = 0  # of the weights, the batches and the latents

    def __post_init__(self):
        for name in ("latent_dim", "base_channels", "batch_size", "critic_steps"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("mu", "lambda_"):
            self._require(name, 0 <= getattr(self, name) < float("inf"), "0 or more")
        self._require("learning_rate", 0 < self.learning_rate < float("inf"), "more than 0")
        self._require("ema", 0 <= self.ema < 1, "at least 0 and less than 1")
        self._require("seed", 0 <= self.seed < 2**31, "at least 0 and less than 2147483648")
        for name, choices in (
            ("noise", NOISES),
            ("precision", PRECISIONS),
            ("generator_norm", GENERATOR_NORMS),
        ):
            self._require(name, getattr(self, name) in choices, "one of " + ", ".join(choices))
        self._require("base_channels", self.base_channels % 32 == 0, "a multiple of 32")

    def _require(self, name, holds, expected):
        if not holds:
            value = getattr(self, name)
            raise UserError(f"--{name.rstrip('_')} is {value}; it must be {expected}")

    def as_flags(self):
        """Return the settings as a dict keyed by the flags of `train.py`."""
        return {name.rstrip("_"): value for name, value in dataclasses.asdict(self).items()}


class Networks(NamedTuple):
    """The two players."""

    generator: keras.Model  # latents (batch, latent_dim) -> images (batch, size, size, 3), [-1, 1]
    critic: keras.Model  # images (batch, size, size, 3), [-1, 1] -> scores (batch,)


class GAN(abc.ABC):
    """One method with its settings; trained, it holds a generator per class.

    Args:
        **changes: settings that differ from the method's defaults, by the names in `Settings`.

    Raises:
        UserError: a setting does not exist or has an impossible value.
    """

    name: ClassVar[str]
    defaults: ClassVar[Settings] = Settings()

    def __init__(self, **changes):
        known = [field.name for field in dataclasses.fields(Settings)]
        for name in changes:
            if name not in known:
                raise UserError(f"{self.name} has no setting {name!r}; it has {', '.join(known)}")
        self.settings = dataclasses.replace(self.defaults, **changes)
        self.generators = {}  # class name -> the network that `sample` draws from
        self.trained_iterations = {}  # class name -> generator updates behind that network

    @abc.abstractmethod
    def build(self):
        """Return new, untrained `Networks`."""

    def optimizers(self):
        """Return the optimisers of the generator and of the critic (WGAN-GP's β)."""
        return tuple(
            keras.optimizers.Adam(self.settings.learning_rate, beta_1=0.5, beta_2=0.9)
            for _ in Networks._fields
        )

    def build_perceptual(self):
        """Return a frozen network whose features enter the generator's loss, or None."""
        return None

    def critic_losses(self, real_scores, fake_scores, gradients):
        """Return the critic's losses (SSGAN, Eq. 3; WGAN-GP, Algorithm 1).

        Args:
            real_scores: `(batch,)`, D(x).
            fake_scores: `(batch,)`, D(x̃).
            gradients: `(batch, height, width, 3)`, ∇D(x̂) at points between the pairs.

        Returns:
            dict of scalars: `critic_loss`, which is minimised; `wasserstein`, the estimate of the
            distance, E D(x) − E D(x̃); `penalty`, without its weight.
        """
        wasserstein = ops.mean(real_scores) - ops.mean(fake_scores)
        penalty = gradient_penalty(gradients)
        loss = -wasserstein + self.settings.lambda_ * penalty
        return {"critic_loss": loss, "wasserstein": wasserstein, "penalty": penalty}

    def generator_losses(self, fake_scores, real_features=None, fake_features=None):
        """Return the generator's losses, of which `generator_loss` is minimised.

        Args:
            fake_scores: `(batch,)`, D(G(z)).
            real_features: what `build_perceptual`'s network returns for the real images; None
                where there is no such network.
            fake_features: the same for the generated images.
        """
        return {"generator_loss": -ops.mean(fake_scores)}

    def fit(self, image_set, **options):
        """Train on an image set, one network per class; see `ssgan_tf.training.fit`."""
        from ssgan_tf import training  # methods stand below training; only this call looks up

        return training.fit(self, image_set, **options)

    def sample(self, label, count, seed=0):
        """Return `count` images of a class.

        The first images are the same for any `count`.

        Args:
            label: a class name, or its place in the sorted class names.
            count: how many images.
            seed: which images.

        Returns:
            uint8 `(count, size, size, 3)`, 0-255.

        Raises:
            UserError: there is no trained generator for that label.
        """
        from ssgan_tf.training.sampling import sample

        names = sorted(self.generators)
        if not isinstance(label, str) and 0 <= label < len(names):
            label = names[operator.index(label)]
        if label not in self.generators:
            have = ", ".join(names) or "none: call fit() first"
            raise UserError(f"no generator for class {label!r}; trained classes: {have}")
        return sample(self.generators[label], self.settings, count, seed)


def gradient_penalty(gradients):
    """Return E[(‖∇D(x̂)‖₂ − 1)²] (SSGAN, Eq. 3), a scalar, without its weight λ.

    Args:
        gradients: float32 `(batch, height, width, channels)`, one gradient an image.
    """
    squares = ops.sum(ops.square(gradients), axis=(1, 2, 3))
    norms = ops.sqrt(squares + 1e-12)  # the root's slope at 0 is infinite
    return ops.mean(ops.square(norms - 1.0))
