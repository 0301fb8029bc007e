"""CutMix (Yun et al. 2019): a box of one image pasted into another, the labels mixed by area."""

import keras
from keras import ops

#: The settings of the SGID replication: boxes whose area is uniform (alpha = 1), with probability
#: 0.5. Keras has neither: it draws alpha anew for each batch and pastes into every image.
PROBABILITY = 0.5


class CutMix(keras.layers.CutMix):
    """Keras's layer with a probability, and with labels that count the pixels.

    Keras 3.15 mixes labels by the area of a box with fractional edges, which covers up to a row
    and a column of pixels more or less: 3 % of a 64-pixel image.

    Args:
        seed: decides every draw.
    """

    def __init__(self, seed=None):
        super().__init__(factor=(1.0, 1.0), seed=seed, dtype="float32")

    def get_random_transformation(self, data, training=True, seed=None):
        """Return Keras's draw, with the boxes of about half of the images empty."""
        drawn = super().get_random_transformation(data, training, seed)
        if drawn is None:  # not training, or a single image
            return None
        boxes = drawn["batch_masks"]
        chances = keras.random.uniform((ops.shape(boxes)[0], 1, 1, 1), seed=self.generator)
        drawn["batch_masks"] = ops.logical_and(boxes, chances < PROBABILITY)
        pasted = ops.cast(drawn["batch_masks"], "float32")
        drawn["mix_weight"] = 1 - ops.mean(pasted, axis=(1, 2, 3))
        return drawn
