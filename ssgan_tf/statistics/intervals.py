"""Means and differences over seeds and test images, with their intervals and p values.

The data are a matrix over seeds and test images: 1 where an image was recognised, else 0, and for
a difference of two conditions -1, 0 or 1. Its mean varies with the seeds and with the test images
(crossed random effects; Searle, Casella and McCulloch, Variance Components, 1992):

    variance of the seeds' means / seeds + variance of the images' means / images
    - residual variance / (seeds × images)

Both of the first two contain the residual variance, which must count once. The sum is never less
than either of them.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
# What an interval covers.
BOTH, TRAINING, IMAGES = "training and test images", "training", "test images"


class Mean(NamedTuple):
    """A mean over seeds."""

    mean: float
    half_width: float | None  # of the 95 % interval; None for a single seed
    seeds: int
    covers: str | None = TRAINING  # the chance that the interval covers; None without interval


class Contrast(NamedTuple):
    """The difference of two conditions on the same seeds and test images.

    Attributes:
        values: floats `(..., seeds, images)`, condition minus baseline, at least two seeds; leading
            axes are separate studies.
        measure: contrasts of the same measure pool their variance over seeds.
        row: names the condition; several contrasts of one row count once in the degrees of freedom.
        largest: the largest difference that one image can make.
    """

    values: np.ndarray
    measure: str
    row: object
    largest: float = 1.0


class Estimate(NamedTuple):
    """What a study tells of one contrast; floats or arrays over studies."""

    mean: np.ndarray
    half_width: np.ndarray  # of the unadjusted 95 % interval
    p: np.ndarray  # two-sided, unadjusted
    adjusted_p: np.ndarray  # over all contrasts of the study


def mean_over_seeds(values, image_values=None, smallest=0.0, largest=1.0):
    """Return the `Mean` of one value per seed, with Student's t interval.

    Args:
        values: floats, one for each seed.
        image_values: floats `(seeds, images)`, the contribution of each test image to the value
            (for a mean the summands, else jackknife pseudo-values); with them the interval covers
            the choice of test images too.
        smallest: the smallest possible value of an image.
        largest: the largest one.

    Raises:
        ValueError: there is no value.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError("a mean needs at least one value")
    mean, seeds = float(values.mean()), len(values)
    if seeds == 1:
        return Mean(mean, None, 1, None)
    training = values.var(ddof=1) / seeds
    if image_values is None:
        half_width = stats.t.ppf(0.5 + CONFIDENCE / 2, seeds - 1) * np.sqrt(training)
        return Mean(mean, float(half_width), seeds, TRAINING)
    half_width, _ = _interval(np.asarray(image_values), training, seeds - 1, smallest, largest)
    return Mean(mean, float(half_width), seeds, BOTH)


def mean_over_images(values, smallest=0.0, largest=1.0):
    """Return the `Mean` of a matrix; that of a single seed has an interval too.

    The interval of a single classifier covers the choice of test images alone: it says nothing of
    another training.

    Args:
        values: floats `(seeds, images)`: 1 where an image was recognised, else 0; or such
            contributions as `mean_over_seeds` takes.
        smallest: the smallest possible value of an image.
        largest: the largest one.
    """
    values = np.asarray(values, np.float64)
    if len(values) > 1:
        return mean_over_seeds(values.mean(axis=1), values, smallest, largest)
    half_width, _ = _interval(values, 0.0, 1, smallest, largest)
    return Mean(float(values.mean()), float(half_width), 1, IMAGES)


