"""The tables of a study of imbalance, the paper's figures beside ours."""

from functools import partial

from ssgan_tf.classify.conditions import ORIGINAL
from ssgan_tf.files import write_atomically
from ssgan_tf.imbalance.conditions import FULL, Level
from ssgan_tf.imbalance.measures import BALANCED, RECALL
from ssgan_tf.imbalance.published import PUBLISHED
from ssgan_tf.metrics.ssim import GAUSSIAN, UNIFORM
from ssgan_tf.report import Cell, Column, Table, make_table
from ssgan_tf.statistics.findings import BASELINE
from ssgan_tf.statistics.intervals import Mean
from ssgan_tf.statistics.wording import finding_words, shown_points

FOLDER = "tables"
PAPERS = (
    "The paper's figures are each of one class and one training, and of another classifier: they "
    "say which row should be ahead, not which value should come out here."
)


def write_tables(out, results):
    """Write every table as `tables/<name>.csv`."""
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in make_tables(results).items():
        data = table.csv().encode("utf-8", errors="replace")
        write_atomically(folder / f"{name}.csv", partial(_write, data=data))


def _write(file, data):
    file.write(data)


def make_tables(results):
    """Return every `Table` that there is something for, by the name of its file."""
    made = {
        "recall": _measure_table(results, RECALL, "Recall of the class that was cut down"),
        "balanced_accuracy": _measure_table(
            results, BALANCED, "Balanced accuracy: the mean recall of all classes"
        ),
        "ssim": _ssim_table(results, GAUSSIAN, "SSIM of pairs: grey, Gaussian window of 11 pixels"),
        "ssim_papers": _ssim_table(
            results, UNIFORM, "SSIM of pairs as the paper measures it: colour, uniform window of 7"
        ),
        "differences": difference_table(results),
        "classes": class_table(results),
        "cost": cost_table(results),
    }
    return {name: table for name, table in made.items() if table.rows}


def _row(results, condition, level):
    """Return the row of a condition at a level; what has no level for the whole data set."""
    if condition == FULL:
        return results[FULL] | {"paper": results[FULL]["paper"].get(level, {}), "differences": {}}
    return next(
        (
            row for row in results["rows"]
            if (row["condition"], row["level"]) == (condition, level)
        ),
        {"paper": {}, "ssim": {}, "differences": {}},
    )  # fmt: skip


def _conditions(results):
    """Return the names of all rows: ours, in their order, and the whole data set."""
    return [*results["options"]["conditions"], FULL]


def _columns(results, ours, printed):
    """Return for each level a column of ours and one of the paper's."""
    columns = []
    for text in results["options"]["keep"]:
        heading = Level(text).heading
        columns += [
            Column(heading, partial(ours, level=text), digits=3),
            Column(f"{heading}, paper", partial(printed, level=text), quoted=True),
        ]
    return columns


def _measure_table(results, measure, caption):
    """Return a measure of each condition at each level."""

    def ours(condition, level):
        mean = _row(results, condition, level).get(measure)
        return None if mean is None else Mean(**mean)

    def printed(condition, level):
        return _row(results, condition, level)["paper"].get(measure)

    shown = [name for name in _conditions(results)
             if any(ours(name, level) for level in results["options"]["keep"])]  # fmt: skip
    seeds, classes = results["options"]["seeds"], len(results["options"]["classes"])
    means = f"Means over {classes} {'class' if classes == 1 else 'classes'} and {seeds} "
    note = means + ("seed, without intervals." if seeds == 1 else
                    "seeds, ± half the 95 % interval.")  # fmt: skip
    incomplete = sorted(
        {f"{row['condition']} at {Level(row['level']).heading} has {row['classes']}"
         for row in results["rows"] if 0 < row["classes"] < classes}
    )  # fmt: skip
    if incomplete:
        note += f" Of fewer classes: {'; '.join(incomplete)}."
    name = results["dataset"]["name"]
    if measure == RECALL and name in PUBLISHED:
        caption += f" (paper: Table {PUBLISHED[name].tables[0]})"
        note += f" {PAPERS}"
    columns = [Column("condition", lambda name: name), *_columns(results, ours, printed)]
    return make_table(shown, columns, caption, note)


