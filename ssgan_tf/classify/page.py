"""The report of a comparison: one HTML page, and its main result as a sentence."""

from pathlib import Path

from ssgan_tf.classify.tables import (
    accuracy_table,
    class_table,
    confusion_table,
    difference_tables,
    recall_table,
    training_table,
)
from ssgan_tf.report import Callout, Definitions, Details, Figure, Section, write_report
from ssgan_tf.statistics.findings import BASELINE, CLEAN, HELPS, HURTS, IN_ADVANCE, LEAKED, UNKNOWN
from ssgan_tf.statistics.wording import FIRST, counted, measures_of, shown_mean

CALLOUTS = {HELPS: "good", HURTS: "bad"}

HOW_TO_READ = {
    "Accuracy": "Share of the test images whose class was recognised (Eq. 11). Test images are "
    "real, never augmented and never learnt from.",
    "Precision, recall, F1": "Of each class, then averaged, each class counting alike (precision: "
    "Eq. 12). The recall of a class is its own accuracy.",
    "±": "Half the 95 % interval. It covers the chance of training (initial weights, the order of "
    "the images, the draws of augmentation) and of the test images: others of the same kind would "
    "have given other figures. It does not cover other images to learn from, nor another training "
    "of the generator.",
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
    "highest mean accuracy at the same size, which is chosen afterwards on the same test images; "
    "that favours the classical side.",
    "Balanced accuracy": "The mean recall of the classes, each counting alike: where a class was "
    "dropped down, accuracy hardly tells of it. It is accuracy where all classes have as many test "
    "images.",
    "Gradient steps": "Equal for all conditions unless the settings say budget epochs: more images "
    "do not mean more training.",
    "LEAKED": "The generator, or a filter of its images, learnt from test images, or the added "
    "images hold some. Such figures say nothing about unseen images.",
    "Provenance unknown": "No manifest says what the generator learnt from, or it tells of other "
    "images, so a leak cannot be ruled out.",
}


def headline(results):
    """Return the main result in a few sentences: whether added images help.

    First how many of all generated rows have been found better than what, then the sentence of
    one: that with the highest mean accuracy, of those that are better than both if there are any,
    else of those that help. LEAKED rows stay out, and so do those of unknown provenance where
    there are others. Where nothing generated was compared it is about the classical rows.
    """
    conditions = results["conditions"]
    by_finding = {}
    for row in _of_kind(results, "generated"):
        by_finding.setdefault(conditions[row["condition"]]["finding"], []).append(row)
    rows, kind = by_finding.get(CLEAN) or by_finding.get(UNKNOWN), "generated"
    if by_finding and not rows:
        return "No generated images without a leak were compared."
    if not rows:
        rows, kind = _of_kind(results, "classical"), "classical"
    compared = [row for row in rows if row["to_original"]]
    if not compared:
        return "Nothing to compare with has finished yet."

    def merit(row):
        helps = _helps(row["to_original"])
        return helps + (helps and _helps(row.get("to_baseline"))), row["mean"]["accuracy"]["mean"]

    best = max(compared, key=merit)
    original = next(
        row for row in results["rows"] if conditions[row["condition"]]["kind"] == "original"
    )
    words = f"{counted(compared, kind)} {best['sentence']}"
    words += (
        f" Its accuracy is {shown_mean(best['mean']['accuracy'])}, that of original "
        f"{shown_mean(original['mean']['accuracy'])}"
    )
    if kind == "generated" and BASELINE not in conditions:
        words += f"; {FIRST}"
    return f"{words}."


