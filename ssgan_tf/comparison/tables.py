"""The tables of a study in the paper's form, and every table as CSV and JSON."""

import dataclasses
from pathlib import Path

from ssgan_tf.classify.tables import accuracy_table
from ssgan_tf.comparison.against import against_baseline
from ssgan_tf.comparison.classifiers import BASELINE
from ssgan_tf.comparison.columns import (
    bold,
    bold_means,
    names_of,
    quoted,
    table_of,
    training_columns,
    with_intervals,
)
from ssgan_tf.comparison.images import nyquist_shares
from ssgan_tf.comparison.members import condition_of
from ssgan_tf.comparison.more_tables import (
    budget_table,
    checkerboard_table,
    measures_table,
    order_table,
)
from ssgan_tf.comparison.ranks import rankings
from ssgan_tf.comparison.scores import (
    classifier_sizes,
    every_training,
    fid_name,
    fids,
    floor,
    inception_scores,
    label,
    means,
    papers_size,
    row_names,
    trained_again,
    trainings,
)
from ssgan_tf.files import write_atomically, write_json
from ssgan_tf.published import CLASSIFICATION, QUALITY
from ssgan_tf.report import Cell, Table
from ssgan_tf.statistics.findings import LEAKED, UNKNOWN
from ssgan_tf.statistics.intervals import mean_over_seeds
from ssgan_tf.statistics.wording import mark

#: What each of the paper's tables shows, and of which of its data sets.
TITLES = {
    1: "Ablations", 2: "Methods", 3: "Classifiers", 4: "Methods", 5: "Classifiers", 6: "Noise",
    7: "Hyper-parameters",
}  # fmt: skip
MEASURES = ("accuracy", "precision")  # of classifiers
#: So that nobody reads off these two rows what Table 1 is there for.
NOT_A_PAIR = (
    " SSGAN and WGAN-GP differ in more than pyramid connections and perceptual loss: λ is 1 and "
    "10, β₁ 0.5 and 0, the critic has ReLU and LeakyReLU. What the two additions do is in Table 1."
)
DATA = {number: "Animal" if number in (4, 5) else "Flower" for number in TITLES}


def write_tables(out, results):
    """Write every table as `tables/<name>.csv`, and all of them as `tables/tables.json`.

    Tables of an earlier report are removed.

    Args:
        out: the folder of the study.
        results: what `results.json` holds.
    """
    folder = Path(out) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.csv"):
        earlier.unlink()
    tables = make_tables(results, nyquist_shares(out, results))
    for name, table in tables.items():
        data = table.csv().encode("utf-8", errors="replace")
        write_atomically(folder / f"{name}.csv", lambda file, data=data: file.write(data))
    write_json(folder / "tables.json", {name: _plain(table) for name, table in tables.items()})


def make_tables(results, shares):
    """Return every `Table` that there is something for, by the name of its file.

    Args:
        results: what `results.json` holds.
        shares: what `nyquist_shares` returns.
    """
    tables = {}
    for number in results["tables"]:
        if number in QUALITY and fids(results, QUALITY[number]):
            tables[f"table_{number}"] = quality_table(results, number)
        if number in CLASSIFICATION:
            for size in classifier_sizes(results):
                tables[f"table_{number}_{size}"] = classification_table(results, number, size)
    if any(training["metrics"] for training in every_training(results).values()):
        tables["measures"] = measures_table(results)
    if rankings(results):
        tables["order"] = order_table(results)
    if shares:
        tables["checkerboard"] = checkerboard_table(results, shares)
    tables["budgets"] = budget_table(results)
    return tables


