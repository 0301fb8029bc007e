"""The whole evaluation on painted images, with a tiny graph in place of Inception."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import ssgan_tf
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import evaluate
from ssgan_tf.evaluation.tables import distance_table, memorisation_table, quality_table
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.metrics import features
from ssgan_tf.metrics.frechet import frechet_distance, halves_distance
from ssgan_tf.metrics.inception import Inception
from ssgan_tf.metrics.kernel import kernel_distance
from ssgan_tf.metrics.manifold import manifold_scores
from ssgan_tf.metrics.memorisation import memorisation
from tests.evaluation.folders import COLOURS, blotches, write_images, write_manifest, write_set
from tests.metrics.frozen import tiny_graph


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


def features_by_hand(count, seed):
    """The features of `write_set`'s images, blue ones first."""
    images = np.concatenate(
        [blotches(count, COLOURS[name], 10 * seed + i) for i, name in enumerate(("blue", "red"))]
    )
    return features.extract(Inception(tiny_graph()), images, progress=False).values


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
    real, made = features_by_hand(30, 0), features_by_hand(14, 1)
    assert measured["overall"]["FID"]["training"] == pytest.approx(
        frechet_distance(real, made), rel=1e-6
    )
    assert measured["classes"]["red"]["FID"]["training"] == pytest.approx(
        frechet_distance(real[30:], made[14:]), rel=1e-6
    )
    assert measured["overall"]["FID"]["held_out"] is None
    assert measured["overall"]["IS"]["generated"]["count"] == 28
    assert measured["overall"]["KID"]["mean"] == pytest.approx(kernel_distance(real, made).mean)
    scores = manifold_scores(real[:30], made[:14])
    for name in ("precision", "recall", "density", "coverage"):
        assert measured["classes"]["blue"][name] == getattr(scores, name)


def test_training_and_held_out_images_are_told_apart(place, tmp_path):
    """Each distance, and the test for copies, from the images of the side that it names."""
    made = write_set(tmp_path / "made", count=14, seed=1)
    images = load_dataset(place / "real", 16, cache_dir=place / "cache", progress=False)
    learnt, held_out = list(range(3, 18)), list(range(18, 30))
    write_manifest(made, images, learnt, held_out)
    measured = measure(place, tmp_path / "out", made, real=None, dataset=place / "real")
    real, generated = features_by_hand(30, 0), features_by_hand(14, 1)
    both = [np.array([*side, *(30 + np.array(side))]) for side in (learnt, held_out)]
    fid = measured["overall"]["FID"]
    assert fid["training"] == pytest.approx(frechet_distance(real[both[0]], generated), rel=1e-6)
    assert fid["held_out"] == pytest.approx(frechet_distance(real[both[1]], generated), rel=1e-6)
    assert fid["floor"] == pytest.approx(halves_distance(real[both[0]]), rel=1e-6)
    expected = memorisation(generated[14:], real[both[0]], real[30:][held_out])
    assert measured["classes"]["red"]["memorisation"]["z"] == pytest.approx(expected.z, abs=1e-6)
    assert measured["inputs"]["generated"]["made_by"].startswith("ssgan_tf 0")


def test_a_class_without_held_out_images_is_compared_with_itself(measured):
    """Not with the spread of other classes: these are fresh images of the same kind."""
    for scores in measured["classes"].values():
        assert scores["memorisation"]["reference"].startswith("training images")
        assert abs(scores["memorisation"]["z"]) < 4


def test_copies_by_a_run_that_learnt_from_all_images_are_found(place, tmp_path):
    made = tmp_path / "made"
    shutil.copytree(place / "real", made)
    images = load_dataset(place / "real", 16, cache_dir=place / "cache", progress=False)
    write_manifest(made, images, learnt=range(30), held_out=range(5))
    measured = measure(place, tmp_path / "out", made, real=None, dataset=place / "real")
    assert any("LEAKED" in warning for warning in measured["warnings"])
    assert measured["overall"]["FID"]["held_out"] is None
    assert measured["overall"]["memorisation"]["finding"] == "copies"


