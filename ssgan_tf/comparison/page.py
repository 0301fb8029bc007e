"""The report of a comparison: one HTML page."""

from pathlib import Path

from ssgan_tf.comparison.pictures import COLUMNS, SETTINGS
from ssgan_tf.comparison.terms import Terms
from ssgan_tf.comparison.wording import (
    ONE_TRAINING,
    against_baseline,
    count,
    images_in_words,
    main_result,
    several_trainings,
    trouble,
    unequal_terms,
)
from ssgan_tf.evaluation.page import HOW_TO_READ as OF_EVALUATIONS
from ssgan_tf.published import TITLES
from ssgan_tf.report import Callout, Definitions, Details, Figure, Gallery, Section, write_report
from ssgan_tf.statistics.wording import main_finding

MEASURES = ("Inception Score", "Precision, density", "Recall, coverage", "SSIM", "t-SNE")
HOW_TO_READ = {
    "FID": "Distance between generated and training images in the features of an Inception "
    "network; lower is better. A number after it (FID-768) tells of other features than the usual "
    "2048: such figures are on a scale of their own. Only figures of the same features, the same "
    "number of images and the same real images may be compared: ours with ours.",
    **{name: OF_EVALUATIONS[name] for name in MEASURES},
    "The paper's figures": "Ma et al., SSGAN, Tables 1 to 7, as printed, for their images, their "
    "networks and their training. They say which method should be ahead of which, not which value "
    "should come out here. Bold is the best of our own figures.",
    "Trainings": "A member that was trained with several seeds has means over its trainings, and ± "
    "is half their 95 % interval. A single training is one draw: a small difference in FID may be "
    "chance. Pictures are of the first training.",
    "Against flip-crop": "Of classifiers that train on real images, flipped and cropped anew in "
    "each batch, which costs nothing. The interval is over trainings of the generator and over "
    "classifiers. Better and worse: p below 0.05, adjusted for all members and sizes (Holm).",
    "Nyquist share": "Share of an image's energy in patterns that alternate from pixel to pixel, "
    "as a checkerboard does. Photographs have almost none; blurred images have less still.",
}
FLOOR = "The dotted line is the distance between two halves of the training images."
LOSSES = (
    "Every panel has its own scale: the losses of different methods are different quantities and "
    "do not compare."
)
SPECTRA = (
    "Mean power spectra. A checkerboard shows as bright spots at the edges, where the frequency is "
    "0.5 cycles a pixel, or half way to them."
)
COSTS = "Bottom left is best: little cost, near the real images. Our figures."


def write_page(out, results, tables, pictures):
    """Write `report.html` into the folder of a comparison.

    Args:
        out: the folder.
        results: the `Results`.
        tables: what `write_tables` returned.
        pictures: what `write_pictures` returned.
    """
    out, data, groups = Path(out), results["dataset"], results.groups()
    budget = Terms(**results["budget"]).budget

    def figure(key, alt, caption=None):
        """Return a list of the picture, empty where there is none."""
        return [Figure((out / pictures[key]).read_bytes(), alt, caption)] if key in pictures else []

    def table(name):
        return [tables[name]] if name in tables else []

    samples = [
        sheet for group in groups
        for sheet in figure(f"samples/{group}", f"Generated images: {group}", group.capitalize())
    ]  # fmt: skip
    curves = [
        curve for number, (key, name) in enumerate(SETTINGS.items(), 3)
        for curve in figure(f"curves/{key}", f"Losses by {name}",
                            f"By {name} (paper: Fig. {number}).")
    ]  # fmt: skip
    settings = {
        member["label"]: ", ".join(f"{key} {value}" for key, value in member["settings"].items())
        for member in results["members"].values()
    }
    classes = ", ".join(data["classes"][:COLUMNS])
    floor = FLOOR if results.floor else None
    sections = [
        Section("Summary", *_summary(results),
                *figure("fid", f"{results.fid_name} of each member", floor), *table("order")),
        *_papers_tables(results, tables),
        Section("All measures", *table("measures")),
        Section("Images", *samples, intro="The first images of each class, from the left: "
                f"{classes} (paper: Fig. 8 and 10)."),
        Section("t-SNE", *_embeddings(out, results), intro="Real and generated images by the "
                "similarity of their features (paper: Fig. 7 and 9)."),
        Section("Learning curves", *curves, *figure("losses", "Losses of each member", LOSSES),
                intro="Means over the networks of a member."),
        Section("Checkerboard", *figure("checkerboard", "Enlarged images with and without pyramid "
                                        "connections"),
                *figure("spectra", "Mean power spectra", SPECTRA), *table("checkerboard")),
        Section("Complexity and FID",
                *figure("complexity", "FID against parameters and operations", COSTS)),
        Section("Budgets", *table("budgets"), intro=f"Each member: {budget}."),
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section("Inputs", Definitions(_inputs(results)), Details("Settings", Definitions(settings)),
                Details("Versions", Definitions(results["versions"]))),
    ]  # fmt: skip
    write_report(
        out / "report.html",
        f"Methods compared: {data['name']}",
        f"{count(len(results['members']), 'member')}, each with {budget}; "
        f"{count(len(data['classes']), 'class', 'classes')}, {data['image_size']} pixels",
        [section for section in sections if section.content],
        results["made_by"],
    )


