"""The report of a comparison: one HTML page."""

from pathlib import Path

from ssgan_tf.comparison.images import REAL, nyquist_shares
from ssgan_tf.comparison.pictures import CHECKERBOARD, COLUMNS, SETTINGS
from ssgan_tf.comparison.ranks import rankings
from ssgan_tf.comparison.tables import make_tables
from ssgan_tf.comparison.terms import Terms
from ssgan_tf.comparison.wording import (
    ONE_TRAINING,
    against_baseline,
    count,
    images_in_words,
    main_result,
    order_sentence,
    orders,
    several_trainings,
    trouble,
    unequal_terms,
)
from ssgan_tf.published import TITLES
from ssgan_tf.report import Callout, Definitions, Details, Figure, Gallery, Section, write_report
from ssgan_tf.statistics.wording import main_finding

AGREEMENT = {"same": "good", "first": "note", "other": "warning"}

HOW_TO_READ = {
    "FID": "Distance between generated and training images in the features of an Inception "
    "network; lower is better. A number after it (FID-768) tells of other features than the usual "
    "2048: such figures are on a scale of their own. Only figures of the same features, the same "
    "number of images and the same real images may be compared: ours with ours.",
    "IS": "Inception Score: high when each image shows clearly one of ImageNet's objects and "
    "together they show many. It never looks at the real images.",
    "The paper's figures": "Ma et al., SSGAN, Tables 1 to 7, as printed, for their images, their "
    "networks and their training. They say which method should be ahead of which, not which value "
    "should come out here.",
    "Best in bold": "The best of our own figures of a column; never the paper's.",
    "Order": "By the figures alone, means over trainings where there are several. Spearman's "
    "correlation is 1 for the paper's order, -1 for the opposite one; p is the share of all "
    "possible orders of the rows that agree with the paper's at least as well. Three rows stand in "
    "its order by chance in one case of six.",
    "Trainings": "A member that was trained with several seeds has means over its trainings, and ± "
    "is half their 95 % interval. A single training is one draw: a small difference in FID may be "
    "chance. Pictures are of the first training.",
    "Against flip-crop": "Of classifiers that train on real images, flipped and cropped anew in "
    "each batch, which costs nothing. The interval is over trainings of the generator and over "
    "classifiers. Better and worse: p below 0.05, adjusted for all members and sizes (Holm).",
    "KID": "Like FID, but not biased by the number of images. ± is the standard deviation over "
    "random subsets.",
    "Precision, density": "Share of generated images that look real (density also counts how "
    "crowded that place is, and may pass 1). High when images are good, however alike.",
    "Recall, coverage": "Share of real images that the generator can make, or has images next to. "
    "Low when the generator makes always the same.",
    "SSIM": "Similarity of random pairs. Much higher than that of real images: too little variety.",
    "Accuracy, precision of classifiers": "Of ResNet-18 on real test images, a mean over seeds of "
    "classifiers and over trainings of the generator; ± is half its 95 % interval.",
    "Nyquist share": "Share of an image's energy in patterns that alternate from pixel to pixel, "
    "as a checkerboard does. Photographs have almost none; blurred images have less still.",
    "Parameters, FLOPs": "By the paper's Eq. 9 and 10. A method that is not conditional trains "
    "such networks for each class.",
    "t-SNE": "Similar images lie near each other. Hollow marks are real images, filled ones are "
    "generated: they should mix. Distances between clusters mean nothing.",
}


