"""Projected GAN: a critic that judges what a pretrained network sees, not pixels.

A. Sauer, K. Chitta, J. Müller, A. Geiger: "Projected GANs Converge Faster" (2021). Section 3.2
describes what lies in front of the critic, section 4 the critic, the generator and the training.
`docs/paper.md` lists what differs here.
"""

import dataclasses
from itertools import zip_longest

import keras
import numpy as np
from keras import layers, ops

from ssgan_tf.errors import UserError
from ssgan_tf.layers.backbone import SMALLEST_MAP, batch_normalization, normal_initializer
from ssgan_tf.layers.feature_mixing import FeatureMixing
from ssgan_tf.layers.small_maps import strided_conv
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan import base
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.fastgan_generator import Generator
from ssgan_tf.methods.gan.losses import class_loss, hinge_critic_loss, hinge_generator_loss
from ssgan_tf.methods.settings import setting
from ssgan_tf.perceptual import feature_levels

LEVELS = ("block2_conv2", "block3_conv4", "block4_conv4", "block5_conv4")
WIDTHS = (64, 128, 128, 128)  # channels of the levels once they are mixed
HEAD_WIDTH = 128
EMBEDDING = 64  # channels that are projected on the class
MEASURED_IMAGES = 256  # behind the levels' scales
SLOPE = 0.2


