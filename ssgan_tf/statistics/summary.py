"""From the scores of each seed to means, differences and plain sentences."""

import numpy as np

from ssgan_tf.statistics.findings import find_differences
from ssgan_tf.statistics.intervals import mean_over_seeds
from ssgan_tf.statistics.scores import MEASURES, image_scores
from ssgan_tf.statistics.wording import row_sentence


def summarise(rows, conditions, labels=None, class_names=(), minorities=()):
    """Return the rows of `results.json`, completed; rows without a finished seed are left out.

    Added are `mean`, `classes`, `confusion` (summed over seeds), `to_original`, `to_baseline` and
    `sentence`; see `find_differences`. Without predictions the intervals of means cover training
    alone, and there are no findings.

    Args:
        rows: dicts with at least `condition`, `size` and `seeds`, a dict from the seed to what
            `classification_scores` returns; perhaps with `predictions`, a dict from the seed to
            the predicted classes, int `(N,)`, which is not returned.
        conditions: dict from the name of a condition to a dict with its `kind` and `finding`.
        labels: int `(N,)`, the true classes of the test images.
        class_names: the classes, in the order of their labels.
        minorities: the classes that were reduced to a few images.

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
    """Return the means of a row's scores with their intervals, and its confusion, a dict."""
    scores = list(row["seeds"].values())
    predictions = row.get("predictions") or {}
    contributions = None
    if labels is not None and predictions.keys() >= row["seeds"].keys():
        contributions = [
            image_scores(labels, predictions[seed], class_names) for seed in row["seeds"]
        ]

    def mean(each, key, largest=1.0):
        of_images = contributions and np.stack([of_seed[key] for of_seed in contributions])
        return mean_over_seeds(each, of_images, 0.0, largest)._asdict()

    classes = {}
    images = {name: of_class["images"] for name, of_class in scores[0]["classes"].items()}
    for name, count in images.items():
        largest = sum(images.values()) / max(count, 1)  # what one image can add to the recall
        classes[name] = {
            key: mean([score["classes"][name][key] for score in scores], (key, name), largest)
            for key in ("recall", "precision")
        }
    return {
        "mean": {key: mean([one[key] for one in scores], key) for key in ("accuracy", *MEASURES)},
        "classes": classes,
        "confusion": np.sum([score["confusion"] for score in scores], axis=0).tolist(),
    }
