"""Findings of a study: which rows are better or worse than what, tested together."""

import numpy as np

from ssgan_tf.statistics.intervals import CONFIDENCE, Contrast, estimates_of

BASELINE = "flip-crop"  # the customary augmentation, which generated images have to beat
CLEAN, LEAKED, UNKNOWN = "clean", "LEAKED", "unknown"  # provenance of a generated set
HELPS, HURTS, NO_EVIDENCE = "helps", "hurts", "no evidence"
ONE_SEED, NO_PREDICTIONS = "one seed", "no predictions"  # why there is no finding
ACCURACY, BALANCED, RECALL = "accuracy", "balanced accuracy", "recall"  # RECALL with a class
IN_ADVANCE, AFTERWARDS = "in advance", "afterwards"  # when a baseline was chosen


def find_differences(rows, conditions, labels=None, class_names=(), minorities=()):
    """Return the differences of each row to `original` and to its baseline.

    Where `flip-crop` is among the conditions, it is the baseline of every other row. Where it is
    not, the baseline of a generated row is the classical row with the highest mean accuracy, of
    the same size or of none. That one is chosen on the test images, so the comparisons with all
    of its rivals belong to the family too.

    Accuracy is compared, and with minorities their recalls and the balanced accuracy (mean
    recall). "helps" and "hurts" follow the p values adjusted over all of these together. LEAKED
    rows get no finding and do not count in the family.

    Args:
        rows: dicts with `condition`, `size`, `seeds` (seed -> scores) and perhaps `predictions`
            (seed -> int `(N,)`, the predicted classes).
        conditions: dict from the name of a condition to a dict with its `kind` and `finding`.
        labels: int `(N,)`, the true classes of the test images.
        class_names: the classes, in the order of their labels.
        minorities: the classes that were reduced to a few images.

    Returns:
        for each row a dict with `to_original` and `to_baseline`, None or a dict: `mean`,
        `half_width`, `seeds`, `p`, `adjusted_p`, `family` (how many p values were adjusted
        together) and `finding` of the accuracy; with minorities the same of `balanced_accuracy`,
        and in `recall` of each minority; of a baseline also `baseline` and `chosen`.
    """
    weights = _image_weights(labels, class_names, minorities)
    opponents = [_opponents(row, rows, conditions) for row in rows]
    leaked = [conditions[row["condition"]]["finding"] == LEAKED for row in rows]
    family = {}
    for index, row in enumerate(rows):
        for opponent in [] if leaked[index] else opponents[index]:
            for measure, of_image in weights.items():
                values = _values(row, rows[opponent], of_image, labels)
                if values is not None:
                    contrast = Contrast(values, measure, index, float(of_image.max()))
                    family[index, opponent, measure] = contrast
    estimates = dict(zip(family, estimates_of(list(family.values())), strict=True))

    def difference(index, opponent, measure):
        estimate = estimates.get((index, opponent, measure))
        found = _difference(rows[index], rows[opponent], measure, estimate, len(family))
        return found | {"finding": LEAKED} if leaked[index] else found

    def differences(index, opponent):
        found = difference(index, opponent, ACCURACY)
        if minorities:
            # Balanced accuracy is left out of the family where it is accuracy.
            balanced = ACCURACY if weights and BALANCED not in weights else BALANCED
            found["balanced_accuracy"] = difference(index, opponent, balanced)
            found["recall"] = {
                name: difference(index, opponent, (RECALL, name)) for name in minorities
            }
        return found

    completed = []
    for index, of_row in enumerate(opponents):
        kinds = {one: conditions[rows[one]["condition"]]["kind"] for one in of_row}
        original = next((one for one in of_row if kinds[one] == "original"), None)
        rivals = [one for one in of_row if one != original]
        baseline = max(rivals, key=lambda one: _mean_accuracy(rows[one]), default=None)
        found = {"to_original": None, "to_baseline": None}
        if original is not None:
            found["to_original"] = differences(index, original)
        if baseline is not None:
            name = rows[baseline]["condition"]
            chosen = IN_ADVANCE if name == BASELINE else AFTERWARDS
            found["to_baseline"] = {
                "baseline": name, "chosen": chosen, **differences(index, baseline),
            }  # fmt: skip
        completed.append(found)
    return completed


def _image_weights(labels, class_names, minorities):
    """Return the weight of each test image in each measure: dict to floats `(N,)` of mean 1.

    Balanced accuracy is left out where all classes have as many test images: it is accuracy then.
    Without labels the dict is empty.
    """
    if labels is None:
        return {}
    labels = np.asarray(labels)
    weights = {ACCURACY: np.ones(len(labels))}
    if minorities:
        counts = np.bincount(labels, minlength=len(class_names))
        if len(set(counts[counts > 0])) > 1:
            of_class = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
            weights[BALANCED] = of_class[labels]
        for name in minorities:
            # The images of other classes do not count, rather than count as unchanged.
            weights[RECALL, name] = (labels == list(class_names).index(name)).astype(float)
    return weights


def _opponents(row, rows, conditions):
    """Return the indices of the rows that a row is compared with: `original`, then its rivals."""

    def is_opponent(other):
        if other is row or not _shared_seeds(row, other):
            return False
        other_kind = conditions[other["condition"]]["kind"]
        if other_kind == "original":
            return True
        if BASELINE in conditions:
            return other["condition"] == BASELINE != row["condition"]
        same_size = other["size"] in (row["size"], None)
        return kind == "generated" and other_kind == "classical" and same_size

    kind = conditions[row["condition"]]["kind"]
    return [] if kind == "original" else [i for i, other in enumerate(rows) if is_opponent(other)]


def _mean_accuracy(row):
    return np.mean([scores["accuracy"] for scores in row["seeds"].values()])


def _shared_seeds(row, other):
    return sorted(row["seeds"].keys() & other["seeds"].keys())


def _values(row, other, weights, labels):
    """Return the differences of two rows, `(seeds, images)`; None where none can be tested."""
    seeds = _shared_seeds(row, other)
    predicted = [one.get("predictions") or {} for one in (row, other)]
    counted = weights > 0
    complete = all(seed in of_row for of_row in predicted for seed in seeds)
    if len(seeds) < 2 or not complete or not counted.any():
        return None
    right = [np.stack([of_row[seed] for seed in seeds]) == labels for of_row in predicted]
    return (right[0].astype(float) - right[1])[:, counted] * weights[counted]


def _difference(row, other, measure, estimate, family):
    """Return the difference of two rows as plain numbers, a dict."""
    seeds = _shared_seeds(row, other)
    if estimate is None:
        each = [
            _score(row["seeds"][seed], measure) - _score(other["seeds"][seed], measure)
            for seed in seeds
        ]
        mean, half_width, p, adjusted = float(np.mean(each)), None, None, None
        finding = ONE_SEED if len(seeds) == 1 else NO_PREDICTIONS
    else:
        mean, half_width, p, adjusted = map(float, estimate)
        finding = NO_EVIDENCE
        if adjusted < 1 - CONFIDENCE:
            finding = HELPS if mean > 0 else HURTS
    return {
        "mean": mean, "half_width": half_width, "seeds": len(seeds), "p": p,
        "adjusted_p": adjusted, "family": family, "finding": finding,
    }  # fmt: skip


def _score(scores, measure):
    """Return a measure from the scores of a training."""
    if measure in (ACCURACY, BALANCED):
        return scores["accuracy" if measure == ACCURACY else "recall"]
    _, name = measure
    return scores["classes"][name]["recall"]
