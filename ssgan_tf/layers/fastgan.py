"""The blocks of FastGAN's generator.

B. Liu, Y. Zhu, K. Song, A. Elgammal: "Towards Faster and Stabilized GAN Training for High-fidelity
Few-shot Image Synthesis" (2021), section 3.1 and Fig. 3, with the authors' code.
"""

import keras
from keras import layers, ops

from ssgan_tf.layers.backbone import SMALLEST_MAP, normal_initializer
from ssgan_tf.layers.conditional import ConditionalBatchNormalization
from ssgan_tf.layers.small_maps import double


class GatedLinearUnit(layers.Layer):
    """The first half of the channels, each times the sigmoid of its partner in the second half.

    Y. Dauphin et al.: "Language Modeling with Gated Convolutional Networks" (2017), section 2.

    Call with `(..., 2 * channels)`; returns `(..., channels)`.
    """

    def call(self, x):
        """Return the gated half."""
        values, gates = ops.split(x, 2, axis=-1)
        return values * ops.sigmoid(gates)

    def compute_output_shape(self, input_shape):
        """Return the shape with half of the channels."""
        return (*input_shape[:-1], input_shape[-1] // 2)


class UpsampledConv2D(layers.Conv2D):
    """Nearest up-sampling by 2 and a 3×3 convolution, in one transposed convolution.

    A pixel that was copied four times meets sums of the kernel's entries: up-sampling with a 3×3
    kernel behind it is a transposed convolution of stride 2 with the 4×4 kernel that is the sum of
    four copies of the 3×3 one, each moved by 0 or 1. That takes 16 products in place of 36, and
    the large map is never copied. The weights are those of the 3×3 convolution, without a bias.

    Call with `(batch, height, width, any)`; returns `(batch, 2 * height, 2 * width, filters)`.

    Args:
        filters: channels of the result.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(filters, 3, padding="same", use_bias=False, **kwargs)

    def call(self, x):
        """Return feature maps twice as high and wide as `x`."""
        return double(x, self.transposed_kernel())

    def transposed_kernel(self):
        """Return the 4×4 kernel of the transposed convolution, `(4, 4, filters, any)`."""
        # A transposed convolution writes where a convolution reads, so its kernel is turned.
        kernel = ops.transpose(ops.flip(self.kernel, (0, 1)), (0, 1, 3, 2))
        moves = ((0, 1), (1, 0))
        return sum(ops.pad(kernel, (rows, columns, (0, 0), (0, 0)))
                   for rows in moves for columns in moves)  # fmt: skip

    def compute_output_shape(self, input_shape):
        """Return the shape of the result."""
        batch, height, width, _ = input_shape
        return (batch, 2 * height, 2 * width, self.filters)

    def products(self, input_shape):
        """Return the products that a forward pass of one image forms: a 4×4 kernel's."""
        _, height, width, channels = input_shape
        return 16 * channels * self.filters * height * width


class LatentNoise(layers.Layer):
    """Noise injection: one random map for all channels, times a learnt weight that begins as 0.

    The map is a fixed random projection of the latents: where these lie on the sphere of radius
    √latent_dim, each position is about N(0, 1), and two positions have a correlation of about
    1/√latent_dim. FastGAN draws a new map at each call. Then an image would not be a function of
    its latents, which sampling and resuming here rely on.

    Call with maps `(batch, height, width, channels)` and latents `(batch, latent_dim)`.
    """

    def build(self, maps_shape, latents_shape):
        """Make the weight and, never trained, a direction of length 1 for each position."""
        _, height, width, _ = maps_shape
        self.weight = self.add_weight(shape=(), initializer="zeros", name="weight")
        self.directions = self.add_weight(
            shape=(latents_shape[-1], height * width),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            name="directions",
        )
        self.directions.assign(ops.normalize(self.directions.value, axis=0))

    def call(self, maps, latents):
        """Return the maps with noise added."""
        noise = ops.matmul(latents, self.directions)
        noise = ops.reshape(noise, (-1, *maps.shape[1:3], 1))
        return maps + self.weight * noise

    def compute_output_shape(self, maps_shape, latents_shape):
        """Return the shape of the maps."""
        return maps_shape


class UpBlock(layers.Layer):
    """Doubles a map: up-sampling, convolution, noise, batch normalisation, gated linear unit.

    Call with maps `(batch, side, side, any)`, latents and labels, int32 `(batch,)`; returns
    `(batch, 2 * side, 2 * side, channels)`.

    Args:
        channels: of the result.
        classes: how many classes the normalisation knows.
    """

    def __init__(self, channels, classes, **kwargs):
        super().__init__(**kwargs)
        self.conv = UpsampledConv2D(
            2 * channels, kernel_initializer=normal_initializer(), name="conv"
        )
        self.noise = LatentNoise(name="noise")
        self.norm = ConditionalBatchNormalization(classes, name="norm")
        self.gate = GatedLinearUnit(name="gate")

    def call(self, maps, latents, labels, training=None):
        """Return the doubled maps."""
        x = self.noise(self.conv(maps), latents)
        return self.gate(self.norm(x, labels, training=training))


class SkipLayerExcitation(layers.Layer):
    """Scales the channels of a large map by what a small one, many layers before, says (Eq. 1).

    The small map is pooled to 4×4, a 4×4 convolution makes one value a channel of it, and a 1×1
    convolution and a sigmoid make factors of these.

    Call with the large map `(batch, height, width, channels)` and the small one
    `(batch, side, side, any)`, `side` a multiple of 4; returns the large map, scaled.
    """

    def build(self, large_shape, small_shape):
        """Make both convolutions."""
        channels = large_shape[-1]
        self.pool = layers.AveragePooling2D(small_shape[1] // SMALLEST_MAP, name="pool")
        self.squeeze = layers.Conv2D(
            channels, SMALLEST_MAP, use_bias=False, kernel_initializer=normal_initializer(),
            dtype=self.dtype_policy, name="squeeze",
        )  # fmt: skip
        self.excite = layers.Conv2D(
            channels, 1, use_bias=False, kernel_initializer=normal_initializer(),
            dtype=self.dtype_policy, name="excite",
        )  # fmt: skip
        pooled = (None, SMALLEST_MAP, SMALLEST_MAP, small_shape[-1])
        self.squeeze.build(pooled)
        self.excite.build((None, 1, 1, channels))

    def call(self, large, small):
        """Return the large map, scaled."""
        squeezed = ops.silu(self.squeeze(self.pool(small)))
        return large * ops.sigmoid(self.excite(squeezed))

    def compute_output_shape(self, large_shape, small_shape):
        """Return the shape of the large map."""
        return large_shape