def difference_of_images(first, second):
    """Return the `Mean` of first minus second: the same classifiers on different images.

    The variance is that of the differences over seeds, and that of both means over the choice of
    their images; residual variance counts once, as in the module's formula.

    Args:
        first: floats `(seeds, images)`, in [0, 1] but for pseudo-values; see `mean_over_images`.
        second: floats `(seeds, other images)`, a row for each of the same seeds.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    differences, seeds = first.mean(axis=1) - second.mean(axis=1), len(first)
    training = differences.var(ddof=1) / seeds if seeds > 1 else 0.0
    residual = _residual_variance(first) + _residual_variance(second)
    images = [_image_variance(values, 0.0, 1.0) for values in (first, second)]
    variance, degrees = _combined(training, max(seeds - 1, 1), images, residual)
    half_width = stats.t.ppf(0.5 + CONFIDENCE / 2, degrees) * np.sqrt(variance)
    covers = BOTH if seeds > 1 else IMAGES
    return Mean(float(differences.mean()), float(half_width), seeds, covers)


def estimates_of(contrasts):
    """Return the `Estimate` of each contrast of a study; together they are one family.

    The interval is mean ± t √variance, with Satterthwaite's degrees of freedom. Two or three seeds
    tell little about the variance over seeds, so each contrast takes the larger of its own and the
    mean one of all contrasts of its measure, and the degrees of freedom of all. The p values are
    adjusted over the family (Holm, 1979), whatever the dependence among them.

    Args:
        contrasts: `Contrast`s whose leading axes agree.

    Returns:
        a list in the same order.
    """
    estimates = []
    variances = [one.values.mean(axis=-1).var(axis=-1, ddof=1) for one in contrasts]
    freedoms = [one.values.shape[-2] - 1 for one in contrasts]
    for one, variance in zip(contrasts, variances, strict=True):
        alike = [i for i, other in enumerate(contrasts) if other.measure == one.measure]
        pooled = np.average([variances[i] for i in alike], 0, [freedoms[i] for i in alike])
        freedom = sum({contrasts[i].row: freedoms[i] for i in alike}.values())
        training = np.maximum(variance, pooled) / one.values.shape[-2]
        half_width, p = _interval(one.values, training, freedom, -one.largest, one.largest)
        estimates.append((one.values.mean(axis=(-2, -1)), half_width, p))
    if not estimates:
        return []
    adjusted = holm(np.stack([p for *_, p in estimates], axis=-1))
    return [Estimate(*one, adjusted[..., i]) for i, one in enumerate(estimates)]


def holm(p):
    """Return p values `(..., family)` adjusted over the last axis (Holm, 1979).

    Rejecting where these are below 0.05 makes any false finding at most 5 % likely.
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, axis=-1)
    steps = np.take_along_axis(p, order, -1) * np.arange(p.shape[-1], 0, -1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(steps, -1).clip(max=1), -1)
    return adjusted


def _image_variance(values, smallest, largest):
    """Return the variance of a mean due to the choice of images, and its degrees of freedom.

    Two images with the extreme values are added (Bonett and Price, 2012, for paired proportions).
    So it is never 0, and a difference of a handful of images is no more significant than in the
    exact sign test.
    """
    images = values.mean(axis=-2, dtype=np.float64)
    count = images.shape[-1] + 2
    mean = (images.sum(axis=-1) + smallest + largest) / count
    squares = ((images - mean[..., None]) ** 2).sum(axis=-1)
    squares = squares + (smallest - mean) ** 2 + (largest - mean) ** 2
    return squares / (count - 1) / count, count - 1


def _residual_variance(values):
    """Return the variance of a mean that neither the seed nor the image explains."""
    by_seed = values.mean(axis=-1, keepdims=True, dtype=np.float64)
    by_image = values.mean(axis=-2, keepdims=True, dtype=np.float64)
    rest = values - by_seed - by_image + by_seed.mean(axis=-2, keepdims=True)
    seeds, images = values.shape[-2:]
    mean_square = (rest**2).sum(axis=(-2, -1)) / max((seeds - 1) * (images - 1), 1)
    return mean_square / (seeds * images)


def _interval(values, training, freedom, smallest, largest):
    """Return half the 95 % interval of the mean of `(..., seeds, images)`, and p of a mean of 0.

    `training` is the variance of the mean over seeds, with its degrees of freedom; `smallest` and
    `largest` are the possible values of an image.
    """
    images = [_image_variance(values, smallest, largest)]
    variance, degrees = _combined(training, freedom, images, _residual_variance(values))
    half_width = stats.t.ppf(0.5 + CONFIDENCE / 2, degrees) * np.sqrt(variance)
    mean = values.mean(axis=(-2, -1), dtype=np.float64)
    return half_width, 2 * stats.t.sf(np.abs(mean) / np.sqrt(variance), degrees)


def _combined(training, freedom, images, residual):
    """Return the variance of a mean by the module's formula, and its degrees of freedom.

    `images` has the variance of each set of images with its degrees of freedom.
    """
    of_images = sum(variance for variance, _ in images)
    variance = np.maximum(training + of_images - residual, np.maximum(training, of_images))
    # Satterthwaite (1946)
    parts = sum(variance**2 / own_freedom for variance, own_freedom in images)
    return variance, variance**2 / (training**2 / freedom + parts)
