"""Similarity within sets of images by SSIM: diversity, and the likeness of a data set's classes.

The mean SSIM of random pairs of different images (Guo et al., "Structural Similarity: When to Use
Deep Generative Models on Imbalanced Image Dataset Augmentation", Eq. 2). Low means varied. Within
one class, over 1000 pairs, it is the diversity of the SinGAN augmentation paper, section 2.1;
over all images it is SSIM-mergeCls, and the largest of the super-classes is SSIM-supSubCls, Eq. 3.

SSIM is that of Wang et al. 2004: Eq. 1 in windows (11 x 11 Gaussian, sigma 1.5, K1 0.01, K2 0.03)
on the images in grey. The paper does not say how it treats colour, but speaks of "8-bit grayscale
images", and grey comes nearer to its flowers than the mean over R, G and B does. TensorFlow's
flower photographs, nearly the same data, have:

    SSIM-mergeCls / SSIM-supSubCls     128 x 128 pixels     64 x 64 pixels
    grey                               0.096 / 0.131        0.059 / 0.085
    mean over R, G and B               0.083 / 0.116        0.053 / 0.078
    the paper                          0.132 / 0.165

Larger images are smoother within a window and so more alike: compare one image size only.

The SinGAN augmentation paper's Tables 5 to 7 are by scikit-image's default: a uniform window of
7 x 7 with sample covariances, in each of R, G and B, and their mean. `window="uniform7-colour"` is
that one, for comparison with these tables only.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.json_files import Damaged, read_json

GAUSSIAN, UNIFORM = "gaussian11-grey", "uniform7-colour"
WINDOW = 11  # pixels; the side of SSIM's Gaussian window
WINDOWS = {GAUSSIAN: WINDOW, UNIFORM: 7}
PIXELS_AT_ONCE = 2**20


class MeanSimilarity(NamedTuple):
    """The mean SSIM of pairs of images."""

    mean: float
    standard_error: float  # of drawing the pairs; that of drawing the images is larger
    pairs: int


class SuperClassSimilarity(NamedTuple):
    """SSIM-supSubCls (Eq. 3) and what it is the maximum of."""

    maximum: float
    name: str  # the super-class that has it
    super_classes: dict[str, MeanSimilarity]


def pair_similarities(images, pairs, seed=0, window=GAUSSIAN):
    """Return the SSIM of random pairs of different images.

    Args:
        images: uint8 `(N, H, W, 3)`, at least two, each at least as large as the window.
        pairs: how many pairs to draw, uniformly and with replacement. If there are no more than
            these, each pair is taken once.
        seed: the same seed draws the same pairs.
        window: a key of `WINDOWS`.

    Returns:
        float32 `(pairs,)`, each at most 1 (equal images).

    Raises:
        UserError: there are fewer than two images, or they are smaller than SSIM's window.
    """
    count, height, width, _ = images.shape
    if count < 2:
        raise UserError(f"SSIM compares pairs of images; give it at least two, not {count}")
    side = WINDOWS[window]
    if min(height, width) < side:
        raise UserError(
            f"images of {width} x {height} pixels are smaller than SSIM's window; "
            f"give it at least {side} x {side}"
        )
    compute = {GAUSSIAN: _ssim, UNIFORM: _ssim_uniform}[window]
    firsts, seconds = _draw_pairs(count, pairs, seed)
    batch = max(1, PIXELS_AT_ONCE // (height * width))
    return np.concatenate(
        [
            compute(images[firsts[start : start + batch]], images[seconds[start : start + batch]])
            for start in range(0, len(firsts), batch)
        ]
    )


@tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)] * 2)
def _ssim(images, others):
    grey, other_grey = (
        tf.image.rgb_to_grayscale(tf.cast(side, tf.float32)) for side in (images, others)
    )
    return tf.image.ssim(grey, other_grey, max_val=255)


@tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)] * 2)
def _ssim_uniform(images, others):
    """Eq. 13 of Wang et al. in uniform windows that lie inside the image, covariances over n - 1.

    In float64, since the variances are differences of large numbers.
    """
    first, second = (tf.cast(side, tf.float64) for side in (images, others))
    side = WINDOWS[UNIFORM]
    unbiased = side**2 / (side**2 - 1)

    def mean(values):
        return tf.nn.avg_pool2d(values, side, 1, "VALID")

    means = mean(first), mean(second)
    variances = [
        unbiased * (mean(one**2) - own**2) for one, own in zip((first, second), means, strict=True)
    ]
    covariance = unbiased * (mean(first * second) - means[0] * means[1])
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = (2 * means[0] * means[1] + c1) * (2 * covariance + c2)
    similarity /= (means[0] ** 2 + means[1] ** 2 + c1) * (variances[0] + variances[1] + c2)
    return tf.cast(tf.reduce_mean(similarity, (1, 2, 3)), tf.float32)


def _draw_pairs(count, pairs, seed):
    if pairs >= count * (count - 1) // 2:
        return np.triu_indices(count, k=1)
    generator = np.random.default_rng(seed)
    firsts = generator.integers(count, size=pairs)
    steps = generator.integers(1, count, size=pairs)  # from the first image to another one
    return firsts, (firsts + steps) % count


def mean_similarity(images, pairs=1000, seed=0, window=GAUSSIAN):
    """Return the `MeanSimilarity` of a set of images (Eq. 2), the arguments as above.

    A set of one repeated image has 1.
    """
    similarities = pair_similarities(images, pairs, seed, window).astype(np.float64)
    return MeanSimilarity(
        mean=float(similarities.mean()),
        standard_error=float(similarities.std() / np.sqrt(len(similarities))),
        pairs=len(similarities),
    )


def merged_similarity(images, seed=0):
    """Return SSIM-mergeCls: Eq. 2 over all classes together, 2 N pairs as in section 3.2."""
    return mean_similarity(images, 2 * len(images), seed)


def super_class_similarity(images, labels, groups, seed=0):
    """Return SSIM-supSubCls with the value of each super-class, as a `SuperClassSimilarity`.

    Args:
        images: uint8 `(N, H, W, 3)`.
        labels: int `(N,)`.
        groups: dict from the name of each super-class to its labels. For each, twice as many
            pairs are drawn as it has images (section 3.3).
        seed: the same seed draws the same pairs.

    Raises:
        UserError: a super-class has fewer than two images, or they are too small.
    """
    members = {name: images[np.isin(labels, group)] for name, group in groups.items()}
    for name, of_class in members.items():
        if len(of_class) < 2:
            raise UserError(f"{name} has {len(of_class)} images; SSIM compares pairs of them")
    found = {
        name: mean_similarity(of_class, 2 * len(of_class), seed)
        for name, of_class in members.items()
    }
    largest = max(found, key=lambda name: found[name].mean)
    return SuperClassSimilarity(found[largest].mean, largest, found)


def read_super_classes(path, class_names):
    """Return a dict from the name of each super-class to the labels of its classes.

    Args:
        path: a JSON file, `{"super-class": ["class", ...], ...}`, that has each class once; or
            None: each class is a super-class of its own, as in the paper's flowers.
        class_names: the classes, in the order of their labels.

    Raises:
        UserError: the file cannot be read, has another form, or does not hold each class once.
    """
    if path is None:
        return {name: [label] for label, name in enumerate(class_names)}
    try:
        names_of = read_json(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    except Damaged as error:
        raise UserError(f"{path} cannot be used: {error}") from error
    if not (isinstance(names_of, dict) and all(map(_are_names, names_of.values()))):
        raise UserError(f'{path} must look like {{"super-class": ["class", ...], ...}}')
    times = Counter(name for names in names_of.values() for name in names)
    problems = {
        "no such class": times.keys() - set(class_names),
        "more than once": {name for name, count in times.items() if count > 1},
        "in no super-class": set(class_names) - times.keys(),
    }
    for problem, names in problems.items():
        if names:
            raise UserError(
                f"{path}, {problem}: {', '.join(sorted(names))}; "
                f"it must hold each of {', '.join(class_names)} once"
            )
    labels = {name: label for label, name in enumerate(class_names)}
    return {name: [labels[member] for member in members] for name, members in names_of.items()}


def _are_names(names):
    return isinstance(names, list) and names and all(isinstance(name, str) for name in names)
