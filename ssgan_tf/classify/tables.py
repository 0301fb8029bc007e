"""The tables of a comparison, for the terminal and the page alike."""

from ssgan_tf.report import Cell, Table
from ssgan_tf.statistics.findings import AFTERWARDS, LEAKED, UNKNOWN
from ssgan_tf.statistics.intervals import BOTH, TRAINING
from ssgan_tf.statistics.wording import finding_words, mark, measures_of, row_label

WARNINGS = {
    LEAKED: "LEAKED: it learnt from test images or holds some; its figures say nothing about "
    "unseen images.",
    UNKNOWN: "Provenance unknown: nothing tells whether it learnt from test images.",
}


def accuracy_table(results):
    """Return accuracy and precision of each condition and size (SSGAN, Tables 3 and 5).

    A condition that adds no images has the same figures at every size. The best mean of a column
    is bold, LEAKED ones aside.
    """
    rows, conditions = results["rows"], results["conditions"]
    used = {row["size"] for row in rows}
    sizes = [size for size in results["sizes"] if size in used] or [None]
    means = {(size, measure): {} for size in sizes for measure in ("accuracy", "precision")}
    for row in rows:
        for (size, measure), of_column in means.items():
            if row["size"] in (size, None):
                of_column[row["condition"]] = row["mean"][measure]
    best = [
        max(
            (mean["mean"] for name, mean in of_column.items() if not _leaked(conditions[name])),
            default=None,
        )
        for of_column in means.values()
    ]
    table = []
    for name in dict.fromkeys(row["condition"] for row in rows):
        cells = [_name_cell(name + mark(conditions[name]), conditions[name])]
        for of_column, highest in zip(means.values(), best, strict=True):
            mean = of_column.get(name)
            is_best = mean is not None and mean["mean"] == highest
            cells.append(_mean_cell(mean, conditions[name], emphasis=is_best))
        table.append(cells)
    headings = [f"{measure}{_added(size)}" for size, measure in means]
    return Table(["", *headings], table, "Accuracy and precision", _seeds_note(rows))


def difference_tables(results):
    """Return a `Table` of differences of accuracy, and of each measure beside it.

    That is with classes that were dropped down: their recalls, and the balanced accuracy.
    """
    measures = {name: None for row in results["rows"] for name in measures_of(row["to_original"])}
    return [difference_table(results, measure) for measure in (None, *measures)]


def difference_table(results, measure=None):
    """Return the differences of each row to `original` and to its baseline, with their findings.

    Args:
        results: what `results.json` holds.
        measure: by default accuracy; else a key of `measures_of`.
    """
    conditions, rows = results["conditions"], results["rows"]
    chosen = {row["to_baseline"]["chosen"] for row in rows if row["to_baseline"]}
    baseline = "the same, to " + (
        "the classical condition of the same size, or of none, with the highest mean accuracy: it "
        "is chosen afterwards, on these test images" if AFTERWARDS in chosen else
        "the baseline, which was chosen in advance"
    )  # fmt: skip
    columns = [
        "",
        Cell("to original", 1, note="mean difference and half its plain 95 % interval; above 0 is "
             "better"),
        Cell("adjusted p", 3, note="over all comparisons of this study (Holm); a finding has one "
             "below 0.05"),
        "finding", Cell("to baseline", 1, note=baseline), "adjusted p", "finding",
    ]  # fmt: skip
    table = []
    for row in rows:
        condition = conditions[row["condition"]]
        cells = [_name_cell(row_label(row, conditions), condition)]
        for key in ("to_original", "to_baseline"):
            difference, name = row[key], row[key] and row[key].get("baseline")
            if measure is not None:
                difference = measures_of(difference).get(measure)
            cells += [
                _difference_cell(difference, condition),
                difference and _p_cell(difference["adjusted_p"]),
                difference and finding_words(difference, name),
            ]
        table.append(cells)
    caption = f"Differences in {measure or 'accuracy'}, percentage points"
    return Table(columns, table, caption, _seeds_note(rows, "difference"))