def write_page(out, results, pictures):
    """Write `report.html` into the folder of a comparison, with what `write_pictures` wrote."""
    out = Path(out)
    shares = nyquist_shares(out, results)
    tables, data = make_tables(results, shares), results["dataset"]
    budget = Terms(**results["budget"]).budget

    def figure(key, alt, caption=None):
        return [Figure((out / pictures[key]).read_bytes(), alt, caption)] if key in pictures else []

    floor = "The dotted line is the distance between two halves of the training images."
    sections = [
        Section(
            "Summary", *_summary(results),
            *figure("fid", f"{results.fid_name} of each member", floor if results.floor else None),
            *[tables[name] for name in ("order",) if name in tables],
        ),
        *_papers_tables(results, tables),
    ]  # fmt: skip
    if "measures" in tables:
        sections.append(Section("All measures", tables["measures"]))
    classes = ", ".join(data["classes"][:COLUMNS])
    samples = [
        sheet for group in results.groups()
        for sheet in figure(f"samples/{group}", f"Generated images: {group}", group.capitalize())
    ]  # fmt: skip
    curves = [
        curve for number, (key, name) in enumerate(SETTINGS.items(), 3)
        for curve in figure(
            f"curves/{key}", f"Losses by {name}", f"By {name} (paper: Fig. {number})."
        )
    ] + figure(
        "losses", "Losses of each member", "Every panel has its own scale: the losses of different "
        "methods are different quantities and do not compare."
    )  # fmt: skip
    for title, intro, content in (
        ("Images", f"The first images of each class, from the left: {classes} (paper: Fig. 8 and "
         "10).", samples),
        ("t-SNE", "Real and generated images by the similarity of their features (paper: Fig. 7 "
         "and 9).", _embeddings(out, results)),
        ("Learning curves", "Means over the networks of a member.", curves),
        ("Checkerboard", None, shares and _checkerboard(shares, tables, figure)),
        ("Complexity and FID", None,
         figure("complexity", "FID against parameters and operations", "Bottom left is best: "
                "little cost, near the real images. Our figures.")),
        ("Budgets", f"Each member: {budget}.", [tables["budgets"]]),
        ("How to read this", None, [Definitions(HOW_TO_READ)]),
    ):  # fmt: skip
        if content:
            sections.append(Section(title, *content, intro=intro))
    settings = {
        member["label"]: ", ".join(f"{key} {value}" for key, value in member["settings"].items())
        for member in results["members"].values()
    }
    sections.append(
        Section("Inputs", Definitions(_inputs(results)), Details("Settings", Definitions(settings)),
                Details("Versions", Definitions(results["versions"])))
    )  # fmt: skip
    write_report(
        out / "report.html",
        f"Methods compared: {data['name']}",
        f"{count(len(results['members']), 'member')}, each with {budget}; "
        f"{count(len(data['classes']), 'class', 'classes')}, {data['image_size']} pixels",
        sections,
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
    for ranking in rankings(results):
        if ranking.measure != "IS":  # which the table of the order has
            yield Callout(AGREEMENT[ranking.agreement], order_sentence(results, ranking))
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
    """Yield a section for each table of the paper, with what it says about the order."""
    for number in results["tables"]:
        own = [table for name, table in tables.items()
               if name.split("_")[:2] == ["table", str(number)]]  # fmt: skip
        if own:
            title = f"{TITLES[number]} (Table {number})"
            yield Section(title, *own, *orders(results, number), id=f"table-{number}")


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


def _checkerboard(shares, tables, figure):
    """Return what there is of the checkerboard (Fig. 6)."""
    pictures = figure("checkerboard", "Enlarged images with and without pyramid connections")
    if not pictures:
        return [tables["checkerboard"]]
    without, beside = (f"{100 * shares[name]:.3g} %" for name in CHECKERBOARD)
    words = "Energy at the Nyquist frequency, where a checkerboard shows: "
    words += f"{beside} with pyramid connections, {without} without"
    words += f", {100 * shares[REAL]:.3g} % in real images." if REAL in shares else "."
    spectra = figure(
        "spectra", "Mean power spectra", "Mean power spectra. A checkerboard shows as bright spots "
        "at the edges, where the frequency is 0.5 cycles a pixel, or half way to them.",
    )  # fmt: skip
    return [Callout("note", words), *pictures, *spectra, tables["checkerboard"]]


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
