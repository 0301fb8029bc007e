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

from ssgan_tf.augment.layer import BatchLayer

#: The settings of the SGID replication. Its alpha is 1, so that the share of a box is uniform.
PROBABILITY = 0.5


class CutMix(BatchLayer):
    """Pastes boxes of other images into about half of a batch, and mixes the labels by pixels."""

    def changes(self, batch):
        """Return images and labels, mixed."""
        images, labels = batch["images"], batch["labels"]
        count, (height, width) = ops.shape(images)[0], images.shape[1:3]
        order = keras.random.shuffle(ops.arange(count), seed=self.generator)
        boxes = self._boxes(count, height, width)
        shares = ops.mean(ops.cast(boxes, "float32"), axis=(1, 2))[:, None]
        pasted = ops.where(boxes[..., None], ops.take(images, order, axis=0), images)
        mixed = (1 - shares) * labels + shares * ops.take(labels, order, axis=0)
        return {"images": pasted, "labels": mixed}

    def _boxes(self, count, height, width):
        """Return which pixels to paste, bool `(batch, height, width)`."""
        side = ops.sqrt(self.uniform((count,)))
        chosen = self.uniform((count,)) < PROBABILITY
        rows = ops.logical_and(self._span(side, height), chosen[:, None])
        return ops.logical_and(rows[:, :, None], self._span(side, width)[:, None, :])

    def _span(self, share, length):
        """Return the pixels of a side that a box covers, bool `(batch, length)`."""
        centre = self.integers(ops.shape(share), 0, length)[:, None]
        # The official code rounds down twice.
        half = ops.cast(ops.floor(length * share), "int32")[:, None] // 2
        indices = ops.arange(length)[None]
        return ops.logical_and(indices >= centre - half, indices < centre + half)
