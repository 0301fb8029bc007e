"""The whole study on images of noise, with methods that train nothing that takes time.

What classifiers learn is made up here; tests/classify trains them, and test_command.py does.
"""

import gc
import json
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from ssgan_tf import methods, plots
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.errors import UserError
from ssgan_tf.imbalance import generator
from ssgan_tf.imbalance.cell import Cell
from ssgan_tf.imbalance.study import ImbalanceStudy
from ssgan_tf.imbalance.tables import main_sentences, make_tables
from ssgan_tf.imbalance.terms import Terms
from ssgan_tf.json_files import read_json
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.statistics.scores import classification_scores
from tests.training.drifting import Drifting, DriftingSampler

CLASSES = ("roses", "tulips")
ALL = ("daisy", "dandelion", "roses", "sunflowers", "tulips")


class Together(Drifting):
    """As the other, but learns all classes in one job, and fails for tulips where it is told to."""

    name, label, fails = "together", "Together", False

    def jobs(self, class_names):
        return {"everything": tuple(class_names)}

    def sampler(self, trained, real, average=True):
        if self.fails and not real().of_class("tulips").counts()["tulips"] > 4:
            raise ValueError("no tulips")
        return DriftingSampler(real(), 6 + self.settings.seed, real().class_names)


def recognised(member, training, test, *arguments, record=None, **options):
    """Recall .9 of a class with generated images, .2 of one with few, .8 of all others."""
    counts, rng = training.counts(), np.random.default_rng([member.seed, len(training)])
    share = {name: 0.2 if count < 5 else 0.8 for name, count in counts.items()}
    if member.condition.folders:
        share |= {name: 0.9 for name, count in counts.items() if count == 12}
    chance = np.array([share[name] for name in test.class_names])[test.labels]
    wrong = (test.labels + 1) % len(test.class_names)
    predictions = np.where(rng.random(len(test)) < chance, test.labels, wrong)
    trained.append(str(member))
    scores = classification_scores(test.labels, predictions, test.class_names)
    return scores | {"seconds": 1.0}, predictions


