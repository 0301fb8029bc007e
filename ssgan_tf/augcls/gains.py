"""Gains of one condition over another, on the same seeds and test images, with their intervals."""

import numpy as np

from ssgan_tf.statistics.intervals import Contrast, estimates_of


def recognised(members, out):
    """Return which test images each condition's classifiers recognise.

    Args:
        members: `Member`s of a `Study`, finished or not.
        out: the folder of the study.

    Returns:
        dict from the name of a condition to a dict from the seed to bool `(images,)`.
    """
    found = {}
    for member in members:
        result = member.result(out)
        if result and result.get("predictions"):
            right = np.array(result["predictions"]) == np.array(result["labels"])
            found.setdefault(member.condition.name, {})[member.seed] = right
    return found


def gain(first, second):
    """Return the gain of one condition's classifiers over another's, a dict for JSON.

    The interval of the relative gain g is that of the mean of (first - (1 + g) second) / accuracy
    of second, the first-order expansion of the ratio (delta method).

    Args:
        first: dict from the seed to bool `(images,)`, see `recognised`.
        second: the same of the condition that it is compared with.

    Returns:
        `points` and `relative_percent` (that of the paper's Table 5), each with `mean` and
        `half_width`, half the unadjusted 95 % interval over seeds and test images, None for one
        seed; and the number of `seeds`. None without a seed in common. A relative gain has no
        mean where nothing was recognised before.
    """
    seeds = sorted(first.keys() & second.keys())
    if not seeds:
        return None
    ours, theirs = (np.stack([one[seed] for seed in seeds]).astype(float)
                    for one in (first, second))  # fmt: skip
    accuracy = theirs.mean()
    relative = {"mean": None, "half_width": None}
    if accuracy > 0:
        ratio = ours.mean() / accuracy
        half_width = _half_width((ours - ratio * theirs) / accuracy, max(1.0, ratio) / accuracy)
        relative = {"mean": 100 * float(ratio - 1), "half_width": _percent(half_width)}
    points = ours - theirs
    return {
        "points": {
            "mean": 100 * float(points.mean()),
            "half_width": _percent(_half_width(points, 1.0)),
        },
        "relative_percent": relative,
        "seeds": len(seeds),
    }


def _half_width(values, largest):
    if len(values) < 2:
        return None
    (estimate,) = estimates_of([Contrast(values, "accuracy", 0, largest)])
    return float(estimate.half_width)


def _percent(value):
    return None if value is None else 100 * value
