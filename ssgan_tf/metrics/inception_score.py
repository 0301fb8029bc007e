"""The inception score of images, from a classifier's logits (SSGAN, Eq. 7; Salimans et al., 2016).

In NumPy, since TensorFlow-GAN's `classifier_score_from_logits` gives NaN where the probability of a
class rounds to 0 in all images.
"""

from typing import NamedTuple

import numpy as np


class InceptionScore(NamedTuple):
    """An inception score: mean and standard deviation over the parts, and the count of images."""

    mean: float
    std: float
    count: int


def inception_score(logits, splits=10, seed=0):
    """Return the `InceptionScore`: exp E KL(p(y|x) ‖ p(y)), from 1 to the number of classes.

    A part of n images cannot score more than n, so small sets need few splits.

    Args:
        logits: `(n, classes)`, without the classifier's bias (1008 classes for Inception).
        splits: nearly equal parts of the shuffled images; mean and standard deviation (of the
            parts, ddof 0) are over their scores.
        seed: of the shuffling.

    Raises:
        ValueError: fewer images than splits, or logits that are not finite.
    """
    logits = np.asarray(logits, np.float64)
    if logits.ndim != 2 or not np.isfinite(logits).all():
        raise ValueError("logits must be finite and of shape (images, classes)")
    if len(logits) < splits:
        raise ValueError(f"{len(logits)} images in {splits} splits")
    order = np.random.default_rng(seed).permutation(len(logits))
    scores = [_score(logits[part]) for part in np.array_split(order, splits)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)), len(logits))


def _score(logits):
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    marginal = p.mean(axis=0)
    # E KL(p ‖ marginal) is the entropy of the marginal less the mean entropy; 0 log 0 is 0.
    log_marginal = np.log(np.maximum(marginal, np.finfo(np.float64).tiny))
    return np.exp((p * log_p).sum(axis=1).mean() - marginal @ log_marginal)
