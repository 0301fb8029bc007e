"""What members do for classifiers beside the baseline to beat, over all trainings of both.

Classifiers are trained with the same seeds on the images of every training of a member, and with
the baseline; so what is measured is a matrix over trainings and classifier seeds, of accuracy less
that of the baseline by the same seed. Other trainings and other classifier seeds would both have
given another mean, so its variance has two parts (crossed random effects; Searle, Casella and
McCulloch, Variance Components, 1992):

    variance of the trainings' means / trainings + variance of the seeds' means / seeds

Each part holds the interaction of the two, so their sum is rather too large than too small.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from ssgan_tf.comparison.classifiers import BASELINE
from ssgan_tf.comparison.scores import CONDITIONS, classifier_rows, classifier_sizes, label

CONFIDENCE = 0.95
BETTER, WORSE, UNKNOWN = "better", "worse", "no evidence"


class Difference(NamedTuple):
    """A member's mean accuracy at one size, less that of the baseline."""

    name: str
    size: str
    mean: float
    half_width: float | None  # of its own 95 % interval; None for one training and one seed
    p: float | None  # two-sided, over all differences of the study (Holm, 1979)
    finding: str  # "better", "worse" or "no evidence"
    trainings: int
    seeds: int


def against_baseline(results):
    """Return the `Difference` of each member at each size; none where the baseline has no figures.

    Args:
        results: what `results.json` holds.
    """
    found = []
    for size in classifier_sizes(results):
        rows = classifier_rows(results, size)
        for name in results["members"]:
            if name in rows and BASELINE in rows:
                matrix = _differences(rows[name], *rows[BASELINE])
                if matrix.size:
                    found.append((name, size, matrix))
    judged = [mean_difference(matrix) for *_, matrix in found]
    adjusted = holm([p for *_, p in judged])
    return [
        Difference(name, size, mean, half_width, p, _finding(mean, p), *matrix.shape)
        for (name, size, matrix), (mean, half_width, _), p in zip(
            found, judged, adjusted, strict=True
        )
    ]


def mean_difference(matrix):
    """Return the mean of differences, half its 95 % interval, and the two-sided p value.

    Args:
        matrix: floats `(trainings, seeds)`. Of one training and one seed there is no interval and
            no p value, both None; with one of either, the interval covers the chance of the other.
    """
    variances, freedoms = [], []
    for axis in (0, 1):
        if (count := matrix.shape[axis]) > 1:
            variances.append(matrix.mean(axis=1 - axis).var(ddof=1) / count)
            freedoms.append(count - 1)
    mean, variance = float(matrix.mean()), sum(variances)
    if not variances:
        return mean, None, None
    if variance == 0:
        return mean, 0.0, float(mean == 0)
    # Satterthwaite, 1946.
    freedom = variance**2 / sum(v**2 / f for v, f in zip(variances, freedoms, strict=True))
    half_width = stats.t.ppf(0.5 + CONFIDENCE / 2, freedom) * np.sqrt(variance)
    return mean, float(half_width), float(2 * stats.t.sf(abs(mean) / np.sqrt(variance), freedom))


def holm(p_values):
    """Return p values adjusted for being several (Holm, 1979); None stays None, and counts none."""
    known = sorted(p for p in p_values if p is not None)
    adjusted, highest = {}, 0.0
    for place, p in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - place)))
        adjusted.setdefault(p, highest)
    return [None if p is None else adjusted[p] for p in p_values]


def verdict(results):
    """Return a sentence for each size: which members beat the baseline, and which do not."""
    differences, sentences = against_baseline(results), []
    for size in dict.fromkeys(one.size for one in differences):
        of_size = [one for one in differences if one.size == size]
        mean = np.mean([
            row["mean"]["accuracy"]["mean"] for row in classifier_rows(results, size)[BASELINE]
        ])  # fmt: skip
        parts = []
        for finding in (BETTER, WORSE, UNKNOWN):
            named = [f"{label(results, one.name)} ({points(one)})" for one in of_size
                     if one.finding == finding]  # fmt: skip
            if named or finding == BETTER:
                parts.append(f"{finding}: {', '.join(named) or 'none'}")
        sentences.append(
            f"Against {BASELINE} ({CONDITIONS[BASELINE].lower()}; accuracy {mean:.4f}), with "
            f"{size} images added a class, in percentage points: {'; '.join(parts)}."
        )
    return sentences


def points(difference):
    """Return a `Difference` in percentage points: "+1.2 ± 0.8"."""
    shown = f"{100 * difference.mean:+z.1f}"
    if difference.half_width is None:
        return shown
    return f"{shown} ± {100 * difference.half_width:.1f}"


def _differences(rows, baseline):
    """Return accuracy less that of the baseline, `(trainings, seeds)`, by seeds that all share."""
    shared = set.intersection(*(set(row["seeds"]) for row in (*rows, baseline)))
    return np.array([
        [row["seeds"][seed]["accuracy"] - baseline["seeds"][seed]["accuracy"]
         for seed in sorted(shared)]
        for row in rows
    ])  # fmt: skip


def _finding(mean, p):
    if p is None or p >= 1 - CONFIDENCE:
        return UNKNOWN
    return BETTER if mean > 0 else WORSE
