"""ReACGAN: ACGAN with embeddings and class proxies on a sphere in place of a softmax.

M. Kang, W. Shim, M. Cho, J. Park: "Rebooting ACGAN: Auxiliary Classifier GANs with Stable
Training" (2021), with the settings of the authors' PyTorch-StudioGAN. `docs/paper.md` lists what
differs here.
"""

import keras
from keras import layers, ops

from ssgan_tf.layers import backbone
from ssgan_tf.layers.conditional import ConditionalBatchNormalization
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan.base import GAN, CriticOutput, Settings
from ssgan_tf.methods.gan.losses import d2d_ce, hinge_critic_loss, hinge_generator_loss

SPECTRAL = {"wrap": SpectralNormalization, "initializer": keras.initializers.Orthogonal}


class Generator(backbone.Generator):
    """The backbone with spectral and class-conditional batch normalisation.

    Args:
        classes: how many classes there are.
        *size: image size and base channels, see `backbone.Generator`.
    """

    def __init__(self, classes, *size):
        super().__init__(
            *size, norm=lambda name: ConditionalBatchNormalization(classes, name=name), **SPECTRAL
        )

    def normalize(self, stage, x, labels, training):
        """Return feature maps normalised, then scaled and shifted as the labels want."""
        return self.norms[stage](x, labels, training=training)


class Critic(backbone.Critic):
    """The backbone with spectral normalisation, an embedding of images and one of classes.

    Call with images `(batch, size, size, 3)` in [-1, 1] and labels, int32 `(batch,)`; returns
    scores `(batch,)`, the images' embeddings `(batch, base_channels / 2)` and the proxies of their
    labels, of the same shape. All are float32; embeddings and proxies have norm 1.

    Args:
        classes: how many classes there are.
        image_size: 32, 64, 128 or 256.
        base_channels: see `backbone.Critic`.
    """

    def __init__(self, classes, image_size, base_channels):
        super().__init__(image_size, base_channels, **SPECTRAL)
        self.classes = classes
        width = base_channels // 2
        options = {"kernel_initializer": "orthogonal", "dtype": "float32"}
        self.embed = SpectralNormalization(layers.Dense(width, name="embed", **options))
        # A row for each class. It is normalised as it is used, whatever its spectral norm.
        self.proxies = layers.Dense(width, use_bias=False, name="proxies", **options)

    def call(self, images, labels=None, training=None):
        """Return scores, embeddings of the images and proxies of the labels."""
        features = self.features(images, training)
        pooled = ops.sum(ops.cast(features, "float32"), axis=(1, 2))
        embeddings = self.embed(pooled, training=training)
        proxies = self.proxies(ops.one_hot(labels, self.classes))
        return self.to_scores(features), ops.normalize(embeddings), ops.normalize(proxies)


class ReACGAN(GAN):
    """The hinge loss plus λ times the data-to-data cross-entropy (ReACGAN, Eq. 6).

    λ, τ, the margins, β and the critic's steps are the authors' for CIFAR10, which of their data
    sets has the fewest classes (10). So is the learning rate, 2e-4 √(batch / 64).
    """

    name = "reacgan"
    label = "ReACGAN"
    defaults = Settings(latent_dim=100, learning_rate=2e-4, batch_size=64, critic_steps=5)
    conditional = True
    loss_names = ("critic_loss", "class_loss", "generator_loss")
    class_weight = 0.5  # λ
    temperature = 0.5  # τ
    positive_margin = 0.98  # m_p
    negative_margin = 1 - positive_margin  # m_n

    def build_generator(self, classes=1):
        """Return a new generator for some number of classes."""
        return Generator(classes, *self.size)

    def build_critic(self, classes=1):
        """Return a new critic for some number of classes."""
        return Critic(classes, *self.size)

    def judge(self, critic, images, labels):
        """Return scores, with embeddings and proxies as `details`."""
        scores, embeddings, proxies = critic(images, labels, training=True)
        return CriticOutput(scores, labels, (embeddings, proxies))

    def critic_losses(self, real, fake):
        """Return the hinge loss, plus λ times the D2D-CE of the real images, that beside it."""
        classes = self._d2d_ce(real)
        loss = hinge_critic_loss(real.scores, fake.scores) + self.class_weight * classes
        return {"critic_loss": loss, "class_loss": classes}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return the hinge loss plus λ times the D2D-CE of the generated images."""
        loss = hinge_generator_loss(fake.scores) + self.class_weight * self._d2d_ce(fake)
        return {"generator_loss": loss}

    def _d2d_ce(self, judged):
        margins = (self.positive_margin, self.negative_margin)
        return d2d_ce(*judged.details, judged.labels, self.temperature, *margins)
