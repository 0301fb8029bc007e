"""WGAN-GP: a penalty on the critic's gradients in place of WGAN's clipped weights.

I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville: "Improved Training of Wasserstein
GANs" (2017), Algorithm 1.
"""

from keras import ops

from ssgan_tf.layers.backbone import Critic, Generator, layer_normalization
from ssgan_tf.methods.base import GAN, Settings
from ssgan_tf.methods.losses import gradient_penalty, wasserstein_estimate


class WGANGP(GAN):
    """DCGAN's networks, the critic with layer normalisation, and the penalised critic loss."""

    name = "wgan-gp"
    label = "WGAN-GP"
    defaults = Settings(lambda_=10.0)
    uses = ("lambda_",)
    betas = (0.0, 0.9)  # Algorithm 1
    needs_gradients = True
    loss_names = ("critic_loss", "wasserstein", "penalty", "generator_loss")

    def build_generator(self, classes=1):
        """Return a new generator, DCGAN's."""
        return Generator(*self.size)

    def build_critic(self, classes=1):
        """Return a new critic (section 4, "No critic batch normalization")."""
        return Critic(*self.size, norm=layer_normalization)

    def critic_losses(self, real, fake, gradients=None):
        """Return the critic's losses (WGAN-GP, Eq. 3; SSGAN, Eq. 3).

        Returns:
            dict of scalars: `critic_loss`, which is minimised; `wasserstein`, the estimate of the
            distance; `penalty`, without its weight λ.
        """
        wasserstein = wasserstein_estimate(real.scores, fake.scores)
        penalty = gradient_penalty(gradients)
        loss = -wasserstein + self.settings.lambda_ * penalty
        return {"critic_loss": loss, "wasserstein": wasserstein, "penalty": penalty}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[D(G(z))] (Algorithm 1, line 12)."""
        return {"generator_loss": -ops.mean(fake.scores)}
