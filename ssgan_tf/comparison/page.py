"""The report of a study: one HTML page, and its main result as a sentence."""

from pathlib import Path

from ssgan_tf.comparison.against import verdict
from ssgan_tf.comparison.budgets import advantages, images_in_words, unequal_updates
from ssgan_tf.comparison.images import REAL, nyquist_shares
from ssgan_tf.comparison.options import Options
from ssgan_tf.comparison.pictures import CHECKERBOARD, COLUMNS, SETTINGS
from ssgan_tf.comparison.ranks import agreement, rankings, sentence
from ssgan_tf.comparison.scores import (
    every_training,
    fid_name,
    fids,
    floor,
    groups,
    label,
    means,
    state,
    trained_again,
    trainings,
)
from ssgan_tf.comparison.tables import TITLES, make_tables
from ssgan_tf.report import Callout, Definitions, Details, Figure, Gallery, Section, write_report
from ssgan_tf.statistics.wording import main_finding as classifiers_headline

ONE_TRAINING = (
    "One training each: every member was trained once, with one seed, so nothing here tells how "
    "far its figures move with another; intervals of classifiers are over classifiers alone. "
    "--seeds 3 trains each member by two more seeds."
)
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
    "Against flip-crop": "Of classifiers that learn from real images, flipped and cropped anew in "
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


def headline(results):
    """Return the main result in a sentence or two: which method has the lowest FID."""
    every, unit = every_training(results), "members"
    if len(every) > len(results["members"]):
        unit = "trainings"
    counts = {
        words: sum(training["state"] == key for training in every.values())
        for key, words in (("failed", "failed"), ("unfinished", "not finished"))
    }
    rest = "".join(f", {count} {words}" for words, count in counts.items() if count)
    done = len(every) - sum(counts.values())
    words = f"{done} of {len(every)} {unit} finished{rest}. "
    found = fids(results, groups(results).get("methods", []))
    kind = "methods"
    if len(found) < 2:
        found, kind = fids(results), "members"
    if not found:
        return words + "None has been measured yet."
    order = sorted(found, key=found.get)
    intervals = means(results, "FID", "training", names=order)
    shown = [f"{label(results, name)} ({_interval(intervals[name])})" for name in order]
    if len(order) == 1:
        return words + f"{fid_name(results)} of {shown[0]} is the only one so far."
    words += f"Of {len(order)} {kind} {shown[0]} has the lowest {fid_name(results)}"
    words += f", before {' and '.join(shown[1:3])}"
    if trained_again(results):
        seeds = _in_words(mean.seeds for mean in intervals.values())
        words += f" (means over {seeds}, ± half the 95 % interval)"
    words += "."
    if "ssgan" in order[1:]:
        words += f" SSGAN, which the paper has first, is number {order.index('ssgan') + 1}."
    return " ".join([words, *advantages(results)])


def _interval(mean):
    """Return a mean as text: "8.00 ± 1.20", or "8.00" of one training."""
    if mean.half_width is None:
        return f"{mean.mean:.2f}"
    return f"{mean.mean:.2f} ± {mean.half_width:.2f}"


def _in_words(counts):
    """Return how many trainings members have in words: "3 trainings", "2 to 3 trainings"."""
    fewest, *more = sorted(set(counts))
    return f"{fewest} to {more[-1]} trainings" if more else _count(fewest, "training")


