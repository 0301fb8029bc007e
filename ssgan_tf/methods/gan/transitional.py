"""Transitional training: a conditional StyleGAN2 that begins as an unconditional one.

M. Shahbazi, M. Danelljan, D. P. Paudel, L. Van Gool: "Collapse by Conditioning: Training
Class-conditional GANs with Limited Data" (2022). With few images a conditional GAN collapses where
an unconditional one does not; so the classes come in once the network can draw, with a weight λ
that rises from 0 to 1. `docs/paper.md` lists what differs here.
"""

import dataclasses

from keras import layers, ops

from ssgan_tf.errors import UserError
from ssgan_tf.layers.stylegan2 import EqualizedDense, normalize_second_moment, rectify
from ssgan_tf.methods.gan import stylegan2
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.losses import bce_critic_loss, bce_generator_loss
from ssgan_tf.methods.settings import setting


def parse(text):
    """Return the first and the last iteration of the transition in a text such as "5000,10000".

    Raises:
        UserError: it is something else, or the first comes after the last.
    """
    try:
        start, end = (int(part) for part in text.split(","))
    except ValueError:
        start, end = 1, 0
    if not 0 <= start <= end:
        raise UserError(
            f"--transition is {text!r}; it must be two iterations such as 5000,10000: the classes "
            "begin to count at the first and count fully from the second on"
        )
    return start, end


def share(iteration, start, end):
    """Return λ = (t − T_s) / (T_e − T_s), between 0 and 1, float32.

    Args:
        iteration: t, how many were done before.
        start: T_s; up to it λ is 0.
        end: T_e; from it on λ is 1.
    """
    start = min(start, end - 1)  # where both are the same, λ jumps to 1 there
    return ops.clip((ops.cast(iteration, "float32") - start) / (end - start), 0.0, 1.0)


class Transition:
    """λ of the iteration that a network is at.

    Args:
        start: see `share`.
        end: likewise.

    Attributes:
        iteration: a scalar; None where the transition is over.
    """

    def __init__(self, start, end):
        self.start, self.end, self.iteration = start, end, None

    def __call__(self):
        """Return λ, a float32 scalar."""
        if self.iteration is None:
            return ops.ones(())
        return share(self.iteration, self.start, self.end)


class ClassVectors(layers.Layer):
    """A vector for each class, of root mean square 1.

    Call with labels, int32 `(batch,)`; returns `(batch, width)`, float32.

    Args:
        classes: how many classes there are.
        width: of the vectors.
    """

    def __init__(self, classes, width, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.classes = classes
        self.embed = EqualizedDense(width, dtype="float32", name="embed")

    def call(self, labels):
        """Return the vectors of labels."""
        return normalize_second_moment(self.embed(ops.one_hot(labels, self.classes)))


class Mapping(stylegan2.Mapping):
    """The mapping network; what it knows of the class is added behind its first layer, times λ.

    Args:
        classes: how many classes there are.
        transition: the `Transition`.
        width: of w.
    """

    def __init__(self, classes, transition, width, **kwargs):
        super().__init__(width, **kwargs)
        self.transition = transition
        self.vectors = ClassVectors(classes, width, name="vectors")
        self.project = stylegan2.mapping_layer(width, "project")

    def join(self, x, labels):
        """Return x + λ lrelu(projection of the class)."""
        return x + self.transition() * rectify(self.project(self.vectors(labels)))


class Generator(stylegan2.Generator):
    """StyleGAN2's generator, told the class through its mapping network.

    Args:
        classes: how many classes there are.
        transition: the `Transition`.
        image_size: see `stylegan2.Generator`.
        base_channels: likewise.
        mixing: likewise.
    """

    def __init__(self, classes, transition, image_size, base_channels, mixing):
        mapping = Mapping(classes, transition, base_channels, name="mapping")
        super().__init__(image_size, base_channels, mixing, mapping)
        self.transition = transition

    def follow(self, iteration):
        """Read λ off an iteration from now on, a scalar that may be a variable."""
        self.transition.iteration = iteration


class Critic(stylegan2.Critic):
    """StyleGAN2's critic with a second head, a projection on the class.

    Call with images `(batch, size, size, 3)` in about [-1, 1] and labels, int32 `(batch,)`;
    returns logits `(batch,)` of the images, D_u, and of the images with their labels, D_c; both
    are float32.

    Args:
        classes: how many classes there are.
        transition: the `Transition`.
        image_size: see `stylegan2.Critic`.
        base_channels: likewise.
    """

    def __init__(self, classes, transition, image_size, base_channels):
        super().__init__(image_size, base_channels)
        self.transition = transition
        self.project = EqualizedDense(base_channels, dtype="float32", name="project")
        self.vectors = ClassVectors(classes, base_channels, name="vectors")
        self.class_layers = [
            stylegan2.mapping_layer(base_channels, f"class_{place}") for place in range(2)
        ]

    def call(self, images, labels=None, training=None):
        """Return D_u and D_c = ⟨projection of the image, vector of the class⟩ / √width."""
        features = self.features(images)
        of_class = self.vectors(labels)
        for layer in self.class_layers:
            of_class = rectify(layer(of_class))
        products = ops.sum(self.project(features) * of_class, axis=-1)
        return self.to_scores(features), products / of_class.shape[-1] ** 0.5

    def follow(self, iteration):
        """Read λ off an iteration from now on, a scalar that may be a variable."""
        self.transition.iteration = iteration


@dataclasses.dataclass(frozen=True)
class Settings(stylegan2.Settings):
    """StyleGAN2's, and when the classes come in."""

    transition: str = setting(
        "5000,10000", "transitional: iterations between which the classes come in."
    )

    def __post_init__(self):
        super().__post_init__()
        parse(self.transition)


class Transitional(stylegan2.StyleGAN2):
    """The loss of D_u, and λ times the same of D_c, in both networks; one network for all classes.

    The scores, which R1 and ADA look at, are those of D_u, as the authors have it.
    """

    name = "transitional"
    label = "transitional cGAN"
    defaults = Settings(**vars(stylegan2.StyleGAN2.defaults))
    conditional = True
    for_one_class = "train on two classes or more, or choose stylegan2"
    loss_names = ("critic_loss", "class_loss", "generator_loss", "transition")

    def build_generator(self, classes=1):
        """Return a new generator for some number of classes, its transition over."""
        return Generator(classes, self._transition(), *self.size, self.settings.style_mixing)

    def build_critic(self, classes=1):
        """Return a new critic for some number of classes, its transition over."""
        return Critic(classes, self._transition(), *self.size)

    def _transition(self):
        return Transition(*parse(self.settings.transition))

    def judge(self, critic, images, labels):
        """Return D_u as the scores; D_c and λ, `(batch,)` both, as `details`."""
        scores, of_class = critic(images, labels, training=True)
        weight = ops.broadcast_to(critic.transition(), of_class.shape)
        return CriticOutput(scores, labels, (of_class, weight))

    def critic_losses(self, real, fake):
        """Return L(D_u) + λ L(D_c); beside it L(D_c) as `class_loss`, and λ as `transition`."""
        (real_class, weight), (fake_class, _) = real.details, fake.details
        of_class, now = bce_critic_loss(real_class, fake_class), weight[0]
        loss = super().critic_losses(real, fake)["critic_loss"] + now * of_class
        return {"critic_loss": loss, "class_loss": of_class, "transition": now}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return E[softplus(−D_u)] + λ E[softplus(−D_c)]."""
        of_class, weight = fake.details
        losses = super().generator_losses(fake)
        losses["generator_loss"] += weight[0] * bce_generator_loss(of_class)
        return losses