def write_page(out, results, pictures):
    """Write `report.html` into a folder.

    Args:
        out: the folder, with the pictures in it.
        results: what `results.json` holds.
        pictures: file names by what they show; see `write_pictures`.
    """
    out = Path(out)
    conditions, data = results["conditions"], results["data"]

    def figure(key, alt, caption=None):
        return Figure((out / pictures[key]).read_bytes(), alt, caption)

    summary = [headline(results)]
    told = _of_kind(results, "generated") or _of_kind(results, "classical")
    summary += [Callout(_kind(row, conditions), row["sentence"]) for row in told]
    summary += [Callout("warning", warning) for warning in results["warnings"]]
    if results["unfinished"]:
        names = ", ".join(results["unfinished"])
        summary.append(Callout("warning", f"Not finished, so left out: {names}."))
    summary.append(accuracy_table(results))
    if "accuracy" in pictures:
        summary.append(
            figure(
                "accuracy", "Mean accuracy of each row with its interval",
                "Mean accuracy and its 95 % interval; pale dots are single seeds, the dotted line "
                "is original's mean. Intervals of two rows may overlap although their difference, "
                "image by image, is clear.",
            )
        )  # fmt: skip
    sections = [Section("Summary", *summary)]
    if "added" in pictures:
        sections.append(
            Section(
                "Added images", figure("added", "Examples of what each row adds"),
                intro="Examples of what each row adds to the real images, or learns from.",
            )
        )  # fmt: skip
    sections += [
        Section("Differences", *difference_tables(results)),
        Section("Each class", class_table(results), recall_table(results)),
        _confusion_section(results),
    ]
    training = [training_table(results)]
    if "curves" in pictures:
        training.append(
            figure(
                "curves", "Loss and accuracy over the gradient steps",
                "Bold: mean over seeds; pale: single seeds. The test accuracies along the way "
                "decide nothing: the last weights are the ones tested.",
            )
        )  # fmt: skip
    sections += [
        Section("Training", *training),
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section("Inputs", Definitions(_inputs(results)),
                Details("Settings", Definitions(results["settings"])),
                Details("Versions", Definitions(results["versions"]))),
    ]  # fmt: skip
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


def _of_kind(results, kind):
    conditions = results["conditions"]
    return [row for row in results["rows"] if conditions[row["condition"]]["kind"] == kind]


def _helps(difference):
    return bool(difference) and difference["finding"] == HELPS


def _kind(row, conditions):
    """Return the kind of a row's callout.

    It is not "good" to help less than the baseline, or not more than one that was chosen in
    advance, or perhaps by a leak, or to hurt by another measure.
    """
    provenance = conditions[row["condition"]]["finding"]
    to_original, to_baseline = row["to_original"], row["to_baseline"]
    if provenance == LEAKED:
        return "warning"
    if not to_original:
        return "note"
    found = {one["finding"] for one in (to_original, *measures_of(to_original).values())}
    kinds = {CALLOUTS[finding] for finding in found & CALLOUTS.keys()}
    beaten = not to_baseline or (
        _helps(to_baseline) if to_baseline["chosen"] == IN_ADVANCE
        else to_baseline["finding"] != HURTS
    )  # fmt: skip
    if len(kinds) != 1 or ("good" in kinds and (not beaten or provenance == UNKNOWN)):
        return "note"
    return kinds.pop()


def _confusion_section(results):
    """Return the matrices of `original` and the largest size; the others have to be opened."""
    rows, conditions = results["rows"], results["conditions"]
    largest = max(rows, key=lambda row: row["images"])["size"] if rows else None
    shown, others = [], []
    for row in rows:
        first = row["size"] == largest or conditions[row["condition"]]["kind"] == "original"
        (shown if first else others).append(confusion_table(results, row))
    if others:
        shown.append(Details("Other rows", *others))
    return Section(
        "Confusion matrices", *shown,
        intro="Test images of each class, down, by the class that was predicted, across: counts "
        "summed over seeds. The darker, the larger the share of the true class.",
    )  # fmt: skip


def _inputs(results):
    data = results["data"]
    inputs = {
        "Command": results["command"],
        "Data": f"{data['name']}, fingerprint {data['fingerprint'][:12]}",
        "Image size": f"{data['image_size']} pixels",
        "Real images": "; ".join(
            f"{name}: {counts['train']} learnt from, {counts['test']} tested on"
            for name, counts in data["classes"].items()
        ),
        "Tested on": f"{data['tested_on']} images",
    }
    if data["imbalance"]:
        inputs["Imbalance"] = ", ".join(
            f"{name} dropped down to {kept}" for name, kept in data["imbalance"].items()
        )
    for name, condition in results["conditions"].items():
        if condition["finding"]:
            found = [condition["spec"], condition["finding"], *condition["notes"]]
            inputs[f"Condition {name}"] = "; ".join(note.removesuffix(".") for note in found)
    inputs["Commit"] = results["git_commit"] or "unknown"
    inputs["Time"] = f"{results['seconds'] / 60:.1f} minutes of training and testing"
    return inputs
