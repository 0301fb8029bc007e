"""What every GAN here shares: what a method has to say, and its trainings.

A method overrides what differs from this and nothing else: networks and losses.
"""

import abc
import logging
import zlib
from typing import Any, ClassVar, NamedTuple

import keras
from keras import ops

from ssgan_tf.device.precision import dtype_policy, resolve_for_gan
from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import ALL_CLASSES, Cost, Method
from ssgan_tf.methods.gan import penalties
from ssgan_tf.methods.gan.build import build
from ssgan_tf.methods.gan.initial import RANDOM, Initial, Source, freeze
from ssgan_tf.methods.gan.phase import AdversarialPhase
from ssgan_tf.methods.gan.plan import describe
from ssgan_tf.methods.gan.sampling import GANSampler
from ssgan_tf.methods.gan.settings import LATER, Settings
from ssgan_tf.methods.gan.step import BatchPlan
from ssgan_tf.metrics.complexity import flops, parameter_count
from ssgan_tf.perceptual import require_found, weights_fingerprint


class Networks(NamedTuple):
    """The two players."""

    generator: keras.Model  # latents, labels -> images (batch, size, size, 3) in [-1, 1]
    critic: keras.Model  # images, labels -> scores (batch,), and what the method adds


class CriticOutput(NamedTuple):
    """What a critic says of a batch of images."""

    scores: Any  # (batch,), D(x)
    labels: Any  # int32 (batch,), the class an image has or was made for; 0 where there is one
    details: Any = ()  # what a conditional critic says of the classes


