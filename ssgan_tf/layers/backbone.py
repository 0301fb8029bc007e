"""The two networks that all methods here are variations of: DCGAN's (Radford et al. 2015).

A method's own network overrides one of the small calls between the layers (`inputs`, `normalize`,
`connect`, `refine`) and inherits the rest.
"""

import numbers

import keras
from keras import layers, ops

from ssgan_tf.errors import UserError
from ssgan_tf.layers.small_maps import strided_conv, strided_deconv

SMALLEST_MAP = 4  # height and width where the generator begins and the critic ends
KERNEL = 5  # height and width of every strided convolution
IMAGE_SIZES = (32, 64, 128, 256)


def stages(image_size):
    """Return how often 4×4 doubles to reach `image_size`: 3, 4, 5 or 6 for 32, 64, 128 or 256."""
    if not isinstance(image_size, numbers.Integral) or image_size not in IMAGE_SIZES:
        raise UserError(f"--image_size is {image_size}; it must be one of 32, 64, 128 or 256")
    return (image_size // SMALLEST_MAP).bit_length() - 1


def fewest_channels(image_size):
    """Return the fewest base channels with which no layer for that size is without filters.

    They halve from stage to stage; the critic's first convolution has `base / 2 ** stages`.
    """
    return 2 ** stages(image_size)


def normal_initializer():
    """Return DCGAN's initial weights, N(0, 0.02²).

    With Keras's default the wide layers begin with smaller weights, of which one step of Adam
    changes a larger part: at full width the generator ran into tanh's ends within a few steps.
    """
    return keras.initializers.RandomNormal(stddev=0.02)


def batch_normalization(name):
    """Return batch normalisation."""
    return layers.BatchNormalization(epsilon=1e-5, name=name)


def layer_normalization(name):
    """Return layer normalisation over a whole image, scaled and shifted per channel.

    This is what WGAN-GP means by it: statistics over `(height, width, channels)` of each image.
    Keras's `LayerNormalization` would normalise each position alone; one group of
    `GroupNormalization` is the same computation as WGAN-GP's.
    """
    return layers.GroupNormalization(groups=1, epsilon=1e-5, name=name)


def as_it_is(layer):
    """Return a layer unchanged."""
    return layer


class Generator(keras.Model):
    """One fully connected layer and stride-2 transposed convolutions.

    Call with latents `(batch, latent_dim)` and labels `(batch,)`; returns images
    `(batch, size, size, 3)` in [-1, 1], float32. Feature maps grow 4, 8, 16, ... up to `size`;
    their channels halve from `base_channels`.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels at 4×4.
        norm: function from a name to a normalisation.
        wrap: function from a layer with weights to the one that stands in its place.
        initializer: function that returns the initial weights of these layers.
    """

    def __init__(
        self, image_size=64, base_channels=1024, *, norm=batch_normalization, wrap=as_it_is,
        initializer=normal_initializer, name="generator",
    ):  # fmt: skip
        super().__init__(name=name)
        count = stages(image_size)
        self.channels = [base_channels // 2**stage for stage in range(1, count)] + [3]
        self.norms = [norm(f"norm_{stage}") for stage in range(count)]
        # Batch normalisation takes a bias away again; the image itself is not normalised.
        by_batch = isinstance(self.norms[0], layers.BatchNormalization)
        self.biased = [not by_batch] * (count - 1) + [True]
        self.project = wrap(
            layers.Dense(
                SMALLEST_MAP**2 * base_channels,
                use_bias=self.biased[0],
                kernel_initializer=initializer(),
                name="project",
            )
        )
        self.reshape = layers.Reshape((SMALLEST_MAP, SMALLEST_MAP, base_channels))
        self.relu = layers.ReLU()
        self.deconvs = [
            wrap(
                strided_deconv(
                    width,
                    KERNEL,
                    side=SMALLEST_MAP * 2**stage,
                    use_bias=self.biased[stage],
                    kernel_initializer=initializer(),
                    name=f"deconv_{stage}",
                )
            )
            for stage, width in enumerate(self.channels)
        ]
        self.to_image = layers.Activation("tanh", dtype="float32", name="to_image")

    def call(self, latents, labels=None, training=None):
        """Return images `(batch, size, size, 3)` in [-1, 1] for latents `(batch, latent_dim)`."""
        first = self.reshape(self.project(self.inputs(latents, labels)))
        maps = [self.relu(self.normalize(0, first, labels, training))]
        last = len(self.deconvs) - 1
        for stage, deconv in enumerate(self.deconvs):
            x = self.connect(stage, deconv(maps[stage]), maps)
            if stage != last:
                x = self.relu(self.normalize(stage + 1, x, labels, training))
            maps.append(self.refine(stage, x, training))
        return self.to_image(maps[-1])

    def inputs(self, latents, labels):
        """Return what the fully connected layer is given."""
        return latents

    def normalize(self, stage, x, labels, training):
        """Return feature maps normalised by normalisation number `stage`."""
        return self.norms[stage](x, training=training)

    def connect(self, stage, x, maps):
        """Return the output of deconvolution number `stage`, with what earlier maps add to it."""
        return x

    def refine(self, stage, x, training):
        """Return the map that follows deconvolution number `stage`, normalised and activated."""
        return x


class Critic(keras.Model):
    """Stride-2 convolutions and one fully connected layer.

    Call with images `(batch, size, size, 3)` in [-1, 1] and labels `(batch,)`; returns scores
    `(batch,)`, float32, unbounded.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels of the generator at 4×4; the critic ends with half as many.
        norm: function from a name to a normalisation, or None for none. The first map never has
            one, as in DCGAN and WGAN-GP: it would erase brightness and contrast.
        slope: of the rectifiers where their input is negative.
        wrap: function from a layer with weights to the one that stands in its place.
        initializer: function that returns the initial weights of these layers.
        outputs: of the fully connected layer, for networks that are no critic.
    """

    def __init__(
        self, image_size=64, base_channels=1024, *, norm=None, slope=0.2, wrap=as_it_is,
        initializer=normal_initializer, outputs=1, name="critic",
    ):  # fmt: skip
        super().__init__(name=name)
        count = stages(image_size)
        self.channels = [base_channels // 2 ** (count - stage) for stage in range(count)]
        self.convs = [
            wrap(
                strided_conv(
                    width,
                    KERNEL,
                    side=image_size // 2 ** (stage + 1),
                    kernel_initializer=initializer(),
                    name=f"conv_{stage}",
                )
            )
            for stage, width in enumerate(self.channels)
        ]
        self.norms = [norm(f"norm_{stage}") for stage in range(1, count)] if norm else []
        self.slope = slope
        self.flatten = layers.Flatten()
        self.score = wrap(
            layers.Dense(outputs, kernel_initializer=initializer(), dtype="float32", name="score")
        )

    def call(self, images, labels=None, training=None):
        """Return scores `(batch,)` for images `(batch, size, size, 3)` in [-1, 1]."""
        return self.to_scores(self.features(images, training))

    def features(self, images, training):
        """Return the last feature maps, activated, `(batch, 4, 4, base_channels / 2)`."""
        maps = [images]
        for stage, conv in enumerate(self.convs):
            x = self.connect(stage, conv(maps[stage]), maps)
            if stage and self.norms:
                x = self.norms[stage - 1](x, training=training)
            maps.append(self.refine(stage, self.rectify(x), training))
        return maps[-1]

    def layers_by_stage(self):
        """Return the layers with weights of each stage, from the image on, a list of lists.

        The layers that make scores of the last map are not among them.
        """
        norms = [[], *([norm] for norm in self.norms)] if self.norms else [[] for _ in self.convs]
        return [[conv, *norm] for conv, norm in zip(self.convs, norms, strict=True)]

    def rectify(self, x):
        """Return feature maps with negative values scaled by the slope.

        Keras's leaky rectifier is what TensorFlow tries to fuse with the convolution before it,
        cannot where gradients are wanted, and reports as an error in each training.
        """
        return ops.maximum(x, self.slope * x) if self.slope else ops.relu(x)

    def to_scores(self, features):
        """Return scores `(batch,)` for feature maps."""
        return ops.squeeze(self.score(self.flatten(features)), axis=-1)

    def connect(self, stage, x, maps):
        """Return the output of convolution number `stage`, with what earlier maps add to it."""
        return x

    def refine(self, stage, x, training):
        """Return the map that follows convolution number `stage`, normalised and activated."""
        return x
