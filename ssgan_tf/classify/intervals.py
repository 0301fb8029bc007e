"""What a few seeds can tell: means with their intervals, and paired differences."""

from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


class Mean(NamedTuple):
    """A mean over seeds."""

    mean: float
    half_width: float | None  # of the 95 % interval; None for a single seed
    seeds: int


class Difference(NamedTuple):
    """A mean difference of two conditions over the seeds that they share."""

    mean: float
    half_width: float | None
    seeds: int
    finding: str  # "helps", "hurts" or "no evidence"


def mean_over_seeds(values):
    """Return the `Mean` of one value a seed, with its interval by Student's t.

    Args:
        values: floats, one for each seed.

    Raises:
        ValueError: there is none.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError("a mean needs at least one value")
    if len(values) == 1:
        return Mean(float(values[0]), None, 1)
    quantile = stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)
    half_width = quantile * values.std(ddof=1) / np.sqrt(len(values))
    return Mean(float(values.mean()), float(half_width), len(values))


def paired_difference(values, baseline):
    """Return the `Difference` of two conditions, seed by seed.

    Pairing by seed takes out what the two have in common: split, initial weights, batches. The
    finding is "helps" where the whole interval lies above 0, "hurts" where it lies below, else
    "no evidence", which is not evidence of no effect. A single seed is never evidence.

    Args:
        values: dict from seed to value; larger is better.
        baseline: the same for what it is compared with.

    Raises:
        ValueError: they share no seed.
    """
    shared = sorted(values.keys() & baseline.keys())
    if not shared:
        raise ValueError("the two conditions share no seed")
    mean, half_width, seeds = mean_over_seeds([values[seed] - baseline[seed] for seed in shared])
    finding = "no evidence"
    if half_width is not None and abs(mean) > half_width:
        finding = "helps" if mean > 0 else "hurts"
    return Difference(mean, half_width, seeds, finding)
