"""Tables that are defined once and read three ways: on a page, in a terminal, as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import numbers
import re
import unicodedata
from collections.abc import Iterable
from html import escape

from ssgan_tf.terminal import printable


@dataclasses.dataclass(frozen=True)
class Cell:
    """A value of a table and how to show it. As a heading, its `digits` hold for the column."""

    value: str | int | float | None  # None: there is no value; `note` can say why
    digits: int | None = None  # of a float, after the point; by default four significant ones
    interval: float | tuple[float, float] | None = None  # half its width, or its two bounds
    emphasis: bool = False  # bold on a page, a * before it in a terminal
    muted: bool = False  # paler, as for figures quoted from elsewhere
    shade: float | None = None  # from 0 to 1: how dark its ground is, as in a confusion matrix
    note: str | None = None  # a footnote; equal ones share a number

    def __post_init__(self):
        if isinstance(self.value, bool) or not isinstance(self.value, str | numbers.Real | None):
            raise ValueError(f"a cell holds a text, a number or None, not {self.value!r}")

    @property
    def is_number(self) -> bool:
        """Whether the value is a number."""
        return isinstance(self.value, numbers.Real)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lower and upper bound of the interval, to twelve significant digits."""
        if self.interval is None or not self.is_number:
            return None
        half = self.interval
        ends = half if isinstance(half, tuple) else (self.value - half, self.value + half)
        return tuple(float(f"{end:.12g}") for end in ends)

    def __str__(self):
        if not self.is_number:
            return "—" if self.value is None else self.value
        shown = self._shown(self.value)
        if self.interval is None:
            return shown
        if isinstance(self.interval, tuple):
            low, high = self.interval
            return f"{shown} [{self._shown(low)}, {self._shown(high)}]"
        return f"{shown} ± {self._shown(self.interval)}"

    def _shown(self, number):
        if isinstance(number, numbers.Integral):
            return f"{int(number):,}"
        return f"{float(number):z{'.4g' if self.digits is None else f',.{self.digits}f'}}"


