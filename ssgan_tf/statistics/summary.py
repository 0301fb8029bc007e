"""From the scores of each seed to means, differences and plain sentences, without any files."""

import numpy as np

from ssgan_tf.statistics.findings import find_differences
from ssgan_tf.statistics.intervals import mean_over_seeds
from ssgan_tf.statistics.scores import image_scores
from ssgan_tf.statistics.wording import row_sentence

MEASURES = ("accuracy", "precision", "recall", "f1")


def summarise(rows, conditions, labels=None, class_names=(), minorities=()):
    """Return the rows of `results.json`, completed; those without a finished seed are left out.

    Added are `mean`, `classes`, `confusion` (summed over seeds), `to_original`, `to_baseline` and
    `sentence`; see `find_differences`. Without predictions the intervals of means cover the chance
    of training alone, and there are no findings. The finding of a difference is "LEAKED" in a
    LEAKED row, which never counts as help.

    Args:
        rows: dicts with at least `condition`, `size` and `seeds`, a dict from the seed to what
            `classification_scores` returns; perhaps with `predictions`, a dict from the seed to
            the predicted classes, int `(N,)`, which is not returned.
        conditions: dict from the name of a condition to a dict with its `kind` and `finding`.
        labels: int `(N,)`, the true classes of the test images.
        class_names: the classes, in the order of their labels.
        minorities: the classes that were dropped down.

    Returns:
        new dicts, in the same order.
    """
    rows = [row for row in rows if row["seeds"]]
    differences = find_differences(rows, conditions, labels, class_names, minorities)
    completed = []
    for row, differs in zip(rows, differences, strict=True):
        done = row | _over_seeds(row, labels, class_names) | differs
        done.pop("predictions", None)
        completed.append(done | {"sentence": row_sentence(done, conditions)})
    return completed


def _over_seeds(row, labels, class_names):
    scores = list(row["seeds"].values())
    predictions = row.get("predictions") or {}
    values = None
    if labels is not None and predictions.keys() >= row["seeds"].keys():
        values = [image_scores(labels, predictions[seed], class_names) for seed in row["seeds"]]

    def mean(each, key, largest=1.0):
        of_images = values and np.stack([of_seed[key] for of_seed in values])
        return mean_over_seeds(each, of_images, 0.0, largest)._asdict()

    classes = {}
    for name, of_class in scores[0]["classes"].items():
        # One image of a class makes that much of the recall.
        largest = sum(one["images"] for one in scores[0]["classes"].values()) / max(
            of_class["images"], 1
        )
        classes[name] = {
            key: mean([score["classes"][name][key] for score in scores], (key, name), largest)
            for key in ("recall", "precision")
        }
    return {
        "mean": {key: mean([score[key] for score in scores], key) for key in MEASURES},
        "classes": classes,
        "confusion": np.sum([score["confusion"] for score in scores], axis=0).tolist(),
    }
