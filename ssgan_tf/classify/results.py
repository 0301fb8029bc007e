"""From the scores of each seed to means, differences and plain sentences, without any files."""

import numpy as np

from ssgan_tf.classify.intervals import mean_over_seeds, paired_difference
from ssgan_tf.classify.leaks import LEAKED, UNKNOWN

MEASURES = ("accuracy", "precision", "recall", "f1")
MARKS = {LEAKED: " LEAKED", UNKNOWN: " (provenance unknown)"}
AGAINST = {"helps": "better than", "hurts": "worse than", "no evidence": "no evidence against"}


def summarise(rows, conditions):
    """Return the rows of `results.json`, completed; those without a finished seed are left out.

    Added are `mean`, `classes`, `confusion` (summed over seeds), `to_original`, `to_classical` and
    `sentence`. Differences are of accuracy and paired by seed. The finding of a difference is
    "LEAKED" in a LEAKED row, which never counts as help.

    Args:
        rows: dicts with at least `condition`, `size` and `seeds`, a dict from the seed to what
            `classification_scores` returns.
        conditions: dict from the name of a condition to a dict with its `kind` and `finding`.

    Returns:
        new dicts, in the same order.
    """
    rows = [row | _over_seeds(row["seeds"]) for row in rows if row["seeds"]]
    return [row | _compared(row, rows, conditions) for row in rows]


def row_label(row, conditions):
    """Return what a row is called: "ssgan (400 a class) LEAKED"."""
    size = {None: "", "balance": " (balanced)"}.get(row["size"], f" ({row['size']} a class)")
    return row["condition"] + size + mark(conditions[row["condition"]])


def mark(condition):
    """Return what has to stand behind a condition's name wherever it is shown; mostly nothing."""
    return MARKS.get(condition["finding"], "")


def shown_mean(mean):
    """Return a mean of `results.json` as text: "0.8130 ± 0.0121"."""
    if mean["half_width"] is None:
        return f"{mean['mean']:.4f}"
    return f"{mean['mean']:.4f} ± {mean['half_width']:.4f}"


def _over_seeds(seeds):
    scores = list(seeds.values())
    return {
        "mean": {key: _mean(score[key] for score in scores) for key in MEASURES},
        "classes": {
            name: {
                key: _mean(score["classes"][name][key] for score in scores)
                for key in ("recall", "precision")
            }
            for name in scores[0]["classes"]
        },
        "confusion": np.sum([score["confusion"] for score in scores], axis=0).tolist(),
    }


def _mean(values):
    return mean_over_seeds(list(values))._asdict()


def _compared(row, rows, conditions):
    """Return the differences of a row to the others, and the sentence."""
    condition = conditions[row["condition"]]
    to_original = to_classical = None
    if condition["kind"] != "original":
        paired = [other for other in rows if other["seeds"].keys() & row["seeds"].keys()]
        for baseline in paired:
            if conditions[baseline["condition"]]["kind"] == "original":
                to_original = _difference(row, baseline)
        classical = [
            other for other in paired
            if conditions[other["condition"]]["kind"] == "classical"
            and other["size"] in (row["size"], None)
        ]  # fmt: skip
        best = max(classical, key=lambda other: other["mean"]["accuracy"]["mean"], default=row)
        if best is not row:
            to_classical = {"baseline": best["condition"], **_difference(row, best)}
    sentence = _sentence(row, to_original, to_classical, conditions)
    if condition["finding"] == LEAKED:
        for difference in filter(None, (to_original, to_classical)):
            difference["finding"] = LEAKED
    return {"to_original": to_original, "to_classical": to_classical, "sentence": sentence}


def _difference(row, baseline):
    accuracies = (
        {seed: scores["accuracy"] for seed, scores in each["seeds"].items()}
        for each in (row, baseline)
    )
    return paired_difference(*accuracies)._asdict()


def _sentence(row, to_original, to_classical, conditions):
    label = row_label(row, conditions)
    condition = conditions[row["condition"]]
    if condition["finding"] == LEAKED:
        label = label.removesuffix(MARKS[LEAKED])
        return (
            f"LEAKED: {label} learnt from test images or holds some; its figures say nothing about "
            "unseen images."
        )
    if condition["kind"] == "original":
        return f"{label}: accuracy {shown_mean(row['mean']['accuracy'])}."
    if to_original is None:
        words = "no finished seed in common with original"
    else:
        single = to_original["half_width"] is None
        finding = "one seed is no evidence" if single else to_original["finding"]
        words = f"{finding}, {_points(to_original)} percentage points of accuracy over original"
    if to_classical:
        words += (
            f"; {AGAINST[to_classical['finding']]} {to_classical['baseline']}, the best classical "
            f"condition ({_points(to_classical)})"
        )
    return f"{label}: {words}."


def _points(difference):
    """Return a difference in percentage points: "+1.2 ± 0.8"."""
    shown = f"{100 * difference['mean']:+z.1f}"
    if difference["half_width"] is None:
        return shown
    return f"{shown} ± {100 * difference['half_width']:.1f}"
