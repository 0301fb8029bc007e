"""All measures of one evaluation, and what its pictures are made from."""

from typing import NamedTuple

import numpy as np

from ssgan_tf.evaluation.scores import ENOUGH_IMAGES, Seconds, feature_scores
from ssgan_tf.metrics.advice import advise
from ssgan_tf.metrics.features import Features, features_of
from ssgan_tf.metrics.memorisation import memorisation
from ssgan_tf.metrics.ssim import mean_similarity, merged_similarity, super_class_similarity
from ssgan_tf.progress import progress_bar

PAIRS = 1000  # of images, for the diversity of a class (SinGAN augmentation, section 2.1)


class Sides(NamedTuple):
    """The features of the three sides; of all classes or of one."""

    generated: Features
    training: Features
    held_out: Features


class Evidence(NamedTuple):
    """What the pictures show."""

    sides: Sides
    memorisation: dict  # class name, or None for all together -> `Memorisation`


def extract_sides(inputs, network, cache_dir=None, seconds=None, progress=True):
    """Return the `Sides` of all classes together; the real side comes from the cache if it can."""
    seconds = seconds or Seconds()
    with seconds.of("features"):
        options = {"cache_dir": cache_dir, "progress": progress}
        real = features_of(network, inputs.real, label="features of real images", **options)
        generated = features_of(
            network, inputs.generated, label="features of generated images", **options
        )
    return Sides(generated, _rows(real, inputs.training), _rows(real, inputs.held_out))


def measure(
    inputs, sides, name, *, groups=None, baseline=None, seed=0, seconds=None, progress=True
):
    """Return all measures as plain JSON, and the `Evidence` behind them.

    Args:
        inputs: the `Inputs`.
        sides: their `Sides`.
        name: turns a measure's name into the one it has with these features; `Inception.name`.
        groups: super-classes, a dict from name to labels; see `read_super_classes`.
        baseline: accuracy of a classifier without augmentation, in (0, 1], if it is known.
        seed: of everything that is drawn.
        seconds: a `Seconds` to add the times to.
        progress: show a bar.
    """
    seconds = seconds or Seconds()
    class_names = inputs.real.class_names
    training = inputs.real.select(inputs.training)
    results = {"overall": None, "classes": {}}
    found = {}
    with progress_bar(2 + len(class_names), "measures", shown=progress) as bar:
        results["overall"] = feature_scores(name, *sides, seed, seconds)
        with seconds.of("memorisation"):
            found[None] = _memorisation(sides, sides.training)
        results["overall"]["memorisation"] = _summary(found[None])
        bar.update()
        for label, class_name in enumerate(class_names):
            if len(class_names) == 1:
                scores, found[class_name] = dict(results["overall"]), found[None]
            else:
                part = sides_of_class(inputs, sides, label)
                scores = feature_scores(name, *part, seed, seconds)
                with seconds.of("memorisation"):
                    # A copy of another class's image is a copy as well.
                    own = np.flatnonzero(inputs.real.labels[inputs.training] == label)
                    found[class_name] = _memorisation(part, sides.training, own)
                scores["memorisation"] = _summary(found[class_name])
            with seconds.of("SSIM"):
                scores["SSIM"] = _diversity(inputs.generated, training, label, seed)
            results["classes"][class_name] = scores
            bar.update()
        results["overall"]["SSIM"] = _mean_diversity(results["classes"])
        with seconds.of("advice"):
            results["advise"] = _advice(inputs, groups, baseline, seed)
        bar.update()
    results["warnings"] = [*inputs.warnings, *_size_warnings(results, name)]
    return results, Evidence(sides, found)


def sides_of_class(inputs, sides, label):
    """Return the `Sides` of one class."""
    real_labels = inputs.real.labels
    return Sides(
        _rows(sides.generated, inputs.generated.labels == label),
        _rows(sides.training, real_labels[inputs.training] == label),
        _rows(sides.held_out, real_labels[inputs.held_out] == label),
    )


def _rows(features, rows):
    logits = features.logits
    return Features(features.values[rows], None if logits is None else logits[rows])


def _memorisation(part, training, own=None):
    held_out = part.held_out.values if len(part.held_out.values) > 1 else None
    return memorisation(part.generated.values, training.values, held_out, own)


def _summary(found):
    """Return the figures of a `Memorisation` without its long arrays."""
    return {
        key: value
        for key, value in found._asdict().items()
        if not isinstance(value, np.ndarray)
    }  # fmt: skip


def _diversity(generated, training, label, seed):
    """Return the mean SSIM of pairs within a class, of generated and of real images."""
    return {
        side: mean_similarity(images.images[images.labels == label], PAIRS, seed)._asdict()
        for side, images in (("generated", generated), ("training", training))
    }


def _mean_diversity(classes):
    return {
        side: {
            "mean": float(np.mean([scores["SSIM"][side]["mean"] for scores in classes.values()]))
        }
        for side in ("generated", "training")
    }


def _advice(inputs, groups, baseline, seed):
    if groups is None or inputs.for_advice is None:
        return None  # nothing to tell apart, so no classifier to help
    real = inputs.for_advice.select(inputs.training)
    merged = merged_similarity(real.images, seed)
    by_group = super_class_similarity(real.images, real.labels, groups, seed)
    return {
        **advise(by_group.maximum, merged.mean, baseline),
        "super_class": by_group.name,
        "super_classes": {name: found.mean for name, found in by_group.super_classes.items()},
    }


def _size_warnings(results, name):
    smallest = min(
        scores["images"][side]
        for scores in results["classes"].values()
        for side in ("generated", "training")
    )
    if smallest >= ENOUGH_IMAGES:
        return []
    return [
        f"{name('FID')} is biased upwards below {ENOUGH_IMAGES} images (here down to {smallest}): "
        "compare it only between sets of equal size, and with its floor"
    ]
