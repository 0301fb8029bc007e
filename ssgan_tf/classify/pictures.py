"""The pictures of a study: accuracies with intervals, training curves, added images."""

from functools import partial
from pathlib import Path

import keras
import numpy as np

from ssgan_tf import plots
from ssgan_tf.augment import POLICIES
from ssgan_tf.classify.conditions import row_name
from ssgan_tf.classify.member import CURVES
from ssgan_tf.files import write_atomically
from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.statistics.findings import LEAKED
from ssgan_tf.statistics.wording import row_label

SHOWN = 10  # images of a row, about as many of each class


def write_pictures(out, results, examples, logs):
    """Write PNGs into a folder; return their names by content.

    The keys are `accuracy`, `curves` and `added`; a picture without content is left out.

    Args:
        out: the folder.
        results: the contents of `results.json`.
        examples: see `examples_of`.
        logs: see `logs_of`.
    """
    rows, conditions, written = results["rows"], results["conditions"], {}
    labels = {row_name(row["condition"], row["size"]): row_label(row, conditions) for row in rows}

    def labelled(of_rows):
        return {labels.get(name, name): content for name, content in of_rows.items()}

    def picture(key, write):
        written[key] = f"{key}.png"
        write_atomically(Path(out) / written[key], write)

    if rows:
        picture("accuracy", partial(plots.write_means, **_accuracies(results)))
    if any(record for runs in logs.values() for records in runs for record in records):
        picture("curves", partial(plots.write_training, runs=labelled(logs)))
    if examples:
        sheet = plots.labelled_rows(labelled(examples))
        picture("added", partial(plots.write_png, image=sheet))
    return written


def examples_of(study):
    """Return examples of the images that each row adds.

    Args:
        study: the `Study`.

    Returns:
        dict from the name of a row ("crop-400") to uint8 `(n, height, width, 3)`: images that the
        first seed adds, or real ones where it adds none, changed by the row's policies.
    """
    examples = {}
    for member in (member for member in study.members if member.seed == 0):
        images = study.added(member) if member.size else study.division.training
        classes = range(len(images.class_names))
        each = -(-SHOWN // len(classes))
        first = [np.flatnonzero(images.labels == label)[:each] for label in classes]
        images = images.select(np.concatenate(first)[:SHOWN])
        batch = {
            "images": images.images.astype(np.float32),
            "labels": np.eye(len(classes), dtype=np.float32)[images.labels],
        }
        for name in member.condition.policies:
            batch = POLICIES[name](0)(batch, training=True)
        shown = keras.ops.convert_to_numpy(batch["images"])
        examples[member.row] = np.rint(shown).astype(np.uint8)
    return examples


def logs_of(study):
    """Return the records of `metrics.jsonl`, a dict from the name of a row to a list over seeds."""
    logs = {}
    for member in study.members:
        if records := read_metrics(member.folder(study.out) / CURVES):
            logs.setdefault(member.row, []).append(records)
    return logs


def _accuracies(results):
    """Return the arguments of `write_means`: rows without sets first, then size by size."""
    conditions = results["conditions"]
    rows = [
        row for size in (None, *results["sizes"]) for row in results["rows"] if row["size"] == size
    ]
    means = [row["mean"]["accuracy"] for row in rows]
    of_rows = [conditions[row["condition"]] for row in rows]
    kinds = [condition["kind"] for condition in of_rows]
    headings = {
        None: "no images added", "balance": "classes balanced", "restore": "classes restored",
    } | {
        size: f"{size.removesuffix('%')} % of the real images added"
        for size in results["sizes"] if size.endswith("%")
    }  # fmt: skip
    return {
        "labels": [row_label(row | {"size": None}, conditions) for row in rows],
        "means": [mean["mean"] for mean in means],
        "half_widths": [mean["half_width"] for mean in means],
        "points": [[scores["accuracy"] for scores in row["seeds"].values()] for row in rows],
        "kinds": [
            LEAKED if condition["finding"] == LEAKED else condition["kind"] for condition in of_rows
        ],
        "groups": [headings.get(row["size"], f"{row['size']} added a class") for row in rows],
        "baseline": means[kinds.index("original")]["mean"] if "original" in kinds else None,
    }
