"""What Guo et al. report, Tables 1 to 6, to stand beside measured figures and be told from them.

"Structural Similarity: When to Use Deep Generative Models on Imbalanced Image Dataset
Augmentation". Accuracies are per cent of the validation images: of one training each, the highest
of all epochs on the very images that it is reported for. Table 5 is in `ssgan_tf.metrics.advice`.
"""

import math
from typing import NamedTuple

from scipy.stats import norm


class Accuracies(NamedTuple):
    """A row of Table 3, per cent; None where the paper has none."""

    original: float
    original_mae: float  # of the masked autoencoder, ViT-H
    unfiltered: float
    unfiltered_mae: float
    filtered: float
    filtered_mae: float
    filtered_diffusion: float | None = None


class Set(NamedTuple):
    """A data set of Tables 1 and 2, and its number of validation images."""

    super_classes: int
    classes: int
    fid: float  # of the class-conditional StyleGAN2
    fid_diffusion: float | None = None
    #: iNaturalist 2019 has three a class; for flowers all accuracies but 79.86 are fractions
    #: of 435; the other two cannot be told.
    images: int | None = None


SETS = {
    "UTKFace": Set(5, 5, 4.37),
    "Birds": Set(9, 126, 4.68, 28.25, 378),
    "Insects": Set(14, 141, 6.56, None, 423),
    "scene": Set(6, 6, 9.84, 54.34),
    "flowers": Set(5, 5, 15.21, None, 435),
    "Fungi": Set(4, 12, 8.67, 50.08, 36),
    "Reptiles": Set(2, 39, 6.60, None, 117),
    "Amphibians": Set(4, 10, 11.74, None, 30),
}

TABLE_3 = {
    "UTKFace": Accuracies(82.31, 87.63, 83.32, 86.62, 84.29, 86.82),
    "Birds": Accuracies(52.12, 80.42, 52.12, 80.16, 54.50, 80.16, 55.03),
    "Insects": Accuracies(61.23, 87.23, 59.34, 86.29, 61.70, 87.23),
    "scene": Accuracies(90.12, 94.29, 90.53, 94.35, 90.65, 94.41, 90.24),
    "flowers": Accuracies(64.14, 95.40, 79.86, 95.86, 80.00, 96.55),
    "Fungi": Accuracies(50.00, 88.89, 66.67, 88.89, 75.00, 88.89, 69.44),
    "Reptiles": Accuracies(28.21, 81.20, 38.63, 79.49, 41.03, 82.05),
    "Amphibians": Accuracies(20.00, 74.67, 43.33, 76.67, 36.67, 80.00),
}

TABLE_4 = {"UTKFace": 73.65, "scene": 87.71, "flowers": 75.86, "Amphibians": 20.00}

#: R² and mean absolute error in points, of the curves of the cGAN and of guided diffusion.
TABLE_6 = {"cGAN": (0.8749, 4.7882), "guided diffusion": (0.9597, 5.5035)}


def gain_interval(name):
    """Return a set's gain by filtered images in points, and half its 95 % interval.

    The interval covers the choice of validation images alone, as two independent shares: the paper
    does not say which images both classifiers recognise.

    Args:
        name: a key of `SETS`.

    Returns:
        two floats; the second is None where the number of images is not known.
    """
    row, images = TABLE_3[name], SETS[name].images
    gain = row.filtered - row.original
    if images is None:
        return gain, None
    variance = sum(p * (100 - p) for p in (row.original, row.filtered)) / images
    return gain, float(norm.ppf(0.975)) * math.sqrt(variance)
