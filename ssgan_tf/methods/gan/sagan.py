"""SAGAN: spectral normalisation in both networks, self-attention, the hinge loss, two rates.

H. Zhang, I. Goodfellow, D. Metaxas, A. Odena: "Self-Attention Generative Adversarial Networks"
(2019). The paper's networks are residual, for ImageNet at 128 pixels, and are told the class by
conditional batch normalisation and a projection in the critic. Here they are the backbone that the
other methods have, one pair for each class; what sections 3 and 4 add to a GAN is all here.
"""

import keras

from ssgan_tf.layers import backbone
from ssgan_tf.layers.attention import SelfAttention
from ssgan_tf.layers.backbone import SMALLEST_MAP
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan.base import GAN, Settings
from ssgan_tf.methods.gan.losses import hinge_critic_loss, hinge_generator_loss

LARGEST_ATTENTION = 32  # height and width of the map that attends to itself (best FID in Table 1)
CRITIC_RATE = 4  # the critic's learning rate over the generator's (sections 4.2 and 5)
# Glorot's initial weights are those of the authors' code, brain-research/self-attention-gan.
OPTIONS = {"wrap": SpectralNormalization, "initializer": keras.initializers.GlorotUniform}


def attention_side(image_size):
    """Return the height and width of the map with attention, 16 for images of 32, else 32."""
    return min(LARGEST_ATTENTION, image_size // 2)


class Generator(backbone.Generator):
    """The backbone with spectral and batch normalisation, and attention on one map.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels at 4×4.
    """

    def __init__(self, image_size=64, base_channels=1024):
        super().__init__(image_size, base_channels, **OPTIONS)
        self.attention = SelfAttention(name="attention")
        self.attention_side = attention_side(image_size)

    def refine(self, stage, x, training):
        """Return the map, with what its positions attend to where it is the one of that size."""
        return self.attention(x, training=training) if x.shape[1] == self.attention_side else x


class Critic(backbone.Critic):
    """The backbone with spectral normalisation, no other, and attention on one map.

    The slope 0.1 is that of Miyato et al. (2018, Table 3) for plain convolutions; the authors'
    residual blocks have ReLU.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels of the generator at 4×4; the critic ends with half as many.
    """

    def __init__(self, image_size=64, base_channels=1024):
        super().__init__(image_size, base_channels, slope=0.1, **OPTIONS)
        self.attention = SelfAttention(name="attention")
        self.attention_side = attention_side(image_size)

    def refine(self, stage, x, training):
        """Return the map, with what its positions attend to where it is the one of that size."""
        return self.attention(x, training=training) if x.shape[1] == self.attention_side else x

    def layers_by_stage(self):
        """Return the backbone's, with the attention at the stage that makes its map."""
        stages = super().layers_by_stage()
        stages[-(self.attention_side // SMALLEST_MAP).bit_length()].append(self.attention)
        return stages


class SAGAN(GAN):
    """The hinge loss (SAGAN, Eq. 4), and a critic that learns four times as fast."""

    name = "sagan"
    label = "SAGAN"
    defaults = Settings(critic_steps=1)

    def build_generator(self, classes=1):
        """Return a new generator (sections 3 and 4.1)."""
        return Generator(*self.size)

    def build_critic(self, classes=1):
        """Return a new critic (sections 3 and 4.1)."""
        return Critic(*self.size)

    def optimizers(self):
        """Return Adam's with β = (0, 0.9): `learning_rate` and four times that (section 5)."""
        rate = self.settings.learning_rate
        return tuple(
            keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.9)
            for learning_rate in (rate, CRITIC_RATE * rate)
        )

    def critic_losses(self, real, fake):
        """Return E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))] (Eq. 4)."""
        return {"critic_loss": hinge_critic_loss(real.scores, fake.scores)}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[D(G(z))] (Eq. 4)."""
        return {"generator_loss": hinge_generator_loss(fake.scores)}
