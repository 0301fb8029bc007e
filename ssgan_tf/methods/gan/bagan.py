"""BAGAN: one network for all classes, which begins as an autoencoder of all images.

G. Mariani, F. Scheidegger, R. Istrate, C. Bekas, C. Malossi: "BAGAN: Data Augmentation with
Balancing GAN" (2018), with the networks and settings of the authors' code. `docs/bagan.md` lists
what differs here.
"""

import dataclasses
import functools

from keras import ops

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.errors import UserError
from ssgan_tf.methods.gan import bagan_networks, base
from ssgan_tf.methods.gan.autoencoder import NAME, AutoencoderPhase
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.class_latents import parse_shrinkage
from ssgan_tf.methods.gan.initial import RANDOM
from ssgan_tf.methods.gan.losses import class_loss
from ssgan_tf.methods.gan.step import BatchPlan
from ssgan_tf.methods.settings import setting


@dataclasses.dataclass(frozen=True)
class Settings(base.Settings):
    """Those of every GAN, and those of the autoencoder and the classes."""

    autoencoder_iterations: int = setting(
        2000, "bagan and bagan-gp: iterations of the autoencoder, before the --iterations."
    )
    latent_shrinkage: str = setting(
        "0", "bagan and bagan-gp: of a class's covariance towards that of all: 0 to 1, or auto."
    )
    balanced_reals: bool = setting(
        True, "bagan and bagan-gp: show real images of each class equally often."
    )

    def __post_init__(self):
        object.__setattr__(self, "latent_shrinkage", str(self.latent_shrinkage))
        for name, off in (("init", RANDOM), ("freeze", 0)):
            if (value := getattr(self, name)) != off:
                raise UserError(
                    f"--{name} is {value}; these networks begin with what their own autoencoder "
                    "has learnt, so leave it out"
                )
        super().__post_init__()
        parse_shrinkage(self.latent_shrinkage)


class BAGAN(base.GAN):
    """A critic of classes + 1 answers, the last of which is "generated" (section 3).

    A critic update sees a batch of real images and as many generated ones as one class has in it;
    a generator update as many as both, with labels of each class equally often.
    """

    name = "bagan"
    label = "BAGAN"
    defaults = Settings(
        latent_dim=100, base_channels=256, learning_rate=5e-5, batch_size=128, critic_steps=1
    )
    conditional = True

    @property
    def shrinkage(self):
        """The setting `latent_shrinkage`, a number or "auto"."""
        return parse_shrinkage(self.settings.latent_shrinkage)

    def phases(self, job):
        """Yield the autoencoder, then the adversarial phase, which begins with its weights."""
        with dtype_policy(self.precision):
            first = AutoencoderPhase(self, job)
        yield first
        begin = functools.partial(AutoencoderPhase.hand_over, first)
        del first  # the last reference goes once it is over
        yield self.adversarial_phase(job, begin)

    def batch_plan(self, classes):
        """Return the plan: ⌈B / classes⌉ fakes for the critic, B more for the generator."""
        batch = self.settings.batch_size
        fakes = -(-batch // classes)
        return BatchPlan(fakes, batch + fakes, self.settings.balanced_reals, uniform=True)

    def plan(self, image_set, replicas):
        """Return what a training will take; the costs are those of the adversarial phase."""
        words = f"{self.settings.autoencoder_iterations} iterations before those of the GAN"
        return [(NAME, words), *super().plan(image_set, replicas)]

    def build_encoder(self):
        """Return a new encoder: images to latents; its weights are made when it is called."""
        return bagan_networks.Convolutions(*self.size, self.settings.latent_dim, "encoder")

    def build_generator(self, classes=1):
        """Return a new generator for some number of classes."""
        return bagan_networks.Generator(classes, self.settings.latent_dim, *self.size)

    def build_critic(self, classes=1):
        """Return a new critic for some number of classes."""
        return bagan_networks.Convolutions(*self.size, classes + 1, "critic")

    def reconstruction_loss(self, images, decoded):
        """Return the mean squared difference of pixels in [-1, 1], a scalar."""
        return ops.mean(ops.square(images - decoded))

    def judge(self, critic, images, labels):
        """Return the log-odds of being real as scores, with the logits as `details`."""
        logits = critic(images, labels, training=True)
        return CriticOutput(ops.logsumexp(logits[:, :-1], axis=1) - logits[:, -1], labels, logits)

    def judge_both(self, critic, real, fake):
        """Return what the critic says of real and of fewer generated images, in one batch."""
        count = real[0].shape[0]
        scores, labels, logits = self.judge(
            critic, *(ops.concatenate(pair) for pair in zip(real, fake, strict=True))
        )
        return tuple(
            CriticOutput(scores[side], labels[side], logits[side])
            for side in (slice(count), slice(count, None))
        )

    def critic_losses(self, real, fake):
        """Return the cross-entropy of all images: real ones' classes, and "generated"."""
        logits = ops.concatenate([real.details, fake.details])
        generated = ops.full_like(fake.labels, logits.shape[1] - 1)
        loss = class_loss(logits, ops.concatenate([real.labels, generated]))
        return {"critic_loss": loss}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return the cross-entropy of the classes that generated images were made for."""
        return {"generator_loss": class_loss(fake.details, fake.labels)}