class GAN(Method):
    """A generator and a critic for each class, or for all where the method is conditional.

    Attributes:
        conditional: one network is told the class, instead of one network for each.
        for_one_class: what a user with one class can do, where the method is conditional.
        initial: the `Initial` that the networks begin with; None for random weights.
        judges_features: the critic sees what `build_perceptual`'s network, which has `adapt`, makes
            of images. Such a method's `build_critic` makes the weights too.
        has_styles: the generator has `styles` (latents, labels, training), for each layer those of
            an image, and `synthesize` (styles), which returns their images.
        loss_names: keys of its losses, beside those of the penalties.
        betas: of Adam.
    """

    defaults: ClassVar[Settings] = Settings()
    conditional: ClassVar[bool] = False
    for_one_class: ClassVar[str] = (
        "train on two classes or more, or choose a method that needs one, such as ssgan"
    )
    judges_features: ClassVar[bool] = False
    has_styles: ClassVar[bool] = False
    loss_names: tuple[str, ...] = ("critic_loss", "generator_loss")
    betas: ClassVar[tuple[float, float]] = (0.5, 0.999)  # DCGAN's

    def __init__(self, **changes):
        super().__init__(**changes)
        penalties.require_possible(self.settings.penalty, self)
        self._perceptual = ()  # until it is built, which it is once
        self.initial = None
        if self.settings.init != RANDOM:
            self.initial = Initial(self.settings.init)
            self.external = (*self.external, "init")

    def as_flags(self):
        """Return the settings as a dict keyed by the flags of `train.py`.

        Those that came later and change nothing are left out, so that runs of before go on.
        """
        off = {
            name
            for name, value in LATER.items()
            if getattr(self.settings, name, None) == getattr(self.defaults, name, None) == value
        }
        return {name: value for name, value in super().as_flags().items() if name not in off}

    def jobs(self, class_names):
        """Return one job for each class, or one for all where the method is conditional.

        Raises:
            UserError: a conditional method is given one class.
        """
        for_each = super().jobs(class_names)
        if not self.conditional:
            return for_each
        if len(class_names) < 2:
            raise UserError(
                f"{self.name} learns to tell classes apart and there is one; {self.for_one_class}"
            )
        return {ALL_CLASSES: tuple(class_names)}

    @property
    def precision(self):
        """The Keras dtype policy that training computes in."""
        return resolve_for_gan(self.settings.precision)

    @property
    def images_per_step(self):
        """The batch, over all devices together."""
        return self.settings.batch_size

    def phases(self, job):
        """Yield the one phase of a GAN."""
        yield self.adversarial_phase(job)

    def adversarial_phase(self, job, begin=None):
        """Return the `AdversarialPhase` of a job and its `begin`, networks untrained."""
        with dtype_policy(self.precision):
            perceptual = self.perceptual()
            keras.utils.set_random_seed(zlib.crc32(f"{self.settings.seed} {job.name}".encode()))
            return AdversarialPhase(self, job, perceptual, begin)

    def batch_plan(self, classes):
        """Return the `BatchPlan` of its updates, for networks of so many classes."""
        return BatchPlan(self.settings.batch_size, self.settings.batch_size)

    def sampler(self, trained, real, average=True):
        """Return the `GANSampler` of trained generators; real images are not looked at."""
        return GANSampler.of_trained(self, trained, average)

    def perceptual(self, anew=False):
        """Return the network of `build_perceptual`, the same one for all jobs."""
        if self._perceptual == () or anew:
            with dtype_policy(self.precision):
                self._perceptual = self.build_perceptual()
        return self._perceptual

    def recall(self, recorded):
        """Take note of what the run recorded of `init`."""
        if self.initial:
            self.initial.recorded = recorded.get("init")

    def external_weights(self):
        """Load VGG-19 and the networks of `init` where they are wanted; return fingerprints."""
        found = self._vgg_weights() if "vgg_weights" in self.external else {}
        return found | ({"init": self.initial.fingerprint(self)} if self.initial else {})

    def trained_on_before(self):
        """Return the images that the networks of `init` were trained on, hashes by class."""
        return self.initial.learnt_from if self.initial else {}

    def _vgg_weights(self):
        network = self.perceptual(anew=True)
        if network is None:
            return {"vgg_weights": None}
        fingerprint = f"sha256 {weights_fingerprint(network)}"
        if self.settings.vgg_weights != "random":
            return {"vgg_weights": fingerprint}
        logging.getLogger(__name__).warning(
            "RANDOM WEIGHTS in the perceptual network: fit for trying things out, not for results"
        )
        return {"vgg_weights": f"RANDOM WEIGHTS, not VGG-19: {fingerprint}"}

    def require_external(self):
        """Refuse a file of VGG-19's weights, or a run to begin with, that is not there."""
        if "vgg_weights" in self.external:
            require_found(self.settings.vgg_weights)
        if self.initial:
            Source(self.settings.init)

    def classes_of_network(self, classes):
        """Return how many classes a network learns, of so many."""
        return classes if self.conditional else 1

    def cost(self, classes):
        """Return parameters and operations of the generator and the critic."""
        with dtype_policy("float32"):
            generator, critic = build(self, self.classes_of_network(classes))
        return Cost(
            {
                "generator": parameter_count(generator),
                "critic": parameter_count(critic),
                "together": parameter_count(generator, critic),
            },
            {
                "generator": flops(generator),
                "critic": flops(critic),
                "batch": self.settings.batch_size * flops(generator, critic),
                "batch_size": self.settings.batch_size,
            },
        )

    def plan(self, image_set, replicas):
        """Return what a training will take, see `ssgan_tf.methods.gan.plan`."""
        return describe(self, image_set, replicas)

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

    def penalties(self):
        """Return what the losses have beside the method's own, new components, a list."""
        return penalties.create(self.settings.penalty)

    def freeze(self, critic):
        """Keep the lowest layers of a critic from being trained, as many as `freeze` says."""
        freeze(self, critic)

    def build_perceptual(self, weights=None):
        """Return a frozen network, or None.

        Its features enter the generator's loss; or, where the method `judges_features`, they are
        what the critic sees.

        Args:
            weights: other ones than the settings name; sizes need no download.
        """
        return None

    def judge(self, critic, images, labels):
        """Return what the critic says of images `(batch, size, size, 3)`, as `CriticOutput`.

        Where the method `judges_features`, it is given these in their place.
        """
        return CriticOutput(critic(images, labels, training=True), labels)

    def judge_both(self, critic, real, fake):
        """Return what the critic says of real and of generated images, a `CriticOutput` each.

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
    def critic_losses(self, real, fake):
        """Return the critic's losses, of which `critic_loss` is minimised, a dict of scalars.

        Args:
            real: `CriticOutput` real images.
            fake: `CriticOutput` generated images.
        """

    @abc.abstractmethod
    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return the generator's losses, of which `generator_loss` is minimised.

        Args:
            fake: `CriticOutput` generated images.
            real_features: what `build_perceptual`'s network returns for the real images; None
                where there is no such network.
            fake_features: the same for the generated images.
        """
