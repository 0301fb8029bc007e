"""The accuracy that augmentation starts from, which bounds what it can improve."""

import math
from pathlib import Path

from ssgan_tf.errors import UserError
from ssgan_tf.json_files import read_json

RESULTS = "results.json"  # of classify.py
ORIGINAL = "original"  # its condition that adds nothing


def read_baseline(value, class_names=None):
    """Return the accuracy of a classifier that was trained on the real images alone.

    Args:
        value: an accuracy, a number or its text; or the folder of a comparison by `classify.py`,
            or its `results.json`, of which the mean of the condition `original` is taken.
        class_names: the classes that are evaluated, in any order; those of the comparison must
            be the same, for fewer classes are easier to tell apart. None: not looked at.

    Returns:
        float in (0, 1].

    Raises:
        UserError: it is no such accuracy, or no such comparison of these classes.
    """
    try:
        accuracy = float(value)
    except (TypeError, ValueError):
        accuracy = _of_comparison(Path(value).expanduser(), class_names)
    if not 0 < accuracy <= 1:  # not a number is refused too
        raise UserError(
            f"--baseline is {accuracy:g}; it must be an accuracy above 0, up to 1, such as 0.65, "
            "or the folder of a comparison by classify.py"
        )
    return accuracy


def _of_comparison(path, class_names):
    file = path / RESULTS if path.is_dir() else path
    try:
        results = read_json(file)
        compared = set(map(str, results["data"]["classes"]))
        means = [
            float(row["mean"]["accuracy"]["mean"])
            for row in results["rows"]
            if row["condition"] == ORIGINAL
        ]
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        raise UserError(
            f"--baseline {path}: neither an accuracy, such as 0.65, nor a comparison by "
            f"classify.py with its {RESULTS}"
        ) from None
    if class_names is not None and compared != set(class_names):
        raise UserError(
            f"--baseline {path}: compares {', '.join(sorted(compared))}; here it must be of "
            f"{', '.join(sorted(class_names))}"
        )
    if not means or not math.isfinite(means[0]):
        raise UserError(
            f"--baseline {path}: no training of '{ORIGINAL}' has finished; run classify.py to "
            "its end, or write an accuracy"
        )
    return means[0]
