"""The tables of a comparison, those of the paper with its figures, as CSV and JSON too."""

from pathlib import Path

from ssgan_tf.classify.tables import mean_cell, name_cell, seeds_note
from ssgan_tf.comparison.pictures import nyquist_shares
from ssgan_tf.comparison.ranks import ALL_ORDERS, DRAWN_ORDERS, papers_size
from ssgan_tf.comparison.results import REAL, over_trainings
from ssgan_tf.comparison.wording import state, trouble
from ssgan_tf.files import write_atomically, write_json
from ssgan_tf.published import CLASSIFICATION, DATA, QUALITY
from ssgan_tf.report import Cell, Column, make_table
from ssgan_tf.statistics.findings import BASELINE, LEAKED, UNKNOWN
from ssgan_tf.statistics.wording import mark

FOLDER = "tables"
STAGES = ("train", "generate", "evaluate", "classify")


def write_tables(out, results):
    """Write every table as `tables/<name>.csv`, and `tables/tables.json`; earlier ones go.

    Returns:
        what `make_tables` does.
    """
    folder = Path(out) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.csv"):
        earlier.unlink()
    tables = make_tables(results, nyquist_shares(out, results))
    for name, table in tables.items():
        data = table.csv().encode("utf-8", errors="replace")
        write_atomically(folder / f"{name}.csv", lambda file, data=data: file.write(data))
    write_json(folder / "tables.json", {name: _plain(table) for name, table in tables.items()})
    return tables


def make_tables(results, shares):
    """Return every `Table` that there is something for, by the name of its file.

    The `shares` are those of `nyquist_shares`.
    """
    tables = {}
    for number in results["tables"]:
        if number in QUALITY and results.fids(QUALITY[number]):
            tables[f"table_{number}"] = quality_table(results, number)
        if number in CLASSIFICATION:
            for size in results.classifier_sizes():
                tables[f"table_{number}_{size}"] = classification_table(results, number, size)
    if any(map(results.measured, results["members"])):
        tables["measures"] = measures_table(results)
    if results["order"]:
        tables["order"] = order_table(results)
    if shares:
        tables["checkerboard"] = checkerboard_table(results, shares)
    return tables | {"budgets": budget_table(results)}


def quality_table(results, number):
    """Return FID and IS of the contestants of the paper's Table 1, 2, 4, 6 or 7, ours and its own.

    Tables 2 and 4 have parameters (Eq. 9) and FLOPs (Eq. 10) too. What nobody has, such as IS
    without logits, has no column.
    """
    papers = QUALITY[number]
    names = [name for name in papers if name in results["members"]]
    scored = any(map(results.inception_score, names))
    spread = "" if results.trained_again else ", ± the standard deviation over parts"
    published = {
        "FID": lambda row: row.fid,
        "IS": lambda row: row.inception_score,
        "params, M": lambda row: row.parameters and round(row.parameters / 1e6),
        "FLOPs, G": lambda row: row.flops and round(row.flops / 1e9),
    }
    columns = [
        *_first_columns(results),
        Column(results.fid_name, lambda name: results.mean(name, "FID", "training"),
               "ours, to the training images; lower is better", 2, min),
        Column("IS", results.inception_score, f"ours{spread}; higher is better", 2, max),
        *(_cost_columns(results, names) if number in (2, 4) else []),
        *(Column(f"paper's {heading}", lambda name, of=of: of(papers[name]), quoted=True)
          for heading, of in published.items()),
    ]  # fmt: skip
    note = (
        "The paper's columns are its own figures, plain FID and IS on its own images "
        f'("{DATA[number]}"); compare the order, not the values.'
    )
    if results.floor is not None:
        note += f" Two halves of our training images are {results.floor:.2f} apart in "
        note += f"{results.fid_name}."
    measured = [metrics for name in names for metrics in results.measured(name)]
    if measured and not scored:
        logits = measured[0]["features"]["logits"]
        why = "there are too few images" if logits else "the network file ends before the logits"
        note += f" IS was not measured here: {why}."
    caption = f"Table {number}: {results.fid_name}" + " and IS" * scored
    return make_table(names, columns, caption, note + _missing(papers, names))


