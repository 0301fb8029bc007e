"""The findings of a comparison: which rows are better or worse than what, judged together."""

import numpy as np

from ssgan_tf.statistics.intervals import CONFIDENCE, Comparison, judge

BASELINE = "flip-crop"  # what anyone would do first, which generated images have to beat
CLEAN, LEAKED, UNKNOWN = "clean", "LEAKED", "unknown"  # where an added set comes from
HELPS, HURTS, NO_EVIDENCE = "helps", "hurts", "no evidence"
ONE_SEED, NO_PREDICTIONS = "one seed", "no predictions"  # why there is no finding
ACCURACY, BALANCED, RECALL = "accuracy", "balanced accuracy", "recall"  # RECALL with a class
IN_ADVANCE, AFTERWARDS = "in advance", "afterwards"  # when a baseline was chosen


def find_differences(rows, conditions, labels=None, class_names=(), minorities=()):
    """Return the differences of each row to `original` and to its baseline.

    The baseline is `flip-crop` where it is among the conditions, for every other row. Where it is
    not, it is for generated rows the classical row of the same size, or of none, with the highest
    mean accuracy; it is chosen on the test images, so the comparisons with all of its rivals
    belong to the family too.

    Accuracy is compared, and where classes were dropped down their recalls and the balanced
    accuracy (mean recall). "helps" and "hurts" follow the adjusted p over all of these together.

    Args:
        rows: dicts with `condition`, `size`, `seeds` (seed -> scores) and perhaps `predictions`
            (seed -> int `(N,)`, the predicted classes).
        conditions: dict from the name of a condition to a dict with its `kind` and `finding`.
        labels: int `(N,)`, the true classes of the test images.
        class_names: the classes, in the order of their labels.
        minorities: those that were dropped down.

    Returns:
        for each row a dict with `to_original` and `to_baseline`, None or a dict: `mean`,
        `half_width`, `seeds`, `p`, `adjusted_p`, `family` (how many p values were adjusted
        together) and `finding` of the accuracy; with minorities the same of `balanced_accuracy`,
        and in `recall` of each minority; of a baseline also `baseline` and `chosen`.
    """
    measures = _measures(labels, class_names, minorities)
    pairs = [_pairs(row, rows, conditions) for row in rows]
    family = {}
    for place, of_row in enumerate(pairs):
        if conditions[rows[place]["condition"]]["finding"] == LEAKED:
            continue  # nothing is found of it, so it shall cost the others nothing
        for baseline in {id(one): one for one in of_row["family"]}.values():
            for measure in measures:
                values = _values(rows[place], baseline, measure, measures, labels)
                if values is not None:
                    largest = float(measures[measure].max())
                    comparison = Comparison(values, measure, place, largest)
                    family[place, id(baseline), measure] = comparison
    judged = dict(zip(family, judge(list(family.values())), strict=True))

    def difference(place, baseline, measure):
        row, leaked = rows[place], conditions[rows[place]["condition"]]["finding"] == LEAKED
        judgement = judged.get((place, id(baseline), measure))
        found = _difference(row, baseline, measure, judgement, len(family))
        return found | {"finding": LEAKED} if leaked else found

    def differences(place, baseline):
        found = difference(place, baseline, ACCURACY)
        if minorities:
            equal = measures and BALANCED not in measures
            found["balanced_accuracy"] = difference(
                place, baseline, ACCURACY if equal else BALANCED
            )
            found["recall"] = {
                name: difference(place, baseline, (RECALL, name)) for name in minorities
            }
        return found

    completed = []
    for place, of_row in enumerate(pairs):
        original, baseline = of_row["original"], of_row["baseline"]
        completed.append(
            {
                "to_original": original and differences(place, original),
                "to_baseline": baseline
                and {
                    "baseline": baseline["condition"],
                    "chosen": IN_ADVANCE if baseline["condition"] == BASELINE else AFTERWARDS,
                    **differences(place, baseline),
                },
            }
        )
    return completed


