"""The tables of a study, for the terminal and the report alike."""

from ssgan_tf.report import Cell, Table
from ssgan_tf.statistics.findings import AFTERWARDS, LEAKED
from ssgan_tf.statistics.intervals import BOTH, TRAINING
from ssgan_tf.statistics.wording import PROVENANCE, finding_words, mark, measures_of, row_label


def accuracy_table(results):
    """Return accuracy and precision of each condition and size (SSGAN, Tables 3 and 5).

    A condition that adds no images has the same figures at every size. The best mean of a column
    is bold, LEAKED ones aside.
    """
    rows, conditions = results["rows"], results["conditions"]
    used = {row["size"] for row in rows}
    sizes = [size for size in results["sizes"] if size in used] or [None]
    names = dict.fromkeys(row["condition"] for row in rows)
    table = {name: [name_cell(name + mark(conditions[name]), conditions[name])] for name in names}
    headings = [""]
    for size in sizes:
        added = {None: "", "balance": ", balanced", "restore": ", restored"}.get(
            size, f", + {size}"
        )
        for measure in ("accuracy", "precision"):
            headings.append(measure + added)
            means = {
                row["condition"]: row["mean"][measure]
                for row in rows if row["size"] in (size, None)
            }  # fmt: skip
            honest = [mean["mean"] for name, mean in means.items() if not _leaked(conditions[name])]
            for name, cells in table.items():
                mean = means.get(name)
                best = mean is not None and mean["mean"] == max(honest, default=None)
                cells.append(mean_cell(mean, conditions[name], emphasis=best))
    return Table(headings, list(table.values()), "Accuracy and precision", seeds_note(rows))


def share_table(results):
    """Return accuracies by the share of added images, one below another; None without shares.

    The form is that of the SGID replication's Tables 1 and 2: the real images alone, the policies,
    then each set at 25 %, 50 %, 75 % and 100 % of the real images.
    """
    rows, conditions = results["rows"], results["conditions"]
    shares = [size for size in results["sizes"] if size.endswith("%")]
    if not any(row["size"] in shares for row in rows):
        return None
    names = list(dict.fromkeys(row["condition"] for row in rows))
    shown = [row for row in rows if row["size"] in (None, *shares)]
    shown.sort(key=lambda row: (row["size"] is not None, names.index(row["condition"])))
    honest = [row["mean"]["accuracy"]["mean"] for row in shown
              if not _leaked(conditions[row["condition"]])]  # fmt: skip
    table = []
    for row in shown:
        condition, mean = conditions[row["condition"]], row["mean"]["accuracy"]
        name = row["condition"] + (f"({row['size']})" if row["size"] else "")
        best = mean["mean"] == max(honest, default=None)
        table.append(
            [
                name_cell(name + mark(condition), condition),
                mean_cell(mean, condition, emphasis=best),
                sum(row["added"].values()),
            ]
        )
    columns = ["", results["data"]["name"], "images added"]
    return Table(columns, table, "Accuracy by the share of added images", seeds_note(shown))


def difference_tables(results):
    """Return a `Table` of differences of accuracy, and one of each measure of minorities."""
    measures = {name: None for row in results["rows"] for name in measures_of(row["to_original"])}
    return [difference_table(results, measure) for measure in (None, *measures)]


def difference_table(results, measure=None):
    """Return the differences of each row to `original` and to its baseline, with their findings.

    Args:
        results: the contents of `results.json`.
        measure: by default accuracy; else a key of `measures_of`.
    """
    rows = results["rows"]
    chosen = {row["to_baseline"]["chosen"] for row in rows if row["to_baseline"]}
    baseline = (
        "the classical condition of the same size, or of none, with the highest mean accuracy: it "
        "is chosen afterwards, on these test images" if AFTERWARDS in chosen else
        "the baseline, which was chosen in advance"
    )  # fmt: skip
    columns = [
        Cell("to original", 1, note="mean difference and half its unadjusted 95 % interval; above "
             "0 is better"),
        Cell("adjusted p", 3, note="over all comparisons of this study (Holm); a finding has one "
             "below 0.05"),
        "finding", Cell("to baseline", 1, note=f"the same, to {baseline}"), "adjusted p", "finding",
    ]  # fmt: skip

    def cells(row, condition):
        for key in ("to_original", "to_baseline"):
            difference, name = row[key], row[key] and row[key].get("baseline")
            if measure is not None:
                difference = measures_of(difference).get(measure)
            if difference is None:
                yield from (None, None, None)
                continue
            half_width, p = difference["half_width"], difference["adjusted_p"]
            points = None if half_width is None else 100 * half_width
            yield Cell(100 * difference["mean"], 1, points, muted=_leaked(condition))
            yield "< 0.001" if p is not None and p < 0.001 else Cell(p, 3)
            yield finding_words(difference, name)

    caption = f"Differences in {measure or 'accuracy'}, percentage points"
    return _row_table(results, columns, cells, caption, seeds_note(rows, "difference"))


