"""Does a generator repeat its training images? The data-copying test, on features.

Meehan, Chaudhuri, Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying in Generative
Models": how far is each generated image from its nearest training image, and how far are real
images that the generator never saw? If the generated ones lie nearer, they are copies. This is
their test without the division into cells; call it for each class.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import betabinom, rankdata

from ssgan_tf.errors import UserError
from ssgan_tf.metrics.distances import nearest

NEIGHBOURS = 3

# Five standard errors: far beyond chance, with room for reference distances that are not quite
# independent. As z grows with the number of images, it shows that there is a difference, not that
# it is large; hence the second statistic, the share of images that lie conspicuously near.
Z_LIMIT = 5
NEAR_PERCENTILE = 1
SHARE_LIMIT = 0.05  # five times what chance gives
SHARE_OF_COPIES = 0.5  # so many are a verdict where there are too few images for z
SIGNIFICANCE = 0.001
FEW = 50  # below, z hardly reaches its limit and the percentile is the smallest distance


class Memorisation(NamedTuple):
    """How near m generated images lie to the training images."""

    distances: np.ndarray  # (m,), to the nearest training image
    neighbours: np.ndarray  # (m, 3), places of the nearest training images
    neighbour_distances: np.ndarray  # (m, 3), ascending
    reference: str  # which real images the reference distances belong to
    reference_distances: np.ndarray  # (r,), from these to the nearest training image
    median: float  # of the distances
    reference_median: float
    z: float  # of the Mann-Whitney U statistic; negative: nearer than the reference
    near_distance: float  # the first percentile of the reference distances
    near_count: int  # generated images nearer than that
    share_near: float  # of the generated images
    near_p_value: float  # of so many or more, were the generated images real ones
    finding: str  # "copies", "close", "none" or "far"
    verdict: str  # the finding as a sentence


def memorisation(generated, training, held_out=None, own=None):
    """Compare generated with real images by their distances to the training images.

    Exact duplicates among the real images make copies look normal; take them out before.

    Args:
        generated: features of generated images, `(m, d)`.
        training: features of the images that the generator was trained on, `(n, d)`.
        held_out: features of other real images of the same kind, `(r, d)`. Without them, each
            training image stands for a fresh one and is compared with the others (leave-one-out).
        own: for the images of one class, the places of that class's training images: without
            held-out images only these stand for fresh ones. Default: all.

    Raises:
        UserError: there is no generated or held-out image, or fewer than three training images.
    """
    smallest = min(len(generated), 1 if held_out is None else len(held_out))
    if len(training) < NEIGHBOURS or smallest == 0:
        raise UserError(
            f"looking for copies takes {NEIGHBOURS} training images and an image to compare"
        )
    neighbour_distances, neighbours = nearest(generated, training, NEIGHBOURS)
    distances = neighbour_distances[:, 0]
    if held_out is None:
        reference = "training images, each without itself"
        reference_distances = nearest(training, training, themselves=True)[0][:, 0]
        if own is not None:
            reference_distances = reference_distances[own]
    else:
        reference = "held-out real images"
        reference_distances = nearest(held_out, training)[0][:, 0]

    z = mann_whitney_z(distances, reference_distances)
    near_distance, near_count, near_p_value = _count_near(
        distances, reference_distances, in_pairs=held_out is None
    )
    share_near = near_count / len(distances)
    finding = _finding(z, share_near, near_p_value)
    few = min(len(distances), len(reference_distances)) < FEW
    return Memorisation(
        distances=distances,
        neighbours=neighbours,
        neighbour_distances=neighbour_distances,
        reference=reference,
        reference_distances=reference_distances,
        median=float(np.median(distances)),
        reference_median=float(np.median(reference_distances)),
        z=z,
        near_distance=near_distance,
        near_count=near_count,
        share_near=share_near,
        near_p_value=near_p_value,
        finding=finding,
        verdict=_verdict(finding, z, share_near, reference, few),
    )


def mann_whitney_z(distances, reference_distances):
    """Return the z-score of the Mann-Whitney U statistic, with the correction for ties.

    U counts the pairs in which the first distance is the larger one, ties as half a pair.
    Without a difference, z has mean 0 and standard deviation 1; negative means nearer.
    """
    m, r = len(distances), len(reference_distances)
    both = np.concatenate([distances, reference_distances])
    u = rankdata(both)[:m].sum() - m * (m + 1) / 2
    ties = np.unique(both, return_counts=True)[1].astype(float)
    variance = m * r / 12 * (m + r + 1 - (ties**3 - ties).sum() / ((m + r) * (m + r - 1)))
    return float((u - m * r / 2) / np.sqrt(variance)) if variance > 0 else 0.0


def _count_near(distances, reference_distances, in_pairs):
    """Return the reference's first percentile, how many distances are smaller, and the p-value."""
    m, r = len(distances), len(reference_distances)
    rank = int(np.ceil(r * NEAR_PERCENTILE / 100))
    near_distance = np.sort(reference_distances)[rank - 1]
    count = int((distances < near_distance).sum())
    if in_pairs:  # left out in turn, two images that are each other's nearest have one distance
        rank, r = -(-rank // 2), r // 2
    # How many of m fresh draws fall below the rank-th smallest of r draws: exact for few, too.
    p_value = betabinom(m, rank, r + 1 - rank).sf(count - 1)
    return float(near_distance), count, float(p_value)


def _finding(z, share_near, near_p_value):
    many_near = share_near > SHARE_LIMIT and near_p_value < SIGNIFICANCE
    if many_near and (z < -Z_LIMIT or share_near > SHARE_OF_COPIES):
        return "copies"
    if many_near or z < -Z_LIMIT:
        return "close"
    return "far" if z > Z_LIMIT else "none"


def _verdict(finding, z, share_near, reference, few):
    near = f"{share_near:.0%} lie nearer to a training image than 99% of the {reference}"
    sentence = {
        "copies": f"Copies: of the generated images, {near} (z = {z:.1f}).",
        "close": f"Suspiciously close: the generated images lie nearer to the training images than "
        f"the {reference} do (z = {z:.1f}), {share_near:.0%} very near; look at the nearest ones.",
        "none": f"No sign of copying: the generated images lie about as far from the training "
        f"images as the {reference} do (z = {z:.1f}, within ±{Z_LIMIT}).",
        "far": f"Far from the real images (z = {z:.1f}): the generator does not reach the data, so "
        "this says nothing about copying.",
    }[finding]
    if few and finding == "none":
        sentence += " With so few images, only plain copies would show."
    return sentence