def classification_table(results, number, size):
    """Return accuracy and precision of classifiers, ours and the paper's (Table 3 or 5).

    Rows: original data, classical augmentation, then contestants, first those of the paper's table,
    each with its difference in accuracy to the baseline that they have to beat. The best mean of
    ours is bold, LEAKED ones aside.

    The size is one of `classifier_sizes`; of the paper the same one is shown, or its largest one.
    """
    papers, beside = CLASSIFICATION[number], papers_size(size)
    rows = results.classifier_rows(size, leaked=True)
    conditions = {name: _worst_condition(results, alike) for name, alike in rows.items()}
    against = {one.name: one for one in results.against_baseline() if one.size == size}
    classical = [name for name in rows if name not in results["members"]]
    order = dict.fromkeys([*classical, *(name for name in papers if name in rows), *rows])

    def title(name):
        return name_cell(results.label(name) + mark(conditions[name]), conditions[name])

    def mean(name, measure):
        return mean_cell(over_trainings(rows[name], measure)._asdict(), conditions[name])

    def difference(name):
        found = against.get(name)
        return found and Cell(100 * found.mean, 1, found.half_width and 100 * found.half_width)

    measures, added = ("accuracy", "precision"), "balanced" if size == "balance" else f"+ {size}"
    columns = [
        Column("Model", title),
        *(Column(f"{measure}, {added}", lambda name, measure=measure: mean(name, measure),
                 digits=4, best=max) for measure in measures),
        Column(f"to {BASELINE}", difference, "difference in accuracy, percentage points, by the "
               "same seeds of classifiers, and half its 95 % interval over trainings and "
               "classifiers"),
        *(Column(f"paper's {measure}" + f", + {beside}" * (beside != size),
                 lambda name, measure=measure: getattr(papers[name][beside], measure)
                 if name in papers else None, quoted=True) for measure in measures),
    ]  # fmt: skip
    note = (
        "Rows of members: means over trainings of their generators, each of which is a mean over "
        "seeds of classifiers; ± is half the 95 % interval over trainings. Other rows: over seeds "
        "of classifiers."
        if results.trained_again else
        f"{seeds_note([row for row, *_ in rows.values()])} Each generator was trained once."
    )  # fmt: skip
    note += (
        " The paper's columns are its own figures, of one training with 400 real images a class of "
        f'its data set "{DATA[number]}"; compare the order, not the values.'
    )
    caption = f"Table {number}: classifiers with {size} images added a class"
    return make_table(order, columns, caption, note + _missing(papers, rows))


def measures_table(results):
    """Return every measure of every contestant, and below them what real images get."""

    def measure(*keys, digits=3, real=None):
        return lambda name: (
            Cell(real, digits, muted=True) if name == REAL else results.mean(name, *keys)
        )

    def of_members(value):
        return lambda name: None if name == REAL else value(name)

    columns = [
        *_first_columns(
            results, real_note="FID between two halves of the training images, each of half as many"
        ),
        Column(results.fid_name, measure("FID", "training", digits=2, real=results.floor),
               "to the training images; lower is better", 2, min),
        Column("to held out", measure("FID", "held_out"), "to real images that were not learnt "
               "from; of fewer images, and higher for that alone", 2, min),
        Column(f"KID{results.suffix} ×1000",
               of_members(lambda name: results.mean_of_parts(name, "KID")),
               None if results.trained_again else "± is the standard deviation over random subsets",
               2, min, 1000),
        *(Column(key + results.suffix, measure(key), None, 3, max)
          for key in ("precision", "recall", "density", "coverage")),
        Column("SSIM", measure("SSIM", "generated", "mean",
                               real=results.of_real("SSIM", "training", "mean")),
               "mean over random pairs of images; much higher than that of real images: too little "
               "variety", 3),
        Column("copies", of_members(lambda name: _copies(results, name)),
               "whether generated images lie too near to training images"),
    ]  # fmt: skip
    names = [*results["members"], *[REAL] * (results.floor is not None)]
    return make_table(names, columns, "All measures of all members")


def order_table(results):
    """Return how our order compares with the paper's, a row for each column of its tables."""
    label = results.label
    columns = [
        Column("Table and column", lambda one: f"{one['table']}: {one['measure']}"),
        Column("rows", lambda one: len(one["papers"])),
        Column("paper's first", lambda one: label(one["papers"][0])),
        Column("first here", lambda one: ", ".join(map(label, one["firsts"]))),
        Column("place here", lambda one: one["ours"].index(one["papers"][0]) + 1,
               "of the one that the paper has first"),
        Column("pairs reversed", lambda one: f"{len(one['reversed'])} of {one['pairs']}",
               "of all pairs of rows, those that stand the other way round here"),
        Column("Spearman", lambda one: one["correlation"], "rank correlation with the paper: 1 "
               "for its order, -1 for the opposite one, about 0 for none; not of two rows", 2),
        Column("p", lambda one: one["chance"] and one["chance"]["p"], "share of all possible "
               "orders that agree with the paper's at least as well (of "
               f"{DRAWN_ORDERS:,} random ones for more than {ALL_ORDERS} rows)", 3),
    ]  # fmt: skip
    note = (
        "By means over trainings; near ones may well change places with further trainings."
        if results.trained_again else
        "Each member was trained once, and near figures may well change places in another training."
    )  # fmt: skip
    return make_table(results["order"], columns, "Our order and the paper's", note)


