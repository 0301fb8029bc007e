"""WGAN: the critic estimates the Wasserstein distance; clipped weights keep it Lipschitz.

M. Arjovsky, S. Chintala, L. Bottou: "Wasserstein Generative Adversarial Networks" (2017),
Algorithm 1, on DCGAN's networks (section 4.1).
"""

import keras
from keras import ops

from ssgan_tf.methods.gan.base import Networks, Settings
from ssgan_tf.methods.gan.dcgan import DCGAN
from ssgan_tf.methods.gan.losses import wasserstein_estimate

CLIP = 0.01  # c of Algorithm 1


class Clip(keras.constraints.Constraint):
    """Bounds weights to [-bound, bound] (WGAN, Algorithm 1, line 7).

    Args:
        bound: c, more than 0.
    """

    def __init__(self, bound):
        self.bound = bound

    def __call__(self, weights):
        """Return the weights, clipped."""
        return ops.clip(weights, -self.bound, self.bound)

    def get_config(self):
        """Return the arguments, as Keras asks of a constraint."""
        return {"bound": self.bound}


class WGAN(DCGAN):
    """DCGAN's networks with the Wasserstein losses, five clipped critic steps and RMSprop."""

    name = "wgan"
    label = "WGAN"
    defaults = Settings(latent_dim=100, learning_rate=5e-5, batch_size=64, critic_steps=5)
    loss_names = ("critic_loss", "wasserstein", "generator_loss")

    def build_critic(self, classes=1):
        """Return DCGAN's critic; every weight of it is clipped when it is updated."""
        critic = super().build_critic(classes)
        critic(ops.zeros((1, self.settings.image_size, self.settings.image_size, 3)))  # its weights
        for weights in critic.trainable_variables:
            weights.constraint = Clip(CLIP)
        return critic

    def optimizers(self):
        """Return RMSprop's (Algorithm 1), with the constants of the authors' framework.

        Torch divides by √v + 1e-8, Keras by √(v + ε). With ε = 1e-8 all gradients below 1e-4 would
        hardly move their weights, and clipped critics give such gradients.
        """
        return tuple(
            keras.optimizers.RMSprop(self.settings.learning_rate, rho=0.99, epsilon=1e-16)
            for _ in Networks._fields
        )

    def critic_losses(self, real, fake):
        """Return −(E[D(x)] − E[D(G(z))]) (Algorithm 1, line 5), and the estimate itself."""
        wasserstein = wasserstein_estimate(real.scores, fake.scores)
        return {"critic_loss": -wasserstein, "wasserstein": wasserstein}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[D(G(z))] (Algorithm 1, line 10)."""
        return {"generator_loss": -ops.mean(fake.scores)}
