"""FastGAN's generator, which learns quickly from few images.

B. Liu, Y. Zhu, K. Song, A. Elgammal: "Towards Faster and Stabilized GAN Training for High-fidelity
Few-shot Image Synthesis" (2021), section 3.1.
"""

import keras
from keras import layers, ops

from ssgan_tf.layers.backbone import SMALLEST_MAP, normal_initializer, stages
from ssgan_tf.layers.conditional import ConditionalBatchNormalization
from ssgan_tf.layers.fastgan import GatedLinearUnit, SkipLayerExcitation, UpBlock

EXCITES = 8  # a skip-layer excitation leads from each map to the one so many times larger
FEWEST_CHANNELS = 16


def channels_at(side, base_channels):
    """Return the channels of the maps of some height and width.

    At 4×4 and 8×8 they are `base_channels`, and then half as many at each doubling; 16 at least.
    """
    return max(base_channels * 2 * SMALLEST_MAP // max(side, 2 * SMALLEST_MAP), FEWEST_CHANNELS)


class Generator(keras.Model):
    """Blocks that double the map, and excitations of large maps by small ones.

    Call with latents `(batch, latent_dim)` and labels `(batch,)`; returns images
    `(batch, size, size, 3)` in [-1, 1], float32. Only the direction of the latents counts. The
    class enters through the batch normalisation, as in Miyato and Koyama (2018).

    Args:
        image_size: a power of 2 from 32 on.
        base_channels: channels at 4×4.
        classes: how many classes there are; with 1 the labels are not looked at.
    """

    def __init__(self, image_size=64, base_channels=256, classes=1, name="generator"):
        super().__init__(name=name)
        self.classes = classes
        self.project = layers.Dense(
            SMALLEST_MAP**2 * 2 * base_channels,
            use_bias=False,
            kernel_initializer=normal_initializer(),
            name="project",
        )
        self.reshape = layers.Reshape((SMALLEST_MAP, SMALLEST_MAP, 2 * base_channels))
        self.norm = ConditionalBatchNormalization(classes, name="norm")
        self.gate = GatedLinearUnit(name="gate")
        sides = [SMALLEST_MAP * 2 ** (stage + 1) for stage in range(stages(image_size))]
        self.blocks = [
            UpBlock(channels_at(side, base_channels), classes, name=f"block_{side}")
            for side in sides
        ]
        self.excitations = {
            side: SkipLayerExcitation(name=f"excitation_{side}")
            for side in sides
            if side >= EXCITES * SMALLEST_MAP
        }
        self.last = layers.Conv2D(3, 3, padding="same", name="last")
        self.to_image = layers.Activation("tanh", dtype="float32", name="to_image")

    def call(self, latents, labels=None, training=None):
        """Return images `(batch, size, size, 3)` in [-1, 1] for latents `(batch, latent_dim)`."""
        if self.classes == 1 or labels is None:
            labels = ops.zeros_like(latents[:, 0], dtype="int32")
        latents = ops.normalize(latents) * latents.shape[-1] ** 0.5
        first = self.norm(self.reshape(self.project(latents)), labels, training=training)
        maps = {SMALLEST_MAP: self.gate(first)}
        x = maps[SMALLEST_MAP]
        for block in self.blocks:
            x = block(x, latents, labels, training=training)
            side = x.shape[1]
            if side in self.excitations:
                x = self.excitations[side](x, maps[side // EXCITES])
            maps[side] = x
        return self.to_image(self.last(x))
