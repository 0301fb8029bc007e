"""StyleGAN2: a generator whose convolutions are modulated by styles, for few images with ADA.

T. Karras, S. Laine, M. Aittala, J. Hellsten, J. Lehtinen, T. Aila: "Analyzing and Improving the
Image Quality of StyleGAN" (2020); T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen,
T. Aila: "Training Generative Adversarial Networks with Limited Data" (2020). `docs/paper.md` lists
what differs here.
"""

import dataclasses

import keras
import tensorflow as tf
from keras import layers, ops

from ssgan_tf.layers.backbone import SMALLEST_MAP, stages
from ssgan_tf.layers.stylegan2 import (
    SQRT2,
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    ModulatedConv2D,
    double,
    normalize_second_moment,
    rectify,
)
from ssgan_tf.methods.gan import base
from ssgan_tf.methods.gan.losses import bce_critic_loss, bce_generator_loss
from ssgan_tf.methods.settings import setting

FULL = 4 * SMALLEST_MAP  # the largest maps with all channels
MAPPING_RATE = 0.01  # the learning rate of mapping layers, as a share
R1_SCALE = 0.0002  # γ of R1, times pixels per image of a batch


def channels_at(side, base_channels):
    """Return the channels of maps: `base_channels` up to 16×16, then half as many a doubling."""
    return base_channels * FULL // max(side, FULL)


def sides(image_size):
    """Return the sides of the maps, 4, 8, ... up to the image's."""
    return [SMALLEST_MAP * 2**stage for stage in range(stages(image_size) + 1)]


def mapping_layer(width, name):
    """Return a fully connected layer that learns slowly, in float32, for a rectifier behind it."""
    return EqualizedDense(width, MAPPING_RATE, SQRT2, dtype="float32", name=name)


