"""FastGAN: a generator of few layers, and a critic that has to remember what it sees.

B. Liu, Y. Zhu, K. Song, A. Elgammal: "Towards Faster and Stabilized GAN Training for High-fidelity
Few-shot Image Synthesis" (2021). Section 3.1 describes the generator, 3.2 the critic as an
auto-encoder. `docs/paper.md` lists what differs here.
"""

import keras
from keras import layers, ops

from ssgan_tf.layers.backbone import batch_normalization, normal_initializer
from ssgan_tf.layers.fastgan import GatedLinearUnit, UpsampledConv2D
from ssgan_tf.layers.small_maps import strided_conv
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan.base import GAN, CriticOutput, Settings
from ssgan_tf.methods.gan.fastgan_generator import Generator, channels_at
from ssgan_tf.methods.gan.losses import hinge_critic_loss, hinge_generator_loss

DECODED = 8  # height and width of the maps that images are decoded from
LARGEST_IMAGE = 128  # that is decoded
PATCH = 4  # height and width of what a score is made of, on the last map
SLOPE = 0.2


def spectral(make, *arguments, name, **options):
    """Return a spectrally normalised convolution without a bias."""
    options = {"use_bias": False, "kernel_initializer": normal_initializer()} | options
    return SpectralNormalization(make(*arguments, name=name, **options))


def rectify(x):
    """Return feature maps with negative values times 0.2."""
    return ops.maximum(x, SLOPE * x)


class DownBlock(layers.Layer):
    """Halves a map: the mean of two convolutions and of a pooled short cut.

    Call with maps `(batch, 2 * side, 2 * side, any)`; returns `(batch, side, side, channels)`.

    Args:
        channels: of the result.
        side: its height and width.
    """

    def __init__(self, channels, side, **kwargs):
        super().__init__(**kwargs)
        self.convs = [
            spectral(strided_conv, channels, 4, side=side, name="conv_0"),
            spectral(layers.Conv2D, channels, 3, padding="same", name="conv_1"),
        ]
        self.pool = layers.AveragePooling2D(2, name="pool")
        self.project = spectral(layers.Conv2D, channels, 1, name="project")
        self.norms = [batch_normalization(name) for name in ("norm_0", "norm_1")]
        self.direct_norm = batch_normalization("direct_norm")

    def call(self, maps, training=None):
        """Return the halved maps."""
        x = maps
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = rectify(norm(conv(x, training=training), training=training))
        direct = self.project(self.pool(maps), training=training)
        return (x + rectify(self.direct_norm(direct, training=training))) / 2


class Decoder(layers.Layer):
    """Makes an image of a map: up-sampling, convolution, normalisation, gated linear unit.

    Call with maps `(batch, 8, 8, any)`; returns images `(batch, size, size, 3)` in [-1, 1], which
    are float32.

    Args:
        size: height and width of the image.
        base_channels: see `channels_at`.
    """

    def __init__(self, size, base_channels, **kwargs):
        super().__init__(**kwargs)
        sides, side = [], DECODED
        while side < size:
            side *= 2
            sides.append(side)
        self.convs = [
            UpsampledConv2D(
                2 * channels_at(side, base_channels), kernel_initializer=normal_initializer(),
                name=f"conv_{side}",
            )
            for side in sides
        ]  # fmt: skip
        self.norms = [batch_normalization(f"norm_{side}") for side in sides]
        self.gate = GatedLinearUnit(name="gate")
        self.last = layers.Conv2D(3, 3, padding="same", name="last")
        self.to_image = layers.Activation("tanh", dtype="float32", name="to_image")

    def call(self, maps, training=None):
        """Return the images."""
        x = maps
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = self.gate(norm(conv(x), training=training))
        return self.to_image(self.last(x))


