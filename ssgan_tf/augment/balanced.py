"""Class-balanced loss (Cui et al. 2019): the rarer a class, the more each of its images counts.

Of n images of a class the later ones overlap more and more with the earlier ones; their effective
number is E_n = (1 - βⁿ) / (1 - β). A class has the weight α ∝ 1 / E_n, all weights have the sum of
the number of classes, and the loss is the mean of α times the cross-entropy.
"""

import numpy as np
from keras import ops

from ssgan_tf.augment.layer import BatchLayer


def class_weights(counts, beta):
    """Return the weight α of each class, float64 `(classes,)`, of mean 1.

    Args:
        counts: images of each class; a class without images counts as one of one image.
        beta: β in [0, 1): 0 gives equal weights; towards 1 they become inverse to the counts.
    """
    counts = np.maximum(np.asarray(counts, np.float64), 1)
    rarity = (1 - beta) / (1 - beta**counts)
    return rarity / rarity.mean()


class BalancedLoss(BatchLayer):
    """Gives each image of a batch the weight of its class; images and labels stay.

    A mixed label has the mean weight of its classes. Where all classes weigh the same, batches get
    no weights, so that training is the same to the bit.

    Args:
        counts: training images of each class, in the order of the labels; None for no weights.
        beta: see `class_weights`.
    """

    #: The labels have to be those of the loss, so it comes after all layers that mix them.
    last = True

    def __init__(self, counts=None, beta=0.999):
        super().__init__()
        weights = np.float32([] if counts is None else class_weights(counts, beta))
        self.weights_of_classes = None if np.all(weights == 1) else weights

    def changes(self, batch):
        """Return the weights, `(batch,)`."""
        if self.weights_of_classes is None:
            return {}
        return {"weights": ops.sum(batch["labels"] * self.weights_of_classes, axis=1)}