class Table:
    """Rows under headings; the first cell of a row is its heading.

    Columns that hold a number are aligned to the right.
    """

    def __init__(
        self,
        columns: Iterable[str | Cell],
        rows: Iterable[Iterable[str | int | float | Cell | None]],
        caption: str | None = None,
        note: str | None = None,
    ):
        """Make a table.

        Args:
            columns: the headings; a `Cell` can have a footnote, and `digits` for its column.
            rows: as many cells a row as there are columns.
            caption: stands above the table.
            note: stands below the table, before the footnotes.

        Raises:
            ValueError: a row is too short or too long, or a value is no text, number or None.
        """
        self.columns = [_as_cell(column) for column in columns]
        self.rows = [
            [
                _as_cell(value, heading.digits)
                for value, heading in zip(row, self.columns, strict=True)
            ]
            for row in rows
        ]
        self.caption = caption
        self.note = note
        noted = (cell.note for cell in itertools.chain(self.columns, *self.rows) if cell.note)
        self._note_numbers = {note: number for number, note in enumerate(dict.fromkeys(noted), 1)}
        self._to_the_right = [
            any(cell.is_number for cell in column) for column in zip(*self.rows, strict=True)
        ] or [False] * len(self.columns)

    def html(self, ids) -> str:
        """Return the table as HTML.

        Args:
            ids: the `Ids` of the page.
        """
        name = ids.new("table")
        links = {
            note: ids.new(f"{name}-note-{number}") for note, number in self._note_numbers.items()
        }
        head = "".join(
            self._html_cell(cell, "th", ' scope="col"', right, links)
            for cell, right in zip(self.columns, self._to_the_right, strict=True)
        )
        body = "\n".join(f"<tr>{self._html_row(row, links)}</tr>" for row in self.rows)
        caption, label = "", 'aria-label="Table"'
        if self.caption:
            caption = f'<figcaption id="{name}">{escape(self.caption)}</figcaption>\n'
            label = f'aria-labelledby="{name}"'
        below = f"<p>{escape(self.note)}</p>\n" if self.note else ""
        if links:
            items = (f'<li id="{link}">{escape(note)}</li>' for note, link in links.items())
            below += f"<ol>{''.join(items)}</ol>\n"
        # The box that scrolls takes the focus, so that arrow keys reach what is out of sight.
        return (
            f'<figure class="table">\n{caption}<div class="scroll" role="region" {label} '
            f'tabindex="0">\n<table>\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}\n</tbody>\n</table>\n</div>\n"
            + (f'<div class="notes">\n{below}</div>\n' if below else "")
            + "</figure>"
        )

    def text(self) -> str:
        """Return the table for a terminal: aligned columns, rules of hyphens, no last newline."""
        columns = [
            self._text_column(cells, right)
            for cells, right in zip(
                zip(self.columns, *self.rows, strict=True), self._to_the_right, strict=True
            )
        ]
        lines = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
        above = [printable(self.caption), ""] if self.caption else []
        below = [printable(self.note)] if self.note else []
        below += [f"[{number}] {printable(note)}" for note, number in self._note_numbers.items()]
        return "\n".join(above + lines + ([""] if below else []) + below)

    def csv(self) -> str:
        """Return the table as CSV: numbers in full, missing ones empty, notes left out.

        A column with intervals is followed by its lower and its upper bounds. A text that a
        spreadsheet would take for a formula begins with an apostrophe.
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        has_bounds = [
            any(cell.bounds for cell in column)
            for column in zip(self.columns, *self.rows, strict=True)
        ]
        for row in (self.columns, *self.rows):
            values = []
            for cell, bounded in zip(row, has_bounds, strict=True):
                values.append(cell.value)
                if bounded and row is self.columns:
                    values += [f"{cell.value} low", f"{cell.value} high"]
                elif bounded:
                    values += cell.bounds or (None, None)
            writer.writerow(map(_no_formula, values))
        return file.getvalue()

    def _html_row(self, row, links):
        heading, *others = zip(row, self._to_the_right, strict=True)
        first = self._html_cell(heading[0], "th", ' scope="row"', heading[1], links)
        return first + "".join(self._html_cell(cell, "td", "", r, links) for cell, r in others)

    def _html_cell(self, cell, tag, attributes, right, links):
        # "FID ↓" stays on one line.
        shown = re.sub(" (?=[↑↓])", "&nbsp;", escape(str(cell)))
        if cell.is_number:
            shown = shown.replace("-", "−")
        classes = ["number"] if right else []
        if cell.muted or cell.value is None:
            classes.append("muted")
        if cell.shade is not None:
            classes.append("shaded")
            attributes += f' style="--shade: {cell.shade:.0%}"'
        if classes:
            attributes += f' class="{" ".join(classes)}"'
        if cell.emphasis:
            shown = f"<strong>{shown}</strong>"
        if cell.note:
            attributes += f' title="{escape(cell.note)}"'
            number = self._note_numbers[cell.note]
            shown += f'<sup><a href="#{links[cell.note]}">{number}</a></sup>'
        return f"<{tag}{attributes}>{shown}</{tag}>"

    def _text_column(self, cells, right):
        values = [
            "*" * cell.emphasis + ("-" if cell.value is None else printable(str(cell)))
            for cell in cells
        ]
        marks = [f" [{self._note_numbers[cell.note]}]" if cell.note else "" for cell in cells]
        width, mark_width = max(map(_width, values)), max(map(len, marks))
        column = []
        for value, mark in zip(values, marks, strict=True):
            padding = " " * (width - _width(value))
            aligned = padding + value + mark if right else value + mark + padding
            column.append(aligned + " " * (mark_width - len(mark)))
        return [column[0], "-" * (width + mark_width), *column[1:]]


def _as_cell(value, digits=None):
    cell = value if isinstance(value, Cell) else Cell(value)
    return cell if cell.digits is not None else dataclasses.replace(cell, digits=digits)


def _no_formula(value):
    # By the advice of OWASP, "CSV injection".
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


def _width(text):
    """Return the columns that `text` takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    without = sum(unicodedata.category(sign) in ("Mn", "Me", "Cf") for sign in text)
    return len(text) + wide - without