def quality_table(results, number):
    """Return FID and IS of the members of the paper's Table 1, 2, 4, 6 or 7, ours and the paper's.

    Tables 2 and 4 have parameters (Eq. 9) and FLOPs (Eq. 10) too. Our best of a column is bold.
    What nobody has, such as IS without logits, has no column.
    """
    papers = QUALITY[number]
    names = [name for name in papers if name in results["members"]]
    scores = inception_scores(results, names)
    cells = bold({name: score["mean"] for name, score in scores.items()}, max, 2)
    spread = "" if trained_again(results) else ", ± the standard deviation over parts"
    columns = [
        (Cell("Model"), names_of(results, names)),
        *training_columns(results, names),
        (Cell(fid_name(results), note="ours, to the training images; lower is better"),
         bold_means(means(results, "FID", "training", names=names), min, 2)),
        (Cell("IS", note=f"ours{spread}; higher is better"),
         with_intervals(cells, {name: score["spread"] for name, score in scores.items()})),
        *(_cost_columns(results, names) if number in (2, 4) else []),
        *(
            (Cell(heading, muted=True), {name: quoted(of_row(papers[name])) for name in names})
            for heading, of_row in {
                "paper's FID": lambda row: row.fid,
                "paper's IS": lambda row: row.inception_score,
                "paper's params, M": lambda row: row.parameters and round(row.parameters / 1e6),
                "paper's FLOPs, G": lambda row: row.flops and round(row.flops / 1e9),
            }.items()
        ),
    ]  # fmt: skip
    caption = f"Table {number}: {fid_name(results)}" + (" and IS" if scores else "")
    return table_of(names, columns, caption, _quality_note(results, number, names))


def classification_table(results, number, size):
    """Return accuracy and precision of classifiers, ours and the paper's (Table 3 or 5).

    Rows: original data, classical augmentation, then members, first those of the paper's table,
    each with its difference in accuracy to the baseline that members have to beat. The best mean
    of ours is bold, LEAKED ones aside.

    Args:
        results: what `results.json` holds.
        number: 3 or 5.
        size: how many images are added a class, one of `scores.classifier_sizes`. Of the paper
            the same size is shown, or its largest one.
    """
    classifiers, papers = over_trainings(results), CLASSIFICATION[number]
    names = {condition_of(name): name for name in results["members"]}
    finished = [row for row in classifiers["rows"] if row["size"] in (size, None)]
    ours = accuracy_table(classifiers | {"sizes": [size], "rows": finished})
    beside = papers_size(size)
    against = {one.name: one for one in against_baseline(results) if one.size == size}
    rows = {}
    order = dict.fromkeys(row["condition"] for row in finished)
    for condition, (first, *cells) in zip(order, ours.rows, strict=True):
        name = names.get(condition, condition)
        words = label(results, name) + mark(classifiers["conditions"][condition])
        figures = papers[name][beside] if name in papers else (None, None)
        row = [dataclasses.replace(first, value=words), *cells]
        if against:
            row.append(_difference(against.get(name)))
        rows[name] = [*row, *map(quoted, figures)]
    classical = [name for name in rows if name not in results["members"]]
    in_order = dict.fromkeys([*classical, *(name for name in papers if name in rows), *rows])
    note = (
        f"{_classifiers_note(results, ours.note)} The paper's columns are its own figures, of one "
        f'training with 400 real images a class of its data set "{DATA[number]}"; compare the '
        "order, not the values." + _missing([name for name in papers if name not in rows])
    )
    added = "" if beside == size else f", + {beside}"
    headings = [Cell(f"paper's {measure}{added}", muted=True) for measure in MEASURES]
    if against:
        headings.insert(0, Cell(f"to {BASELINE}", note="difference in accuracy, percentage points, "
                                "by the same seeds of classifiers, and half its 95 % interval over "
                                "trainings and classifiers"))  # fmt: skip
    return Table(
        ["Model", *ours.columns[1:], *headings], [rows[name] for name in in_order],
        f"Table {number}: classifiers with {size} images added a class", note,
    )  # fmt: skip