class Mapping(layers.Layer):
    """The mapping network, from latents z to w: two layers.

    Call with latents `(batch, latent_dim)`, of which only the direction counts, and labels
    `(batch,)`; returns w `(batch, width)`, float32.

    Args:
        width: of w.
    """

    def __init__(self, width, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.layers = [mapping_layer(width, f"layer_{place}") for place in range(2)]

    def call(self, latents, labels):
        """Return w."""
        first, *rest = self.layers
        x = self.join(rectify(first(normalize_second_moment(latents))), labels)
        for layer in rest:
            x = rectify(layer(x))
        return x

    def join(self, x, labels):
        """Return what follows the first layer, with what it is to know of the class."""
        return x


class Generator(keras.Model):
    """Modulated convolutions from a learnt 4×4 map on; the image is a sum over all sizes.

    Call with latents `(batch, latent_dim)` and labels `(batch,)`; returns images
    `(batch, size, size, 3)`, float32, in about [-1, 1]. There are no noise inputs: an image is a
    function of its latents.

    Args:
        image_size: a power of 2 from 32 on.
        base_channels: see `channels_at`; as many numbers has w.
        mixing: probability that a batch has styles of two latents in training (style mixing).
        mapping: the `Mapping`; by default one that knows no class.
    """

    def __init__(self, image_size=64, base_channels=256, mixing=0.0, mapping=None):
        super().__init__(name="generator")
        self.mapping = mapping or Mapping(base_channels, name="mapping")
        self.mixing = mixing
        self.first = self.add_weight(
            shape=(SMALLEST_MAP, SMALLEST_MAP, base_channels), name="first",
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )  # fmt: skip
        self.convs, self.to_rgbs = [], []
        for side in sides(image_size):
            names = ["conv"] if side == SMALLEST_MAP else ["double", "conv"]
            self.convs.append([
                ModulatedConv2D(
                    channels_at(side, base_channels), 3, "up" if name == "double" else None,
                    gain=SQRT2, name=f"{name}_{side}",
                )
                for name in names
            ])  # fmt: skip
            self.to_rgbs.append(ModulatedConv2D(3, 1, demodulate=False, name=f"to_rgb_{side}"))
        self.style_count = 2 * len(self.to_rgbs)

    def call(self, latents, labels=None, training=None):
        """Return images `(batch, size, size, 3)` for latents `(batch, latent_dim)`."""
        return self.synthesize(self.styles(latents, labels, training))

    def styles(self, latents, labels=None, training=None):
        """Return w for each layer, `(batch, style_count, width)`, float32."""
        if labels is None:
            labels = ops.zeros_like(latents[:, 0], dtype="int32")
        latents = ops.cast(latents, "float32")
        styles = ops.repeat(self.mapping(latents, labels)[:, None], self.style_count, axis=1)
        if training and self.mixing:
            other = self.mapping(ops.roll(latents, 1, axis=0), labels)[:, None]
            mixed = tf.cast(tf.range(self.style_count) >= self._crossover(latents), tf.float32)
            styles += mixed[:, None] * (other - styles)
        return styles

    def _crossover(self, latents):
        """Return the first layer with the styles of other latents; one of none where unmixed.

        It is drawn from the latents, which are random, so that there is no state to keep.
        """
        seed = tf.bitcast(tf.reshape(latents, (-1,))[:2], tf.int32)
        chance, place = tf.unstack(tf.random.stateless_uniform((2,), seed, alg="philox"))
        first = 1 + tf.cast(place * (self.style_count - 1), tf.int32)
        return tf.where(chance < self.mixing, first, self.style_count)

    def synthesize(self, styles):
        """Return the images of what `styles` returned."""
        first = ops.cast(self.first, self.compute_dtype)
        x = ops.broadcast_to(first[None], (styles.shape[0], *first.shape))
        image, place = None, 0
        for convs, to_rgb in zip(self.convs, self.to_rgbs, strict=True):
            for conv in convs:
                x = rectify(conv(x, styles[:, place]))
                place += 1
            # The next convolution has the same style, as in StyleGAN2.
            colours = ops.cast(to_rgb(x, styles[:, place]), "float32")
            image = colours if image is None else double(image) + colours
        return image


class CriticBlock(layers.Layer):
    """Halves a map: two convolutions, and a short cut of one, of which it is the sum over √2.

    Call with maps `(batch, 2 * side, 2 * side, any)`; returns `(batch, side, side, channels)`.

    Args:
        channels: of the result.
    """

    def __init__(self, channels, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels

    def build(self, maps_shape):
        """Make the layers."""
        options = {"dtype": self.dtype_policy}
        self.conv = EqualizedConv2D(maps_shape[-1], 3, gain=SQRT2, name="conv", **options)
        # The gain √2 of the rectifier and the sum's √½ are 1 together.
        self.halve = EqualizedConv2D(self.channels, 3, "down", name="halve", **options)
        self.shortcut = EqualizedConv2D(
            self.channels, 1, "down", gain=SQRT2 / 2, use_bias=False, name="shortcut", **options
        )
        for layer in (self.conv, self.halve, self.shortcut):
            layer.build(maps_shape)

    def call(self, maps):
        """Return the halved maps."""
        return rectify(self.halve(rectify(self.conv(maps)))) + self.shortcut(maps)

    def compute_output_shape(self, maps_shape):
        """Return the shape of the result."""
        return self.halve.compute_output_shape(maps_shape)


class Critic(keras.Model):
    """Residual blocks down to 4×4, the standard deviation of groups, and two dense layers.

    Call with images `(batch, size, size, 3)` in about [-1, 1]; returns logits `(batch,)`, float32.
    Its groups are of consecutive images, so real and generated ones need calls of their own.

    Args:
        image_size: a power of 2 from 32 on.
        base_channels: see `channels_at`.
    """

    def __init__(self, image_size=64, base_channels=256):
        super().__init__(name="critic")
        *smaller, largest = sides(image_size)
        self.from_rgb = EqualizedConv2D(
            channels_at(largest, base_channels), 1, gain=SQRT2, name="from_rgb"
        )
        self.blocks = [
            CriticBlock(channels_at(side, base_channels), name=f"block_{side}")
            for side in reversed(smaller)
        ]
        self.deviation = MinibatchStandardDeviation(name="deviation")
        self.last = EqualizedConv2D(base_channels, 3, gain=SQRT2, name="last")
        self.flatten = layers.Flatten()
        self.dense = EqualizedDense(base_channels, gain=SQRT2, name="dense")
        self.score = EqualizedDense(1, dtype="float32", name="score")

    def call(self, images, labels=None, training=None):
        """Return logits `(batch,)`; `labels` are not looked at."""
        return self.to_scores(self.features(images))

    def features(self, images):
        """Return what scores are made of, `(batch, base_channels)`."""
        x = rectify(self.from_rgb(images))
        for block in self.blocks:
            x = block(x)
        x = rectify(self.last(self.deviation(x)))
        return rectify(self.dense(self.flatten(x)))

    def to_scores(self, features):
        """Return logits `(batch,)` for features."""
        return ops.squeeze(self.score(features), axis=-1)

    def layers_by_stage(self):
        """Return the layers with weights of each stage, from the image on, a list of lists."""
        return [[self.from_rgb], *([block] for block in self.blocks)]


@dataclasses.dataclass(frozen=True)
class Settings(base.Settings):
    """Those of every GAN, and StyleGAN2's."""

    r1_gamma: float | None = setting(
        None, "stylegan2, transitional: γ of --penalty r1. Default: 0.0002 · image_size² / batch."
    )
    style_mixing: float = setting(
        0.0, "stylegan2, transitional: probability of styles from two latents in training."
    )


class StyleGAN2(base.GAN):
    """The non-saturating logistic loss, with R1 lazily, one network for each class."""

    name = "stylegan2"
    label = "StyleGAN2"
    defaults = Settings(
        base_channels=256, learning_rate=0.0025, batch_size=16, critic_steps=1, flip=True,
        ema_images=5_000, augment_critic="ada", penalty="r1",
    )  # fmt: skip
    betas = (0.0, 0.99)
    has_styles = True

    def build_generator(self, classes=1):
        """Return a new generator."""
        return Generator(*self.size, self.settings.style_mixing)

    def build_critic(self, classes=1):
        """Return a new critic."""
        return Critic(*self.size)

    def penalties(self):
        """Return the chosen penalties; R1's γ is `r1_gamma`, or StyleGAN2-ADA's for this size."""
        settings, gamma = self.settings, self.settings.r1_gamma
        if gamma is None:
            gamma = R1_SCALE * settings.image_size**2 / settings.batch_size
        return base.penalties.create(settings.penalty, r1={"weight": gamma / 2})

    def optimizers(self):
        """Return both Adams, a network's with k/(k+1) of the rate and β to that power.

        k is the interval of its lazy penalty, if it has one (StyleGAN2, appendix B).
        """
        made = []
        for role in base.Networks._fields:
            every = [one.every for one in self.penalties() if one.role == role and one.every > 1]
            share = every[0] / (every[0] + 1) if every else 1.0
            beta_1, beta_2 = (beta**share for beta in self.betas)
            rate = self.settings.learning_rate * share
            made.append(keras.optimizers.Adam(rate, beta_1=beta_1, beta_2=beta_2, epsilon=1e-8))
        return tuple(made)

    def judge_both(self, critic, real, fake):
        """Return what the critic says of either side, each in groups of its own."""
        return self.judge(critic, *real), self.judge(critic, *fake)

    def critic_losses(self, real, fake):
        """Return E[softplus(D(G(z)))] + E[softplus(−D(x))]."""
        return {"critic_loss": bce_critic_loss(real.scores, fake.scores)}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return E[softplus(−D(G(z)))], the non-saturating loss."""
        return {"generator_loss": bce_generator_loss(fake.scores)}