def write_page(out, results, pictures):
    """Write `report.html` into the folder of a study.

    Args:
        out: the folder, with the pictures and the members' evaluations in it.
        results: what `results.json` holds.
        pictures: file names by what they show; see `write_pictures`.
    """
    out, shares = Path(out), nyquist_shares(Path(out), results)
    tables = make_tables(results, shares)

    def figure(key, alt, caption=None):
        return Figure((out / pictures[key]).read_bytes(), alt, caption)

    summary = _summary(results)
    if "fid" in pictures:
        caption = None
        if floor(results) is not None:
            caption = "The dotted line is the distance between two halves of the training images."
        summary.append(figure("fid", f"{fid_name(results)} of each member", caption))
    if "order" in tables:
        summary.append(tables["order"])
    sections = [Section("Summary", *summary), *_papers_tables(results, tables)]
    if "measures" in tables:
        sections.append(Section("All measures", tables["measures"]))
    sections += [
        *_samples(results, pictures, figure),
        *_embeddings(out, results),
        *_curves(pictures, figure),
    ]
    if shares:
        sections.append(_checkerboard(results, shares, tables["checkerboard"], pictures, figure))
    if "complexity" in pictures:
        caption = "Bottom left is best: little cost, near the real images. Our figures."
        chart = figure("complexity", "FID against parameters and operations", caption)
        sections.append(Section("Complexity and FID", chart))
    sections += [
        Section("Budgets", tables["budgets"], intro=f"Each member: {_budget(results)}."),
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section("Inputs", Definitions(_inputs(results)),
                Details("Settings", Definitions(_settings(results))),
                Details("Versions", Definitions(results["versions"]))),
    ]  # fmt: skip
    data = results["dataset"]
    write_report(
        out / "report.html",
        f"Methods compared: {data['name']}",
        f"{_count(len(results['members']), 'member')}, each with {_budget(results)}; "
        f"{_count(len(data['classes']), 'class', 'classes')}, {data['image_size']} pixels",
        sections,
        results["made_by"],
    )


def _summary(results):
    """Return the headline, then what nobody should miss."""
    every = every_training(results)
    summary = [headline(results)]
    if results["classifiers"]:
        summary.append(f"Classifiers: {classifiers_headline(results['classifiers'])}")
        summary += verdict(results)
    if not trained_again(results):
        summary.append(Callout("note", ONE_TRAINING))
    for ranking in rankings(results):
        if ranking.measure != "IS":  # which the table of the order has
            summary.append(Callout(AGREEMENT[agreement(ranking)], sentence(results, ranking)))
    for name, training in every.items():
        if training["state"] == "failed":
            words = f"{name} {state(training)}. {training['failure'] or ''}"
            summary.append(Callout("bad", words.strip()))
    failure = results.get("baselines", {}).get("failure")
    if failure:
        summary.append(
            Callout("bad", f"The classifiers without generated images failed. {failure}")
        )
    waiting = [
        f"{name} (next: {training['stage']})"
        for name, training in every.items() if training["state"] == "unfinished"
    ]  # fmt: skip
    if waiting:
        summary.append(Callout("warning", f"Not finished: {', '.join(waiting)}."))
    summary += [Callout("warning", words) for words in _unequal(results)]
    measured = {name: training["metrics"] for name, training in every.items()
                if training["metrics"]}  # fmt: skip
    for name, metrics in measured.items():
        found = metrics["overall"].get("memorisation", {})
        if found.get("finding") == "copies":
            summary.append(Callout("bad", f"{name}: {found['verdict']}"))
    warnings = [words for metrics in measured.values() for words in metrics["warnings"]]
    classified = results["classifiers"]["warnings"] if results["classifiers"] else []
    return summary + [Callout("warning", words) for words in dict.fromkeys(warnings + classified)]


def _unequal(results):
    """Yield what keeps members from being compared with the others on equal terms."""
    yield from unequal_updates(results)
    stand_ins = [
        name for name, training in every_training(results).items()
        if str(training["settings"].get("vgg_weights")).startswith("RANDOM")
    ]  # fmt: skip
    if stand_ins:
        yield (
            "RANDOM WEIGHTS in place of VGG-19's in the perceptual loss: fit for trying things "
            f"out, not for results. So it is with {', '.join(stand_ins)}."
        )


def _papers_tables(results, tables):
    """Yield a section for each table of the paper, with what it says about the order."""
    for number in results["tables"]:
        own = [table for name, table in tables.items()
               if name.split("_")[:2] == ["table", str(number)]]  # fmt: skip
        words = [sentence(results, found) for found in rankings(results) if found.table == number]
        if own:
            title = f"{TITLES[number]} (Table {number})"
            yield Section(title, *own, *words, id=f"table-{number}")


def _samples(results, pictures, figure):
    """Yield the section of generated images side by side (Fig. 8 and 10)."""
    sheets = [
        figure(f"samples/{group}", f"Generated images: {group}", group.capitalize())
        for group in groups(results) if f"samples/{group}" in pictures
    ]  # fmt: skip
    if sheets:
        classes = ", ".join(results["dataset"]["classes"][:COLUMNS])
        intro = f"The first images of each class, from the left: {classes} (paper: Fig. 8 and 10)."
        yield Section("Images", *sheets, intro=intro)


