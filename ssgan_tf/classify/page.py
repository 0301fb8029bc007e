"""The report of a study: one HTML page."""

from pathlib import Path

from ssgan_tf.classify import tables
from ssgan_tf.report import Callout, Definitions, Details, Figure, Section, write_report
from ssgan_tf.statistics.findings import BASELINE
from ssgan_tf.statistics.wording import main_finding, row_verdict, rows_of_kind

HOW_TO_READ = {
    "Accuracy": "Share of the test images whose class was recognised (Eq. 11). Test images are "
    "real, never augmented and never trained on.",
    "Precision, recall, F1": "Of each class, then averaged, each class counting alike (precision: "
    "Eq. 12). The recall of a class is its own accuracy.",
    "±": "Half the 95 % interval. It covers the chance of training (initial weights, the order of "
    "the images, the draws of augmentation) and the choice of test images. It does not cover the "
    "choice of training images, nor another training of the generator.",
    "Differences": "Condition and baseline are compared on the same test images, and seed by seed; "
    "a seed shares the split and the initial weights. So a difference can be clear where the "
    "intervals of two rows overlap.",
    "Helps, hurts, better, worse": "Only where the adjusted p is below 0.05. No evidence: "
    "otherwise, which does not prove that there is no effect; more seeds and more test images "
    "narrow the interval. One seed is never evidence.",
    "Adjusted p": "The probability of so large a difference between equal classifiers, corrected "
    "over all comparisons for which this study states a finding (Holm): where nothing has an "
    "effect, at most about one study of twenty finds anything. The intervals are not corrected: "
    "one may lie on one side of 0 without a finding.",
    "Baseline": f"{BASELINE} where it was run: a random flip and a random resized crop at each "
    "step, what anyone would do first, and fixed in advance. Else the classical condition with the "
    "highest mean accuracy at the same size: it is chosen afterwards on the same test images, "
    "which favours the classical side.",
    "Balanced accuracy": "The mean recall of the classes, each counting alike: where a class was "
    "reduced to a few images, accuracy hardly shows it. It is accuracy where all classes have as "
    "many test images.",
    "Gradient steps": "Equal for all conditions unless the settings say budget epochs: more images "
    "do not mean more training.",
    "LEAKED": "The generator, or a filter of its images, was trained on test images, or the added "
    "images contain some. Such figures say nothing about unseen images.",
    "Provenance unknown": "No manifest says what the generator was trained on, or it names other "
    "images, so a leak cannot be ruled out.",
}


CAPTIONS = {  # of the pictures: what they show, and what stands below
    "accuracy": (
        "Mean accuracy of each row with its interval",
        "Mean accuracy and its 95 % interval; pale dots are single seeds, the dotted line is "
        "original's mean. Intervals of two rows may overlap although their difference, image by "
        "image, is clear.",
    ),
    "added": ("Examples of what each row adds", None),
    "curves": (
        "Loss and accuracy over the gradient steps",
        "Bold: mean over seeds; pale: single seeds. The test accuracies along the way decide "
        "nothing: the last weights are the ones tested.",
    ),
}


def write_page(out, results, pictures):
    """Write `report.html` into a folder.

    Args:
        out: the folder, with the pictures in it.
        results: the contents of `results.json`.
        pictures: file names by content; see `write_pictures`.
    """
    out = Path(out)
    conditions, data = results["conditions"], results["data"]
    figures = {
        key: [Figure((out / pictures[key]).read_bytes(), *words)] if key in pictures else []
        for key, words in CAPTIONS.items()
    }
    shown = rows_of_kind(results, "generated") or rows_of_kind(results, "classical")
    warnings = list(results["warnings"])
    if results["unfinished"]:
        warnings.append(f"Not finished, so left out: {', '.join(results['unfinished'])}.")
    sections = [
        Section(
            "Summary",
            main_finding(results),
            *(Callout(row_verdict(row, conditions), row["sentence"]) for row in shown),
            *(Callout("warning", warning) for warning in warnings),
            tables.accuracy_table(results),
            *filter(None, [tables.share_table(results)]),
            *figures["accuracy"],
        ),
        Section(
            "Added images", *figures["added"],
            intro="Examples of what each row adds to the real images, or trains on.",
        ),
        Section("Differences", *tables.difference_tables(results)),
        Section("Each class", tables.class_table(results), tables.recall_table(results)),
        _confusion_section(results),
        Section("Training", tables.training_table(results), *figures["curves"]),
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section(
            "Inputs", Definitions(_inputs(results)),
            Details("Settings", Definitions(results["settings"])),
            Details("Versions", Definitions(results["versions"])),
        ),
    ]  # fmt: skip
    if not figures["added"]:
        del sections[1]
    tested = sum(counts["test"] for counts in data["classes"].values())
    seeds = max((len(row["seeds"]) for row in results["rows"]), default=0)
    write_report(
        out / "report.html",
        f"Does augmentation help? {data['name']}",
        f"{len(conditions)} conditions, {seeds} {'seed' if seeds == 1 else 'seeds'} each, "
        f"tested on {tested} {data['tested_on']} images",
        sections,
        results["made_by"],
    )


def _confusion_section(results):
    """Return the matrices of `original` and the largest size; the others have to be opened."""
    rows, conditions = results["rows"], results["conditions"]
    largest = max(rows, key=lambda row: row["images"])["size"] if rows else None
    shown, others = [], []
    for row in rows:
        first = row["size"] == largest or conditions[row["condition"]]["kind"] == "original"
        (shown if first else others).append(tables.confusion_table(results, row))
    if others:
        shown.append(Details("Other rows", *others))
    return Section(
        "Confusion matrices", *shown,
        intro="Test images of each true class (rows) by predicted class (columns): counts summed "
        "over seeds. The darker, the larger the share of the true class.",
    )  # fmt: skip


def _inputs(results):
    data = results["data"]
    inputs = {
        "Command": results["command"],
        "Data": f"{data['name']}, fingerprint {data['fingerprint'][:12]}",
        "Image size": f"{data['image_size']} pixels",
        "Real images": "; ".join(
            f"{name}: {counts['train']} trained on, {counts['test']} tested on"
            for name, counts in data["classes"].items()
        ),
        "Tested on": f"{data['tested_on']} images",
    }
    if data["imbalance"]:
        inputs["Imbalance"] = ", ".join(
            f"{name} reduced to {kept}" for name, kept in data["imbalance"].items()
        )
    for name, condition in results["conditions"].items():
        if condition["finding"]:
            found = [condition["spec"], condition["finding"], *condition["notes"]]
            inputs[f"Condition {name}"] = "; ".join(note.removesuffix(".") for note in found)
    inputs["Commit"] = results["git_commit"] or "unknown"
    inputs["Time"] = f"{results['seconds'] / 60:.1f} minutes of training and testing"
    return inputs
