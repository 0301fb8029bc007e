"""From the predictions of classifiers to means and differences over classes and seeds.

A cut-down class has classifiers of its own, so the predictions of all its cells lie side by side: a
matrix over seeds and test images, weighted such that its mean is the mean over classes. Its
interval is that of `ssgan_tf.statistics`: it covers the seeds and the choice of test images.
"""

from typing import NamedTuple

import numpy as np

from ssgan_tf.statistics.findings import HELPS, HURTS, NO_EVIDENCE
from ssgan_tf.statistics.intervals import CONFIDENCE, Contrast, estimates_of, mean_over_seeds

RECALL, BALANCED = MEASURES = ("recall", "balanced_accuracy")


class Cut(NamedTuple):
    """What the classifiers of one condition predict where one class was cut down.

    Attributes:
        label: of the class.
        predictions: dict from the seed to int `(N,)`, the predicted class of each test image.
    """

    label: int
    predictions: dict[int, np.ndarray]


def contributions(cuts, labels, measure, seeds):
    """Return what each test image adds to a measure, floats `(seeds, images)`, and the most of it.

    Args:
        cuts: `Cut`s of a condition, each with all these seeds.
        labels: int `(N,)`, the true classes of the test images.
        measure: "recall", the mean of the cut-down classes' own, or "balanced_accuracy", the mean
            of all classes' recalls.
        seeds: in the order of the rows.
    """
    counts = np.bincount(labels)
    right = [np.stack([cut.predictions[seed] for seed in seeds]) == labels for cut in cuts]
    if measure == BALANCED:
        weights = len(labels) / (np.count_nonzero(counts) * counts[labels])
        return np.mean(right, axis=0) * weights, float(weights.max())
    images = sum(counts[cut.label] for cut in cuts)
    weights = [images / (len(cuts) * counts[cut.label]) for cut in cuts]
    blocks = [
        weight * of_cut[:, labels == cut.label]
        for weight, of_cut, cut in zip(weights, right, cuts, strict=True)
    ]
    return np.concatenate(blocks, axis=1), float(max(weights))


def shared_seeds(cuts):
    """Return the seeds that all `Cut`s have, sorted; [] without any cut."""
    return sorted(set.intersection(*(set(cut.predictions) for cut in cuts))) if cuts else []


def mean_of(cuts, labels, measure):
    """Return the mean of a measure over classes and seeds, a dict; None without a seed."""
    seeds = shared_seeds(cuts)
    if not seeds:
        return None
    values, largest = contributions(cuts, labels, measure, seeds)
    return mean_over_seeds(values.mean(axis=1), values, 0.0, largest)._asdict()


def differences(pairs, labels):
    """Return the differences of conditions to their opponents, tested together (Holm).

    Args:
        pairs: dict to the `Cut`s of a condition and those of its opponent, of the same classes;
            from tuples of which the last entry is the opponent, and those before it the condition.
        labels: int `(N,)`, the true classes of the test images.

    Returns:
        dict from the key to a dict from each of `MEASURES` to a dict: `mean`, `half_width` of the
        95 % interval, `p`, `adjusted_p`, `finding` and `seeds`; what shares fewer than two seeds
        is left out.
    """
    contrasts, seeds_of = {}, {}
    for key, (cuts, others) in pairs.items():
        seeds = shared_seeds([*cuts, *others]) if cuts and others else []
        if len(seeds) < 2:
            continue
        seeds_of[key] = len(seeds)
        for measure in MEASURES:
            (values, largest), (other, _) = (
                contributions(side, labels, measure, seeds) for side in (cuts, others)
            )
            contrasts[key, measure] = Contrast(values - other, measure, key[:-1], largest)
    found = {}
    estimates = estimates_of(list(contrasts.values()))
    for (key, measure), estimate in zip(contrasts, estimates, strict=True):
        mean, half_width, p, adjusted = map(float, estimate)
        finding = NO_EVIDENCE
        if adjusted < 1 - CONFIDENCE:
            finding = HELPS if mean > 0 else HURTS
        found.setdefault(key, {})[measure] = {
            "mean": mean, "half_width": half_width, "p": p, "adjusted_p": adjusted,
            "finding": finding, "seeds": seeds_of[key],
        }  # fmt: skip
    return found
