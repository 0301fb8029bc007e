"""The report of a study of GM-augCls: one HTML page."""

from pathlib import Path

from ssgan_tf.augcls import tables
from ssgan_tf.augcls.results import FILTERED, gain_of, is_leaked
from ssgan_tf.classify.tables import class_table, difference_tables
from ssgan_tf.report import Callout, Definitions, Details, Figure, Section, write_report
from ssgan_tf.statistics.wording import main_finding

REPORT = "report.html"
HOW_TO_READ = {
    "GM-augCls": "Guo et al.: a generator learns the whole imbalanced set once; of its images "
    "those that a classifier takes for their class fill up the small classes; the classifier is "
    "trained on the balanced set, and filters again while that helps, at most twice.",
    "Equal counts, equal steps": "The filtered and the unfiltered set add as many images to each "
    "class, and all classifiers are trained for as many steps, so that neither more images nor "
    "more training tells conditions apart.",
    "Validation images": "As many of each class, which nobody trains on and no figure is reported "
    "for: rounds of filtering are compared on them. The paper has such a balanced set beside its "
    "training sets, and reports the best epoch on it; here the last weights are tested on other "
    "images.",
    "Relative gain": "The difference of two accuracies in per cent of the second one, as in the "
    "paper's Table 5. From a low accuracy it looks large: 20 % to 37 % are 83 %.",
    "SSIM-mergeCls, SSIM-supSubCls": "Mean structural similarity of random pairs of training "
    "images, of all (Eq. 2) and of the super-class where it is highest (Eq. 3). The paper's "
    "finding: the more alike, the less generated images help (Eq. 4).",
}
PICTURES = {  # of the folder of the study: what they show
    "classifiers/accuracy.png": "Mean accuracy of each condition with its 95 % interval",
    "classifiers/added.png": "Examples of what each condition adds",
    "sets/filtered/filter.png": "Images that the classifier accepts and rejects",
}


def write_page(out, results):
    """Write `report.html` into the folder of a study.

    Args:
        out: the folder, with its classifiers and sets.
        results: the contents of `results.json`.
    """
    out, classified = Path(out), results["classifiers"]
    figures = {
        path: Figure((out / path).read_bytes(), words)
        for path, words in PICTURES.items() if (out / path).is_file()
    }  # fmt: skip
    accuracy, *others = [[figures[path]] if path in figures else [] for path in PICTURES]
    sections = [
        Section(
            "Summary", *results["sentences"], _verdict(results),
            *(Callout("warning", warning) for warning in results["warnings"]),
            tables.outcome_table(results), *accuracy,
        ),
        Section("Predicted and measured", tables.prediction_table(results),
                results["prediction"]["sentence"], tables.similarity_table(results)),
        Section("The filter", tables.rounds_table(results), *others[1]),
        Section("Generated images", *others[0]),
        Section("Findings", main_finding(classified), tables.comparison_table(results),
                *difference_tables(classified), class_table(classified)),
        Section(
            "What the paper reports", *tables.paper_tables(),
            intro="Figures of the paper, on its own data, beside none of which the ones above "
            "can be set directly: other images, sizes, generators and protocols.",
        ),
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section("Inputs", Definitions(_inputs(results)),
                Details("Settings", Definitions(results["settings"]))),
    ]  # fmt: skip
    if not others[0]:
        del sections[3]
    write_report(
        out / REPORT, f"GM-augCls: {classified['data']['name']}",
        f"An imbalanced set balanced by {results['generator']['label']}, with and without a filter",
        sections, results["made_by"],
    )  # fmt: skip


def _verdict(results):
    """Return the reading of the filtered images' gain."""
    found = gain_of(results)
    if is_leaked(results, FILTERED):
        return Callout("warning", "LEAKED: the generator has seen test images; no evidence.")
    if found is None or found["points"]["half_width"] is None:
        return Callout("note", "One seed is no evidence; raise --seeds.")
    mean, half_width = found["points"]["mean"], found["points"]["half_width"]
    if mean > half_width:
        return Callout("good", "Filtered images helped, as far as this one comparison tells.")
    if mean < -half_width:
        return Callout("bad", "Filtered images hurt, as far as this one comparison tells.")
    return Callout("note", "No evidence that filtered images help or hurt.")


def _inputs(results):
    data, generator = results["classifiers"]["data"], results["generator"]
    return {
        "Command": results["command"],
        "Data": f"{data['name']}, fingerprint {data['fingerprint'][:12]}",
        "Real images": "; ".join(
            f"{name}: {counts['train']} trained on, {counts['test']} tested on"
            for name, counts in data["classes"].items()
        ),
        "Generator": f"{generator['label']}, {generator['run']}; iterations: "
        + ", ".join(f"{name} {count:,}" for name, count in generator["iterations"].items()),
        "Images added": ", ".join(f"{name} {count}" for name, count in results["added"].items()),
        "Images lacking of balance": ", ".join(
            f"{name} {count}" for name, count in results["lacking"].items()
        ),
        "Classifiers": "classifiers/report.html has all their figures",
    }