@dataclasses.dataclass(frozen=True)
class Settings(base.Settings):
    """Those of every GAN, VGG-19's weights, and how much the class counts."""

    vgg_weights: str = setting(
        "imagenet", "imagenet (downloaded once), a file, or random (only to try things out)."
    )
    conditional: bool = setting(
        True, "projected: one network for all classes; else one for each class."
    )
    class_weight: float = setting(0.0, "projected: weight of a classifier's loss; 0 is without.")
    wrong_labels: bool = setting(
        False, "projected: real images with wrong labels are negatives too."
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("class_weight", "wrong_labels"):
            if getattr(self, name) and not self.conditional:
                raise UserError(
                    f"--{name} is for a network that learns all classes; leave --noconditional out"
                )


class Features(keras.Model):
    """Four levels of VGG-19, mixed at random: all of it is fixed.

    Call with images `(batch, size, size, 3)` in about [-1, 1]; returns four maps
    `(batch, side, side, width)`, of a half to a sixteenth of the image's side.

    Args:
        image_size: height and width, 32 or more.
        weights: of VGG-19, see `perceptual_network`.
        seed: decides how the levels are mixed.

    Raises:
        UserError: see `perceptual_network`.
    """

    def __init__(self, image_size, weights, seed):
        super().__init__(name="features")
        self.levels = feature_levels(image_size, weights, LEVELS)
        self.mixing = FeatureMixing(WIDTHS, seed, name="mixing")
        self(ops.zeros((1, image_size, image_size, 3)))
        self.trainable = False

    def call(self, images, training=None):
        """Return the four mixed maps."""
        return self.mixing(self.levels(images, training=False))

    def adapt(self, images):
        """Divide every level by its standard deviation over real images.

        Args:
            images: uint8 `(count, size, size, 3)`, 0-255. Of many, some hundreds are looked at.
        """
        some = images[:: -(-len(images) // MEASURED_IMAGES)]
        sums = np.zeros((len(LEVELS), 3))
        for start in range(0, len(some), 32):
            batch = some[start : start + 32].astype(np.float32) / 127.5 - 1
            for level, maps in enumerate(self.levels(batch, training=False)):
                values = ops.convert_to_numpy(ops.cast(maps, "float32")).astype(np.float64)
                sums[level] += values.size, values.sum(), np.square(values).sum()
        count, first, second = sums.T
        deviations = np.sqrt(second / count - np.square(first / count))
        self.mixing.scales.assign(np.maximum(deviations, 1e-6))


class Head(layers.Layer):
    """The critic of one level: strided convolutions, and patches projected on each class.

    Every convolution is spectrally normalised. Normalisation is by batch, so real and generated
    images must come in calls of their own.

    Call with maps `(batch, side, side, width)`; returns logits `(batch, patches, classes)`,
    float32, and what they are made from, `(batch, HEAD_WIDTH)`, the mean over the patches.

    Args:
        side: height and width of the maps.
        classes: how many classes there are.
    """

    def __init__(self, side, classes, **kwargs):
        super().__init__(**kwargs)
        sides = []
        while side > SMALLEST_MAP:
            side //= 2
            sides.append(side)

        def spectral(make, *arguments, name, **more):
            more |= {"use_bias": False, "kernel_initializer": normal_initializer()}
            return SpectralNormalization(make(*arguments, name=name, **more))

        self.convs = [
            spectral(strided_conv, HEAD_WIDTH, 4, side=each, name=f"conv_{each}") for each in sides
        ] + [spectral(layers.Conv2D, HEAD_WIDTH, 3, padding="same", name="conv")]
        self.norms = [batch_normalization(f"norm_{place}") for place, _ in enumerate(self.convs)]
        self.patches = spectral(layers.Conv2D, EMBEDDING, 3, padding="same", name="patches")
        self.embedding = layers.Embedding(
            classes, 2 * EMBEDDING, embeddings_initializer="normal", dtype="float32",
            name="embedding",
        )  # fmt: skip
        self.to_class = layers.Dense(EMBEDDING, dtype="float32", name="to_class")
        self.classes = classes

    def call(self, maps, training=None):
        """Return the patches' logits for each class, and the mean map."""
        x = maps
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = norm(conv(x, training=training), training=training)
            x = ops.maximum(x, SLOPE * x)
        patches = ops.cast(self.patches(x, training=training), "float32")
        patches = ops.reshape(patches, (-1, patches.shape[1] * patches.shape[2], EMBEDDING))
        directions = self.to_class(self.embedding(np.arange(self.classes)))
        directions = ops.maximum(directions, SLOPE * directions)
        logits = ops.matmul(patches, ops.transpose(directions)) / EMBEDDING**0.5
        return logits, ops.mean(ops.cast(x, "float32"), axis=(1, 2))


class Critic(keras.Model):
    """A head for each level of the features, and a classifier over all heads.

    Call with the maps of `Features`; returns patch logits `(batch, patches, classes)`: how much
    each patch looks like one of a real image of each class; and logits of the classes
    `(batch, classes)`, or None without a classifier. All are float32.

    Args:
        image_size: height and width of the images.
        classes: how many classes there are.
        classify: have a classifier.
    """

    def __init__(self, image_size, classes=1, classify=False):
        super().__init__(name="critic")
        sides = [image_size // 2 ** (level + 1) for level, _ in enumerate(LEVELS)]
        self.heads = [Head(side, classes, name=f"head_{side}") for side in sides]
        self.classify = (
            layers.Dense(classes, dtype="float32", name="classify") if classify else None
        )
        shapes = [(1, side, side, width) for side, width in zip(sides, WIDTHS, strict=True)]
        self([ops.zeros(shape) for shape in shapes])  # its weights

    def call(self, maps, labels=None, training=None):
        """Return the patches' logits and the classes'; `labels` are not looked at."""
        told = [head(each, training=training) for head, each in zip(self.heads, maps, strict=True)]
        logits, means = zip(*told, strict=True)
        classes = self.classify(ops.concatenate(means, axis=-1)) if self.classify else None
        return ops.concatenate(logits, axis=1), classes

    def layers_by_stage(self):
        """Return the convolutions of all heads, with their normalisation, from the maps on."""
        stages = zip_longest(*(zip(head.convs, head.norms, strict=True) for head in self.heads))
        return [[layer for pair in stage if pair for layer in pair] for stage in stages]


class Projected(base.GAN):
    """The hinge loss of every patch, on features; no penalty (section 4).

    Beside it, by `class_weight`, the cross-entropy of a classifier that is trained on real images
    and that generated ones have to convince, and, by `wrong_labels`, real images with labels that
    are not theirs as further negatives (Reed et al. 2016, Algorithm 1).

    The scores are the means over the patches.
    """

    name = "projected"
    label = "Projected GAN"
    defaults = Settings(
        base_channels=256, learning_rate=2e-4, batch_size=16, critic_steps=1, flip=True,
        augment_critic="diffaugment", ema=0.998,  # a half-life of 5,500 images
    )  # fmt: skip
    external = ("vgg_weights",)
    conditional = True
    for_one_class = "add --noconditional"
    judges_features = True
    betas = (0.0, 0.99)

    def __init__(self, **changes):
        super().__init__(**changes)
        self.conditional = self.settings.conditional

    @property
    def loss_names(self):
        """The hinge losses, and what is beside them where it is used."""
        more = ("class_loss", "fake_class_loss") * (self.settings.class_weight != 0)
        more += ("wrong_label_loss",) * self.settings.wrong_labels
        return ("critic_loss", *more, "generator_loss")

    def build_generator(self, classes=1):
        """Return a new generator, FastGAN's."""
        return Generator(*self.size, classes)

    def build_critic(self, classes=1):
        """Return a new critic, its weights made."""
        return Critic(self.settings.image_size, classes, self.settings.class_weight != 0)

    def build_perceptual(self, weights=None):
        """Return the fixed network in front of the critic, `Features`."""
        settings = self.settings
        return Features(settings.image_size, weights or settings.vgg_weights, settings.seed)

    def judge(self, critic, features, labels):
        """Return scores; as `details` patch logits of the labels and all, and class logits."""
        logits, classes = critic(features, labels, training=True)
        own = ops.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
        patches = ops.sum(logits * own[:, None], axis=-1)
        return CriticOutput(ops.mean(patches, axis=1), labels, (patches, logits, classes))

    def judge_both(self, critic, real, fake):
        """Return what the critic says of either side, each normalised by its own statistics."""
        return self.judge(critic, *real), self.judge(critic, *fake)

    def critic_losses(self, real, fake):
        """Return the hinge loss over patches, with what else is asked for beside it."""
        losses = {}
        real_patches, real_logits, real_classes = real.details
        loss = hinge_critic_loss(real_patches, fake.details[0])
        if self.settings.wrong_labels:
            losses["wrong_label_loss"] = wrong_label_loss(real_logits, real.labels)
            loss += losses["wrong_label_loss"]
        if self.settings.class_weight:
            losses["class_loss"] = class_loss(real_classes, real.labels)
            loss += self.settings.class_weight * losses["class_loss"]
        return {"critic_loss": loss, **losses}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[D(G(z))] over patches, plus the weighted cross-entropy of the classes.

        `fake_class_loss` is that cross-entropy: how far generated images are from convincing the
        classifier of their class.
        """
        patches, _, classes = fake.details
        losses = {"generator_loss": hinge_generator_loss(patches)}
        if self.settings.class_weight:
            losses["fake_class_loss"] = class_loss(classes, fake.labels)
            losses["generator_loss"] += self.settings.class_weight * losses["fake_class_loss"]
        return losses


def wrong_label_loss(logits, labels):
    """Return E[max(0, 1 + D(x, c))] over real images x and all classes c that are not theirs.

    Args:
        logits: `(batch, patches, classes)`, D of each patch, of real images.
        labels: int32 `(batch,)`, the classes of the images.

    Returns:
        a scalar; 0 where there is one class.
    """
    wrong = 1.0 - ops.one_hot(labels, logits.shape[-1], dtype=logits.dtype)[:, None]
    each = ops.mean(ops.relu(1.0 + logits) * wrong, axis=(0, 1))
    return ops.sum(each) / max(logits.shape[-1] - 1, 1)
