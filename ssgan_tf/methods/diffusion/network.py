"""The networks: a U-Net that takes out noise, and a classifier that sees through noise.

The U-Net is ADM's (P. Dhariwal, A. Nichol: "Diffusion Models Beat GANs on Image Synthesis", 2021,
section 3) at the size of a few processor cores: residual blocks whose second normalisation is told
the noise level and the class, attention where maps are smallest, halving and doubling inside
blocks. Images of more than 32 pixels come in as 32×32 patches.
"""

import keras
import numpy as np
from keras import layers, ops

from ssgan_tf.layers.dropout import Dropout
from ssgan_tf.methods.diffusion.augmentation import LABELS

SIDE = 32  # height and width of the finest maps
LEVELS = (1, 2, 3)  # channels of the maps of 32², 16² and 8², in units of the first's
HEAD = 64  # channels of an attention head, at least
HALF = 0.5**0.5  # sums of two maps of unit variance keep it


class GroupNorm(layers.Layer):
    """Group normalisation with a scale and a shift that may depend on the image.

    Call with maps `(batch, side, side, channels)` and perhaps `(batch, 2 * channels)`: what is
    added to the scale, and to the shift (ADM's adaptive group normalisation).
    """

    def build(self, x_shape, condition_shape=None):
        """Make scale and shift."""
        channels = x_shape[-1]
        self.groups = min(32, channels // 4)
        self.gamma = self.add_weight(shape=(channels,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(channels,), initializer="zeros", name="beta")

    def call(self, x, condition=None):
        """Return the normalised maps, in the type of the computation."""
        channels = x.shape[-1]
        wide = ops.cast(x, "float32")
        moments = ops.stack([ops.mean(wide, axis=(1, 2)), ops.mean(wide * wide, axis=(1, 2))], 1)
        grouped = ops.reshape(moments, (-1, 2, self.groups, channels // self.groups))
        means = ops.repeat(ops.mean(grouped, axis=-1), channels // self.groups, axis=-1)
        deviation = ops.rsqrt(ops.maximum(means[:, 1] - means[:, 0] ** 2, 0.0) + 1e-5)
        scale, shift = ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32")
        if condition is not None:
            more = ops.split(ops.cast(condition, "float32"), 2, axis=-1)
            scale, shift = scale * (1 + more[0]), shift * (1 + more[0]) + more[1]
        scale = scale * deviation
        shift = shift - means[:, 0] * scale
        cast = [ops.cast(each, self.compute_dtype)[:, None, None] for each in (scale, shift)]
        return x * cast[0] + cast[1]

    def compute_output_shape(self, x_shape, condition_shape=None):
        """Return the shape of the maps, which stays."""
        return x_shape


def conv(filters, size=3, zero=False, name=None):
    """Return a convolution; `zero`: it begins with zeros."""
    start = "zeros" if zero else "he_normal"
    return layers.Conv2D(filters, size, padding="same", kernel_initializer=start, name=name)


class Block(layers.Layer):
    """Two convolutions beside a shortcut, told the embedding, that may halve or double maps.

    Call with maps and embeddings `(batch, width)`.

    Args:
        filters: channels of the result.
        resample: "down", "up" or None.
        dropout: before the second convolution.
    """

    def __init__(self, filters, resample=None, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.resample = {
            "down": layers.AveragePooling2D(2, name="down"), "up": layers.UpSampling2D(name="up"),
            None: None,
        }[resample]  # fmt: skip
        self.first_norm, self.second_norm = GroupNorm(name="norm_0"), GroupNorm(name="norm_1")
        self.first, self.second = (
            conv(filters, name="conv_0"),
            conv(filters, zero=True, name="conv_1"),
        )
        self.condition = layers.Dense(2 * filters, name="condition")
        self.dropout = Dropout(dropout, name="dropout") if dropout else None
        self.filters, self.shortcut = filters, None

    def build(self, x_shape, embedding_shape):
        """Make the shortcut's convolution where the number of channels changes."""
        if x_shape[-1] != self.filters:
            self.shortcut = conv(self.filters, 1, name="shortcut")

    def call(self, x, embedding, training=None):
        """Return the maps."""
        inside = ops.silu(self.first_norm(x))
        if self.resample:
            inside, x = self.resample(inside), self.resample(x)
        inside = self.second_norm(self.first(inside), self.condition(embedding))
        inside = ops.silu(inside)
        if self.dropout:
            inside = self.dropout(inside, training=training)
        return ((self.shortcut(x) if self.shortcut else x) + self.second(inside)) * HALF


class Attention(layers.Layer):
    """Self-attention of the positions of a map, added to it, with heads of 64 channels or more."""

    def build(self, shape):
        """Make the normalisation and the two projections, of which the second begins with zeros."""
        channels = shape[-1]
        most = max(channels // HEAD, 1)
        self.heads = next(heads for heads in range(most, 0, -1) if channels % heads == 0)
        self.norm = GroupNorm(name="norm")
        self.inside = layers.Dense(3 * channels, name="inside")
        self.outside = layers.Dense(channels, kernel_initializer="zeros", name="outside")

    def call(self, x):
        """Return x and what its positions see in each other."""
        _, height, width, channels = x.shape
        split = (-1, height * width, 3, self.heads, channels // self.heads)
        query, key, value = ops.unstack(ops.reshape(self.inside(self.norm(x)), split), axis=2)
        scores = ops.einsum("bqhc,bkhc->bhqk", query, key) / (channels // self.heads) ** 0.5
        weights = ops.cast(ops.softmax(ops.cast(scores, "float32")), self.compute_dtype)
        seen = ops.einsum("bhqk,bkhc->bqhc", weights, value)
        return (x + self.outside(ops.reshape(seen, (-1, height, width, channels)))) * HALF


class Embedding(layers.Layer):
    """What the blocks are told: noise level, class and augmentation, as one vector.

    Call with c_noise `(batch,)`, labels `(batch,)` or None, and augmentation `(batch, LABELS)` or
    None; returns `(batch, width)`.

    Args:
        width: of the vector.
        classes: how many labels there are; 0: neither labels nor augmentation are ever given.
    """

    def __init__(self, width, classes, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.frequencies = np.geomspace(0.25, 32, width // 8).astype("float32")
        self.first, self.second = (layers.Dense(width, name=f"dense_{n}") for n in (0, 1))
        if classes:
            start = keras.initializers.RandomNormal(stddev=1.0)
            self.label = layers.Embedding(
                classes, width, embeddings_initializer=start, name="label"
            )
            self.augmentation = layers.Dense(width, use_bias=False, name="augmentation")

    def call(self, noise, labels=None, augmentation=None):
        """Return the embedding."""
        angles = ops.cast(noise, "float32")[:, None] * self.frequencies
        waves = ops.concatenate([ops.cos(angles), ops.sin(angles)], axis=-1)
        told = self.first(waves)
        if labels is not None:
            told = told + self.label(labels)
        if augmentation is not None:
            told = told + self.augmentation(augmentation)
        return ops.silu(self.second(ops.silu(told)))


class UNet(keras.Model):
    """F of `edm`: call with images, c_noise, labels and augmentation; returns as many images.

    Args:
        image_size: height and width, a multiple of 32.
        channels: of the finest maps.
        classes: how many there are; the label `classes` stands for none of them.
        blocks: residual blocks a level.
        dropout: inside the blocks.
    """

    def __init__(self, image_size, channels, classes, blocks=1, dropout=0.0):
        super().__init__(name="denoiser", autocast=False)  # noise levels need all digits
        self.patch, widths = image_size // SIDE, [channels * factor for factor in LEVELS]
        self.embedding = Embedding(4 * channels, classes + 1, name="embedding")
        self.enter = conv(channels, name="enter")
        self.down, self.up = [], []
        for level, width in enumerate(widths):
            if level:
                self.down.append(Block(widths[level - 1], "down", dropout, name=f"halve_{level}"))
            self.down += [
                Block(width, None, dropout, name=f"down_{level}_{n}") for n in range(blocks)
            ]
            if level == len(widths) - 1:
                self.down.append(Attention(name="down_attention"))
        self.middle = [
            Block(widths[-1], None, dropout, name="middle_0"), Attention(name="attention"),
            Block(widths[-1], None, dropout, name="middle_1"),
        ]  # fmt: skip
        for level, width in reversed(list(enumerate(widths))):
            self.up += [
                Block(width, None, dropout, name=f"up_{level}_{n}") for n in range(blocks + 1)
            ]
            if level == len(widths) - 1:
                self.up.append(Attention(name="up_attention"))
            if level:
                self.up.append(Block(width, "up", dropout, name=f"double_{level}"))
        self.leave_norm = GroupNorm(name="leave_norm")
        self.leave = conv(3 * self.patch**2, zero=True, name="leave")

    def call(self, images, noise, labels=None, augmentation=None, training=None):
        """Return F's answer, `(batch, size, size, 3)`, in the type of the computation."""
        told = self.embedding(noise, labels, augmentation)
        x = self.enter(_patches(ops.cast(images, self.compute_dtype), self.patch))
        kept = [x]
        for layer in self.down:
            x = _through(layer, x, told, training)
            if isinstance(layer, Attention):
                kept[-1] = x
            else:
                kept.append(x)
        for layer in self.middle:
            x = _through(layer, x, told, training)
        for layer in self.up:
            if isinstance(layer, Block) and layer.resample is None:
                x = ops.concatenate([x, kept.pop()], axis=-1)
            x = _through(layer, x, told, training)
        return _pixels(self.leave(ops.silu(self.leave_norm(x))), self.patch)


class NoisyClassifier(keras.Model):
    """The U-Net's first half with a linear layer: names the class of a noisy image.

    Call with images c_in x and c_noise; returns logits `(batch, classes)`, float32.

    Args:
        image_size: height and width, a multiple of 32.
        channels: of the finest maps.
        classes: how many there are.
    """

    def __init__(self, image_size, channels, classes):
        super().__init__(name="noisy_classifier", autocast=False)
        self.patch = image_size // SIDE
        self.embedding = Embedding(4 * channels, 0, name="embedding")
        self.enter = conv(channels, name="enter")
        self.down = []
        for level, factor in enumerate(LEVELS):
            if level:
                self.down.append(Block(channels * LEVELS[level - 1], "down", name=f"halve_{level}"))
            self.down.append(Block(channels * factor, name=f"down_{level}"))
        self.attention, self.leave_norm = Attention(name="attention"), GroupNorm(name="leave_norm")
        self.leave = layers.Dense(classes, dtype="float32", name="leave")

    def call(self, images, noise, training=None):
        """Return the logits."""
        told = self.embedding(noise)
        x = self.enter(_patches(ops.cast(images, self.compute_dtype), self.patch))
        for block in self.down:
            x = block(x, told, training=training)
        x = ops.silu(self.leave_norm(self.attention(x)))
        return self.leave(ops.mean(ops.cast(x, "float32"), axis=(1, 2)))


def new_denoiser(settings, classes):
    """Return an untrained `UNet`, its weights made."""
    network = UNet(
        settings.image_size, settings.unet_channels, classes, settings.unet_blocks, settings.dropout
    )
    nothing = ops.zeros((1, settings.image_size, settings.image_size, 3)), ops.zeros((1,))
    network(*nothing, ops.zeros((1,), "int32"), ops.zeros((1, LABELS)))
    return network


def new_guide(settings, classes):
    """Return an untrained `NoisyClassifier`, its weights made."""
    network = NoisyClassifier(settings.image_size, settings.unet_channels, classes)
    network(ops.zeros((1, settings.image_size, settings.image_size, 3)), ops.zeros((1,)))
    return network


def _through(layer, x, told, training):
    return layer(x, told, training=training) if isinstance(layer, Block) else layer(x)


def _patches(images, patch):
    """Return images `(b, s, s, 3)` as `(b, s / patch, s / patch, 3 patch²)`."""
    size = images.shape[1] // patch
    cut = ops.reshape(images, (-1, size, patch, size, patch, 3))
    return ops.reshape(ops.transpose(cut, (0, 1, 3, 2, 4, 5)), (-1, size, size, 3 * patch**2))


def _pixels(maps, patch):
    """Undo `_patches`."""
    size = maps.shape[1]
    cut = ops.reshape(maps, (-1, size, size, patch, patch, 3))
    return ops.reshape(ops.transpose(cut, (0, 1, 3, 2, 4, 5)), (-1, size * patch, size * patch, 3))
