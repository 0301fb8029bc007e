"""The kernel distance of two sets of features: KID (Bińkowski et al., 2018).

The unbiased estimate of the squared maximum mean discrepancy under the kernel (x·y / d + 1)³,
averaged over random subsets. TensorFlow-GAN's `kernel_classifier_distance_from_activations` gives
the same for one subset, but over 100 subsets it computes the kernel of each pair again and again:
25 times at up to 2,000 images, 4 times at 5,000. Here it is computed once: with s the vector that
is 1 at the images of a subset and 0 elsewhere, the kernel sums to sᵀKs over that subset, and the
columns of a matrix S hold all subsets.
"""

from typing import NamedTuple

import numpy as np

from ssgan_tf.metrics.distances import BLOCK_ROWS, feature_pair


class KernelDistance(NamedTuple):
    """A kernel distance: mean and standard deviation over the subsets."""

    mean: float
    std: float
    subsets: int
    subset_size: int


def kernel_distance(real, generated, subsets=100, subset_size=1000, seed=0):
    """Return the `KernelDistance` of two sets of features.

    Unbiased whatever the size of the subsets: 0 on average for two samples of one distribution, and
    so below 0 now and then. Subsets overlap, so `std` is their spread, not the error of the mean.

    Args:
        real: features `(n, d)`, any float type; the computation is in float64.
        generated: features `(m, d)`.
        subsets: how many.
        subset_size: images of each set in a subset, drawn without replacement; at most half of the
            smaller set, so that subsets differ.
        seed: of the subsets.

    Raises:
        ValueError: fewer than four images, unequal widths, or features that are not finite.
    """
    real, generated = feature_pair(real, generated, at_least=4)
    size = min(subset_size, len(real) // 2, len(generated) // 2)
    rng = np.random.default_rng(seed)
    in_real = _random_subsets(rng, len(real), subsets, size)
    in_generated = _random_subsets(rng, len(generated), subsets, size)

    pairs = size * (size - 1)
    estimates = (
        _sums_without_diagonal(real, in_real) / pairs
        + _sums_without_diagonal(generated, in_generated) / pairs
        - 2 * _kernel_sums(real, in_real, generated, in_generated) / size**2
    )
    return KernelDistance(float(estimates.mean()), float(estimates.std()), subsets, size)


def _random_subsets(rng, count, subsets, size):
    """Return S, float64 `(count, subsets)`: `size` ones in each column, the rest zeros."""
    members = np.zeros((count, subsets))
    for column in members.T:
        column[rng.choice(count, size, replace=False)] = 1
    return members


def _kernel_sums(x, in_x, y, in_y):
    """Return, per subset, the sum of the kernel over its pairs: the diagonal of SᵀKS."""
    sums = 0
    for start in range(0, len(x), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        sums += (in_x[rows] * (_cubed(x[rows] @ y.T / x.shape[1] + 1) @ in_y)).sum(axis=0)
    return sums


def _sums_without_diagonal(x, in_x):
    of_itself = _cubed(np.square(x).sum(axis=1) / x.shape[1] + 1)
    return _kernel_sums(x, in_x, x, in_x) - of_itself @ in_x


def _cubed(values):
    return values * values * values  # NumPy's ** 3 takes many times as long
