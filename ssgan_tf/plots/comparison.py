"""What compare.py draws: losses, cost against quality, spectra."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from ssgan_tf.plots.charts import PALETTE, class_colours, plain_text, save_figure

LOSSES = {
    "critic_loss": "critic loss",
    "generator_loss": "generator loss",
    "wasserstein": "Wasserstein estimate",
}
OUTLIER = 20  # times the median: from there on a scale is logarithmic
#: Where a label may stand, in points from its point: near ones first.
PLACES = [
    (step * dx, step * dy)
    for step in (7, 16, 26, 38, 52)
    for dx, dy in ((1, 0), (-1, 0), (0, 1.3), (0, -1.3), (1, 1), (-1, 1), (1, -1), (-1, -1))
]
ITERATIONS = "iterations (generator updates)"


def write_settings(path, runs):
    """Plot the losses of trainings with different settings (SSGAN, Fig. 3-5), one panel a loss.

    A panel where one training runs far away from the others has a logarithmic scale.

    Args:
        path: where to write the PNG, a path or a binary file.
        runs: dict from a label to records with `step` and any of `LOSSES`.

    Raises:
        ValueError: no record holds any of these.
    """
    shown = _recorded(runs)
    figure = Figure(figsize=(7, 2.4 * len(shown) + 0.6), layout="constrained")
    axes = figure.subplots(len(shown), sharex=True, squeeze=False).ravel()
    for axis, key in zip(axes, shown, strict=True):
        for (label, records), colour in zip(runs.items(), class_colours(len(runs)), strict=True):
            axis.plot(*_points(records, key), color=colour, linewidth=1.4, label=label)
        _scale(axis)
        axis.set_title(LOSSES[key])
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel(ITERATIONS)
    handles, labels = axes[0].get_legend_handles_labels()
    legend = figure.legend(
        handles, labels, loc="outside lower center", ncols=min(len(runs), 4), frameon=False
    )
    plain_text(legend)
    save_figure(path, figure)


def write_losses(path, runs):
    """Plot critic and generator loss of trainings by different methods, one panel a training.

    Each has its own scale: the losses of different methods are different quantities.

    Args:
        path: where to write the PNG, a path or a binary file.
        runs: dict from a label to records with `step`, `critic_loss` and `generator_loss`.

    Raises:
        ValueError: no record holds any of these.
    """
    shown = [key for key in _recorded(runs) if key != "wasserstein"]
    rows, columns = -(-len(runs) // 2), min(len(runs), 2)
    figure = Figure(figsize=(7, 2.1 * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    for left_over in axes[len(runs) :]:
        left_over.remove()
    for axis, (label, records) in zip(axes, runs.items(), strict=False):
        for key, colour in zip(shown, PALETTE, strict=False):
            axis.plot(*_points(records, key), color=colour, linewidth=1.2, label=LOSSES[key])
        _scale(axis)
        axis.set_title(label, fontsize="medium", parse_math=False)
        axis.grid(alpha=0.3)
    for axis in axes[max(0, len(runs) - columns) : len(runs)]:
        axis.set_xlabel(ITERATIONS)
        axis.tick_params(labelbottom=True)  # there may be no panel below
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    save_figure(path, figure)


def write_complexity(path, labels, costs, quality, ylabel):
    """Plot quality against cost, a labelled point for each method, one panel a cost.

    Args:
        path: where to write the PNG, a path or a binary file.
        labels: a text for each point.
        costs: dict from what is counted to a positive number for each point.
        quality: a number for each point.
        ylabel: what `quality` is.
    """
    figure = Figure(figsize=(7, 3.6 * len(costs)), layout="constrained")
    axes = figure.subplots(len(costs), squeeze=False).ravel()
    for axis, (words, values) in zip(axes, costs.items(), strict=True):
        axis.scatter(values, quality, 36, color=PALETTE[0], zorder=3)
        axis.set(xscale="log", xlabel=f"{words} (logarithmic)", ylabel=ylabel)
        axis.margins(0.16, 0.14)
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axis.xaxis.set_major_formatter(ScalarFormatter())
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.grid(alpha=0.3)
    figure.draw_without_rendering()  # settles the layout, which decides where labels meet
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axis, values in zip(axes, costs.values(), strict=True):
        _label_points(axis, labels, values, quality, renderer)
    save_figure(path, figure)


def write_spectra(path, spectra):
    """Plot mean power spectra on one scale, frequency 0 in the centre of each.

    Args:
        path: where to write the PNG, a path or a binary file.
        spectra: dict from a label to what `metrics.checkerboard.mean_log_spectrum` returns.
    """
    count = len(spectra)
    figure = Figure(figsize=(2.1 * count + 1, 2.9), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False).ravel()
    lowest, highest = np.percentile(np.stack(list(spectra.values())), [1, 99.9])
    for axis, (label, spectrum) in zip(axes, spectra.items(), strict=True):
        shown = axis.imshow(
            spectrum, cmap="magma", vmin=lowest, vmax=highest, extent=(-0.5, 0.5, 0.5, -0.5)
        )
        axis.set_title(label, fontsize=9, parse_math=False)
        axis.set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5], xlabel="cycles a pixel")
    figure.colorbar(shown, ax=axes, label="log₁₀ of relative energy", shrink=0.6)
    save_figure(path, figure)


def _recorded(runs):
    recorded = {key for records in runs.values() for record in records for key in record}
    if not recorded & set(LOSSES):
        raise ValueError(f"nothing to plot: no record holds any of {', '.join(LOSSES)}")
    return [key for key in LOSSES if key in recorded]


def _points(records, key):
    """Return the steps and values of the records that have one."""
    points = [(record["step"], record[key]) for record in records if record.get(key) is not None]
    return zip(*points, strict=True) if points else ((), ())


def _scale(axis):
    """Make the scale logarithmic, around 0 linear, where a few values dwarf all others."""
    sizes = np.abs(np.concatenate([line.get_ydata() for line in axis.lines]))
    typical = np.median(sizes) if len(sizes) else 0
    if typical and sizes.max() > OUTLIER * typical:
        axis.set_yscale("symlog", linthresh=typical)


def _label_points(axis, labels, xs, ys, renderer):
    """Write a label beside each point, in the first place that is free of points and labels."""
    taken = [
        (x - 6, y - 6, x + 6, y + 6) for x, y in axis.transData.transform(np.transpose([xs, ys]))
    ]
    frame = axis.get_window_extent(renderer).extents
    for label, x, y in zip(labels, xs, ys, strict=True):
        for dx, dy in PLACES:
            line = {"arrowstyle": "-", "color": PALETTE[6], "linewidth": 0.6}
            text = axis.annotate(
                label, (x, y), (dx, dy), textcoords="offset points", va="center", fontsize=9,
                ha="left" if dx > 0 else "right" if dx < 0 else "center",
                arrowprops=line if max(abs(dx), abs(dy)) > 12 else None, parse_math=False,
            )  # fmt: skip
            text.set_in_layout(False)
            box = _box(text, renderer)
            inside = all(box[:2] > frame[:2]) and all(box[2:] < frame[2:])
            if inside and not any(_meet(box, other) for other in taken):
                break
            text.remove()
        else:  # no place is free
            text = axis.annotate(label, (x, y), fontsize=9, parse_math=False)
        taken.append(_box(text, renderer))


def _meet(box, other):
    return (
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
    )  # fmt: skip


def _box(text, renderer):
    """Return the sides of an annotation in pixels, its line left out."""
    text.update_positions(renderer)
    return Text.get_window_extent(text, renderer).extents
