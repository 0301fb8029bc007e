"""The networks of BAGAN: upsampled 5×5 convolutions, and 3×3 convolutions with dropout.

Their sizes are those of the authors' code (github.com/IBM/BAGAN), which the widest maps name; with
256 `base_channels` and 100 latents the generator has 10,130,944 weights at 32 pixels.
"""

import keras
from keras import layers, ops

from ssgan_tf.layers.backbone import stages
from ssgan_tf.layers.dropout import Dropout
from ssgan_tf.methods.gan.class_latents import ClassLatents

FIRST_MAP = 8  # height and width where the generator begins and the convolutions end
SLOPE = 0.3  # of the rectifiers where their input is negative
DROPPED = 0.3


class Generator(keras.Model):
    """Two fully connected layers, then 5×5 convolutions of enlarged maps; no biases, no norms.

    Call with noise `(batch, latent_dim)` and labels `(batch,)`; returns images
    `(batch, size, size, 3)` in [-1, 1], float32.

    Args:
        classes: how many classes there are.
        latent_dim: length of the latents.
        image_size: 32, 64, 128 or 256.
        base_channels: of the widest map; the fully connected layer has four times as many.
    """

    def __init__(self, classes, latent_dim, image_size, base_channels):
        super().__init__(name="generator")
        self.class_latents = ClassLatents(classes, latent_dim)
        half, doublings = base_channels // 2, stages(image_size) - 1
        options = {"use_bias": False, "activation": "relu"}
        self.hidden = layers.Dense(4 * base_channels, name="hidden", **options)
        self.project = layers.Dense(FIRST_MAP**2 * half, name="project", **options)
        self.reshape = layers.Reshape((FIRST_MAP, FIRST_MAP, half))
        self.enlarge = layers.UpSampling2D()
        options |= {"padding": "same", "kernel_initializer": "glorot_normal"}
        widths = [base_channels] * (doublings - 1) + [half]
        self.convs = [
            layers.Conv2D(width, 5, name=f"conv_{stage}", **options)
            for stage, width in enumerate(widths)
        ]
        self.draw = layers.Conv2D(3, 2, name="draw", **options | {"activation": None})
        self.to_image = layers.Activation("tanh", dtype="float32", name="to_image")

    def call(self, latents, labels, training=None):
        """Return images of classes for noise."""
        return self.decode(self.class_latents(latents, labels), labels, training)

    def decode(self, latents, labels=None, training=None):
        """Return images for latents of whatever class; `labels` are not looked at."""
        x = self.reshape(self.project(self.hidden(latents)))
        for conv in self.convs:
            x = conv(self.enlarge(x))
        return self.to_image(self.draw(x))


class Convolutions(keras.Model):
    """Pairs of 3×3 convolutions, of stride 2 and 1, to a map of 8×8; and a fully connected layer.

    Call with images `(batch, size, size, 3)` in [-1, 1]; returns `(batch, outputs)`, float32.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: of the last maps; the first have an eighth, a quarter and half as many.
        outputs: of the fully connected layer.
        name: of the network.
    """

    def __init__(self, image_size, base_channels, outputs, name):
        super().__init__(name=name)
        wide = [base_channels] * (2 * (stages(image_size) - 1) - 3)
        widths = [base_channels // part for part in (8, 4, 2)] + wide
        self.convs = [
            layers.Conv2D(width, 3, 2 - place % 2, padding="same", name=f"conv_{place}")
            for place, width in enumerate(widths)
        ]
        self.dropouts = [
            Dropout(DROPPED, name=f"dropout_{place}") for place, _ in enumerate(widths)
        ]
        self.flatten = layers.Flatten()
        self.head = layers.Dense(outputs, dtype="float32", name="head")

    def call(self, images, labels=None, training=None):
        """Return the outputs; `labels` are not looked at."""
        x = images
        for conv, dropout in zip(self.convs, self.dropouts, strict=True):
            x = conv(x)
            x = dropout(ops.maximum(x, SLOPE * x), training=training)
        return self.head(self.flatten(x))

    def layers_by_stage(self):
        """Return the convolutions from the image on, a list of lists of one."""
        return [[conv] for conv in self.convs]
