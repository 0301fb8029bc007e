"""Numbers as charts: the losses of a training, features in the plane, distances."""

import io
import warnings

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssgan_tf.plots.output import write_bytes

CURVES = {
    "wasserstein": "Wasserstein estimate",
    "penalty": "gradient penalty, without λ",
    "generator_loss": "generator loss (Eq. 2)",
    "perceptual": "perceptual loss L_P (Eq. 1)",
}

#: Okabe & Ito 2008: told apart with any kind of colour vision. Their yellow, too pale for lines
#: on white, is darker here; their black is grey, so that it has a darker shade.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#595959", "#C8B400")
LEGEND_ROWS = 28


def write_curves(path, runs):
    """Plot the losses of one or more trainings over the iterations, one panel a loss, two a row.

    Scores of `train.py --evaluate_every` have panels of their own, after the losses.

    Args:
        path: where to write the PNG, a path or a binary file.
        runs: dict from a label to the records of its `metrics.jsonl`.
    """
    recorded = {key for records in runs.values() for record in records for key in record}
    shown = {key: title for key, title in CURVES.items() if key in recorded}
    # Of a training that records none of these, everything is shown under its own name.
    scores = {key for key in recorded if key.partition("-")[0] == "FID"}  # also FID-768 and so
    others = recorded - scores - {"step", "images_per_second"}
    shown = shown or {key: key for key in sorted(others)}
    shown |= {key: f"{key} to the training images" for key in sorted(scores)}
    if not shown:
        raise ValueError("nothing to plot: no record holds more than its step and speed")
    rows, columns = -(-len(shown) // 2), min(len(shown), 2)
    figure = Figure(figsize=(4.2 * columns, 3.2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for left_over in axes[len(shown) :]:
        left_over.remove()
    for axis, (key, title) in zip(axes, shown.items(), strict=False):
        for label, records in runs.items():
            points = [(record["step"], record[key]) for record in records if key in record]
            if points:
                marker = "." if key in scores else None  # they are few, perhaps only one
                axis.plot(*zip(*points, strict=True), label=label, linewidth=1, marker=marker)
        axis.set(title=title, xlabel="iterations (generator updates)")
        axis.grid(alpha=0.3)
    if len(runs) > 1:
        plain_text(axes[0].legend())
    save_figure(path, figure)


def class_colours(count):
    """Return a colour for each of `count` classes, RGB in [0, 1], `(count, 3)`.

    The first eight are told apart with any kind of colour vision; the next ones are these again,
    lighter, then darker.
    """
    base = np.array([to_rgb(colour) for colour in PALETTE])
    shades = np.concatenate([base, 0.5 + 0.5 * base, 0.55 * base])
    return shades[np.arange(count) % len(shades)]


def write_embedding(path, points, labels, generated, class_names, title=None):
    """Plot features in the plane (SSGAN, Fig. 7 and 9): a colour a class, a marker a kind.

    Real images are hollow circles, generated ones filled triangles.

    Args:
        path: where to write the PNG, a path or a binary file.
        points: float `(n, 2)`, from `metrics.tsne.embed`.
        labels: int `(n,)`, indices into `class_names`.
        generated: bool `(n,)`, true for generated images.
        class_names: the classes; those without a point stay out of the legend.
        title: above the points.
    """
    labels, generated = np.asarray(labels), np.asarray(generated, bool)
    colours = class_colours(len(class_names))
    figure = Figure(figsize=(6.5, 6.5))
    axis = figure.subplots()
    # In random order, so that no class covers the others; the generated ones above the real.
    order = np.random.default_rng(0).permutation(len(points))
    real, made = order[~generated[order]], order[generated[order]]
    size = 14 if len(points) > 1000 else 24
    axis.scatter(*points[real].T, size, edgecolors=colours[labels[real]], facecolors="none")
    axis.scatter(*points[made].T, size, c=colours[labels[made]], marker="^", linewidths=0)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title or "", parse_math=False)

    entries = [_entry("s", colours[label], class_names[label]) for label in np.unique(labels)]
    if len(real):
        entries.append(_entry("o", "black", "real", fillstyle="none"))
    if len(made):
        entries.append(_entry("^", "black", "generated"))
    legend = axis.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        ncols=-(-len(entries) // LEGEND_ROWS),
        frameon=False,
    )
    plain_text(legend)
    save_figure(path, figure, bbox_inches="tight")  # as wide as the longest name needs


def _entry(marker, colour, label, **style):
    return Line2D([], [], linestyle="", marker=marker, color=colour, label=label, **style)


def write_distances(path, generated, reference, reference_label, title=None):
    """Plot how far generated and real images lie from their nearest training image.

    Two histograms on one scale, in per cent of the images, with their medians. Copies stand out on
    the left, near 0.

    Args:
        path: where to write the PNG, a path or a binary file.
        generated: distances of the generated images, `(m,)`.
        reference: distances of real images, `(r,)`.
        reference_label: which real images these are.
        title: above the histograms.
    """
    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axis = figure.subplots()
    bins = np.linspace(0, max(np.max(generated), np.max(reference)) or 1, 41)
    for distances, label, colour in (
        (reference, reference_label, PALETTE[0]),
        (generated, "generated images", PALETTE[1]),
    ):
        median = np.median(distances)
        share = np.full(len(distances), 100 / len(distances))
        described = f"{label} ({len(distances)}), median {median:.3g}"
        axis.hist(distances, bins, weights=share, color=colour, alpha=0.35)
        axis.hist(distances, bins, weights=share, color=colour, histtype="step")
        axis.axvline(median, color=colour, linestyle="--", label=described)
    axis.set(xlabel="distance to the nearest training image", ylabel="images, %", xlim=(0, None))
    axis.set_title(title or "", parse_math=False)
    figure.legend(loc="outside lower center", frameon=False)
    save_figure(path, figure)


def plain_text(legend):
    """Take labels as they are: a class may be called "$5 and $10"."""
    for text in legend.get_texts():
        text.set_parse_math(False)


def save_figure(path, figure, **options):
    """Write a figure as PNG, to a path or a binary file."""
    encoded = io.BytesIO()
    with warnings.catch_warnings():
        # The font has no Chinese, say; the picture shows boxes, and the page the names.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(encoded, dpi=110, format="png", **options)
    write_bytes(path, encoded.getvalue())
