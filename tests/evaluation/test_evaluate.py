"""The whole evaluation on painted images, with a tiny graph in place of Inception."""

import json

import numpy as np
import pytest
from folders import COLOURS, blotches, write_images, write_set
from frozen import tiny_graph
from PIL import Image

from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import evaluate
from ssgan_tf.evaluation.tables import distance_table, memorisation_table, quality_table
from ssgan_tf.metrics import features
from ssgan_tf.metrics.frechet import frechet_distance


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    write_set(folder / "real", count=30)
    write_set(folder / "made", count=14, seed=1)
    (folder / "graph.pb").write_bytes(tiny_graph())
    return folder


def measure(place, out, generated=None, **options):
    options = {"real": place / "real", "inception": place / "graph.pb", **options}
    return evaluate(
        generated or place / "made", out, cache_dir=place / "cache", progress=False, **options
    )


@pytest.fixture(scope="module")
def measured(place):
    return measure(place, place / "out")


def test_everything_is_written_and_said(measured, place):
    out = place / "out"
    assert json.loads((out / "metrics.json").read_text()) == measured
    assert set(measured["pictures"]) == {
        "samples", "tsne", "distances", "tsne/blue", "tsne/red", "neighbours/blue",
        "neighbours/red",
    }  # fmt: skip
    for name in measured["pictures"].values():
        with Image.open(out / name) as picture:
            assert min(picture.size) > 50
    assert measured["overall"]["images"] == {"generated": 28, "training": 60, "held_out": 0}
    assert measured["classes"]["red"]["images"] == {"generated": 14, "training": 30, "held_out": 0}
    page = (out / "report.html").read_text()
    for words in ("blue", "red", "Memorisation", "t-SNE", "How to read this", "data:image/png"):
        assert words in page
    assert str(out) not in page.replace(measured["command"], "")  # it can be moved and sent


def test_figures_come_from_the_features_of_the_right_images(measured, place):
    network_features = {}
    for kind, count, seed in (("real", 30, 0), ("made", 14, 1)):
        images = np.concatenate(
            [
                blotches(count, COLOURS[name], 10 * seed + i)
                for i, name in enumerate(("blue", "red"))
            ]
        )
        from ssgan_tf.metrics.inception import Inception

        network = Inception(tiny_graph())
        network_features[kind] = features.extract(network, images, progress=False).values
    real, made = network_features["real"], network_features["made"]
    assert measured["overall"]["FID"]["training"] == pytest.approx(
        frechet_distance(real, made), rel=1e-6
    )
    assert measured["classes"]["red"]["FID"]["training"] == pytest.approx(
        frechet_distance(real[30:], made[14:]), rel=1e-6
    )
    assert measured["overall"]["FID"]["held_out"] is None
    assert measured["overall"]["IS"]["generated"]["count"] == 28
    assert measured["overall"]["KID"]["mean"] < 1
    assert 0 <= measured["overall"]["precision"] <= 1


def test_tables_show_the_same_figures(measured):
    text = distance_table(measured).text()
    (row,) = [line for line in text.splitlines() if line.startswith("red")]
    assert f"{measured['classes']['red']['FID']['training']:.2f}" in row
    assert "all together" in text
    assert "SSIM real" in quality_table(measured).text()
    assert "finding" in memorisation_table(measured).text()


def test_results_are_named_after_their_features(place, tmp_path):
    measured = measure(place, tmp_path / "out", features="mixed_7", classes=["red"])
    assert "FID" not in measured["overall"]
    assert "FID-4" in measured["overall"] and "KID-4" in measured["classes"]["red"]
    assert "precision-4" in measured["overall"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "FID-4" in page
    assert "FID-4" in distance_table(measured).text()
    assert any("FID-4 is biased" in warning for warning in measured["warnings"])
    assert measured["advise"] is None  # one class leaves nothing to classify


def test_copies_are_found_and_identical_sets_have_distance_zero(place, tmp_path):
    measured = measure(place, tmp_path / "out", generated=place / "real")
    assert measured["overall"]["FID"]["training"] == pytest.approx(0, abs=1e-6)
    assert measured["overall"]["memorisation"]["finding"] == "copies"
    assert measured["overall"]["precision"] == 1


def test_a_second_evaluation_computes_no_features(measured, place, monkeypatch):
    def never(*_, **__):
        raise AssertionError("features were computed again")

    monkeypatch.setattr(features, "extract", never)
    again = measure(place, place / "out")
    assert again["overall"] == measured["overall"]


def test_an_earlier_evaluation_is_replaced_whole(place, tmp_path):
    measure(place, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    measure(place, tmp_path / "out", classes=["red"])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "neighbours_red.png" in names
    assert "neighbours_blue.png" not in names
    assert "notes.txt" in names


def test_sets_too_small_for_a_measure_still_get_the_others(place, tmp_path):
    write_images(tmp_path / "few" / "red", blotches(3, COLOURS["red"], 5))
    measured = measure(place, tmp_path / "out", generated=tmp_path / "few")
    scores = measured["classes"]["red"]
    assert scores["KID"] is None and scores["precision"] is None
    assert scores["IS"]["generated"] is None
    assert scores["FID"]["training"] > 0
    assert distance_table(measured).text()


def test_a_folder_of_something_else_is_not_touched(place, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match=r"not empty and holds no metrics\.json"):
        measure(place, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_graph_without_logits_says_so(place, tmp_path):
    (tmp_path / "part.pb").write_bytes(tiny_graph("mixed_8/join"))
    measured = measure(place, tmp_path / "out", inception=tmp_path / "part.pb", features="mixed_8")
    assert measured["overall"]["IS"] == {"generated": None, "training": None}
    assert "ends before the logits" in quality_table(measured).text()
