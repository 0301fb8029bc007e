"""From columns of cells, by member, to tables."""

import dataclasses

from ssgan_tf.comparison.scores import label, state, trained_again, trainings
from ssgan_tf.report import Cell, Table


def table_of(names, columns, caption, note=None):
    """Return the `Table` of columns; one without any value is left out.

    Args:
        names: the keys of the rows, in their order.
        columns: pairs of a heading and a dict by name: of `Cell`s, or numbers or None.
        caption: stands above the table.
        note: stands below it.
    """
    cells = {}
    for heading, values in columns:
        column = [_as_cell(values.get(name)) for name in names]
        if any(cell.value is not None for cell in column):
            cells[heading] = column
    return Table(list(cells), zip(*cells.values(), strict=True), caption, note)


def bold(values, best, digits):
    """Return a column of `Cell`s, the best of several in bold, as far as the digits tell.

    Args:
        values: dict by name: numbers or None.
        best: `min` or `max`.
        digits: after the point.
    """
    shown = {name: value and round(value, digits) for name, value in values.items()}
    numbers = {value for value in shown.values() if value is not None}
    goal = best(numbers) if len(numbers) > 1 else None
    return {
        name: Cell(value, digits, emphasis=goal is not None and shown[name] == goal)
        for name, value in values.items()
    }


def with_intervals(cells, half_widths):
    """Return a column of `Cell`s with intervals; those of no width get none."""
    return {
        name: dataclasses.replace(cell, interval=half_widths.get(name) or None)
        for name, cell in cells.items()
    }


def names_of(results, names):
    """Return the first column: what members are called, and why one has no figures."""
    column = {}
    for name in names:
        column[name] = Cell(label(results, name), note=why_unfinished(results, name))
    return column


def why_unfinished(results, name):
    """Return why a member has no figures, or not of all its trainings; None where it has."""
    reasons = [
        (f"seed {training['seed']}: " if results["members"][name]["further"] else "")
        + ". ".join(filter(None, [state(training), training["failure"]]))
        for training in trainings(results, name) if training["state"] != "finished"
    ]  # fmt: skip
    return "; ".join(reasons) or None


def bold_means(found, best, digits, scale=1):
    """Return a column of means with their intervals over trainings, the best in bold.

    Args:
        found: dict by name of `Mean`s.
        best: `min` or `max`.
        digits: after the point.
        scale: what all numbers are multiplied by.
    """
    cells = bold({name: scale * mean.mean for name, mean in found.items()}, best, digits)
    widths = {name: scale * (mean.half_width or 0) for name, mean in found.items()}
    return with_intervals(cells, widths)


def training_columns(results, names):
    """Return a column of how many trainings each member has figures of, where one has several."""
    if not trained_again(results):
        return []
    return [(Cell("trainings", note="by how many seeds; ± is half the 95 % interval of a mean over "
                  "them (Student's t)"),
             {name: sum(training["metrics"] is not None for training in trainings(results, name))
              or None for name in names})]  # fmt: skip


def quoted(value):
    """Return a figure of the paper, paler than ours and with its own digits."""
    digits = len(str(value).partition(".")[2]) if isinstance(value, float) else None
    return Cell(value, digits, muted=True)


def _as_cell(value):
    return value if isinstance(value, Cell) else Cell(value)
