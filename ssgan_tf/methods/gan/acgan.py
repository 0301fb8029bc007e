"""ACGAN: one network for all classes; its critic also tells which class an image is of.

A. Odena, C. Olah, J. Shlens: "Conditional Image Synthesis with Auxiliary Classifier GANs" (2017).
Section 4 describes the networks and the losses, the appendix the settings. `docs/paper.md` lists
what differs here.
"""

from keras import layers, ops

from ssgan_tf.layers import backbone
from ssgan_tf.layers.backbone import batch_normalization, normal_initializer
from ssgan_tf.layers.dropout import Dropout
from ssgan_tf.methods.gan.base import CriticOutput, Settings
from ssgan_tf.methods.gan.dcgan import DCGAN
from ssgan_tf.methods.gan.losses import class_loss


class Generator(backbone.Generator):
    """The backbone, fed with the latents and the label as a one-hot vector beside them.

    Args:
        classes: how many classes there are.
        *size: image size and base channels, see `backbone.Generator`.
    """

    def __init__(self, classes, *size):
        super().__init__(*size)
        self.classes = classes

    def inputs(self, latents, labels):
        """Return `(batch, latent_dim + classes)`."""
        chosen = ops.one_hot(labels, self.classes, dtype=latents.dtype)
        return ops.concatenate([latents, chosen], axis=1)


class Critic(backbone.Critic):
    """The backbone with batch normalisation, dropout and a second head, the classifier.

    Call with images `(batch, size, size, 3)` in [-1, 1]; returns scores `(batch,)` and class
    logits `(batch, classes)`, both float32.

    Args:
        classes: how many classes there are.
        *size: image size and base channels, see `backbone.Critic`.
    """

    def __init__(self, classes, *size):
        super().__init__(*size, norm=batch_normalization)
        self.dropouts = [
            Dropout(0.5, name=f"dropout_{stage}") for stage, _ in enumerate(self.convs)
        ]
        self.classify = layers.Dense(
            classes, kernel_initializer=normal_initializer(), dtype="float32", name="classify"
        )

    def call(self, images, labels=None, training=None):
        """Return scores and class logits; `labels` are not looked at."""
        features = self.features(images, training)
        return self.to_scores(features), self.classify(self.flatten(features))

    def refine(self, stage, x, training):
        """Return the map with half of its values dropped in training."""
        return self.dropouts[stage](x, training=training)


class ACGAN(DCGAN):
    """DCGAN's losses (ACGAN, Eq. 1) and the classifier's (Eq. 2), for both networks.

    Latents, batch size, learning rate and β are those of the appendix.
    """

    name = "acgan"
    label = "ACGAN"
    defaults = Settings(latent_dim=100, learning_rate=2e-4, batch_size=100, critic_steps=1)
    conditional = True
    loss_names = ("critic_loss", "class_loss", "generator_loss")

    def build_generator(self, classes=1):
        """Return a new generator for some number of classes."""
        return Generator(classes, *self.size)

    def build_critic(self, classes=1):
        """Return a new critic for some number of classes."""
        return Critic(classes, *self.size)

    def judge(self, critic, images, labels):
        """Return scores, with the class logits as `details`."""
        scores, logits = critic(images, labels, training=True)
        return CriticOutput(scores, labels, logits)

    def critic_losses(self, real, fake):
        """Return −(L_S + L_C), and −L_C beside it: real and generated images are classified."""
        losses = super().critic_losses(real, fake)
        classes = class_loss(real.details, real.labels) + class_loss(fake.details, fake.labels)
        return {"critic_loss": losses["critic_loss"] + classes, "class_loss": classes}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return L_S − L_C of the generated images, L_S in its non-saturating form."""
        losses = super().generator_losses(fake)
        losses["generator_loss"] += class_loss(fake.details, fake.labels)
        return losses
