"""The report of an evaluation: one HTML page."""

from pathlib import Path

from ssgan_tf.evaluation.consistency_page import consistency_section
from ssgan_tf.evaluation.tables import (
    cost_table,
    distance_table,
    memorisation_table,
    quality_table,
)
from ssgan_tf.report import Callout, Definitions, Details, Figure, Gallery, Section, write_report

FINDINGS = {"copies": "bad", "close": "warning", "none": "good", "far": "note"}

HOW_TO_READ = {
    "FID, KID": "Distance between two sets of images in the features of an Inception network. Both "
    "fall when images get better or more varied. Only figures of the same features, the same sizes "
    "and the same real images may be compared; only plain FID with published ones.",
    "Floor": "What real images themselves get: the distance between two halves of the training "
    "images. It is of half as many images, so a perfect generator of more images gets below it.",
    "Precision, density": "Share of generated images that look real (density also counts how "
    "crowded that place is, and may pass 1). High when images are good, however alike.",
    "Recall, coverage": "Share of real images that the generator can make, or has images next to. "
    "Low when the generator makes always the same.",
    "SSIM": "Similarity of random pairs. Much higher than that of real images: too little variety.",
    "Inception Score": "High when each image shows clearly one of ImageNet's objects and together "
    "they show many. It never looks at the real images.",
    "z": "Compares how near generated images and unseen real images lie to the training images. "
    "Far below 0: copies. Far above 0: the images are not yet like real ones.",
    "t-SNE": "Similar images lie near each other. Hollow and filled marks should mix. Distances "
    "between clusters mean nothing.",
}


def headline(metrics):
    """Return the main result as a sentence or two."""
    name = "FID" + metrics["features"]["suffix"]
    fid = metrics["overall"][name]
    if fid["training"] is None:
        return f"There are too few images for {name}."
    words = f"{name} to the training images is {fid['training']:.2f}"
    if fid["floor"]:
        words += (
            f", {fid['training'] / fid['floor']:.1f} times the distance between two halves of "
            f"those ({fid['floor']:.2f})"
        )
    if fid["held_out"] is not None:
        words += f"; to held-out images it is {fid['held_out']:.2f}"
    return words + "."


def write_page(out, metrics, pictures):
    """Write `report.html` into a folder.

    Args:
        out: the folder, with the pictures in it.
        metrics: what `metrics.json` holds.
        pictures: file names by what they show; see `write_pictures`.
    """
    out = Path(out)

    def figure(key, alt, caption=None):
        return Figure((out / pictures[key]).read_bytes(), alt, caption)

    def of_classes(kind, words):
        keys = [key for key in pictures if key.startswith(f"{kind}/")]
        return [
            figure(key, f"{words}: {key.split('/', 1)[1]}", key.split("/", 1)[1]) for key in keys
        ]

    memorised = metrics["overall"]["memorisation"]
    sections = [
        Section(
            "Summary",
            headline(metrics),
            Callout(FINDINGS[memorised["finding"]], memorised["verdict"]),
            *(Callout("warning", warning) for warning in metrics["warnings"]),
            distance_table(metrics),
            quality_table(metrics),
        ),
        Section("Images", figure("samples", "Real and generated images of each class")),
    ]
    maps = [figure("tsne", "t-SNE of all images")] if "tsne" in pictures else []
    of_each = of_classes("tsne", "t-SNE")
    if of_each:
        maps.append(Gallery(*of_each))
    sections.append(
        Section("t-SNE", *maps, intro="Real and generated images by the similarity of features.")
    )
    sections.append(
        Section(
            "Memorisation",
            memorisation_table(metrics),
            figure("distances", "Distances to the nearest training image"),
            "The generated images that lie nearest to a training image, each beside its three "
            "nearest training images:",
            Gallery(*of_classes("neighbours", "Nearest training images")),
        )
    )
    if metrics["consistency"]:
        sections.append(consistency_section(metrics))
    if metrics["advise"]:
        sections.append(_advice_section(metrics["advise"]))
    if "curves" in pictures:
        sections.append(Section("Training", figure("curves", "Losses over the iterations")))
    if metrics["cost"]:
        sections.append(Section("Cost", cost_table(metrics)))
    sections += [
        Section("How to read this", Definitions(HOW_TO_READ)),
        Section("Inputs", Definitions(_inputs(metrics)), Details("Versions", Definitions(
            {name: str(version) for name, version in metrics["versions"].items()}))),
    ]  # fmt: skip
    inputs = metrics["inputs"]
    write_report(
        out / "report.html",
        f"How good are these images? {inputs['generated']['name']}",
        f"{inputs['generated']['images']} generated images beside "
        f"{inputs['real']['images']} real ones of {inputs['real']['name']}",
        sections,
        metrics["made_by"],
    )


def _advice_section(advice):
    figures = {
        "SSIM-supSubCls": f"{advice['sup_sub_cls']:.4f} (worked up to "
        f"{advice['thresholds']['sup_sub_cls']:.4f} in the paper)",
        "SSIM-mergeCls": f"{advice['merge_cls']:.4f} (worked up to "
        f"{advice['thresholds']['merge_cls']:.4f})",
        "Fit": f"Eq. 4 of Guo et al., from {advice['fit']['data_sets']} data sets, R² "
        f"{advice['fit']['r_squared']}; {advice['fit']['generator']}, "
        f"{advice['fit']['training_sets']} sets, {advice['fit']['classifier']}, filtered; a set "
        f"left out of it is missed by {advice['fit']['leave_one_out_error_points']:.1f} points",
    }
    return Section(
        "Is augmentation likely to pay?",
        Callout("note", advice["sentence"]),
        Definitions(figures),
        "classify.py measures it.",
    )


def _inputs(metrics):
    inputs, features = metrics["inputs"], metrics["features"]
    generated, real = inputs["generated"], inputs["real"]
    split = {
        "manifest": "as the generated folder records",
        "seed": f"by the seed {inputs['seed']}",
        "none": "not divided: all count as training images",
    }[inputs["split_from"]]
    return {
        "Command": metrics["command"],
        "Generated": f"{generated['path']}, fingerprint {generated['fingerprint'][:12]}",
        "Made by": generated["made_by"] or "unknown",
        "Real": f"{real['name']}, fingerprint {real['fingerprint'][:12]}",
        "Training and held-out images": split,
        "Image size": f"{inputs['image_size']} pixels",
        "Features": f"{features['tensor']}, {features['dimension']} numbers, of the graph "
        f"{features['graph_sha256'][:12]}",
    }
