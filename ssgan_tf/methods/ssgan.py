"""SSGAN: WGAN-GP with pyramid connections and a VGG-19 perceptual loss.

C. Ma, J. Mi, W. Gao, S. Tao: "SSGAN: A Semantic Similarity-Based GAN for Small-Sample Image
Augmentation" (2024). Section 3.1 describes the networks, 3.2 the pyramid connections, 3.3 the
losses. `docs/paper.md` lists what the paper leaves open and what was chosen here.
"""

import keras
from keras import layers, ops

from ssgan_tf.errors import UserError
from ssgan_tf.layers.pyramid import PyramidDown, PyramidUp
from ssgan_tf.layers.small_maps import strided_conv, strided_deconv
from ssgan_tf.methods.base import GAN, Networks, Settings
from ssgan_tf.perceptual import perceptual_loss, perceptual_network

SMALLEST_MAP = 4  # height and width where the generator begins and the critic ends
IMAGE_SIZES = (32, 64, 128)


def stages(image_size):
    """Return how often 4×4 doubles to reach `image_size`: 3, 4 or 5 for 32, 64 or 128."""
    if image_size not in IMAGE_SIZES:
        raise UserError(f"--image_size is {image_size}; it must be one of 32, 64 or 128")
    return (image_size // SMALLEST_MAP).bit_length() - 1


def normal_initializer():
    """Return DCGAN's initial weights, N(0, 0.02²).

    With Keras's default the wide layers begin with smaller weights, of which one step of Adam
    changes a larger part: at full width the generator ran into tanh's ends within a few steps.
    """
    return keras.initializers.RandomNormal(stddev=0.02)


def layer_normalization(name):
    """Return layer normalisation over a whole image, scaled and shifted per channel.

    This is what WGAN-GP means by it: statistics over `(height, width, channels)` of each image.
    Keras's `LayerNormalization` would normalise each position alone; one group of
    `GroupNormalization` is the same computation as WGAN-GP's.
    """
    return layers.GroupNormalization(groups=1, epsilon=1e-5, name=name)


def generator_normalization(kind, name):
    """Return one of the generator's normalisations: "batch" or "layer"."""
    if kind == "layer":
        return layer_normalization(name)
    return layers.BatchNormalization(epsilon=1e-5, name=name)


class Generator(keras.Model):
    """One fully connected layer, stride-2 transposed convolutions, two pyramid connections.

    Call with latents `(batch, latent_dim)`; returns images `(batch, size, size, 3)` in [-1, 1],
    float32. Feature maps grow 4, 8, 16, ... up to `size`; their channels halve from
    `base_channels`. At 64, pyramid connections lead from 4×4 to 16×16 and from 16×16 to the image.

    Args:
        image_size: 32, 64 or 128.
        base_channels: channels at 4×4, 1024 in the paper's order of size.
        pyramid: False is the ablation "without PC".
        norm: "batch" or "layer".
    """

    def __init__(
        self, image_size=64, base_channels=1024, pyramid=True, norm="batch", name="generator"
    ):
        super().__init__(name=name)
        count = stages(image_size)
        channels = [base_channels // 2**stage for stage in range(1, count)] + [3]
        # Batch normalisation takes a bias away again; the image itself is not normalised.
        biased = [norm != "batch"] * (count - 1) + [True]
        self.project = layers.Dense(
            SMALLEST_MAP**2 * base_channels,
            use_bias=biased[0],
            kernel_initializer=normal_initializer(),
            name="project",
        )
        self.reshape = layers.Reshape((SMALLEST_MAP, SMALLEST_MAP, base_channels))
        self.norms = [generator_normalization(norm, f"norm_{stage}") for stage in range(count)]
        self.relu = layers.ReLU()
        self.deconvs = [
            strided_deconv(
                width,
                5,
                side=SMALLEST_MAP * 2**stage,
                use_bias=biased[stage],
                kernel_initializer=normal_initializer(),
                name=f"deconv_{stage}",
            )
            for stage, width in enumerate(channels)
        ]
        self.pyramids = {}
        if pyramid:
            self.pyramids = {
                end: PyramidUp(
                    base_channels // 4,
                    channels[end],
                    use_bias=biased[end],
                    name=f"pyramid_{end}",
                )
                for end in (max(count - 3, 1), count - 1)
            }
        self.to_image = layers.Activation("tanh", dtype="float32", name="to_image")

    def call(self, latents, training=None):
        """Return images `(batch, size, size, 3)` in [-1, 1] for latents `(batch, latent_dim)`."""
        first = self.reshape(self.project(latents))
        maps = [self.relu(self.norms[0](first, training=training))]
        last = len(self.deconvs) - 1
        for stage, deconv in enumerate(self.deconvs):
            x = deconv(maps[stage])
            if stage in self.pyramids:
                x = x + self.pyramids[stage](maps[stage - 1])
            if stage != last:
                x = self.relu(self.norms[stage + 1](x, training=training))
            maps.append(x)
        return self.to_image(maps[-1])


class Critic(keras.Model):
    """Stride-2 convolutions, two pyramid connections, one fully connected layer.

    Call with images `(batch, size, size, 3)` in [-1, 1]; returns scores `(batch,)`, float32,
    unbounded. At 64, pyramid connections lead from the image to 16×16 and from 16×16 to 4×4, the
    mirror image of the generator's.

    Args:
        image_size: 32, 64 or 128.
        base_channels: channels of the generator at 4×4; the critic ends with half as many.
        pyramid: False is the ablation "without PC".
    """

    def __init__(self, image_size=64, base_channels=1024, pyramid=True, name="critic"):
        super().__init__(name=name)
        count = stages(image_size)
        channels = [base_channels // 2 ** (count - stage) for stage in range(count)]
        self.convs = [
            strided_conv(
                width,
                5,
                side=image_size // 2 ** (stage + 1),
                kernel_initializer=normal_initializer(),
                name=f"conv_{stage}",
            )
            for stage, width in enumerate(channels)
        ]
        # None on the first map, as in DCGAN and WGAN-GP: it would erase brightness and contrast.
        self.norms = [layer_normalization(f"norm_{stage}") for stage in range(1, count)]
        self.relu = layers.ReLU()
        self.pyramids = {}
        if pyramid:
            self.pyramids = {
                end: PyramidDown(channels[end], name=f"pyramid_{end}")
                for end in (1, min(3, count - 1))
            }
        self.flatten = layers.Flatten()
        self.score = layers.Dense(1, dtype="float32", name="score")

    def call(self, images):
        """Return scores `(batch,)` for images `(batch, size, size, 3)` in [-1, 1]."""
        maps = [images]
        for stage, conv in enumerate(self.convs):
            x = conv(maps[stage])
            if stage in self.pyramids:
                x = x + self.pyramids[stage](maps[stage - 1])
            maps.append(self.relu(x if stage == 0 else self.norms[stage - 1](x)))
        return ops.squeeze(self.score(self.flatten(maps[-1])), axis=-1)


class SSGAN(GAN):
    """WGAN-GP's losses, plus the perceptual loss in the generator's (SSGAN, Eq. 1-3)."""

    name = "ssgan"
    defaults = Settings(mu=0.01, lambda_=1.0)

    def __init__(self, **changes):
        super().__init__(**changes)
        stages(self.settings.image_size)  # an impossible size is an error now, not after loading

    def build(self):
        """Return a new generator and critic (SSGAN, section 3.1)."""
        chosen = self.settings
        size = (chosen.image_size, chosen.base_channels, chosen.pyramid)
        return Networks(Generator(*size, norm=chosen.generator_norm), Critic(*size))

    def build_perceptual(self):
        """Return the frozen VGG-19 features, or None where `mu` is 0 ("without PL")."""
        if self.settings.mu == 0:
            return None
        return perceptual_network(self.settings.image_size, self.settings.vgg_weights)

    def generator_losses(self, fake_scores, real_features=None, fake_features=None):
        """Return Eq. 2's loss, and L_P (Eq. 1) beside it."""
        losses = super().generator_losses(fake_scores)
        if fake_features is not None:
            losses["perceptual"] = perceptual_loss(real_features, fake_features)
            losses["generator_loss"] += self.settings.mu * losses["perceptual"]
        return losses
