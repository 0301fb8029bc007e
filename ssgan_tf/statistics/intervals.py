"""What a few seeds and a few hundred test images can tell: means, differences and their chance.

What is measured is a matrix over seeds and test images: 1 where an image was recognised, and for a
difference of two conditions -1, 0 or 1. Both other seeds and other test images would have given
another mean, so its variance has two parts (crossed random effects; Searle, Casella and McCulloch,
Variance Components, 1992):

    variance of the seeds' means / seeds + variance of the images' means / images
    - variance of what is left / (seeds × images)

since both of the first two hold what is left, which must count once. The sum never falls below
either of them.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
BOTH, TRAINING = "training and test images", "training"  # what an interval covers


class Mean(NamedTuple):
    """A mean over seeds."""

    mean: float
    half_width: float | None  # of the 95 % interval; None for a single seed
    seeds: int
    covers: str | None = TRAINING  # the chance that the interval covers; None without interval


class Comparison(NamedTuple):
    """Two conditions on the same seeds and test images.

    Attributes:
        values: floats `(..., seeds, images)`, condition less baseline, at least two seeds; leading
            axes are studies of their own.
        measure: only comparisons by the same measure share what they tell of the chance of
            training.
        row: names the condition; several comparisons of one row count as one for that.
        largest: the largest difference that one image can make.
    """

    values: np.ndarray
    measure: str
    row: object
    largest: float = 1.0


class Judgement(NamedTuple):
    """What a study may say of one comparison; floats or arrays over studies."""

    mean: np.ndarray
    half_width: np.ndarray  # of the plain 95 % interval
    p: np.ndarray  # two-sided, of this comparison alone
    adjusted_p: np.ndarray  # over all comparisons of the study


def mean_over_seeds(values, image_values=None, smallest=0.0, largest=1.0):
    """Return the `Mean` of one value a seed, with its interval by Student's t.

    Args:
        values: floats, one for each seed.
        image_values: floats `(seeds, images)`, what each test image has to do with the value (for
            a mean the summands, else jackknife's pseudo-values): then the interval covers the
            choice of test images too.
        smallest: the smallest possible value of an image.
        largest: the largest one.

    Raises:
        ValueError: there is none.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError("a mean needs at least one value")
    mean, seeds = float(values.mean()), len(values)
    if seeds == 1:
        return Mean(mean, None, 1, None)
    training, freedom = values.var(ddof=1) / seeds, seeds - 1
    if image_values is None:
        half_width, covers = (
            stats.t.ppf(0.5 + CONFIDENCE / 2, freedom) * np.sqrt(training),
            TRAINING,
        )
    else:
        image_values = np.asarray(image_values)
        half_width, _ = _interval(image_values, training, freedom, smallest, largest)
        covers = BOTH
    return Mean(mean, float(half_width), seeds, covers)


def judge(comparisons):
    """Return the `Judgement` of each comparison of a study, which are one family.

    The interval is mean ± t √variance, with Satterthwaite's degrees of freedom. Two or three seeds
    tell little about the chance of training, so a comparison takes the larger of its own variance
    and the mean one of all comparisons by its measure, and the degrees of freedom of all. The p
    values are adjusted over the family (Holm, 1979), whatever depends on what in it.

    Args:
        comparisons: `Comparison`s whose leading axes agree.

    Returns:
        a list in the same order.
    """
    judged = []
    training = [one.values.mean(axis=-1).var(axis=-1, ddof=1) for one in comparisons]
    for place, one in enumerate(comparisons):
        alike = [other for other, its in enumerate(comparisons) if its.measure == one.measure]
        weights = np.array([comparisons[other].values.shape[-2] - 1 for other in alike])
        pooled = sum(w * training[other] for w, other in zip(weights, alike, strict=True))
        freedom_of = {comparisons[other].row: w for w, other in zip(weights, alike, strict=True)}
        freedom = sum(freedom_of.values())
        own = np.maximum(training[place], pooled / weights.sum()) / one.values.shape[-2]
        half_width, p = _interval(one.values, own, freedom, -one.largest, one.largest)
        judged.append((one.values.mean(axis=(-2, -1)), half_width, p))
    if not judged:
        return []
    adjusted = holm(np.stack([p for *_, p in judged], axis=-1))
    return [Judgement(*each, adjusted[..., place]) for place, each in enumerate(judged)]


def holm(p):
    """Return p values `(..., family)` adjusted over the last axis (Holm, 1979).

    Where all are compared with 0.05 afterwards, the chance of any false finding is at most 5 %.
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, axis=-1)
    steps = np.take_along_axis(p, order, -1) * np.arange(p.shape[-1], 0, -1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(steps, -1).clip(max=1), -1)
    return adjusted


def _image_variance(values, smallest, largest):
    """Return the variance of a mean over images by the choice of images, and degrees of freedom.

    As if there were two images more, of the extreme values (Bonett and Price, 2012, for paired
    shares): so it is never 0, and a difference by a handful of images is no more significant than
    by the exact sign test.
    """
    images = values.mean(axis=-2, dtype=np.float64)
    count = images.shape[-1] + 2
    mean = (images.sum(axis=-1) + smallest + largest) / count
    squares = ((images - mean[..., None]) ** 2).sum(axis=-1)
    squares = squares + (smallest - mean) ** 2 + (largest - mean) ** 2
    return squares / (count - 1) / count, count - 1


def _left_over(values):
    """Return the variance of a mean by what neither the seed nor the image explains."""
    by_seed = values.mean(axis=-1, keepdims=True, dtype=np.float64)
    by_image = values.mean(axis=-2, keepdims=True, dtype=np.float64)
    rest = values - by_seed - by_image + by_seed.mean(axis=-2, keepdims=True)
    seeds, images = values.shape[-2:]
    mean_square = (rest**2).sum(axis=(-2, -1)) / max((seeds - 1) * (images - 1), 1)
    return mean_square / (seeds * images)


def _interval(values, training, freedom, smallest, largest):
    """Return half the 95 % interval of the mean of `(..., seeds, images)`, and p of a mean of 0.

    Args:
        values: what was measured.
        training: the variance of the mean by the chance of training, above or equal to 0.
        freedom: its degrees of freedom.
        smallest: the smallest possible value of an image.
        largest: the largest one.
    """
    images, image_freedom = _image_variance(values, smallest, largest)
    variance = np.maximum(training + images - _left_over(values), np.maximum(training, images))
    # Satterthwaite (1946)
    degrees = variance**2 / (training**2 / freedom + images**2 / image_freedom)
    half_width = stats.t.ppf(0.5 + CONFIDENCE / 2, degrees) * np.sqrt(variance)
    mean = values.mean(axis=(-2, -1), dtype=np.float64)
    return half_width, 2 * stats.t.sf(np.abs(mean) / np.sqrt(variance), degrees)
