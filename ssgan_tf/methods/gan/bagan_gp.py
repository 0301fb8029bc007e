"""BAGAN-GP: BAGAN with labels in all networks, negatives of wrong labels and a gradient penalty.

G. Huang and A. H. Jafari: "Enhanced Balancing GAN: Minority-class Image Generation" (2021), on
the networks of DCGAN. `docs/bagan.md` lists what differs here.
"""

from keras import layers, ops

from ssgan_tf.layers import backbone
from ssgan_tf.layers.backbone import layer_normalization
from ssgan_tf.methods.gan.bagan import BAGAN, Settings
from ssgan_tf.methods.gan.base import GAN, CriticOutput
from ssgan_tf.methods.gan.class_latents import AUTO, ClassLatents
from ssgan_tf.methods.gan.losses import bce_critic_loss, bce_generator_loss
from ssgan_tf.methods.gan.penalties import GradientPenalty
from ssgan_tf.methods.gan.step import BatchPlan


class ClassScales(layers.Layer):
    """Multiplies latents `(batch, d)` by the numbers of their class, which begin as 1.

    Args:
        classes: how many classes there are.
    """

    def __init__(self, classes, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, latents_shape, labels_shape):
        """Make the numbers, `(classes, d)`."""
        shape = (self.classes, latents_shape[-1])
        self.scales = self.add_weight(shape=shape, initializer="ones", name="scales")

    def call(self, latents, labels):
        """Return the latents, scaled as the labels int32 `(batch,)` want."""
        # A product with one-hot rows, not a look-up: its gradient is a dense tensor like the rest.
        return latents * ops.matmul(ops.one_hot(labels, self.classes, dtype="float32"), self.scales)

    def compute_output_shape(self, latents_shape, labels_shape=None):
        """Return the shape of the latents."""
        return latents_shape


class Generator(backbone.Generator):
    """The backbone with layer normalisation, fed with latents that the label scales.

    Call with noise `(batch, latent_dim)` and labels `(batch,)`; returns images
    `(batch, size, size, 3)` in [-1, 1], float32.

    Args:
        classes: how many classes there are.
        latent_dim: length of the latents.
        *size: image size and base channels, see `backbone.Generator`.
    """

    def __init__(self, classes, latent_dim, *size):
        super().__init__(*size, norm=layer_normalization)
        self.class_latents = ClassLatents(classes, latent_dim)
        self.embedding = ClassScales(classes, dtype="float32", name="embedding")

    def call(self, latents, labels, training=None):
        """Return images of classes for noise."""
        return self.decode(self.class_latents(latents, labels), labels, training)

    def decode(self, latents, labels, training=None):
        """Return images for latents, and labels that say of which class they are."""
        return super().call(latents, labels, training)

    def inputs(self, latents, labels):
        """Return the latents, scaled."""
        return self.embedding(latents, labels)


class Encoder(backbone.Critic):
    """The critic's convolutions, and latents `(batch, latent_dim)` in place of scores, float32.

    Args:
        latent_dim: length of the latents.
        *size: image size and base channels, see `backbone.Critic`.
    """

    def __init__(self, latent_dim, *size):
        super().__init__(*size, outputs=latent_dim, name="encoder")

    def call(self, images, labels=None, training=None):
        """Return the latents; `labels` are not looked at."""
        return self.score(self.flatten(self.features(images, training)))


class Critic(backbone.Critic):
    """The backbone, with a score for each class: how much an image looks like a real one of it.

    A score is the sum of what all classes share and of a projection of the class's own (T. Miyato
    and M. Koyama: "cGANs with Projection Discriminator", 2018), which begins as 0.

    Call with images `(batch, size, size, 3)` in [-1, 1]; returns `(batch, classes)`, float32.

    Args:
        classes: how many classes there are.
        *size: image size and base channels, see `backbone.Critic`.
    """

    def __init__(self, classes, *size):
        super().__init__(*size)
        self.of_classes = layers.Dense(
            classes, use_bias=False, kernel_initializer="zeros", dtype="float32", name="of_classes"
        )

    def call(self, images, labels=None, training=None):
        """Return the scores of all classes; `labels` are not looked at."""
        flat = self.flatten(self.features(images, training))
        return self.score(flat) + self.of_classes(flat)


class BAGANGP(BAGAN):
    """The first GAN's loss, with real images under wrong labels as further negatives."""

    name = "bagan-gp"
    label = "BAGAN-GP"
    defaults = Settings(
        base_channels=512, learning_rate=2e-4, batch_size=64, critic_steps=5,
        latent_shrinkage=AUTO,
    )  # fmt: skip
    betas = (0.5, 0.9)
    loss_names = ("critic_loss", "wrong_label_loss", "generator_loss")
    penalty_weight = 10.0  # λ

    def batch_plan(self, classes):
        """Return the plan: as many generated images as real ones, their labels uniform."""
        batch = self.settings.batch_size
        return BatchPlan(batch, batch, self.settings.balanced_reals, uniform=True)

    def build_encoder(self):
        """Return a new encoder."""
        return Encoder(self.settings.latent_dim, *self.size)

    def build_generator(self, classes=1):
        """Return a new generator for some number of classes."""
        return Generator(classes, self.settings.latent_dim, *self.size)

    def build_critic(self, classes=1):
        """Return a new critic for some number of classes."""
        return Critic(classes, *self.size)

    def penalties(self):
        """Return the gradient penalty (WGAN-GP, Eq. 3), and those asked for."""
        return [GradientPenalty(self.penalty_weight), *super().penalties()]

    def reconstruction_loss(self, images, decoded):
        """Return the mean absolute difference of pixels in [-1, 1], a scalar."""
        return ops.mean(ops.abs(images - decoded))

    def judge(self, critic, images, labels):
        """Return the scores of the labels, with those of all classes as `details`."""
        logits = critic(images, labels, training=True)
        own = ops.one_hot(labels, logits.shape[1], dtype=logits.dtype)
        return CriticOutput(ops.sum(logits * own, axis=1), labels, logits)

    def judge_both(self, critic, real, fake):
        """Return what the critic says of real and of generated images."""
        return GAN.judge_both(self, critic, real, fake)

    def critic_losses(self, real, fake):
        """Return the losses of real, generated and wrongly labelled images, the last beside it."""
        wrong = wrong_label_loss(real.details, real.labels)
        loss = bce_critic_loss(real.scores, fake.scores) + wrong
        return {"critic_loss": loss, "wrong_label_loss": wrong}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return the non-saturating loss."""
        return {"generator_loss": bce_generator_loss(fake.scores)}


def wrong_label_loss(logits, labels):
    """Return E[−log(1 − D(x, c))] over real images x and all classes c that are not theirs.

    Args:
        logits: `(batch, classes)`, of D for each class, of real images.
        labels: int32 `(batch,)`, the classes of the images.

    Returns:
        a scalar, log 2 where every logit is 0.
    """
    classes = logits.shape[1]
    wrong = 1.0 - ops.one_hot(labels, classes, dtype=logits.dtype)
    return ops.mean(ops.sum(wrong * ops.softplus(logits), axis=1)) / (classes - 1)