def _summary(results):
    """Yield the main result, then what nobody should miss."""
    every, classifiers = results.every_training(), results["classifiers"]
    measured = {name: one["metrics"] for name, one in every.items() if one["metrics"]}
    yield main_result(results)
    if classifiers:
        yield f"Classifiers: {main_finding(classifiers)}"
        yield from against_baseline(results)
    if not results.trained_again:
        yield Callout("note", ONE_TRAINING)
    for name, training in every.items():
        if training["state"] == "failed":
            yield Callout("bad", f"{name} {trouble(training)}".strip())
    if failure := results["baselines"]["failure"]:
        yield Callout("bad", f"The classifiers without generated images failed. {failure}")
    waiting = [f"{name} (next: {training['stage']})" for name, training in every.items()
               if training["state"] == "unfinished"]  # fmt: skip
    warnings = [f"Not finished: {', '.join(waiting)}."] if waiting else []
    yield from (Callout("warning", words) for words in (*warnings, *unequal_terms(results)))
    for name, metrics in measured.items():
        found = metrics["overall"].get("memorisation", {})
        if found.get("finding") == "copies":
            yield Callout("bad", f"{name}: {found['verdict']}")
    warnings = [words for metrics in measured.values() for words in metrics["warnings"]]
    warnings += classifiers["warnings"] if classifiers else []
    yield from (Callout("warning", words) for words in dict.fromkeys(warnings))


def _papers_tables(results, tables):
    """Yield a section for each table of the paper."""
    for number in results["tables"]:
        own = [table for name, table in tables.items()
               if name.split("_")[:2] == ["table", str(number)]]  # fmt: skip
        if own:
            yield Section(f"{TITLES[number]} (Table {number})", *own, id=f"table-{number}")


def _embeddings(out, results):
    """Return the contestants' own t-SNE pictures (Fig. 7 and 9), group by group."""
    content = []
    for group, names in results.groups().items():
        figures = []
        for member in (results["members"][name] for name in names):
            picture = (member["metrics"] or {"pictures": {}})["pictures"].get("tsne")
            file = picture and out / member["paths"]["evaluation"] / picture
            if file and file.is_file():
                label = member["label"]
                figures.append(Figure(file.read_bytes(), f"t-SNE of {label}", label))
        if figures:
            content += [f"{group.capitalize()}:", Gallery(*figures)]
    return content


def _inputs(results):
    data, evaluation = results["dataset"], results["evaluation"]
    learnt = [images_in_words(one["learnt_from"]) for one in results.every_training().values()]
    inputs = {
        "Command": results["command"],
        "Data": f"{data['name']}, fingerprint {data['fingerprint'][:12]}",
        "Classes": ", ".join(data["classes"]),
        "Members were trained on": " or ".join(dict.fromkeys(learnt)),
        "Classifiers train on": images_in_words(results["classifiers_learn_from"]),
        "Trainings": several_trainings(len(results.trainings(name)) for name in results["members"])
        + " of each member, by seeds of their own; the split is the same for all",
        "Image size": f"{data['image_size']} pixels",
        "Evaluated": f"{evaluation['per_class']} generated images a class, features "
        f"{evaluation['features']}",
    }
    if results["classification"]:
        sizes = " and ".join(results["classification"]["sizes"])
        seeds = count(results["classification"]["seeds"], "seed")
        inputs["Classifiers"] = f"{sizes} images added a class, {seeds} for each training"
    inputs["Commit"] = results["git_commit"] or "unknown"
    inputs["Time"] = f"{results['seconds'] / 60:.1f} minutes of all members together"
    return inputs