class RandomCrop(layers.Layer):
    """Cuts 8×8 positions out of maps, and out of images what lies at these, the same for a batch.

    Call with maps `(batch, side, side, any)` and images `(batch, size, size, 3)`, `size` a multiple
    of `side`; returns crops `(batch, 8, 8, any)` and `(batch, 8 * size / side, ..., 3)`.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)  # the images stay float32

    def build(self, maps_shape, images_shape):
        """Make the random state: a seed (from `keras.utils.set_random_seed`) and a counter."""
        self.seeds = keras.random.SeedGenerator(name="seeds")

    def call(self, maps, images):
        """Return both crops, at another place in every call."""
        places = maps.shape[1] - DECODED + 1
        return cut(maps, images, keras.random.randint((2,), 0, places, seed=self.seeds))


def cut(maps, images, corner):
    """Return 8×8 positions of maps and the part of the images at these, as `RandomCrop`.

    Args:
        maps: `(batch, side, side, channels)`.
        images: `(batch, size, size, 3)`.
        corner: int32 `(2,)`, the first row and column of the maps.
    """
    scale = images.shape[1] // maps.shape[1]

    def part(of, first, side):
        start = ops.stack([0, first[0], first[1], 0])
        return ops.slice(of, start, (of.shape[0], side, side, of.shape[3]))

    return part(maps, corner, DECODED), part(images, scale * corner, scale * DECODED)


class Critic(keras.Model):
    """Blocks that halve the image down to 8×8, scores of its patches, and two decoders.

    Call with images `(batch, size, size, 3)` in about [-1, 1]; returns logits of 25 patches,
    `(batch, 25)`, float32, and the maps of 16×16 and 8×8 positions.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels at 8×8; they halve with each doubling, as the generator's.
    """

    def __init__(self, image_size=64, base_channels=256, name="critic"):
        super().__init__(name=name)
        self.first = spectral(
            layers.Conv2D, channels_at(image_size, base_channels), 3, padding="same", name="first"
        )
        sides = [image_size // 2]
        while sides[-1] > DECODED:
            sides.append(sides[-1] // 2)
        self.blocks = [
            DownBlock(channels_at(side, base_channels), side, name=f"block_{side}")
            for side in sides
        ]
        self.mix = spectral(layers.Conv2D, base_channels, 1, name="mix")
        self.norm = batch_normalization("norm")
        self.score = spectral(layers.Conv2D, 1, PATCH, name="score")
        self.whole = Decoder(min(image_size, LARGEST_IMAGE), base_channels, name="decode_whole")
        self.part = Decoder(min(image_size // 2, LARGEST_IMAGE), base_channels, name="decode_part")
        self.crop = RandomCrop(name="crop")
        images = ops.zeros((1, image_size, image_size, 3))
        _, maps = self(images)  # makes the weights, as the next call those of the decoders
        with keras.name_scope(name):  # else their names would not tell the decoders apart
            self.reconstruct(images, maps)

    def call(self, images, labels=None, training=None):
        """Return the patches' logits and two maps; `labels` are not looked at."""
        x = rectify(self.first(images, training=training))
        maps = []
        for block in self.blocks:
            x = block(x, training=training)
            maps.append(x)
        x = rectify(self.norm(self.mix(x, training=training), training=training))
        logits = ops.cast(self.score(x, training=training), "float32")
        return ops.reshape(logits, (-1, logits.shape[1] * logits.shape[2])), tuple(maps[-2:])

    def reconstruct(self, images, maps, training=None):
        """Return what is decoded of an image's maps, and what it should be.

        Args:
            images: `(batch, size, size, 3)`.
            maps: what a call returned of them.
            training: normalise by the batch.

        Returns:
            two pairs of images in about [-1, 1], float32: of the 8×8 map, beside the whole image,
            at most 128 pixels wide; of a random crop of the 16×16 map, beside that part of it.
        """
        wider, last = maps
        cropped, part = self.crop(wider, images)
        factor = max(images.shape[1] // LARGEST_IMAGE, 1)
        whole = ops.average_pool(images, factor) if factor > 1 else images
        return (
            (self.whole(last, training=training), whole),
            (self.part(cropped, training=training), part),
        )

    def layers_by_stage(self):
        """Return the layers with weights of each stage, from the image on, a list of lists."""
        return [[self.first], *([block] for block in self.blocks)]


def reconstruction_loss(pairs):
    """Return the sum over pairs of images of their mean absolute difference (Eq. 2), a scalar."""
    return sum(ops.mean(ops.abs(made - wanted)) for made, wanted in pairs)


class FastGAN(GAN):
    """The hinge loss of patches, plus the reconstruction of real images in the critic's (Eq. 2-4).

    The scores are the means over the patches.
    """

    name = "fastgan"
    label = "FastGAN"
    defaults = Settings(
        base_channels=256, latent_dim=256, learning_rate=2e-4, batch_size=8, critic_steps=1,
        flip=True, augment_critic="diffaugment",
    )  # fmt: skip
    loss_names = ("critic_loss", "reconstruction", "generator_loss")

    def build_generator(self, classes=1):
        """Return a new generator (section 3.1)."""
        return Generator(*self.size)

    def build_critic(self, classes=1):
        """Return a new critic, its weights made (section 3.2)."""
        return Critic(*self.size)

    def judge(self, critic, images, labels):
        """Return scores, with the patches' logits as `details`."""
        patches, _ = critic(images, training=True)
        return CriticOutput(ops.mean(patches, axis=1), labels, (patches,))

    def judge_both(self, critic, real, fake):
        """Return what the critic says of either side, each normalised by its own statistics.

        Of the real images the details have what is decoded of them too.
        """
        images, labels = real
        patches, maps = critic(images, training=True)
        pairs = critic.reconstruct(images, maps, training=True)
        judged = CriticOutput(ops.mean(patches, axis=1), labels, (patches, pairs))
        return judged, self.judge(critic, *fake)

    def critic_losses(self, real, fake):
        """Return the hinge loss plus the reconstruction's (Eq. 3), and that beside it."""
        patches, pairs = real.details
        reconstruction = reconstruction_loss(pairs)
        loss = hinge_critic_loss(patches, fake.details[0]) + reconstruction
        return {"critic_loss": loss, "reconstruction": reconstruction}

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return −E[D(G(z))] over patches (Eq. 4)."""
        return {"generator_loss": hinge_generator_loss(fake.details[0])}