trained = []  # names of members, in the order of their training


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder where both methods are known, and classifiers are made up."""
    folder = tmp_path_factory.mktemp("imbalance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(methods.METHODS, "_classes", dict(methods.METHODS._classes))
        methods.register(Drifting)
        methods.register(Together)
        patch.setattr("ssgan_tf.classify.study.train_member", recognised)
        # The report of each cell's classifiers, which takes most of the time, has tests of its own.
        patch.setattr("ssgan_tf.classify.study.write_pictures", lambda *content: {})
        patch.setattr("ssgan_tf.classify.study.examples_of", lambda study: {})
        patch.setenv("SSGAN_CACHE", str(folder / "cache"))
        noise = np.random.default_rng(0).integers(0, 256, (len(ALL), 44, 32, 32, 3), np.uint8)
        for name, images in zip(ALL, noise, strict=True):
            (folder / "painted" / name).mkdir(parents=True)
            for number, image in enumerate(images):
                plots.write_png(folder / "painted" / name / f"{number:03d}.png", image // 2 + 60)
        gc.freeze()  # the code collects after each training, and TensorFlow's modules are many
        yield folder
        gc.unfreeze()


def make(out, *conditions, **changes):
    terms = {"seeds": 2, "real_per_class": 12, "test_per_class": 30, "iterations": ("6",)}
    terms |= changes.pop("terms", {})
    options = {
        "classes": CLASSES, "keep": ["4"], "conditions": conditions, "terms": Terms(**terms),
        "settings": ClassifierSettings(weights="scratch", precision="float32", epochs=1),
        "image_size": 32, "progress": False,
    }  # fmt: skip
    return ImbalanceStudy(out.parent / "painted", out, **options | changes)


@pytest.fixture(scope="module")
def finished(place):
    study = make(place / "out", "geometric", "drifting", "together")
    return study, study.run()


def row_of(results, condition, level="4"):
    return next(
        row for row in results["rows"] if (row["condition"], row["level"]) == (condition, level)
    )


def test_tables_of_recall_and_ssim(finished):
    _, results = finished
    tables = make_tables(results)
    assert set(tables) == {"recall", "balanced_accuracy", "ssim", "ssim_papers", "differences",
                           "classes", "cost"}  # fmt: skip
    recall = tables["recall"].text()
    for word in ("original", "geometric", "drifting", "together", "full", "4 left", "2 classes"):
        assert word in recall
    assert "paper" not in recall  # it has no such set
    assert abs(row_of(results, "drifting")["recall"]["mean"] - 0.9) < 0.1
    assert abs(row_of(results, "original")["recall"]["mean"] - 0.2) < 0.15
    assert row_of(results, "drifting")["differences"]["original"]["recall"]["finding"] == "helps"
    assert "drifting: recall 0.9" in " ".join(main_sentences(results))
    # The images of `drifting` are the four that were kept, twice.
    same = row_of(results, "drifting")["ssim"]["gaussian11-grey"]
    assert results["full"]["ssim"]["gaussian11-grey"] < same < 1  # which no two real ones are
    assert not row_of(results, "original")["ssim"]


def test_only_the_cut_down_class_is_filled_up_to_what_it_had(finished):
    study, _ = finished
    folder = study.out / "cells" / "roses-4"
    for condition in ("geometric-restore", "drifting-restore", "together-restore"):
        result = read_json(folder / "classifiers" / "runs" / condition / "seed-1" / "result.json")
        assert result["added"] == {"daisy": 0, "dandelion": 0, "roses": 8, "sunflowers": 0,
                                   "tulips": 0}  # fmt: skip
        assert result["images"] == 60
    manifest = read_manifest(folder / "generators" / "drifting-seed-0" / "generated")
    assert manifest["classes"]["roses"]["count"] == 8


def test_a_generator_learns_what_is_left_and_nothing_of_the_test_side(finished):
    study, _ = finished
    tested = set(study.whole.test.hashes)
    alone, together = (
        read_json(study.out / "cells" / "roses-4" / "generators" / f"{name}-seed-0" / "run" /
                  "config.json")["data"]["classes"]
        for name in ("drifting", "together")
    )  # fmt: skip
    assert {name: len(sides["train"]) for name, sides in alone.items()} == {"roses": 4}
    assert {name: len(sides["train"]) for name, sides in together.items()} == {
        "daisy": 12, "dandelion": 12, "roses": 4, "sunflowers": 12, "tulips": 12,
    }  # fmt: skip
    assert alone["roses"]["train"] == together["roses"]["train"]  # the same images are kept
    assert not tested & {digest for sides in together.values() for digest in sides["train"]}


def test_a_second_call_trains_nothing(finished, monkeypatch):
    study, results = finished

    def refuse(*arguments, **options):
        raise AssertionError("this is done")

    monkeypatch.setattr(generator, "fit", refuse)
    monkeypatch.setattr("ssgan_tf.classify.study.train_member", refuse)
    again = make(study.out, "geometric", "drifting", "together")
    assert "0 of them to train; classifiers to train: 0" in again.plan()
    assert again.run()["rows"] == results["rows"]
    assert again.failures == [] and again.exit_code == 0


def test_what_is_missing_is_done_again_and_no_more(place, finished, monkeypatch):
    study, results = finished
    cell = study.cells[0]
    member = cell.member(study.fillings[1], 1).folder(cell.folder / "classifiers")
    (member / "result.json").unlink()
    (study.cells[1].generators["drifting"][0].folder / "done.json").unlink()
    fits, fit = [], generator.fit
    monkeypatch.setattr(generator, "fit", lambda *a, **k: fits.append(a[0].name) or fit(*a, **k))
    trained.clear()
    again = make(study.out, "geometric", "drifting", "together").run()
    assert (trained, fits) == (["geometric-restore seed 1"], ["drifting"])
    assert [row["recall"] for row in again["rows"]] == [row["recall"] for row in results["rows"]]


def test_a_study_grows_and_a_longer_training_counts(place, monkeypatch):
    def killed(self):
        raise Interrupted(137)

    out = place / "grown"
    make(out, "drifting").run()
    trained.clear()
    results = make(out, "flip-crop", keep=["6"], classes=["roses"]).run()
    # What was asked for before stays in the report.
    assert results["options"]["conditions"] == ["original", "drifting", "flip-crop"]
    assert row_of(results, "drifting")["recall"] and row_of(results, "flip-crop", "6")["recall"]
    assert row_of(results, "flip-crop")["classes"] == 0
    assert Counter(name.split(" ")[0] for name in trained) == {"original": 2, "flip-crop": 2}
    trained.clear()
    terms = {"iterations": ("9",)}
    with monkeypatch.context() as during:  # killed when the images are there
        during.setattr(Cell, "classify", killed)
        with pytest.raises(Interrupted):
            make(out, "drifting", terms=terms).run()
    make(out, "drifting", terms=terms).run()  # other images than the classifiers had
    assert Counter(name.split(" ")[0] for name in trained) == {"drifting-restore": 4}
    with pytest.raises(UserError, match=r"--generators was 1, is now 2"):
        make(out, "drifting", terms={"generators": 2}).run()


def test_each_seed_draws_from_a_training_of_its_own(place):
    terms = {"generators": 2, "seeds": 3}
    study = make(place / "several", "together", classes=["roses"], terms=terms)
    study.run()
    (cell,) = study.cells
    assert [read_manifest(one.images)["seed"] for one in cell.generators["together"]] == [0, 1]
    results = cell.results(study.fillings[1], 3)
    fingerprints = [results[seed]["fingerprint"] for seed in range(3)]
    # Of the first training, of the second, which is brighter, and of the first again.
    assert fingerprints[0] == fingerprints[2] != fingerprints[1]


def test_a_generator_that_fails_stops_no_other(place, monkeypatch, capsys):
    monkeypatch.setattr(Together, "fails", True)
    study = make(place / "failing", "drifting", "together")
    results = study.run()
    assert [label for label, *_ in study.failures] == ["tulips, 4 kept, together"]
    assert study.exit_code == 1 and "ValueError: no tulips" in capsys.readouterr().err
    assert row_of(results, "together")["classes"] == 1
    assert row_of(results, "drifting")["classes"] == 2
    assert "together at 4 left has 1" in make_tables(results)["recall"].text()
    monkeypatch.setattr(Together, "fails", False)
    again = make(study.out, "drifting", "together")
    assert row_of(again.run(), "together")["classes"] == 2 and again.exit_code == 0


def test_a_signal_leaves_a_report_of_what_is_done(place, monkeypatch):
    def interrupted(*arguments, **options):
        raise Interrupted(143)

    study = make(place / "stopped", "drifting")
    monkeypatch.setattr(generator, "fit", interrupted)
    with pytest.raises(Interrupted) as stop:
        study.run()
    assert stop.value.exit_code == 143
    results = json.loads((study.out / "results.json").read_text())
    assert results["full"]["recall"] and (study.out / "report.html").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ["lilies"]}, "painted has no class 'lilies'"),
        ({"classes": []}, "--classes names no class"),
        ({"terms": {"test_per_class": 0}}, "no test images"),
        ({"keep": ["12"]}, "class 'roses' has 12 images to train on, so nothing"),
        ({"keep": ["1"]}, "--keep 1: give how many"),
        ({"keep": ["0%"]}, "--keep 0%: give how many"),
        ({"conditions": ["driftin"]}, "no known augmentation and no method, did you mean drifting"),
        ({"conditions": ["original+crop"]}, "'original' stands alone"),
        ({"conditions": ["crop+crop"]}, "a piece is named twice"),
        ({"terms": {"generators": 3}}, "--generators is 3 and --seeds is 2"),
        ({"terms": {"iterations": ("dcgan=3",)}}, "--iterations names dcgan, which is none of"),
        ({"terms": {"iterations": ("many",)}}, "--iterations many: give a number"),
        ({"terms": {"minutes": ("0",)}}, "--minutes is 0"),
        ({"terms": {"setting": ("scored",)}}, "--setting scored: give NAME=VALUE"),
        ({"terms": {"setting": ("depth=3",)}}, "--setting depth: drifting has no such setting"),
        ({"terms": {"setting": ("scored=perhaps",)}}, "scored=perhaps: it must be true or false"),
    ],
)
def test_refuses(place, changes, words):
    conditions = changes.pop("conditions", ["drifting"])
    with pytest.raises(UserError, match=words):
        make(place / "refused", *conditions, **changes)
    assert not (place / "refused").exists()


def test_budgets_and_settings_of_each_method(place):
    terms = Terms(iterations=("20", "drifting=5"), minutes=("together=2",),
                  setting=("scored=false", "together.image_size=8"))  # fmt: skip
    assert terms.budget("drifting") == {"iterations": 5}
    assert terms.budget("together") == {"iterations": 20, "minutes": 2.0}
    assert terms.method("drifting", 32, 1).settings.scored is False
    assert terms.method("drifting", 32, 1).settings.seed == 1
    with pytest.raises(UserError, match="--image_size and --seed are flags of their own"):
        terms.require_known(["drifting", "together"])
    assert Terms().budget("drifting") == {}


def test_shares_are_kept_of_each_class(place):
    study = make(place / "shares", keep=["50%", "1%"])
    assert [(cell.class_name, cell.kept, cell.missing) for cell in study.cells] == [
        ("roses", 6, 6), ("tulips", 6, 6), ("roses", 2, 10), ("tulips", 2, 10),
    ]  # fmt: skip
    folders = SimpleNamespace(names=[cell.folder.name for cell in study.cells])
    assert folders.names[:3] == ["roses-50percent", "tulips-50percent", "roses-1percent"]
