"""The report of a study of imbalance: one HTML page."""

from functools import partial

from ssgan_tf import plots
from ssgan_tf.files import write_atomically
from ssgan_tf.imbalance.conditions import Level
from ssgan_tf.imbalance.measures import RECALL
from ssgan_tf.imbalance.tables import main_sentences, make_tables, write_tables
from ssgan_tf.report import Callout, Definitions, Details, Figure, Section, write_report
from ssgan_tf.statistics.findings import HELPS, HURTS

REPORT, PICTURE = "report.html", "recall.png"
HOW_TO_READ = {
    "Cut down": "One class at a time keeps a few of its training images; all others keep theirs. "
    "What is taken away is made up for: with as many generated or changed images of that class as "
    "were taken away, or, where a condition changes images at training time, with none.",
    "original, full": "original: nothing is added. full: no class was cut down.",
    "Recall": "Share of the class's own test images that are recognised; the paper calls it "
    "minority class accuracy.",
    "Balanced accuracy": "Mean recall of all classes. It falls where a class gains at the cost of "
    "the others.",
    "±": "Half the 95 % interval. It covers the seeds of classifiers and the choice of test "
    "images, but neither the choice of the images that are kept nor other classes. It covers other "
    "trainings of a generator only where each seed has its own (--generators as --seeds); where "
    "seeds share them it is too narrow for that.",
    "helps, hurts": "Only where the adjusted p is below 0.05. No evidence does not prove that "
    "there is no effect.",
    "SSIM": "Mean similarity of 1000 random pairs of added images. Near 1 they are all alike.",
    "The paper's figures": "Zhang, Li and Li, as printed. Each accuracy is of a single class and "
    "a single training, although the paper speaks of averages over three classes; its accuracy of "
    "the whole CIFAR-10 is probably that of all classes. Its classifier is trained for 10 to 30 "
    "epochs from scratch.",
}


def write_page(out, results):
    """Write `report.html`, `recall.png` and the tables into the folder of a study."""
    write_tables(out, results)
    tables, data, asked = make_tables(results), results["dataset"], results["options"]
    sentences = main_sentences(results)
    sections = [
        Section(
            "Summary",
            *(Callout(_kind(sentence), sentence) for sentence in sentences),
            *(Callout("bad", f"{label} failed: {line}") for label, line in results["failures"]),
            *([tables["recall"]] if "recall" in tables else []),
            *_chart(out, results),
        )
    ]
    for title, names in (
        ("Balanced accuracy", ["balanced_accuracy"]),
        ("Differences", ["differences"]),
        ("Each class", ["classes"]),
        ("Diversity", ["ssim", "ssim_papers"]),
    ):
        if shown := [tables[name] for name in names if name in tables]:
            sections.append(Section(title, *shown))
    if sheets := _sheets(out, results):
        sections.append(
            Section("Images", *sheets, intro="What is kept, what each condition adds, and some of "
                    "the real images that were taken away.")
        )  # fmt: skip
    if "cost" in tables:
        sections.append(Section("Cost", tables["cost"]))
    inputs = {
        "Command": results["command"],
        "Data": f"{data['name']}, {data['image_size']} pixels",
        "Cut down": ", ".join(asked["classes"]),
        "Kept": ", ".join(asked["keep"]),
        "Real images": "; ".join(
            f"{name}: {counts['train']} to train on, {counts['test']} to test on"
            for name, counts in data["classes"].items()
        ),
    }
    sections += [
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section("Inputs", Definitions(inputs),
                Details("Settings", Definitions(results["settings"])),
                Details("Versions", Definitions(results["versions"]))),
    ]  # fmt: skip
    write_report(
        out / REPORT,
        f"A class with few images: {data['name']}",
        f"{len(asked['classes'])} classes cut down, one at a time; "
        f"{len(asked['conditions'])} conditions, {asked['seeds']} seeds",
        sections,
        results["made_by"],
    )


def _kind(sentence):
    """Return the kind of the callout of a sentence."""
    if f", {HELPS} (" in sentence:
        return "good"
    return "bad" if f", {HURTS} (" in sentence else "note"


def _chart(out, results):
    """Return the figure of the recall of all rows, in a list; [] without any."""
    rows = [row for row in results["rows"] if row[RECALL]]
    if not rows:
        return []
    picture = partial(
        plots.write_means,
        labels=[row["condition"] for row in rows],
        means=[row[RECALL]["mean"] for row in rows],
        half_widths=[row[RECALL]["half_width"] for row in rows],
        groups=[Level(row["level"]).heading for row in rows],
        baseline=results["full"][RECALL] and results["full"][RECALL]["mean"],
        xlabel="recall of the class that was cut down",
    )
    write_atomically(out / PICTURE, picture)
    caption = "Means with their 95 % intervals. The dotted line: no class cut down."
    return [Figure((out / PICTURE).read_bytes(), "Recall of each condition", caption)]


def _sheets(out, results):
    """Return the figures of what each condition adds, a list."""
    figures = []
    for cell in results["cells"]:
        if cell["samples"]:
            title = f"{cell['class']}, {cell['kept']} kept"
            figures.append(Figure((out / cell["samples"]).read_bytes(), title, title))
    return figures
