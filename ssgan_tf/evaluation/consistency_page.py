"""Class consistency in words, tables and a section of the report."""

from ssgan_tf.classify.tables import counts_table
from ssgan_tf.evaluation.tables import EVERYTHING
from ssgan_tf.report import Callout, Cell, Definitions, Details, Section, Table
from ssgan_tf.statistics.findings import CLEAN
from ssgan_tf.statistics.intervals import BOTH

SCORE = "classification_accuracy_score"

HOW_TO_READ = {
    "Recognised": "Share of the images whose class is seen by classifiers that were trained on "
    "real images. Beside it the same share of held-out real images, by the same classifiers: what "
    "a perfect generator would get. Generated images may pass it: a generator of typical images, "
    "always alike, is recognised with ease.",
    "Classification accuracy score": "Accuracy on held-out real images of classifiers that were "
    "trained on generated images alone (Ravuri and Vinyals 2019). Beside it those of as many real "
    "images, with as many gradient steps. It falls where images show the wrong class, and where "
    "they lack variety.",
    "All together": "The mean over the classes, each counting alike (balanced accuracy), since the "
    "generated images may be of other shares than the held-out ones.",
}


def sentences(consistency):
    """Return the results of class consistency as one sentence, or two with its trainings.

    Args:
        consistency: the entry of `metrics.json`.
    """
    recognised, score = consistency["recognised"], consistency[SCORE]
    words = [
        f"Classifiers trained on real images recognise {_percent(recognised['generated'])} of the "
        f"generated images, and {_percent(recognised['held_out'])} of held-out real ones "
        f"({_points(recognised)})."
    ]
    if score:
        words.append(
            "Trained on generated images alone, classifiers recognise "
            f"{_percent(score['generated'])} of held-out real images (the classification accuracy "
            f"score); trained on as many real ones, {_percent(score['real'])} ({_points(score)})."
        )
    return words


def consistency_table(metrics):
    """Return the share of recognised images of each class, by both questions, in percent.

    Args:
        metrics: what `metrics.json` holds.
    """
    recognised, score = metrics["consistency"]["recognised"], metrics["consistency"][SCORE]
    asked = [(recognised, "generated"), (recognised, "held_out"), (recognised, "difference")]
    columns = [
        "",
        Cell("generated %", 1, note="recognised as the class that they were generated for, by "
             "classifiers trained on real images"),
        Cell("held out %", 1, note="of held-out real images, by the same classifiers"),
        Cell("difference", 1, note="percentage points, generated minus real; below 0 the generated "
             "images are recognised less often"),
    ]  # fmt: skip
    if score:
        asked += [(score, "generated"), (score, "real"), (score, "difference")]
        columns += [
            Cell("CAS %", 1, note="classification accuracy score: of held-out real images, by "
                 "classifiers trained on generated images alone"),
            Cell("real CAS %", 1, note="the same, trained on as many real images"),
            Cell("difference", 1, note="percentage points, image by image; below 0 the generated "
                 "images teach less"),
        ]  # fmt: skip
    names = recognised["generated"]["classes"]
    rows = [[name, *(_cell(part[side]["classes"][name]) for part, side in asked)] for name in names]
    rows.append([EVERYTHING, *(_cell(part[side]["balanced_accuracy"]) for part, side in asked)])
    return Table(columns, rows, "Class consistency", _note(recognised, score))


def consistency_section(metrics):
    """Return the section of the report.

    Args:
        metrics: what `metrics.json` holds.
    """
    consistency = metrics["consistency"]
    recognised, score = consistency["recognised"], consistency[SCORE]
    names = list(recognised["generated"]["classes"])

    def matrix(scores, caption, side="true class"):
        return counts_table(names, scores["confusion"], caption, side)

    callouts = [Callout(_kind(recognised), sentences(consistency)[0])]
    matrices = [
        matrix(recognised["generated"], "Generated images, by classifiers trained on real ones",
               "generated for"),
        matrix(recognised["held_out"], "Held-out real images, by the same classifiers"),
    ]  # fmt: skip
    if score:
        callouts.append(Callout(_kind(score), sentences(consistency)[1]))
        matrices += [
            matrix(score["generated"], "Held-out real images, by classifiers trained on generated "
                   "ones alone"),
            matrix(score["real"], "Held-out real images, by classifiers trained on as many real "
                   "ones"),
        ]  # fmt: skip
    notes = [] if consistency["finding"] == CLEAN else [f"Provenance: {consistency['finding']}."]
    return Section(
        "Class consistency",
        *callouts,
        consistency_table(metrics),
        *matrices,
        Definitions(HOW_TO_READ),
        Details("Classifiers", Definitions(_classifiers(consistency)), *notes,
                *consistency["notes"]),
        intro="Are the images recognised as their class, and do they teach it? In the confusion "
        "matrices stand counts, summed over the classifiers: the class seen is across.",
    )  # fmt: skip


def _classifiers(consistency):
    recognised, score = consistency["recognised"], consistency[SCORE]
    words = {
        "Trained on real images": _trained(recognised),
        "Their folders": ", ".join(recognised["classifiers"]),
    }
    if score:
        words["Trained on generated images, and on as many real ones"] = _trained(score)
    return words


def _trained(part):
    settings, steps = part["settings"], part["steps"]
    images = ", ".join(f"{name} {count}" for name, count in part["trained_on"].items())
    how = ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
    return f"{images}; {how}" + (f"; {steps} gradient steps" if steps else "")


def _kind(part):
    """Return "warning" where the generated images are worse, by more than the interval."""
    difference = part["difference"]["balanced_accuracy"]
    return "warning" if difference["mean"] + difference["half_width"] < 0 else "note"


def _percent(scores):
    return f"{100 * scores['balanced_accuracy']['mean']:.1f} %"


def _points(part):
    difference = part["difference"]["balanced_accuracy"]
    return f"{100 * difference['mean']:+.1f} ± {100 * difference['half_width']:.1f} points"


def _cell(entry):
    mean = entry.get("recall", entry)
    return Cell(100 * mean["mean"], 1, 100 * mean["half_width"])


def _note(recognised, score):
    """Return how many classifiers the figures are of, and what their intervals cover."""
    asked = [("Recognition", recognised["generated"])]
    if score:
        asked.append(("Classification accuracy score", score["generated"]))
    said = []
    for words, scores in asked:
        mean = scores["balanced_accuracy"]
        chance = "training and the choice of the images judged"
        if mean["covers"] != BOTH:
            chance = "the choice of the images judged alone"
        several = "classifiers" if mean["seeds"] > 1 else "classifier"
        said.append(f"{words}: {mean['seeds']} {several}, ± half the 95 % interval of {chance}.")
    return " ".join(said)
