"""Tables that are defined by their columns: what stands there for each key, and how it is shown."""

import dataclasses
from collections.abc import Callable
from typing import Any

from ssgan_tf.report.table import Cell, Table


@dataclasses.dataclass(frozen=True)
class Column:
    """A column: its heading, and what stands there in the row of a key.

    That is a text, a number, a `Cell`, a mean with its interval (an object with `mean` and
    `half_width`, half of its width or None), or None where there is no value.
    """

    heading: str
    of: Callable[[Any], Any]
    note: str | None = None  # a footnote of the heading
    digits: int | None = None  # after the point
    best: Callable | None = None  # `min` or `max`: the best of several values is bold
    scale: float = 1  # what numbers and their intervals are multiplied by
    quoted: bool = False  # from the paper: paler, and with as many digits as it prints

    def cells(self, keys):
        """Return the `Cell` of each row; the best is bold as far as the digits tell."""
        cells = [self._cell(self.of(key)) for key in keys]
        if self.best is None:
            return cells
        ours = {round(cell.value, self.digits) for cell in cells if _counts(cell)}
        goal = self.best(ours) if len(ours) > 1 else None
        return [
            dataclasses.replace(
                cell, emphasis=_counts(cell) and round(cell.value, self.digits) == goal
            )
            for cell in cells
        ]

    def _cell(self, value):
        if isinstance(value, Cell):
            return value
        digits, interval = self.digits, None
        if hasattr(value, "half_width"):
            value, interval = value.mean, self.scale * (value.half_width or 0) or None
        if self.quoted and isinstance(value, float):
            digits = len(str(value).partition(".")[2])
        if value is not None and self.scale != 1:
            value *= self.scale
        return Cell(value, digits, interval, muted=self.quoted)


def make_table(keys, columns, caption, note=None):
    """Return the `Table` with a row for each key; columns without any value are left out."""
    keys, headings, filled = list(keys), [], []
    for column in columns:
        cells = column.cells(keys)
        if any(cell.value is not None for cell in cells):
            headings.append(Cell(column.heading, note=column.note, muted=column.quoted))
            filled.append(cells)
    return Table(headings, zip(*filled, strict=True), caption, note)


def _counts(cell):
    return cell.value is not None and not cell.muted
