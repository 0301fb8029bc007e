"""How much of one set of features lies within the other: quality and variety told apart.

Improved precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020;
their package `prdc` is the reference). A set's manifold is the union of balls about its images,
each out to the image's k-th nearest neighbour in that set.
"""

from typing import NamedTuple

import numpy as np

from ssgan_tf.metrics.distances import blocks, feature_pair, nearest


class ManifoldScores(NamedTuple):
    """Precision, recall and coverage in [0, 1]; density is 0 or more."""

    precision: float  # of the generated images, those in a ball of a real one
    recall: float  # of the real images, those in a ball of a generated one
    density: float  # balls of real images that a generated one lies in, over k
    coverage: float  # of the real images, those whose ball holds a generated one


def manifold_scores(real, generated, k=5):
    """Return the `ManifoldScores` of generated images.

    As in `prdc`, a ball does not hold its rim, where the k-th neighbour itself lies. For two
    samples of one distribution density is 1 on average and coverage near 1 - 2^-k, where the counts
    are equal; precision and recall have no such value.

    Args:
        real: features `(n, d)`, any float type; the computation is in float64.
        generated: features `(m, d)`.
        k: the neighbour that sets the radius of a ball.

    Raises:
        ValueError: k images or fewer, unequal widths, or features that are not finite.
    """
    real, generated = feature_pair(real, generated, at_least=k + 1)
    real_radii = nearest(real, real, k, themselves=True)[0][:, -1]
    generated_radii = nearest(generated, generated, k, themselves=True)[0][:, -1]

    balls = np.zeros(len(generated))
    recalled = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    for rows, distances in blocks(generated, real):
        in_real_ball = distances < real_radii
        balls[rows] = in_real_ball.sum(axis=1)
        covered |= in_real_ball.any(axis=0)
        recalled |= (distances < generated_radii[rows, None]).any(axis=0)
    return ManifoldScores(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / k),
        coverage=float(covered.mean()),
    )
