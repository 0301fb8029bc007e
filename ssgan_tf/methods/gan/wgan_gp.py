"""WGAN-GP: a penalty on the critic's gradients in place of WGAN's clipped weights.

I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville: "Improved Training of Wasserstein
GANs" (2017), Algorithm 1.
"""

import dataclasses

from keras import ops

from ssgan_tf.layers.backbone import Critic, Generator, layer_normalization
from ssgan_tf.methods.gan import base
from ssgan_tf.methods.gan.losses import wasserstein_estimate
from ssgan_tf.methods.gan.penalties import GradientPenalty
from ssgan_tf.methods.settings import setting


@dataclasses.dataclass(frozen=True)
class Settings(base.Settings):
    """Those of every GAN, and the penalty's weight."""

    lambda_: float = setting(10.0, "Weight of the gradient penalty (Eq. 3).")


class WGANGP(base.GAN):
    """DCGAN's networks, the critic with layer normalisation, and the penalised critic loss."""

    name = "wgan-gp"
    label = "WGAN-GP"
    defaults = Settings()
    betas = (0.0, 0.9)  # Algorithm 1
    loss_names = ("critic_loss", "wasserstein", "generator_loss")

    def build_generator(self, classes=1):
        """Return a new generator, DCGAN's."""
        return Generator(*self.size)

    def build_critic(self, classes=1):
        """Return a new critic (section 4, "No critic batch normalization")."""
        return Critic(*self.size, norm=layer_normalization)

    def penalties(self):
        """Return the gradient penalty (WGAN-GP, Eq. 3; SSGAN, Eq. 3), and those asked for."""
        return [GradientPenalty(self.settings.lambda_), *super().penalties()]

    def critic_losses(self, real, fake):
        """Return the loss without the penalty, and `wasserstein`, the estimate of the distance."""
        wasserstein = wasserstein_estimate(real.scores, fake.scores)
        return {"critic_loss": -wasserstein, "wasserstein": wasserstein}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[D(G(z))] (Algorithm 1, line 12)."""
        return {"generator_loss": -ops.mean(fake.scores)}
