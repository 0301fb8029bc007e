import base64
import csv
import io
import re
import struct
import subprocess
import sys
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest

from ssgan_tf.report import (
    Callout,
    Cell,
    Definitions,
    Details,
    Figure,
    Gallery,
    Section,
    Table,
    write_report,
)
from ssgan_tf.report.page import SIGNS
from ssgan_tf.report.style import CSS

HOSTILE = "<script>alert('x')</script> a&b\" &lt;"
VOID = {"meta", "link", "img", "br", "hr"}


def png(width=7, height=5):
    """A PNG of one black bit per pixel, made by hand."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes(1 + -(-width // 8)) * height)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    )


class Page(HTMLParser):
    """The elements of a page as `(tag, attributes, text)`, in the order of their starts."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), f"an attribute occurs twice in {tag}"
        element = [tag, dict(attributes), ""]
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, *tags):
        return [element for element in self.elements if element[0] in tags]

    def texts(self, *tags):
        return [text for _, _, text in self.all(*tags)]


def page(*sections, title="Title", subtitle="Subtitle", made_by="test"):
    file = io.BytesIO()
    write_report(file, title, subtitle, sections, made_by)
    return Page(file.getvalue().decode("utf-8"))


def in_page(*content):
    return page(Section("One", *content))


def everything():
    """A page with all kinds of content and hostile text wherever text can stand."""
    table = Table(
        [HOSTILE, Cell(HOSTILE, note=HOSTILE)],
        [[HOSTILE, Cell(None, note=f"2 {HOSTILE}")], ["b", Cell(0.5, shade=0.5, emphasis=True)]],
        caption=HOSTILE,
        note=HOSTILE,
    )
    figure = Figure(png(), alt=HOSTILE, caption=HOSTILE, pixelated=True)
    content = [
        HOSTILE,
        table,
        figure,
        Gallery(figure, figure),
        *(Callout(kind, HOSTILE) for kind in SIGNS),
        Definitions({HOSTILE: HOSTILE, "seed": 0}),
        Details(HOSTILE, HOSTILE, table, Definitions({"a": "b"})),
    ]
    sections = [Section(HOSTILE, *content, intro=HOSTILE) for _ in range(4)]
    return page(*sections, title=HOSTILE, subtitle=HOSTILE, made_by=HOSTILE)


def test_hostile_text_is_shown_as_it_is():
    shown = everything()
    assert not shown.all("script")
    for tag in ("title", "h1", "h2", "figcaption", "dt", "dd", "li", "summary"):
        assert HOSTILE in shown.texts(tag), tag
    assert shown.texts("p").count(HOSTILE) == 1 + 1 + 4 * (1 + 1 + 2 + 1)
    assert all(attributes["alt"] == HOSTILE for _, attributes, _ in shown.all("img"))
    assert HOSTILE in {attributes.get("title") for _, attributes, _ in shown.all("th")}
    names = set().union(*(attributes for _, attributes, _ in shown.elements))
    assert not {name for name in names if name.startswith("on")}


