"""The whole protocol on painted flowers with a small network."""

import dataclasses
import json
import os
import shutil
import signal

import numpy as np
import pytest

from ssgan_tf import plots
from ssgan_tf.augment import OFFLINE, POLICIES
from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.member import kept_predictions, ordered_fingerprint
from ssgan_tf.classify.records import make_results
from ssgan_tf.classify.study import Protocol, Study, train_member
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.errors import UserError
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.statistics.scores import classification_scores

CLASSES = ["daisy", "roses", "sunflowers"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def settings(preset):
    return ClassifierSettings(weights=preset, epochs=40, batch_size=16, learning_rate=2e-3,
                    precision="float32")  # fmt: skip


@pytest.fixture(scope="module")
def make(cache, settings):
    """Return a function that makes a study of painted flowers, 2 real ones of each class."""

    def study(out, *augment, **changes):
        options = {
            "per_class": "24", "seeds": 2, "classes": CLASSES, "image_size": 16,
            "protocol": Protocol(real_per_class=2), "settings": settings, "cache_dir": cache,
            "progress": False,
        }  # fmt: skip
        return Study("demo", out, augment=augment, **options | changes)

    return study


@pytest.fixture(scope="module")
def folders(make, cache, tmp_path_factory):
    """Sets to add: unseen flowers under their names and under wrong ones, and a planted leak."""
    place = tmp_path_factory.mktemp("sets")
    division = make(place / "unused").division

    def write(folder, images, shift=0):
        for number, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
            target = place / folder / CLASSES[(label + shift) % len(CLASSES)]
            target.mkdir(parents=True, exist_ok=True)
            plots.write_png(target / f"{number:04d}.png", image)

    write("right", division.held_out)
    write("wrong", division.held_out, shift=1)
    write("leak", division.held_out.select(range(0, len(division.held_out), 5)))
    write("leak", division.test)
    return place


@pytest.fixture(scope="module")
def finished(make, folders, tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    study = make(
        out,
        f"right={folders / 'right'}",
        f"wrong={folders / 'wrong'}",
        "crop",
    )
    return study, study.run()


def rows_of(results):
    return {row["condition"]: row for row in results["rows"]}


def accuracy(row):
    return row["mean"]["accuracy"]["mean"]


def test_good_images_help_and_wrong_labels_hurt(finished):
    rows = rows_of(finished[1])
    assert accuracy(rows["right"]) > accuracy(rows["original"]) + 0.05
    assert accuracy(rows["wrong"]) < accuracy(rows["original"]) - 0.05


def test_all_conditions_share_budget_seeds_and_test_images(finished):
    study, results = finished
    rows = rows_of(results)
    assert {row["steps"] for row in rows.values()} == {40}  # 6 real images make one batch
    assert {row["images"] for row in rows.values()} == {6, 6 + 3 * 24}
    assert all(sorted(row["seeds"]) == ["0", "1"] for row in rows.values())
    assert results["data"]["classes"]["roses"] == {"train": 2, "test": 40}
    tested = {scores["classes"]["roses"]["images"] for row in rows.values()
              for scores in row["seeds"].values()}  # fmt: skip
    assert tested == {40}
    difference = np.mean(
        [
            rows["right"]["seeds"][seed]["accuracy"] - rows["original"]["seeds"][seed]["accuracy"]
            for seed in "01"
        ]
    )
    assert rows["right"]["to_original"]["mean"] == pytest.approx(difference)
    assert rows["right"]["to_baseline"]["baseline"] == "crop"
    assert rows["right"]["to_original"]["adjusted_p"] is not None
    assert rows["right"]["mean"]["accuracy"]["covers"] == "training and test images"
    assert "predictions" not in rows["right"]  # they stay in each result.json
    assert json.loads((study.out / "results.json").read_text()) == results


def test_a_planted_leak_is_found(finished, make, folders, tmp_path):
    conditions = finished[1]["conditions"]
    assert conditions["right"]["finding"] == "unknown"  # no manifest
    assert conditions["crop"]["finding"] is None
    study = make(tmp_path, f"leak={folders / 'leak'}+crop", f"right={folders / 'right'}")
    assert "leak+crop-24: 72 images added, 40 steps (LEAKED)" in study.plan()
    assert "right-24: 72 images added, 40 steps (unknown)" in study.plan()
    assert make_results(study)["conditions"]["leak+crop"]["finding"] == "LEAKED"


def test_resuming_repeats_nothing_and_gives_the_same_table(finished, make, folders, monkeypatch):
    study, results = finished
    monkeypatch.setattr("ssgan_tf.classify.study.train_member", None)  # would fail when called
    again = make(study.out, f"right={folders / 'right'}", "crop")
    assert "6 of them finished" in again.plan()
    ours = rows_of(again.run())
    for name in ("original", "right", "crop"):
        assert ours[name]["mean"] == rows_of(results)[name]["mean"]


def test_an_interrupted_study_goes_on_to_the_same_table(finished, make, tmp_path, monkeypatch):
    _, results = finished
    study = make(tmp_path, "crop")
    trained = []

    def stop_in_the_third(member, *arguments, report, **options):
        trained.append(str(member))

        def stop(count, figures):
            if len(trained) == 3:
                os.kill(os.getpid(), signal.SIGINT)
            report(count, figures)

        return train_member(member, *arguments, report=stop, **options)

    monkeypatch.setattr("ssgan_tf.classify.study.train_member", stop_in_the_third)
    with pytest.raises(Interrupted) as stopped:
        study.run()
    assert stopped.value.exit_code == 130
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept["unfinished"] == ["original seed 1", "crop-24 seed 1"]
    monkeypatch.undo()
    rows = rows_of(make(tmp_path, "crop").run())
    for name in ("original", "crop"):
        ours, before = (rows_.get(name)["mean"]["accuracy"] for rows_ in (rows, rows_of(results)))
        assert ours["mean"] == pytest.approx(before["mean"], abs=0.03)  # threads round differently
    assert trained == ["original seed 0", "crop-24 seed 0", "original seed 1"]


def test_the_classifier_of_original_is_kept_with_what_it_learnt_from(finished):
    study, _ = finished
    folder = study.out / "runs" / "original" / "seed-0"
    classifier = Classifier.load(folder)
    test = study.division.test
    right = np.mean(classifier.probabilities(test.images).argmax(axis=1) == test.labels)
    result = json.loads((folder / "result.json").read_text())
    assert right == pytest.approx(result["scores"]["accuracy"], abs=0.01)
    record = classifier.record
    learnt = [digest for hashes in record["learnt_from"].values() for digest in hashes]
    assert sorted(learnt) == sorted(study.division.training.hashes)
    held_out = [digest for hashes in record["held_out"].values() for digest in hashes]
    assert held_out and not set(held_out).intersection(test.hashes, learnt)
    assert not (study.out / "runs" / "crop-24" / "seed-0" / "classifier.keras").exists()


def test_a_result_keeps_the_prediction_of_every_test_image(finished):
    study, results = finished
    test, rows = study.division.test, rows_of(results)
    kept = {}
    for member in study.members:
        result = member.result(study.out)
        assert result["labels"] == test.labels.tolist()
        assert result["test_images"] == ordered_fingerprint(test)
        scores = classification_scores(result["labels"], result["predictions"], CLASSES)
        assert scores.items() <= result["scores"].items()
        assert scores.items() <= rows[member.condition.name]["seeds"][str(member.seed)].items()
        kept[member.row, member.seed] = result["predictions"]
    classifier = Classifier.load(study.out / "runs" / "original" / "seed-0")
    again = classifier.probabilities(test.images).argmax(axis=1)
    assert np.mean(again == kept["original", 0]) > 0.99  # another batch size rounds otherwise


def test_predictions_are_told_apart_by_images_labels_and_order(finished):
    test = finished[0].division.test
    turned = test.select(range(len(test))[::-1])
    others = [turned, test.select(range(len(test) - 1)), test.relabelled([*CLASSES, "tulips"]),
              dataclasses.replace(test, labels=turned.labels)]  # fmt: skip
    fingerprints = [ordered_fingerprint(images) for images in (test, *others)]
    assert len(set(fingerprints)) == 5
    assert ordered_fingerprint(test.select(range(len(test)))) == fingerprints[0]
    with pytest.raises(ValueError, match="predictions for 120 images"):
        kept_predictions(test, [0, 1])


def test_curves_are_written_for_people_and_tensorboard(finished):
    folder = finished[0].out / "runs" / "crop-24" / "seed-1"
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 40 and "test_accuracy" in lines[-1]
    assert {"loss", "accuracy", "images_per_second"} <= set(lines[0])
    assert list(folder.glob("events.*"))


def test_another_protocol_in_the_same_folder_is_refused(finished, make):
    other = make(finished[0].out, protocol=Protocol(real_per_class=3))
    with pytest.raises(UserError, match=r"--real_per_class was 2, is now 3.*another --out"):
        other.run()


def test_changed_images_of_a_finished_row_are_refused(finished, make, folders, tmp_path):
    study, _ = finished
    with pytest.raises(UserError, match="right-24 seed 0 was trained on other images"):
        make(study.out, f"right={folders / 'wrong'}", keep_weights=True).run()


@pytest.fixture
def trained(monkeypatch):
    """Stand in for the trainings; return what each was asked for."""
    asked = []

    def train(member, training, test, settings, steps, folder, *, real, record, report):
        assert (real == len(training)) == (not member.condition.parts)
        asked.append((str(member), training, member.condition.policies, steps, record is not None))
        folder.mkdir(parents=True, exist_ok=True)
        if record is not None:
            (folder / "classifier.json").write_text("{}")
        right = 10 * member.seed + len(training) % 7
        predictions = np.where(np.arange(len(test)) < right, test.labels, (test.labels + 1) % 3)
        scores = classification_scores(test.labels, predictions, CLASSES)
        return scores | {"seconds": 1.0}, predictions

    monkeypatch.setattr("ssgan_tf.classify.study.train_member", train)
    return asked


def test_every_condition_runs_through_the_study(make, tmp_path, trained):
    conditions = [*OFFLINE, *POLICIES, "crop+cutmix", "smote+geometric"]
    results = make(tmp_path, *conditions, per_class="7", seeds=1).run()
    assert [row["condition"] for row in results["rows"]] == ["original", *conditions]
    for (name, training, policies, _, _), condition in zip(trained[1:], conditions, strict=True):
        sets = [part for part in condition.split("+") if part in OFFLINE]
        assert training.counts() == dict.fromkeys(CLASSES, 2 + 7 * bool(sets)), name
        assert policies == tuple(part for part in condition.split("+") if part in POLICIES)
    assert "Added images" in (tmp_path / "report.html").read_text()


def test_a_seed_decides_the_start_whatever_the_condition(make, tmp_path, monkeypatch):
    started = {}

    class Training(ClassifierTraining):
        def __init__(self, training, settings, seed, *arguments):
            super().__init__(training, settings, seed, *arguments)
            started[len(started)] = seed, self.network.get_weights()[-2]

        def in_turns(self):  # the start is enough
            yield self.steps, {"loss": 1.0, "accuracy": 0.0, "images_per_second": 1.0}

    monkeypatch.setattr("ssgan_tf.classify.member.ClassifierTraining", Training)
    make(tmp_path, "crop").run()
    assert [seed for seed, _ in started.values()] == [0, 0, 1, 1]
    original, crop, other, _ = (weights for _, weights in started.values())
    np.testing.assert_array_equal(original, crop)
    assert np.any(original != other)


def test_a_damaged_result_is_made_anew(make, tmp_path, trained):
    study = make(tmp_path)
    study.run()
    path = tmp_path / "runs" / "original" / "seed-1" / "result.json"
    result = json.loads(path.read_text())
    edited = [json.dumps(result | changes) for changes in (
        {"scores": 5}, {"steps": None}, {"predictions": []}, {"predictions": [0]},
    )]  # fmt: skip
    edited.append(json.dumps({key: result[key] for key in result if key != "predictions"}))
    for damage in ("{}", "[]", "no JSON", "[" * 100_000, *edited):
        path.write_text(damage)
        assert "2 trainings" in study.plan() and "1 of them finished" in study.plan()
    study.run()
    assert [name for name, *_ in trained[2:]] == ["original seed 1"]


def test_results_without_predictions_are_read_and_get_no_finding(make, tmp_path, trained):
    make(tmp_path, "crop", "mixup").run()
    for place, change in (("crop-24", "test_images"), ("mixup-24", None)):
        path = tmp_path / "runs" / place / "seed-1" / "result.json"
        result = json.loads(path.read_text())
        if change:
            result[change] = "of other images"
        else:
            for key in ("predictions", "labels", "test_images"):
                del result[key]
        path.write_text(json.dumps(result))
    study = make(tmp_path, "crop", "mixup", "samplepairing")
    results = study.run()
    assert len(trained) == 8  # nothing but samplepairing again
    rows = rows_of(results)
    assert rows["crop"]["to_original"]["finding"] == "no predictions"
    assert rows["mixup"]["to_original"]["finding"] == "no predictions"
    assert rows["mixup"]["to_original"]["half_width"] is None
    assert rows["samplepairing"]["to_original"]["adjusted_p"] is not None
    (warning,) = results["warnings"]
    assert "2 of 8 trainings kept no predictions" in warning and "train again" in warning


def test_a_dropped_class_has_differences_of_its_own(make, tmp_path, trained):
    protocol = Protocol(real_per_class=8, imbalance=("roses=3",))
    results = make(tmp_path, "crop", per_class="balance", protocol=protocol).run()
    difference = rows_of(results)["crop"]["to_original"]
    assert list(difference["recall"]) == ["roses"]
    assert difference["recall"]["roses"]["adjusted_p"] is not None
    assert "Differences in recall of roses" in (tmp_path / "report.html").read_text()


def test_weights_that_are_asked_for_later_are_made(make, tmp_path, trained):
    make(tmp_path, "crop", seeds=1).run()
    assert [kept for *_, kept in trained] == [True, False]
    make(tmp_path, "crop", seeds=1, keep_weights=True).run()
    assert trained[2][0] == "crop-24 seed 0" and trained[2][-1]


def test_overwrite_moves_the_former_comparison_aside(make, tmp_path, trained):
    out = tmp_path / "out"
    make(out, seeds=1).run()
    make(out, seeds=1, protocol=Protocol(real_per_class=3)).run(overwrite=True)
    (former,) = tmp_path.glob("out.old-*")
    assert (former / "results.json").exists() and len(trained) == 2


def test_unequal_budgets_validation_and_versions_are_said(make, tmp_path, trained, settings):
    unequal = dataclasses.replace(settings, budget="epochs")
    protocol = Protocol(real_per_class=2, validation=True)
    results = make(tmp_path, "crop", seeds=1, settings=unequal, protocol=protocol).run()
    assert [steps for *_, steps, _ in trained] == [40, 40 * 5]  # 6 and 78 images, batches of 16
    assert results["data"]["tested_on"] == "validation"
    first, second = results["warnings"]
    assert "--validation" in first and "trained for more steps" in second
    path = tmp_path / "runs" / "original" / "seed-0" / "result.json"
    path.write_text(path.read_text().replace('"keras": "', '"keras": "0.'))
    again = make(tmp_path, "crop", seeds=1, settings=unequal, protocol=protocol).run()
    assert "not all trainings were made by the same versions" in again["warnings"][-1]


def test_a_manifest_tells_of_leaks_and_of_what_imbalance_should_have_taken_away(
    make, folders, tmp_path, trained
):
    protocol = Protocol(real_per_class=8, imbalance=("roses=3",))
    shutil.copytree(folders / "right", tmp_path / "made")

    def run(out, images):
        labelled = list(zip(images.labels, images.hashes, strict=True))
        classes = {
            name: {"train": [digest for own, digest in labelled if own == label], "test": []}
            for label, name in enumerate(CLASSES)
        }
        manifest = {"made_by": "ssgan_tf 0", "data": {"classes": classes}}
        (tmp_path / "made" / "manifest.json").write_text(json.dumps(manifest))
        study = make(out, f"made={tmp_path / 'made'}", per_class="balance", seeds=1,
                     protocol=protocol)  # fmt: skip
        return study.run()

    division = make(tmp_path / "x", protocol=protocol).division
    honest = run(tmp_path / "a", division.training)
    assert honest["conditions"]["made"]["finding"] == "clean" and not honest["warnings"]
    more = run(tmp_path / "b", make(tmp_path / "x", protocol=Protocol(real_per_class=20)).division
               .training)  # fmt: skip
    assert more["conditions"]["made"]["finding"] == "clean"
    (warning,) = more["warnings"]
    assert "made was trained on 17 images of roses that --imbalance takes away" in warning
    leaked = run(tmp_path / "c", division.test)
    assert leaked["conditions"]["made"]["finding"] == "LEAKED"
    assert "LEAKED" in leaked["rows"][1]["sentence"]


def test_imbalance_and_balance(make, tmp_path):
    protocol = Protocol(real_per_class=8, imbalance=("roses=3",))
    study = make(tmp_path, "crop", per_class="balance", protocol=protocol)
    assert study.division.training.counts() == {"daisy": 8, "roses": 3, "sunflowers": 8}
    crop = next(member for member in study.members if member.condition.name == "crop")
    assert study.added(crop).counts() == {"daisy": 0, "roses": 5, "sunflowers": 0}
    assert crop.row == "crop-balance"


def test_errors_come_before_anything_is_written(make, folders, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UserError, match="--seeds is 0"):
        make(out, seeds=0)
    with pytest.raises(UserError, match="one class"):
        make(out, classes=["roses"])
    with pytest.raises(UserError, match="400"):
        make(out, f"right={folders / 'right'}", per_class="400")
    with pytest.raises(UserError, match="lies in"):
        make(folders / "right" / "out", f"right={folders / 'right'}")
    assert not out.exists()


def test_balance_where_nothing_is_missing_is_refused(make, tmp_path):
    with pytest.raises(UserError, match="balance"):
        make(tmp_path, "crop", per_class="balance")


def test_the_size_is_that_of_the_generated_images(make, folders, tmp_path):
    study = make(tmp_path, f"right={folders / 'right'}", image_size=None)
    assert study.images.image_size == 16
