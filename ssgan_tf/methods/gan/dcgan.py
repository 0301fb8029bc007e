"""DCGAN: the convolutional networks that most later GANs vary, with the first GAN's losses.

A. Radford, L. Metz, S. Chintala: "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks" (2015). Section 3 describes the networks, section 4 the training.
"""

from ssgan_tf.layers.backbone import Critic, Generator, batch_normalization
from ssgan_tf.methods.gan.base import GAN, Settings
from ssgan_tf.methods.gan.losses import bce_critic_loss, bce_generator_loss


class DCGAN(GAN):
    """Batch normalisation in both networks, LeakyReLU(0.2) in the critic, the non-saturating loss.

    The critic is what the paper calls a discriminator: D(x) is the sigmoid of its score. Latents,
    batch size, learning rate and β₁ are those of section 4.
    """

    name = "dcgan"
    label = "DCGAN"
    defaults = Settings(
        latent_dim=100, noise="uniform", learning_rate=2e-4, batch_size=128, critic_steps=1
    )

    def build_generator(self, classes=1):
        """Return a new generator (section 3, Fig. 1)."""
        return Generator(*self.size)

    def build_critic(self, classes=1):
        """Return a new critic (section 3)."""
        return Critic(*self.size, norm=batch_normalization)

    def judge_both(self, critic, real, fake):
        """Return what the critic says of either side, each normalised by its own statistics."""
        return self.judge(critic, *real), self.judge(critic, *fake)

    def critic_losses(self, real, fake):
        """Return −E[log D(x)] − E[log(1 − D(G(z)))] (Goodfellow et al. 2014, Eq. 1)."""
        return {"critic_loss": bce_critic_loss(real.scores, fake.scores)}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[log D(G(z))] (Goodfellow et al. 2014, section 3)."""
        return {"generator_loss": bce_generator_loss(fake.scores)}