def test_pictures_may_not_land_among_images(place):
    for options in ({}, {"real": None, "dataset": place / "real"}):
        with pytest.raises(UserError, match=r"lies in .* where its pictures would count as images"):
            measure(place, place / "real" / "results", **options)
    with pytest.raises(UserError, match="lies in"):
        measure(place, place / "made")


def test_an_interrupted_evaluation_can_be_repeated(place, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ssgan_tf.plots.write_distances", interrupt)
        with pytest.raises(KeyboardInterrupt):
            measure(place, tmp_path / "out")
    assert (tmp_path / "out" / "samples.png").exists()
    assert measure(place, tmp_path / "out")["pictures"]


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


def test_the_advice_promises_no_more_than_is_left_to_gain(measured, place, tmp_path):
    assert measured["advise"]["baseline_accuracy"] is None
    bounded = measure(place, tmp_path / "out", baseline="0.999999")["advise"]
    assert bounded["equation_4_percent"] == measured["advise"]["predicted_improvement_percent"]
    assert bounded["predicted_improvement_percent"] == pytest.approx(1e-4, rel=1e-3)
    assert "no more is possible" in (tmp_path / "out" / "report.html").read_text()
    with pytest.raises(UserError, match="--baseline is 65"):
        measure(place, tmp_path / "other", baseline=65)
    assert not (tmp_path / "other").exists()


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


def test_a_start_that_was_killed_does_not_block_the_next(place, tmp_path):
    (tmp_path / ".0123.ssgan-tmp").write_bytes(b"")
    measure(place, tmp_path)
    assert (tmp_path / "metrics.json").exists()
    assert not (tmp_path / ".0123.ssgan-tmp").exists()


def test_damaged_metrics_are_not_taken_for_an_evaluation(place, tmp_path):
    for text in ('{"made_by": "ssgan_tf 1", "pictures": []}', "[" * 100_000, '{"made_by": 3}'):
        (tmp_path / "metrics.json").write_text(text)
        with pytest.raises(UserError, match=r"holds no metrics.json of an evaluation"):
            measure(place, tmp_path)
        assert (tmp_path / "metrics.json").read_text() == text


def test_a_manifest_may_lack_its_settings(place, tmp_path):
    made = write_set(tmp_path / "made", count=14, seed=1)
    images = load_dataset(place / "real", 16, cache_dir=place / "cache", progress=False)
    write_manifest(made, images, range(20), range(20, 30), run="nowhere")
    manifest = json.loads((made / "manifest.json").read_text())
    for key in ("settings", "dataset", "method"):
        del manifest[key]
    (made / "manifest.json").write_text(json.dumps(manifest))
    measured = measure(place, tmp_path / "out", made, real=None, dataset=place / "real")
    assert measured["cost"] is None
    assert measured["inputs"]["generated"]["name"] == "made"


def test_only_pictures_that_it_draws_are_removed(place, tmp_path):
    measure(place, tmp_path / "out")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    for key, name in {"mine": "mine.png", "samples": "notes.txt", "tsne/../x": "../x"}.items():
        (tmp_path / "out" / name).write_bytes(b"mine")
        metrics["pictures"][key] = name
    (tmp_path / "out" / "metrics.json").write_text(json.dumps(metrics))
    measure(place, tmp_path / "out")
    for name in ("mine.png", "notes.txt", "../x"):
        assert (tmp_path / "out" / name).read_bytes() == b"mine"


def test_is_found_from_the_package():
    assert ssgan_tf.__getattr__("evaluation").evaluate is evaluate


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


def test_a_folder_that_another_process_writes_is_refused(place):
    with (
        FolderLock(place / "held", "--out"),
        pytest.raises(UserError, match="held is in use by process"),
    ):
        measure(place, place / "held")
    assert not (place / "held" / "metrics.json").exists()