def _ssim_table(results, window, caption):
    """Return the mean SSIM of what each condition adds, and of real images."""

    def ours(condition, level):
        return _row(results, condition, level)["ssim"].get(window)

    def printed(condition, level):
        return _row(results, condition, level)["paper"].get(window)

    shown = [
        name for name in _conditions(results)
        if any(ours(name, level) is not None for level in results["options"]["keep"])
    ]  # fmt: skip
    note = (
        "1000 random pairs of the images that are added to a class, the mean over classes. Much "
        "more than real images have: too little variety."
    )
    name = results["dataset"]["name"]
    if window == UNIFORM and name in PUBLISHED:
        caption += f" (paper: Table {PUBLISHED[name].tables[1]})"
    columns = [
        Column("images", lambda name: "real" if name == FULL else name),
        *_columns(results, ours, printed),
    ]
    return make_table(shown, columns, caption, note)


def difference_table(results):
    """Return the differences of recall and balanced accuracy, tested together."""
    rows = []
    for row in results["rows"]:
        for other, found in row["differences"].items():
            baseline = None if other == ORIGINAL else other
            cells = [Level(row["level"]).heading, row["condition"], other]
            for measure in (RECALL, BALANCED):
                cells += [shown_points(found[measure]), finding_words(found[measure], baseline)]
            rows.append(cells)
    tested = 2 * len(rows)
    return Table(
        ["kept", "condition", "against", "recall, points", "finding", "balanced accuracy, points",
         "finding"], rows, "Differences on the same seeds and test images",
        f"The p values are adjusted over all {tested} comparisons (Holm).",
    )  # fmt: skip


def class_table(results):
    """Return the recall of each class at each level under each condition."""
    names = results["options"]["conditions"]

    def recall(cell, name):
        mean = cell["conditions"][name][RECALL]
        return None if mean is None else Mean(**mean)

    columns = [
        Column("class", lambda cell: cell["class"]),
        Column("kept", lambda cell: cell["kept"]),
        Column("added", lambda cell: cell["added"]),
        Column("test images", lambda cell: cell["test_images"]),
        *(Column(name, partial(recall, name=name), digits=3) for name in names),
    ]
    return make_table(results["cells"], columns, "Recall of each class that was cut down")


def cost_table(results):
    """Return the minutes that each condition took, over all classes and levels."""
    totals = {}
    for cell in results["cells"]:
        for name, row in cell["conditions"].items():
            for key, seconds in row["seconds"].items():
                totals.setdefault(name, {}).setdefault(key, 0.0)
                totals[name][key] += seconds / 60
    columns = [Column("condition", lambda name: name)] + [
        Column(f"{key}, min", lambda name, key=key: Cell(totals[name][key] or None, 1))
        for key in ("training", "generating", "classifiers")
    ]
    shown = [name for name in totals if any(totals[name].values())]
    return make_table(shown, columns, "What it cost, all classes and levels together")


def main_sentences(results):
    """Return plain sentences: what each condition did to the recall, at each level."""
    sentences = []
    for text in results["options"]["keep"]:
        for name in results["options"]["conditions"]:
            row = _row(results, name, text)
            if name == ORIGINAL or not row.get(RECALL):
                continue
            sentence = f"{Level(text).heading}, {name}: recall {row[RECALL]['mean']:.3f}"
            if found := row["differences"].get(ORIGINAL):
                sentence += (
                    f", {finding_words(found[RECALL])} ({shown_points(found[RECALL], ' points')})"
                )
            else:
                sentence += ", no finding"
            if found := row["differences"].get(BASELINE):
                sentence += (
                    f"; {finding_words(found[RECALL], BASELINE)} "
                    f"({shown_points(found[RECALL], ' points')})"
                )
            sentences.append(sentence + ".")
    return sentences
