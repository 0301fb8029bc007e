"""The pictures of a comparison: accuracies with intervals, training curves, added images."""

from functools import partial
from pathlib import Path

from ssgan_tf import plots
from ssgan_tf.classify.conditions import row_name
from ssgan_tf.files import write_atomically
from ssgan_tf.statistics.findings import LEAKED
from ssgan_tf.statistics.wording import row_label


def write_pictures(out, results, shown, logs):
    """Write PNGs into a folder; return their names by what they show.

    The keys: `accuracy`, `curves` and `added`; one of which there is nothing to show is left out.

    Args:
        out: the folder.
        results: what `results.json` holds.
        shown: dict from the name of a row ("crop-400") to images that it adds, uint8
            `(n, H, W, 3)`.
        logs: dict from the name of a row to a list over seeds of the records of `metrics.jsonl`.
    """
    rows, conditions, written = results["rows"], results["conditions"], {}

    def picture(key, write):
        written[key] = f"{key}.png"
        write_atomically(Path(out) / written[key], write)

    if rows:
        picture("accuracy", partial(plots.write_means, **_accuracies(results)))
    labels = {row_name(row["condition"], row["size"]): row_label(row, conditions) for row in rows}
    if any(record for runs in logs.values() for records in runs for record in records):
        runs = {labels.get(name, name): of_row for name, of_row in logs.items()}
        picture("curves", partial(plots.write_training, runs=runs))
    if shown:
        sheet = plots.labelled_rows({labels.get(name, name): shown[name] for name in shown})
        picture("added", partial(plots.write_png, image=sheet))
    return written


def _accuracies(results):
    """Return the arguments of `write_means`: rows without sets first, then size by size."""
    conditions = results["conditions"]
    rows = [
        row for size in (None, *results["sizes"]) for row in results["rows"] if row["size"] == size
    ]
    means = [row["mean"]["accuracy"] for row in rows]
    headings = {None: "no images added", "balance": "classes balanced"}
    return {
        "labels": [row_label(row | {"size": None}, conditions) for row in rows],
        "means": [mean["mean"] for mean in means],
        "half_widths": [mean["half_width"] for mean in means],
        "points": [[scores["accuracy"] for scores in row["seeds"].values()] for row in rows],
        "kinds": [_kind(conditions[row["condition"]]) for row in rows],
        "groups": [headings.get(row["size"], f"{row['size']} added a class") for row in rows],
        "baseline": next(
            (
                mean["mean"]
                for row, mean in zip(rows, means, strict=True)
                if conditions[row["condition"]]["kind"] == "original"
            ),
            None,
        ),
    }


def _kind(condition):
    return LEAKED if condition["finding"] == LEAKED else condition["kind"]