def recall_table(results):
    """Return recall and F1 of each row, means over the classes."""

    def cells(row, condition):
        return [mean_cell(row["mean"][key], condition) for key in ("recall", "f1")]

    caption = "Recall and F1 over all classes"
    return _row_table(results, ["recall", "F1"], cells, caption, seeds_note(results["rows"]))


def class_table(results):
    """Return the recall of each class, which is its own accuracy, in every row.

    The heading of a class that `--imbalance` reduced says how many images it kept.
    """
    names, kept = results["data"]["classes"], results["data"]["imbalance"]
    note = "a minority: only so many of its real images were trained on"
    columns = [
        Cell(f"{name}, {kept[name]} kept", note=note) if name in kept else name for name in names
    ]

    def cells(row, condition):
        return [mean_cell(row["classes"][name]["recall"], condition) for name in names]

    note = seeds_note(results["rows"])
    return _row_table(results, columns, cells, "Accuracy of each class", note)


def confusion_table(results, row):
    """Return how many images of each true class (rows) were predicted as each class (columns).

    The counts are summed over the seeds; the shade is the share of the true class.

    Args:
        results: the contents of `results.json`.
        row: one of its rows.
    """
    names, label = list(results["data"]["classes"]), row_label(row, results["conditions"])
    return counts_table(names, row["confusion"], label)


def counts_table(class_names, confusion, caption, side="true class"):
    """Return a confusion matrix; the shade of a count is its share of its row.

    Args:
        class_names: the classes.
        confusion: rows of counts, the true class down and the predicted one across.
        caption: whose predictions, or of which images.
        side: what the rows are.
    """
    table = []
    for name, counts in zip(class_names, confusion, strict=True):
        total = max(sum(counts), 1)
        table.append([name, *(Cell(count, shade=count / total) for count in counts)])
    return Table([side, *class_names], table, caption)


def training_table(results):
    """Return the training images, steps and duration of each row."""

    def cells(row, condition):
        seconds = [scores["seconds"] for scores in row["seeds"].values()]
        mean = sum(seconds) / len(seconds)
        return [row["images"], sum(row["added"].values()), row["steps"], mean]

    columns = ["images", "of them added", "gradient steps", Cell("seconds a seed", 0)]
    return _row_table(results, columns, cells, "Training images and steps")


def _row_table(results, columns, cells, caption, note=None):
    """Return a `Table` with a line for each row; `cells(row, condition)` are behind its name."""
    table = []
    for row in results["rows"]:
        condition = results["conditions"][row["condition"]]
        label = row_label(row, results["conditions"])
        table.append([name_cell(label, condition), *cells(row, condition)])
    return Table(["", *columns], table, caption, note)


def _leaked(condition):
    return condition["finding"] == LEAKED


def name_cell(name, condition):
    """Return the first `Cell` of a row, with what a reader has to know of its condition."""
    notes = [PROVENANCE.get(condition["finding"]), *condition["notes"]]
    return Cell(name, note=" ".join(f"{note.removesuffix('.')}." for note in notes if note) or None)


def mean_cell(mean, condition, emphasis=False):
    """Return the `Cell` of a mean of `results.json`, paler where it is LEAKED; None without."""
    if mean is None:
        return None
    return Cell(mean["mean"], 4, mean["half_width"], emphasis=emphasis, muted=_leaked(condition))


def seeds_note(rows, shown="mean"):
    """Return how many seeds the means, or differences, of a table have, and their intervals."""
    seeds = sorted({len(row["seeds"]) for row in rows})
    if not seeds:
        return None
    if seeds == [1]:
        return "One seed, so there are no intervals."
    number = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    means = [row["mean"]["accuracy"] for row in rows]
    covers = {mean.get("covers", TRAINING) for mean in means if mean["half_width"] is not None}
    if shown == "difference":
        differences = [row["to_original"] for row in rows if row["to_original"]]
        if all(difference["adjusted_p"] is None for difference in differences):
            return f"Means over {number} seeds, without findings: no predictions were kept."
        covers = {BOTH}
    chance = "training, and the choice of test images where predictions were kept"
    if covers == {BOTH}:
        chance = "training and the choice of test images"
    elif covers == {TRAINING}:
        chance = "training alone, not the choice of test images"
    return f"Means over {number} seeds, ± half the 95 % interval, which covers {chance}."