def recall_table(results):
    """Return recall and F1 of each row, means over the classes."""
    conditions = results["conditions"]
    table = []
    for row in results["rows"]:
        condition = conditions[row["condition"]]
        means = [_mean_cell(row["mean"][key], condition) for key in ("recall", "f1")]
        table.append([_name_cell(row_label(row, conditions), condition), *means])
    note = _seeds_note(results["rows"])
    return Table(["", "recall", "F1"], table, "Recall and F1 over all classes", note)


def class_table(results):
    """Return the recall of each class, which is its own accuracy, in every row.

    The heading of a class that was dropped down (`imbalance`) says how many images it kept.
    """
    conditions, kept = results["conditions"], results["data"]["imbalance"]
    headings = [
        Cell(f"{name}, {kept[name]} kept", note="a minority: only so many of its real images were "
             "learnt from") if name in kept else name
        for name in results["data"]["classes"]
    ]  # fmt: skip
    table = []
    for row in results["rows"]:
        condition = conditions[row["condition"]]
        recalls = [row["classes"][name]["recall"] for name in results["data"]["classes"]]
        table.append(
            [
                _name_cell(row_label(row, conditions), condition),
                *(_mean_cell(recall, condition) for recall in recalls),
            ]
        )
    return Table(["", *headings], table, "Accuracy of each class", _seeds_note(results["rows"]))


def confusion_table(results, row):
    """Return how often images of each class, down, were taken for each class, across.

    The counts are summed over the seeds; the shade is the share of the true class.

    Args:
        results: what `results.json` holds.
        row: one of its rows.
    """
    names = list(results["data"]["classes"])
    table = []
    for name, counts in zip(names, row["confusion"], strict=True):
        total = max(sum(counts), 1)
        table.append([name, *(Cell(count, shade=count / total) for count in counts)])
    caption = row_label(row, results["conditions"])
    return Table(["true class", *names], table, caption)


def training_table(results):
    """Return what each row learnt from and how long."""
    columns = ["", "images", "of them added", "gradient steps", Cell("seconds a seed", 0)]
    table = []
    for row in results["rows"]:
        seconds = [scores["seconds"] for scores in row["seeds"].values()]
        table.append(
            [
                row_label(row, results["conditions"]),
                row["images"],
                sum(row["added"].values()),
                row["steps"],
                sum(seconds) / len(seconds),
            ]
        )
    return Table(columns, table, "What was learnt from")


def _leaked(condition):
    return condition["finding"] == LEAKED


def _name_cell(name, condition):
    warning = WARNINGS.get(condition["finding"])
    notes = [warning, *condition["notes"]] if warning else condition["notes"]
    return Cell(name, note=" ".join(f"{note.removesuffix('.')}." for note in notes) or None)


def _mean_cell(mean, condition, emphasis=False):
    if mean is None:
        return None
    return Cell(mean["mean"], 4, mean["half_width"], emphasis=emphasis, muted=_leaked(condition))


def _difference_cell(difference, condition):
    if difference is None:
        return None
    interval = difference["half_width"]
    points = None if interval is None else 100 * interval
    return Cell(100 * difference["mean"], 1, points, muted=_leaked(condition))


def _p_cell(p):
    return "< 0.001" if p is not None and p < 0.001 else Cell(p, 3)


def _added(size):
    return {None: "", "balance": ", balanced"}.get(size, f", + {size}")


def _seeds_note(rows, shown="mean"):
    """Return what stands behind the means, or differences, of a table."""
    seeds = sorted({len(row["seeds"]) for row in rows})
    if not seeds:
        return None
    if seeds == [1]:
        return "One seed, so there are no intervals."
    number = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    intervals = [row["mean"]["accuracy"] for row in rows]
    covers = {mean.get("covers", TRAINING) for mean in intervals if mean["half_width"] is not None}
    if shown == "difference" and not any(
        row["to_original"] and row["to_original"]["adjusted_p"] is not None for row in rows
    ):
        return f"Means over {number} seeds, without findings: no predictions were kept."
    if shown == "difference" or covers == {BOTH}:
        chance = "training and of the choice of test images"
    elif covers == {TRAINING}:
        chance = "training alone, not of the choice of test images"
    else:
        chance = "training, and of the choice of test images where predictions were kept"
    return (
        f"Means over {number} seeds, ± half the 95 % interval, which covers the chance of {chance}."
    )
