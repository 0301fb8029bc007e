"""What every GAN here shares: its settings, what a method has to say, and the calls on it.

A method overrides what differs from this and nothing else. It knows networks and losses; how they
are trained, saved and drawn from is `ssgan_tf.training`'s business.
"""

import abc
import dataclasses
import operator
from typing import Any, ClassVar, NamedTuple

import keras
from keras import ops

from ssgan_tf.bounds import require_fields
from ssgan_tf.errors import UserError
from ssgan_tf.layers.backbone import stages
from ssgan_tf.methods import critic_augment, penalties

GENERATOR_NORMS = ("batch", "layer")
NOISES = ("normal", "poisson", "uniform", "normal+uniform")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
ALL_CLASSES = "all_classes"  # what the one network of a conditional method is called
#: The settings that only some methods have; `GAN.uses` says which.
OPTIONAL = ("pyramid", "generator_norm", "mu", "lambda_", "vgg_weights")

#: Settings that add to a training what methods know nothing of; "none" is off.
COMPONENTS = ("augment_critic", "penalty")


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
    learning_rate: float = 1e-4  # of the generator, and unless the method says else the critic
    batch_size: int = 64  # images a step, over all replicas
    critic_steps: int = 5  # critic updates per generator update, as in WGAN-GP
    noise: str = "normal"  # distribution of the latents (SSGAN, Table 6)
    ema: float = 0.999  # decay of the generator's moving average, 0 for none
    augment_critic: str = "none"  # what every image goes through before the critic sees it
    penalty: str = "none"  # of the critic, beside its own loss: names with commas
    flip: bool = False  # train on horizontal mirror images as well
    vgg_weights: str = "imagenet"  # "imagenet", "random" or a path to VGG-19 without its top
    precision: str = "auto"  # the type that layers compute in
    seed: int = 0  # of the weights, the batches and the latents

    def __post_init__(self):
        stages(self.image_size)  # an impossible size is an error now, not after loading
        require_fields(self)
        for name, choices in (
            ("noise", NOISES),
            ("precision", PRECISIONS),
            ("generator_norm", GENERATOR_NORMS),
            ("augment_critic", (critic_augment.NONE, *critic_augment.AUGMENTS)),
        ):
            self._require(name, getattr(self, name) in choices, "one of " + ", ".join(choices))
        self._require("base_channels", self.base_channels % 32 == 0, "a multiple of 32")
        penalties.parse(self.penalty)

    def _require(self, name, holds, expected):
        if not holds:
            value = getattr(self, name)
            raise UserError(f"--{name.rstrip('_')} is {value}; it must be {expected}")


class Networks(NamedTuple):
    """The two players."""

    generator: keras.Model  # latents, labels -> images (batch, size, size, 3) in [-1, 1]
    critic: keras.Model  # images, labels -> scores (batch,), and what the method adds


class Judged(NamedTuple):
    """What a critic says of a batch of images."""

    scores: Any  # (batch,), D(x)
    labels: Any  # int32 (batch,), the class an image has or was made for; 0 where there is one
    details: Any = ()  # what a conditional critic says of the classes


