"""Pages: sections of text, tables and figures in one HTML file that needs no other."""

from __future__ import annotations

import base64
import itertools
import re
import struct
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import BinaryIO

from ssgan_tf.files import write_atomically
from ssgan_tf.report.style import CSS

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ENLARGED_WIDTH = 480  # CSS pixels that an enlarged figure takes at most
SIGNS = {"good": "✓", "warning": "!", "bad": "×", "note": "i"}  # of the kinds of callouts
CONTENTS_FROM = 4  # sections that a page needs to get a list of them

# The page may show what is inside it, and fetch nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Ids:
    """Hands out every id once, so that every link of a page has one target."""

    def __init__(self):
        self._taken = set()

    def new(self, wanted: str) -> str:
        """Return `wanted` in lower-case ASCII with hyphens, numbered if it is taken."""
        base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-") or "section"
        numbered = (f"{base}-{number}" for number in itertools.count(2))
        free = next(id for id in itertools.chain([base], numbered) if id not in self._taken)
        self._taken.add(free)
        return free


class Figure:
    """A PNG picture with a caption, kept inside the page."""

    def __init__(self, png: bytes, alt: str, caption: str | None = None, pixelated: bool = False):
        """Make a figure.

        Args:
            png: the bytes of a PNG file.
            alt: what the picture shows, for those who do not see it.
            caption: stands below the picture.
            pixelated: show pixels as squares; small pictures are enlarged by a whole factor.

        Raises:
            ValueError: the bytes are no PNG.
        """
        if not png.startswith(PNG_SIGNATURE) or png[12:16] != b"IHDR" or len(png) < 24:
            raise ValueError("a figure needs the bytes of a PNG file")
        self.png, self.alt, self.caption, self.pixelated = png, alt, caption, pixelated
        self.width, self.height = struct.unpack(">II", png[16:24])

    def html(self, ids: Ids) -> str:
        """Return the figure as HTML."""
        factor = max(1, ENLARGED_WIDTH // self.width) if self.pixelated else 1
        look = ' class="pixelated"' if self.pixelated else ""
        caption = f"<figcaption>{escape(self.caption)}</figcaption>\n" if self.caption else ""
        return (
            f'<figure>\n<img src="data:image/png;base64,{base64.b64encode(self.png).decode()}" '
            f'alt="{escape(self.alt)}" width="{factor * self.width}" '
            f'height="{factor * self.height}"{look}>\n{caption}</figure>'
        )


class Gallery:
    """Figures side by side, as many in a row as there is room for."""

    def __init__(self, *figures: Figure):
        self.figures = figures

    def html(self, ids: Ids) -> str:
        """Return the gallery as HTML."""
        return f'<div class="gallery">\n{_html(self.figures, ids)}\n</div>'


class Callout:
    """A sentence or two that nobody should miss."""

    def __init__(self, kind: str, text: str):
        """Make a callout.

        Args:
            kind: "good", "warning", "bad" or "note".
            text: what it says.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in SIGNS:
            raise ValueError(f"a callout is one of {', '.join(SIGNS)}, not {kind!r}")
        self.kind, self.text = kind, text

    def html(self, ids: Ids) -> str:
        """Return the callout as HTML."""
        sign = f'<span role="img" aria-label="{self.kind}:">{SIGNS[self.kind]}</span>'
        return f'<p class="callout {self.kind}">{sign} {escape(self.text)}</p>'


class Definitions:
    """Terms and what they mean, or names and their values."""

    def __init__(self, definitions: Mapping[str, object]):
        self.definitions = definitions

    def html(self, ids: Ids) -> str:
        """Return the definitions as HTML."""
        items = (
            f"<dt>{escape(term)}</dt>\n<dd>{escape(str(meaning))}</dd>\n"
            for term, meaning in self.definitions.items()
        )
        return f"<dl>\n{''.join(items)}</dl>"


class Details:
    """What only some want to read: content under a line that opens it; open on paper."""

    def __init__(self, summary: str, *content):
        self.summary, self.content = summary, content

    def html(self, ids: Ids) -> str:
        """Return the details as HTML."""
        return (
            f"<details>\n<summary>{escape(self.summary)}</summary>\n"
            f"{_html(self.content, ids)}\n</details>"
        )


class Section:
    """A heading and what stands under it."""

    def __init__(self, title: str, *content, id: str | None = None, intro: str | None = None):
        """Make a section.

        Args:
            title: the heading.
            *content: strings, each a paragraph, and `Table`, `Figure`, `Gallery`, `Callout`,
                `Definitions` and `Details`.
            id: where links lead, as in `report.html#id`; by default made from the title. A second
                one of the same name gets a number.
            intro: a paragraph that says what the section is about.
        """
        self.title, self.content, self.id, self.intro = title, content, id or title, intro

    def html(self, ids: Ids, anchor: str) -> str:
        """Return the section as HTML, with `anchor` as its id."""
        intro = f'<p class="intro">{escape(self.intro)}</p>\n' if self.intro else ""
        return (
            f'<section id="{anchor}">\n<h2>{escape(self.title)}</h2>\n'
            f"{intro}{_html(self.content, ids)}\n</section>"
        )


def write_report(
    path: str | Path | BinaryIO,
    title: str,
    subtitle: str,
    sections: Iterable[Section],
    made_by: str,
) -> None:
    """Write a report as one HTML file: no scripts, no other files, nothing fetched.

    It adapts to phones, to dark screens and to paper. All texts are taken as they are: nothing in
    them is HTML.

    Args:
        path: where to write, atomically; or a binary file. A path's folder must exist.
        title: the heading of the page and the title of its window.
        subtitle: a line under the heading.
        sections: the sections in their order; from four on, a list of them comes first.
        made_by: the last line: the command and the version that made the report.

    Raises:
        OSError: the disk refused; the earlier version of the file stays.
    """
    # Names of files that are no UTF-8 hold lone surrogates, which become question marks.
    page = _page(title, subtitle, list(sections), made_by).encode("utf-8", errors="replace")
    if hasattr(path, "write"):
        path.write(page)
    else:
        write_atomically(path, lambda file: file.write(page))


def _page(title, subtitle, sections, made_by):
    ids = Ids()
    anchors = [ids.new(section.id) for section in sections]
    main = "\n".join(
        section.html(ids, anchor) for section, anchor in zip(sections, anchors, strict=True)
    )
    contents = ""
    if len(sections) >= CONTENTS_FROM:
        links = "".join(
            f'<li><a href="#{anchor}">{escape(section.title)}</a></li>\n'
            for section, anchor in zip(sections, anchors, strict=True)
        )
        contents = f'<nav aria-label="Contents">\n<ol>\n{links}</ol>\n</nav>\n'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>
{CSS}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p>{escape(subtitle)}</p>
</header>
{contents}<main>
{main}
</main>
<footer>
<p>{escape(made_by)}</p>
</footer>
</body>
</html>
"""


def _html(content, ids):
    return "\n".join(
        f"<p>{escape(part)}</p>" if isinstance(part, str) else part.html(ids) for part in content
    )
