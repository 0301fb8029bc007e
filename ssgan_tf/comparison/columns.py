"""From columns of cells, by member, to tables."""

import dataclasses

from ssgan_tf.comparison.scores import label, state
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
        member, why = results["members"][name], None
        if member["state"] != "finished":
            why = f"{state(member)}. {member['failure']}" if member["failure"] else state(member)
        column[name] = Cell(label(results, name), note=why)
    return column


def quoted(value):
    """Return a figure of the paper, paler than ours and with its own digits."""
    digits = len(str(value).partition(".")[2]) if isinstance(value, float) else None
    return Cell(value, digits, muted=True)


def _as_cell(value):
    return value if isinstance(value, Cell) else Cell(value)