def checkerboard_table(results, shares):
    """Return the Nyquist share of each contestant's images in per cent; see `nyquist_shares`."""
    columns = [
        Column("Model", lambda name: Cell(results.label(name), muted=name == REAL)),
        Column("Nyquist share, %", lambda name: Cell(100 * shares[name], 3, muted=name == REAL),
               "of the energy of the images, means aside"),
    ]  # fmt: skip
    names = [name for name in (REAL, *results["members"]) if name in shares]
    return make_table(names, columns, "Energy at the highest frequency")


def budget_table(results):
    """Return state, iterations and time of each training of each contestant."""
    found = results.every_training()

    def seconds(name, stage, each=60):
        value = found[name]["seconds"].get(stage)
        return value if value is None or not each else value / each

    def updates(name):
        return sum(found[name]["iterations"].values()) or None

    columns = [
        Column("Model", lambda name: name),
        Column("state", lambda name: Cell(state(found[name]), note=found[name]["failure"])),
        Column("networks", lambda name: len(found[name]["iterations"]) or None,
               "one for each class; a single one where the method is conditional"),
        Column("iterations", updates, "generator updates, of all networks together"),
        *(Column(f"{stage}, min", lambda name, stage=stage: seconds(name, stage), digits=1)
          for stage in STAGES),
        Column("seconds an iteration",
               lambda name: updates(name) and (seconds(name, "train", updates(name)) or None),
               "of training; batches and critic steps differ between methods, and whatever else "
               "the machine was doing counts too", 2),
    ]  # fmt: skip
    return make_table(found, columns, "Budgets")


def _first_columns(results, real_note=None):
    """Yield what contestants are called, why one has no figures, and how often it was trained."""

    def title(name):
        if name == REAL:
            return Cell(results.label(REAL), muted=True, note=real_note)
        notes = [
            (f"seed {one['seed']}: " if results["members"][name]["further"] else "") + trouble(one)
            for one in results.trainings(name) if one["state"] != "finished"
        ]  # fmt: skip
        return Cell(results.label(name), note="; ".join(notes) or None)

    yield Column("Model", title)
    if results.trained_again:
        yield Column(
            "trainings", lambda name: None if name == REAL else len(results.measured(name)) or None,
            "by how many seeds; ± is half the 95 % interval of a mean over them (Student's t)",
        )  # fmt: skip


def _cost_columns(results, names):
    costs = results.costs(names)
    sizes = sorted({cost["flops"]["batch_size"] for cost in costs.values()})

    def figure(part, key, unit):
        return lambda name: costs[name][part][key] / unit if name in costs else None

    yield Column("params, M", figure("parameters", "together", 1e6),
                 "parameters by Eq. 9, generator and critic", 2, min)  # fmt: skip
    yield Column("FLOPs, G", figure("flops", "batch", 1e9), "Eq. 10, of a batch of "
                 f"{' or '.join(map(str, sizes))} through generator and critic; the paper does not "
                 "say of what", 1, min)  # fmt: skip


def _worst_condition(results, rows):
    """Return the condition of worst provenance among rows of classifiers, with the notes of all."""
    found = [results["classifiers"]["conditions"][row["condition"]] for row in rows]
    worst = min(found, key=lambda one: [LEAKED, UNKNOWN, one["finding"]].index(one["finding"]))
    return worst | {"notes": list(dict.fromkeys(note for one in found for note in one["notes"]))}


def _copies(results, name):
    """Return the findings on copies among the images of all trainings of a contestant, or None."""
    each = [metrics["overall"].get("memorisation", {}) for metrics in results.measured(name)]
    return ", ".join(dict.fromkeys(one["finding"] for one in each if one.get("finding"))) or None


def _missing(papers, names):
    absent = [name for name in papers if name not in names]
    return f" In the paper's table but not here: {', '.join(absent)}." if absent else ""


def _plain(table):
    """Return a table for JSON: its rows as dicts, intervals as two more entries."""
    rows = []
    for row in table.rows:
        plain = {}
        for heading, cell in zip(table.columns, row, strict=True):
            plain[heading.value] = cell.value
            for end, bound in zip(("low", "high"), cell.bounds or (), strict=False):
                plain[f"{heading.value} {end}"] = bound
        rows.append(plain)
    return {"caption": table.caption, "note": table.note, "rows": rows}
