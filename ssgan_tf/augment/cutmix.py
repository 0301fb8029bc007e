"""CutMix (Yun et al. 2019): a box of one image pasted into another, the labels mixed by area.

The boxes are those of the paper's official code, CutMix-PyTorch, which the SGID replication uses:
the centre is any pixel, and what reaches beyond the edges is cut off. So with alpha = 1 a box
covers 0.32 of an image on average (0.31 of 64 pixels), not 0.5. `keras.layers.CutMix` (3.15) is
not used: its boxes lie within the image, it draws alpha anew for each batch, and it has no
probability.

The official code draws once for a batch: whether to paste, and the box. Here each image has its
own chance and its own box; the images still get their partners by one shuffle of the batch.
"""

import keras
from keras import ops

#: The settings of the SGID replication. Its alpha is 1, so that the share of a box is uniform.
PROBABILITY = 0.5


class CutMix(keras.layers.Layer):
    """Pastes boxes of other images into about half of a batch, and mixes the labels by pixels.

    Takes and returns a dict with "images", float32 `(batch, height, width, 3)`, and "labels",
    one-hot `(batch, classes)`.

    Args:
        seed: decides every draw.
    """

    def __init__(self, seed=None):
        super().__init__(dtype="float32")
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, batch, training=True):
        """Return the batch with its images and labels mixed."""
        if not training:
            return batch
        images, labels = batch["images"], batch["labels"]
        count, (height, width) = ops.shape(images)[0], images.shape[1:3]
        order = keras.random.shuffle(ops.arange(count), seed=self.generator)
        boxes = self._boxes(count, height, width)
        shares = ops.mean(ops.cast(boxes, "float32"), axis=(1, 2))[:, None]
        pasted = ops.where(boxes[..., None], ops.take(images, order, axis=0), images)
        mixed = (1 - shares) * labels + shares * ops.take(labels, order, axis=0)
        return {**batch, "images": pasted, "labels": mixed}

    def _boxes(self, count, height, width):
        """Return which pixels to paste, bool `(batch, height, width)`."""
        side = ops.sqrt(self._uniform(count))
        chosen = self._uniform(count) < PROBABILITY
        rows = ops.logical_and(self._span(side, height), chosen[:, None])
        return ops.logical_and(rows[:, :, None], self._span(side, width)[:, None, :])

    def _span(self, share, length):
        """Return which places of a side a box covers, bool `(batch, length)`."""
        centre = keras.random.randint(ops.shape(share), 0, length, seed=self.generator)[:, None]
        # The official code rounds down twice.
        half = ops.cast(ops.floor(length * share), "int32")[:, None] // 2
        places = ops.arange(length)[None]
        return ops.logical_and(places >= centre - half, places < centre + half)

    def _uniform(self, count):
        return keras.random.uniform((count,), seed=self.generator)