class GAN(abc.ABC):
    """One method with its settings; trained, it holds a generator for each class.

    Args:
        **changes: settings that differ from the method's defaults, by the names in `Settings`.

    Raises:
        UserError: a setting does not exist or has an impossible value.
    """

    name: ClassVar[str]
    label: ClassVar[str]  # what papers call it
    defaults: ClassVar[Settings] = Settings()
    uses: ClassVar[tuple[str, ...]] = ()  # those of `OPTIONAL` that mean something to it
    conditional: ClassVar[bool] = False  # one network that is told the class, not one per class
    needs_gradients: ClassVar[bool] = False  # of the critic, between real and generated images
    loss_names: tuple[str, ...] = ("critic_loss", "generator_loss")  # keys of its losses
    betas: ClassVar[tuple[float, float]] = (0.5, 0.999)  # of Adam; DCGAN's

    def __init__(self, **changes):
        known = self._setting_names()
        for name in changes:
            if name not in known:
                raise UserError(
                    f"{self.name} has no setting {name.rstrip('_')!r}; it has "
                    f"{', '.join(name.rstrip('_') for name in known)}"
                )
        self.settings = dataclasses.replace(self.defaults, **changes)
        self.generators = {}  # class name -> the network that `sample` draws from
        self.trained_iterations = {}  # class name -> generator updates behind that network

    @classmethod
    def _setting_names(cls):
        names = [field.name for field in dataclasses.fields(Settings)]
        return [name for name in names if name not in OPTIONAL or name in cls.uses]

    def as_flags(self):
        """Return the settings that this method has, as a dict keyed by the flags of `train.py`.

        Components that are off are left out, so runs of before there were any go on.
        """
        values = {name: getattr(self.settings, name) for name in self._setting_names()}
        return {
            name.rstrip("_"): value
            for name, value in values.items()
            if name not in COMPONENTS or value != "none"
        }

    def networks_of(self, class_names):
        """Return which classes each network learns, a dict from its name to class names.

        A conditional method has one network for all classes, any other one for each, which bears
        the name of its class. So are their folders in the run directory called.

        Raises:
            UserError: a conditional method is given one class.
        """
        if self.conditional:
            if len(class_names) < 2:
                raise UserError(
                    f"{self.name} learns to tell classes apart and there is one; train on two "
                    "classes or more, or choose a method that needs one, such as ssgan"
                )
            return {ALL_CLASSES: list(class_names)}
        return {name: [name] for name in class_names}

    @property
    def size(self):
        """What decides the sizes of both networks: the image size and the base channels."""
        return self.settings.image_size, self.settings.base_channels

    @abc.abstractmethod
    def build_generator(self, classes=1):
        """Return a new, untrained generator; its weights are made when it is first called.

        Args:
            classes: how many classes it learns, which its labels tell apart.
        """

    @abc.abstractmethod
    def build_critic(self, classes=1):
        """Return a new, untrained critic; see `build_generator`."""

    def build(self, classes=1):
        """Return a new generator and critic as `Networks`."""
        return Networks(self.build_generator(classes), self.build_critic(classes))

    def optimizers(self):
        """Return the optimisers of the generator and of the critic: Adam's, unless overridden."""
        beta_1, beta_2 = self.betas
        return tuple(
            keras.optimizers.Adam(self.settings.learning_rate, beta_1=beta_1, beta_2=beta_2)
            for _ in Networks._fields
        )

    def build_perceptual(self):
        """Return a frozen network whose features enter the generator's loss, or None."""
        return None

    def judge(self, critic, images, labels):
        """Return what the critic says of images `(batch, size, size, 3)`, as `Judged`."""
        return Judged(critic(images, labels, training=True), labels)

    def judge_both(self, critic, real, fake):
        """Return what the critic says of real and of generated images, a `Judged` each.

        One call for both is the faster. A critic with batch normalisation must not see them in one
        batch, and its method overrides this.

        Args:
            critic: the critic.
            real: images `(batch, size, size, 3)` and their labels `(batch,)`.
            fake: the same of generated images.
        """
        both = self.judge(critic, *(ops.concatenate(pair) for pair in zip(real, fake, strict=True)))
        return tuple(
            keras.tree.map_structure(lambda values, side=side: ops.split(values, 2)[side], both)
            for side in (0, 1)
        )

    @abc.abstractmethod
    def critic_losses(self, real, fake, gradients=None):
        """Return the critic's losses, of which `critic_loss` is minimised, a dict of scalars.

        Args:
            real: `Judged` real images.
            fake: `Judged` generated images.
            gradients: `(batch, height, width, 3)`, ∇D(x̂) at points between the pairs; None unless
                the method `needs_gradients`.
        """

    @abc.abstractmethod
    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return the generator's losses, of which `generator_loss` is minimised.

        Args:
            fake: `Judged` generated images.
            real_features: what `build_perceptual`'s network returns for the real images; None
                where there is no such network.
            fake_features: the same for the generated images.
        """

    def fit(self, image_set, **options):
        """Train on an image set; see `ssgan_tf.training.fit`."""
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
