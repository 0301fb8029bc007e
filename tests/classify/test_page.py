import re

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.classify.page import write_page
from ssgan_tf.classify.pictures import write_pictures
from ssgan_tf.statistics.wording import main_finding
from tests.statistics.invented import ORIGINAL, ROWS, made


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The pictures and the page of an invented comparison."""
    out = tmp_path_factory.mktemp("classify")
    results = made(ROWS, ["ssgan-40 seed 3"], ["tested on <few> images"])
    log = [{"step": 5, "loss": 1.0, "accuracy": 0.3}, {"step": 9, "loss": 0.5, "accuracy": 0.6}]
    images = np.zeros((3, 16, 16, 3), np.uint8)
    shown = {"original": images, "ssgan-40": images}
    pictures = write_pictures(out, results, shown, {"original": [log, log], "crop-40": [log]})
    write_page(out, results, pictures)
    return out, pictures, (out / "report.html").read_text()


def test_pictures_are_named_by_what_they_show(written):
    out, pictures, _ = written
    assert pictures == {"accuracy": "accuracy.png", "curves": "curves.png", "added": "added.png"}
    for name in pictures.values():
        with Image.open(out / name) as read:
            assert read.format == "PNG"


def test_what_there_is_nothing_of_is_left_out(tmp_path):
    results = made([])
    assert write_pictures(tmp_path, results, {}, {"original": [[]]}) == {}
    write_page(tmp_path, results, {})
    assert "Nothing to compare with has finished yet." in (tmp_path / "report.html").read_text()
    assert write_pictures(tmp_path, made([ORIGINAL]), {}, {}) == {"accuracy": "accuracy.png"}


def test_the_plot_of_accuracies_groups_by_size_and_hollows_out_leaks(monkeypatch, tmp_path):
    given = {}
    monkeypatch.setattr("ssgan_tf.plots.write_means", lambda file, **drawn: given.update(drawn))
    write_pictures(tmp_path, made(ROWS), {}, {})
    assert given["labels"] == [
        "original", "crop", "ssgan", "crop", "ssgan", "spy LEAKED", "old (provenance unknown)",
    ]  # fmt: skip
    assert given["groups"] == (
        ["no images added"] + ["20 added a class"] * 2 + ["40 added a class"] * 4
    )
    assert given["kinds"] == [
        "original", "classical", "generated", "classical", "generated", "LEAKED", "generated",
    ]  # fmt: skip
    assert given["baseline"] == given["means"][0] == pytest.approx(0.6)
    assert given["points"][4] == [0.64, 0.74, 0.84]


def test_rows_have_their_marks_in_the_other_pictures_too(monkeypatch, tmp_path):
    drawn = {}
    monkeypatch.setattr("ssgan_tf.plots.write_training", lambda file, runs: drawn.update(runs))
    image = np.zeros((1, 96, 96, 3), np.uint8)
    monkeypatch.setattr("ssgan_tf.plots.labelled_rows", lambda rows: drawn.update(rows) or image[0])
    write_pictures(tmp_path, made(ROWS), {"spy-40": image}, {"old-40": [[{"step": 1}]]})
    assert list(drawn) == ["old (40 a class) (provenance unknown)", "spy (40 a class) LEAKED"]


def test_the_page_holds_everything(written):
    page = written[2]
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings == [
        "Summary", "Added images", "Differences", "Each class", "Confusion matrices", "Training",
        "How to read this", "Inputs",
    ]  # fmt: skip
    assert page.count("data:image/png") == 3
    assert "python classify.py &lt;flags&gt;" in page
    assert "Not finished, so left out: ssgan-40 seed 3." in page
    assert "50 trained on, 100 tested on" in page
    assert "favours the classical side" in page


def test_callouts_tell_good_from_bad(written):
    kinds = {
        start: kind for kind, start in
        re.findall(r'<p class="callout (\w+)"><span[^>]*>.</span> (.{12})', written[2])
    }  # fmt: skip
    assert kinds == {
        "ssgan (20 a ": "note", "ssgan (40 a ": "good", "LEAKED: spy ": "warning",
        "old (40 a cl": "note", "tested on &l": "warning", "Not finished": "warning",
    }  # fmt: skip


def test_matrices_of_smaller_sizes_have_to_be_opened(written):
    section = written[2].split("Confusion matrices</h2>")[1].split("</section>")[0]
    before, inside = section.split("<details>")
    assert [name in before for name in ("original<", "crop (40", "crop (20", "ssgan (20")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert "crop (20" in inside and "ssgan (20" in inside


def test_to_help_less_than_the_baseline_is_not_good(tmp_path):
    results = made([ORIGINAL, ("crop", "20", [75, 86, 97]), ("ssgan", "20", [61, 71, 81])])
    write_page(tmp_path, results, {})
    page = (tmp_path / "report.html").read_text()
    assert 'class="callout note"' in page and 'class="callout good"' not in page
    assert "ssgan (20 a class): helps" in page and "; worse than crop" in page


def test_to_help_no_more_than_flip_crop_is_not_good(tmp_path):
    rows = [ORIGINAL, ("flip-crop", None, [64, 74, 84]), ("ssgan", "20", [65, 75, 85])]
    for condition, kind in (("flip-crop", "note"), ("crop", "good")):  # chosen in advance or not
        rows[1] = (condition, None, rows[1][2])
        write_page(tmp_path, made(rows), {})
        page = (tmp_path / "report.html").read_text()
        assert f'class="callout {kind}"' in page and "ssgan (20 a class): helps" in page


def test_dropped_classes_have_their_own_findings_on_the_page(tmp_path):
    results = made([ORIGINAL, ("flip-crop", None, [55, 65, 75]), ("ssgan", "20", [69, 79, 89])],
                   imbalance={"roses": 20})  # fmt: skip
    assert "recall of roses: 1 better than original, 1 better than flip-crop" in main_finding(
        results
    )
    write_page(tmp_path, results, {})
    page = (tmp_path / "report.html").read_text()
    assert "Differences in recall of roses, percentage points" in page
    assert "Differences in balanced accuracy, percentage points" in page
    assert "Recall of roses: helps (+19.0 " in page