def _measures(labels, class_names, minorities):
    """Return what each test image counts in each measure, dict to floats `(N,)` of mean 1.

    Where all classes have as many test images, balanced accuracy is accuracy and left out. Without
    labels there are only names.
    """
    if labels is None:
        return {}
    labels = np.asarray(labels)
    of_class = np.bincount(labels, minlength=len(class_names))
    measures = {ACCURACY: np.ones(len(labels))}
    if minorities:
        present = of_class > 0
        if len(set(of_class[present])) > 1:
            weights = len(labels) / (present.sum() * np.where(present, of_class, 1))
            measures[BALANCED] = weights[labels]
        for name in minorities:
            # The images of other classes do not count, rather than count as unchanged.
            measures[RECALL, name] = (labels == list(class_names).index(name)).astype(float)
    return measures


def _pairs(row, rows, conditions):
    """Return the rows that a row is compared with, a dict."""
    kind = conditions[row["condition"]]["kind"]
    paired = [
        other for other in rows if other is not row and other["seeds"].keys() & row["seeds"].keys()
    ]
    original = baseline = None
    rivals = []
    if kind != "original":
        kinds = {id(other): conditions[other["condition"]]["kind"] for other in paired}
        original = next((other for other in paired if kinds[id(other)] == "original"), None)
        if BASELINE in conditions:
            rivals = [
                other for other in paired
                if other["condition"] == BASELINE != row["condition"]
            ]  # fmt: skip
        elif kind == "generated":
            rivals = [
                other for other in paired
                if kinds[id(other)] == "classical" and other["size"] in (row["size"], None)
            ]  # fmt: skip
        baseline = max(rivals, key=_mean_accuracy, default=None)
    family = [original, *rivals] if original else rivals
    return {"original": original, "baseline": baseline, "family": family}


def _mean_accuracy(row):
    return np.mean([scores["accuracy"] for scores in row["seeds"].values()])


def _shared(row, baseline):
    return sorted(row["seeds"].keys() & baseline["seeds"].keys())


def _values(row, baseline, measure, measures, labels):
    """Return the differences of two rows, `(seeds, images)`; None where nothing may be found."""
    seeds = _shared(row, baseline)
    predicted = [one.get("predictions") or {} for one in (row, baseline)]
    if len(seeds) < 2 or not all(seed in of_row for of_row in predicted for seed in seeds):
        return None
    right = [np.stack([of_row[seed] for seed in seeds]) == labels for of_row in predicted]
    weights = measures[measure]
    counted = weights > 0
    if not counted.any():
        return None
    return (right[0].astype(float) - right[1])[:, counted] * weights[counted]


def _difference(row, baseline, measure, judgement, family):
    """Return the difference of two rows as plain numbers, a dict."""
    seeds = _shared(row, baseline)
    found = {"seeds": len(seeds), "p": None, "adjusted_p": None, "family": family}
    if judgement is None:
        each = [_score(row["seeds"][seed], measure) - _score(baseline["seeds"][seed], measure)
                for seed in seeds]  # fmt: skip
        why = ONE_SEED if len(seeds) == 1 else NO_PREDICTIONS
        return {"mean": float(np.mean(each)), "half_width": None, **found, "finding": why}
    mean, half_width, p, adjusted = (float(number) for number in judgement)
    finding = NO_EVIDENCE
    if adjusted < 1 - CONFIDENCE:
        finding = HELPS if mean > 0 else HURTS
    numbers = {"mean": mean, "half_width": half_width}
    return {**numbers, **found, "p": p, "adjusted_p": adjusted, "finding": finding}


def _score(scores, measure):
    """Return a measure from the scores of a training."""
    if measure in (ACCURACY, BALANCED):
        return scores["accuracy" if measure == ACCURACY else "recall"]
    _, name = measure
    return scores["classes"][name]["recall"]