def _curves(pictures, figure):
    """Yield the section of learning curves (Fig. 3-5)."""
    curves = [
        figure(f"curves/{key}", f"Losses by {name}", f"By {name} (paper: Fig. {number}).")
        for number, (key, name) in enumerate(SETTINGS.items(), 3) if f"curves/{key}" in pictures
    ]  # fmt: skip
    if "losses" in pictures:
        caption = (
            "Every panel has its own scale: the losses of different methods are different "
            "quantities and do not compare."
        )
        curves.append(figure("losses", "Losses of each member", caption))
    if curves:
        intro = "Means over the networks of a member."
        yield Section("Learning curves", *curves, intro=intro)


def _embeddings(out, results):
    """Yield the section of the members' own t-SNE pictures (Fig. 7 and 9)."""
    galleries = []
    for group, names in groups(results).items():
        figures = []
        for name in names:
            member = results["members"][name]
            picture = (member["metrics"] or {"pictures": {}})["pictures"].get("tsne")
            file = picture and out / member["paths"]["evaluation"] / picture
            if file and file.is_file():
                figures.append(
                    Figure(file.read_bytes(), f"t-SNE of {member['label']}", member["label"])
                )
        if figures:
            galleries += [f"{group.capitalize()}:", Gallery(*figures)]
    intro = "Real and generated images by the similarity of their features (paper: Fig. 7 and 9)."
    if galleries:
        yield Section("t-SNE", *galleries, intro=intro)


def _checkerboard(results, shares, table, pictures, figure):
    """Return the section of the checkerboard (Fig. 6)."""
    content = []
    if "checkerboard" in pictures:
        without, beside = (shares[name] for name in CHECKERBOARD)
        words = (
            f"Energy at the Nyquist frequency, where a checkerboard shows: {100 * beside:.3g} % "
            f"with pyramid connections, {100 * without:.3g} % without"
        )
        words += f", {100 * shares[REAL]:.3g} % in real images." if REAL in shares else "."
        content = [
            Callout("note", words),
            figure("checkerboard", "Enlarged images with and without pyramid connections"),
            figure(
                "spectra", "Mean power spectra",
                "Mean power spectra. A checkerboard shows as bright spots at the edges, where the "
                "frequency is 0.5 cycles a pixel, or half way to them.",
            ),
        ]  # fmt: skip
    return Section("Checkerboard", *content, table)


def _budget(results):
    return Options(**results["budget"]).budget


def _settings(results):
    """Return the settings of each member in a line, by its label."""
    return {
        member["label"]: ", ".join(f"{key} {value}" for key, value in member["settings"].items())
        for member in results["members"].values()
    }


def _inputs(results):
    data, evaluation = results["dataset"], results["evaluation"]
    inputs = {
        "Command": results["command"],
        "Data": f"{data['name']}, fingerprint {data['fingerprint'][:12]}",
        "Classes": ", ".join(data["classes"]),
        "Members learnt from": " or ".join(
            dict.fromkeys(
                images_in_words(training["learnt_from"])
                for training in every_training(results).values()
            )
        ),
        "Classifiers learn from": images_in_words(results["classifiers_learn_from"]),
        "Trainings": _in_words(len(trainings(results, name)) for name in results["members"])
        + " of each member, by seeds of their own; the split is the same for all",
        "Image size": f"{data['image_size']} pixels",
        "Evaluated": f"{evaluation['per_class']} generated images a class, features "
        f"{evaluation['features']}",
    }
    if results["classification"]:
        sizes = " and ".join(results["classification"]["sizes"])
        seeds = _count(results["classification"]["seeds"], "seed")
        inputs["Classifiers"] = f"{sizes} images added a class, {seeds} for each training"
    inputs["Commit"] = results["git_commit"] or "unknown"
    inputs["Time"] = f"{results['seconds'] / 60:.1f} minutes of all members together"
    return inputs


def _count(number, one, many=None):
    return f"{number:,} {one if number == 1 else many or one + 's'}"
