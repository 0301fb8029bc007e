"""What classify.py draws: means with their intervals, and the curves of trainings."""

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssgan_tf.plots.charts import PALETTE, class_colours, plain_text, save_figure

#: Colours of the kinds of rows; LEAKED ones are hollow.
KINDS = {
    "original": PALETTE[6],
    "classical": PALETTE[0],
    "generated": PALETTE[1],
    "LEAKED": PALETTE[1],
}
TRAINING = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_accuracy": "test accuracy",
}
LABEL_WIDTH = 34  # letters, after which a label is broken


def write_means(
    path, labels, means, half_widths, *,
    points=None, kinds=None, groups=None, baseline=None, xlabel="accuracy",
):  # fmt: skip
    """Plot means and their intervals, one below another, each with its single values.

    Args:
        path: where to write the PNG, a path or a binary file.
        labels: a text for each row, from the top.
        means: a number for each row.
        half_widths: half the width of each interval; None where there is none.
        points: the values behind each mean, pale dots below it; a list for each row.
        kinds: a key of `KINDS` for each row, which decides its colour.
        groups: a heading for each row; a row with another one than the row above begins a group.
        baseline: a value to mark by a vertical line.
        xlabel: what the numbers are.
    """
    count = len(labels)
    points, kinds = points or [[]] * count, kinds or ["generated"] * count
    groups = groups or [""] * count
    labels = [textwrap.fill(label, LABEL_WIDTH) for label in labels]
    places, headings, at = [], {}, 0.0
    for number, (label, group) in enumerate(zip(labels, groups, strict=True)):
        if group and (not number or group != groups[number - 1]):
            headings[at] = group
            at += 1
        height = max(1, 0.65 * len(label.splitlines()))  # a broken label needs more room
        places.append(at + height / 2 - 0.5)
        at += height

    figure = Figure(figsize=(7, 1.3 + 0.3 * at), layout="constrained")
    axis = figure.subplots()
    if baseline is not None:
        axis.axvline(baseline, color=KINDS["original"], linestyle=":", linewidth=1.2, zorder=1)
    for place, mean, half_width, values, kind in zip(
        places, means, half_widths, points, kinds, strict=True
    ):
        colour, hollow = KINDS[kind], kind == "LEAKED"
        below = [place + 0.27] * len(values)  # where the interval does not hide them
        axis.scatter(values, below, 14, color=colour, alpha=0.5, linewidths=0)
        axis.errorbar(
            mean, place, xerr=half_width, color=colour, fmt="o", markersize=6.5, capsize=3,
            elinewidth=1.6, markerfacecolor="white" if hollow else colour, zorder=3,
        )  # fmt: skip
    axis.set(xlabel=xlabel, ylim=(at - 0.3, -0.7))
    ticks = sorted([*zip(places, labels, strict=True), *headings.items()])
    axis.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
    for place, text in zip([place for place, _ in ticks], axis.get_yticklabels(), strict=True):
        text.set_parse_math(False)
        if place in headings:
            text.set_fontweight("bold")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", alpha=0.3)
    axis.spines[["top", "right", "left"]].set_visible(False)
    shown = [kind for kind in KINDS if kind in kinds]
    if len(shown) > 1:
        handles = [_kind_entry(kind) for kind in shown]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(shown), frameon=False)
    save_figure(path, figure)


def _kind_entry(kind):
    face = "white" if kind == "LEAKED" else KINDS[kind]
    return Line2D(
        [], [], linestyle="", marker="o", color=KINDS[kind], markerfacecolor=face, label=kind
    )


def write_training(path, runs):
    """Plot loss and accuracy over the gradient steps: bold means over seeds, pale single seeds.

    A mean is drawn where every seed has a value.

    Args:
        path: where to write the PNG, a path or a binary file.
        runs: dict from a label to a list over seeds of the records of `metrics.jsonl`: dicts with
            `step`, `loss` and `accuracy`, and here and there a `test_accuracy`.

    Raises:
        ValueError: no record holds any of these.
    """
    recorded = {key for logs in runs.values() for log in logs for record in log for key in record}
    shown = {key: title for key, title in TRAINING.items() if key in recorded}
    if not shown:
        raise ValueError(f"nothing to plot: no record holds any of {', '.join(TRAINING)}")
    columns = 2 if max(map(len, runs)) < LABEL_WIDTH else 1
    entries = -(-len(runs) // columns)
    figure = Figure(figsize=(7, 2.4 * len(shown) + 0.5 + 0.22 * entries), layout="constrained")
    axes = figure.subplots(len(shown), sharex=True, squeeze=False).ravel()
    for axis, (key, title) in zip(axes, shown.items(), strict=True):
        for (label, logs), colour in zip(runs.items(), class_colours(len(runs)), strict=True):
            curves = [
                {record["step"]: record[key] for record in log if record.get(key) is not None}
                for log in logs
            ]
            for curve in curves if len(curves) > 1 else []:
                axis.plot(*_line(curve), color=colour, linewidth=0.7, alpha=0.3)
            common = set.intersection(*(set(curve) for curve in curves)) if curves else set()
            mean = {step: np.mean([curve[step] for curve in curves]) for step in common}
            axis.plot(*_line(mean), color=colour, linewidth=1.6, label=label)
        axis.set_title(title)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("gradient steps")
    handles, labels = axes[0].get_legend_handles_labels()
    legend = figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, frameon=False
    )
    plain_text(legend)
    save_figure(path, figure)


def _line(curve):
    steps = sorted(curve)
    return steps, [curve[step] for step in steps]