def test_nothing_is_fetched():
    shown = everything()
    for _, attributes, _ in shown.elements:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            assert attributes.get(name, "#").startswith(("data:", "#"))
    assert "@import" not in CSS
    assert "url(" not in CSS
    policy = next(a["content"] for _, a, _ in shown.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_ids_are_unique_and_links_lead_to_them():
    shown = everything()
    ids = [attributes["id"] for _, attributes, _ in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for _, a, _ in shown.all("a")]
    assert set(links) <= set(ids)
    labels = {a["aria-labelledby"] for _, a, _ in shown.elements if "aria-labelledby" in a}
    assert labels <= set(ids)
    sections = [attributes["id"] for _, attributes, _ in shown.all("section")]
    assert links[:4] == sections  # the contents


@pytest.mark.parametrize("count", [1, 3, 4])
def test_contents_of_more_than_three_sections(count):
    shown = page(*(Section(f"Part {number}") for number in range(count)))
    listed = shown.texts("li")
    assert listed == ([f"Part {number}" for number in range(count)] if count > 3 else [])


def test_section_ids():
    shown = page(
        Section("Größe & mehr"), Section("花"), Section("花"), Section("x", id="per-class")
    )
    ids = [attributes["id"] for _, attributes, _ in shown.all("section")]
    assert ids == ["gr-e-mehr", "section", "section-2", "per-class"]


def test_head_and_headings():
    file = io.BytesIO()
    write_report(file, "Title", "Subtitle", [Section("One", Details("more", "x"))], "made by")
    source = file.getvalue().decode()
    assert source.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">')
    assert 'name="viewport" content="width=device-width' in source
    assert [tag for tag, _, _ in Page(source).all("h1", "h2", "h3", "h4")] == ["h1", "h2"]
    assert Page(source).texts("footer") == ["\nmade by\n"]


def test_table_headings_have_a_scope():
    shown = in_page(Table(["class", "FID ↓"], [["daisy", 41.25], ["roses", 39.0]]))
    scopes = [(text, attributes["scope"]) for _, attributes, text in shown.all("th")]
    assert scopes == [
        ("class", "col"), ("FID\N{NO-BREAK SPACE}↓", "col"), ("daisy", "row"), ("roses", "row")
    ]  # fmt: skip
    assert shown.texts("td") == ["41.25", "39"]
    assert all(attributes["class"] == "number" for _, attributes, _ in shown.all("td"))


@pytest.mark.parametrize(
    ("cell", "html", "text"),
    [
        (12345, "12,345", "12,345"),
        (np.int64(-3), "−3", "-3"),
        (np.float32(0.5), "0.5", "0.5"),
        (1234.5678, "1235", "1235"),
        (Cell(1234.5678, digits=1), "1,234.6", "1,234.6"),
        (Cell(-0.001, digits=2), "0.00", "0.00"),  # not −0.00
        (Cell(0.9, digits=2, interval=0.05), "0.90 ± 0.05", "0.90 ± 0.05"),
        (Cell(0.1, digits=2, interval=(-0.2, 0.3)), "0.10 [−0.20, 0.30]", "0.10 [-0.20, 0.30]"),
        (Cell(7, emphasis=True), "7", "*7"),
        (float("nan"), "nan", "nan"),
        ("a-b", "a-b", "a-b"),
        (None, "—", "-"),
        ("", "", ""),
    ],
)
def test_values(cell, html, text):
    table = Table(["row", "value"], [["r", cell]])
    assert in_page(table).texts("td") == [html]
    assert table.text().splitlines()[2].removeprefix("r").strip() == text


def test_look_of_cells():
    row = ["r", Cell(1, muted=True), Cell(2, emphasis=True), Cell(3, shade=0.634), None]
    shown = in_page(Table("abcde", [row]))
    (_, pale, _), _, (_, shaded, _), (_, missing, _) = shown.all("td")
    assert pale["class"] == "number muted"
    assert shown.texts("strong") == ["2"]
    assert shaded == {"class": "number shaded", "style": "--shade: 63%"}
    assert "muted" in missing["class"]


def noted():
    few, floor = "too few images", "of real images"
    return Table(
        ["class", Cell("FID", digits=1), Cell("floor", digits=1, note=floor)],
        [
            ["daisy", Cell(None, note=few), Cell(3.04, note=few)],
            ["雛菊", 112.26, None],
        ],
        caption="Distances",
        note="Lower is better.",
    )


def test_notes_are_numbered_in_reading_order_and_shared():
    shown = in_page(noted())
    assert shown.texts("sup") == ["1", "2", "2"]
    targets = {attributes["id"]: text for _, attributes, text in shown.all("li")}
    meant = [targets[attributes["href"][1:]] for _, attributes, _ in shown.all("a")]
    assert meant == ["of real images", "too few images", "too few images"]
    assert [a.get("title") for _, a, _ in shown.all("td")][:2] == ["too few images"] * 2


def test_text_is_aligned():
    assert noted().text() == (
        "Distances\n"
        "\n"
        "class    FID      floor [1]\n"
        "-----  ---------  ---------\n"
        "daisy      - [2]    3.0 [2]\n"
        "雛菊   112.3          -\n"  # each of the two takes two columns
        "\n"
        "Lower is better.\n"
        "[1] of real images\n"
        "[2] too few images"
    )


def test_text_keeps_control_codes_from_the_terminal():
    text = Table(["a\nb"], [["\x1b[31mred"], ["\udcff"]]).text()
    assert text.splitlines() == ["a?b", "--------", "?[31mred", "?"]


def test_a_name_that_is_no_unicode_can_be_written():
    assert in_page(Table(["file"], [["a\udcff.png"]])).texts("th") == ["file", "a?.png"]


def test_csv():
    table = Table(
        ["class", Cell("FID", digits=1), "accuracy"],
        [
            ['a, "b"\nc', 1 / 3, Cell(0.3, interval=0.1, note="two seeds")],
            ["d", None, Cell(0.5, interval=(0.25, 0.75))],
            ["e", np.float64(2.5), 1],
        ],
    )
    assert list(csv.reader(io.StringIO(table.csv()))) == [
        ["class", "FID", "accuracy", "accuracy low", "accuracy high"],
        ['a, "b"\nc', repr(1 / 3), "0.3", "0.2", "0.4"],
        ["d", "", "0.5", "0.25", "0.75"],
        ["e", "2.5", "1", "", ""],
    ]


def test_what_a_spreadsheet_would_take_for_a_formula_is_text_in_csv():
    texts = ["=cmd|' /C calc'!A0", "+1", "-1", "@sum", "a=b"]
    table = Table(["=name", "value"], [[text, -1.5] for text in texts])
    rows = list(csv.reader(io.StringIO(table.csv())))
    assert rows == [["'=name", "value"]] + [
        [text if text == "a=b" else f"'{text}", "-1.5"] for text in texts
    ]


def test_table_without_rows():
    table = Table(["a", "bc"], [])
    assert table.text() == "a  bc\n-  --"
    assert table.csv() == "a,bc\n"
    assert in_page(table).texts("th") == ["a", "bc"]


def test_wrong_contents_are_refused():
    with pytest.raises(ValueError, match="longer"):
        Table(["a", "b"], [["only one"]])
    with pytest.raises(ValueError, match="text, a number or None, not True"):
        Table(["a"], [[True]])
    with pytest.raises(ValueError, match="PNG"):
        Figure(b"GIF89a" + bytes(100), alt="")
    with pytest.raises(ValueError, match="'fine'"):
        Callout("fine", "")


def test_pictures_survive_and_have_a_size():
    picture = png(300, 20)
    (_, attributes, _), *_ = in_page(Figure(picture, "stripes")).all("img")
    kind, data = attributes["src"].split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data, validate=True) == picture
    assert (attributes["width"], attributes["height"]) == ("300", "20")
    assert "class" not in attributes