def over_trainings(results):
    """Return the results of classifiers with one row for all trainings of a member.

    Its means are over trainings, and so are their intervals; its finding is the worst of theirs.
    """
    classifiers, names = results["classifiers"], row_names(results)
    conditions, rows = {}, {}
    for condition, found in classifiers["conditions"].items():
        name = condition_of(names[condition])
        worst = conditions.setdefault(name, found)
        findings = [one for one in (LEAKED, UNKNOWN) if one in (worst["finding"], found["finding"])]
        conditions[name] = worst | {
            "finding": findings[0] if findings else found["finding"],
            "notes": list(dict.fromkeys([*worst["notes"], *found["notes"]])),
        }
    for row in classifiers["rows"]:
        rows.setdefault((condition_of(names[row["condition"]]), row["size"]), []).append(row)
    merged = []
    for (condition, _), alike in rows.items():
        row = alike[0] | {"condition": condition}
        if len(alike) > 1:
            row["mean"] = {
                measure: mean_over_seeds([one["mean"][measure]["mean"] for one in alike])._asdict()
                for measure in row["mean"]
            }
        merged.append(row)
    return classifiers | {"conditions": conditions, "rows": merged}


def _difference(found):
    """Return the cell of a `Difference`, in percentage points."""
    if found is None:
        return None
    interval = None if found.half_width is None else 100 * found.half_width
    return Cell(100 * found.mean, 1, interval)


def _classifiers_note(results, note):
    """Return what stands behind the means of classifiers."""
    if not trained_again(results):
        return f"{note} Each generator was trained once."
    return (
        "Rows of members: means over trainings of their generators, each of which is a mean over "
        "seeds of classifiers; ± is half the 95 % interval over trainings. Other rows: over seeds "
        "of classifiers."
    )


def _cost_columns(results, names):
    """Return parameters and FLOPs of the members whose evaluation knows them."""
    costs = {
        name: cost for name in names
        if (cost := (results["members"][name]["metrics"] or {}).get("cost"))
    }  # fmt: skip
    sizes = sorted({cost["flops"]["batch_size"] for cost in costs.values()})
    return [
        (Cell("params, M", note="parameters by Eq. 9, generator and critic"),
         bold({name: cost["parameters"]["together"] / 1e6 for name, cost in costs.items()},
              min, 2)),
        (Cell("FLOPs, G", note=f"Eq. 10, of a batch of {' or '.join(map(str, sizes))} through "
              "generator and critic; the paper does not say of what"),
         bold({name: cost["flops"]["batch"] / 1e9 for name, cost in costs.items()}, min, 1)),
    ]  # fmt: skip


def _quality_note(results, number, names):
    note = (
        "The paper's columns are its own figures, plain FID and IS on its own images "
        f'("{DATA[number]}"); compare the order, not the values.'
    )
    near = floor(results)
    if near is not None:
        note += f" Two halves of our training images are {near:.2f} apart in {fid_name(results)}."
    measured = [training["metrics"] for name in names for training in trainings(results, name)
                if training["metrics"]]  # fmt: skip
    if measured and not inception_scores(results, names):
        logits = measured[0]["features"]["logits"]
        why = "there are too few images" if logits else "the network file ends before the logits"
        note += f" IS was not measured here: {why}."
    if {"ssgan", "wgan-gp"} <= set(names):
        note += NOT_A_PAIR
    return note + _missing([name for name in QUALITY[number] if name not in names])


def _missing(names):
    return f" In the paper's table but not here: {', '.join(names)}." if names else ""


def _plain(table):
    """Return a table for JSON: its rows as dicts, intervals as two more entries."""
    rows = []
    for row in table.rows:
        plain = {}
        for heading, cell in zip(table.columns, row, strict=True):
            plain[heading.value] = cell.value
            if cell.bounds:
                plain |= zip((f"{heading.value} low", f"{heading.value} high"), cell.bounds,
                             strict=True)  # fmt: skip
        rows.append(plain)
    return {"caption": table.caption, "note": table.note, "rows": rows}