@pytest.mark.parametrize(("width", "shown_width"), [(1, 480), (100, 400), (241, 241), (900, 900)])
def test_pixelated_pictures_are_enlarged_by_whole_factors(width, shown_width):
    (_, attributes, _), *_ = in_page(Figure(png(width, 3), "", pixelated=True)).all("img")
    assert attributes["class"] == "pixelated"
    assert attributes["width"] == str(shown_width)
    assert attributes["height"] == str(3 * shown_width // width)


def test_callouts_say_their_kind_without_colour():
    shown = in_page(Callout("bad", "collapsed"))
    assert [(a["role"], a["aria-label"]) for _, a, _ in shown.all("span")] == [("img", "bad:")]


def test_to_a_path(tmp_path):
    write_report(tmp_path / "report.html", "Title", "", [Section("One", "text")], "")
    assert Page((tmp_path / "report.html").read_text("utf-8")).texts("h1") == ["Title"]
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def luminance(colour):
    """Relative luminance of #rrggbb, WCAG 2.2."""
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_contrast_of_text_is_enough_by_day_and_night():
    schemes = [dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in CSS.split(":root")[1:]]
    assert len(schemes) == 2
    for colours in schemes:
        page = luminance(colours["page"])
        for name in ("text", "muted", "accent", "good", "warning", "bad", "note"):
            dark, light = sorted([page, luminance(colours[name])])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, name  # AA


def test_import_leaves_tensorflow_alone():
    heavy = "{'tensorflow', 'keras', 'numpy', 'matplotlib'}"
    script = f"import sys, ssgan_tf.report; sys.exit(str({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == "set()"
