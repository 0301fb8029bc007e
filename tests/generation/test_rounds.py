"""Rounds with classifiers whose mistakes are chosen, on generators that show their latents."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.errors import UserError
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation import rounds
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.generation.rounds_folder import RoundsFolder
from tests.generation.chosen import CLASSES, LEARNT, Chosen
from tests.training.tiny import painted_squares

PAPER = {"rule": "paper", "tolerance": 0.1}


def run_rounds(run_dir, out, first, later=(), count=6, threshold=0.8, limit=20, **options):
    """Filter in rounds; return the manifest and what each training was given."""
    given, later = [], iter(later)

    def train(images, real_count, record, between):
        given.append((images, real_count))
        between()
        classifier = next(later)
        return Chosen(record, classifier.right, classifier.accepts)

    manifest = rounds.filter_in_rounds(
        run_dir, out, count, Filter(first, threshold, limit, "seed-0"), train=train,
        progress=False, **options,
    )  # fmt: skip
    assert manifest == json.loads((out / "manifest.json").read_text())
    return manifest, given


def pixels(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))])


def test_one_round_needs_neither_training_nor_real_images(run_dir, record, tmp_path):
    record = {"learnt_from": record["learnt_from"]}
    manifest, given = run_rounds(run_dir, tmp_path / "set", Chosen(record, 5, accepts=2))
    assert given == []
    (only,) = manifest["filter"]["rounds"]
    assert only["acceptance_rate"] == {"left": 6 / 11, "right": 6 / 11}
    assert only["validation_accuracy"] is None
    assert only["kept"] is True


def test_a_better_classifier_filters_anew_until_one_is_not(run_dir, record, tmp_path):
    first, better, same = Chosen(record, 5), Chosen(record, 7, accepts=2), Chosen(record, 7)
    manifest, given = run_rounds(
        run_dir, tmp_path / "set", first, [better, same], rounds=5, **PAPER
    )
    accuracies = [entry["validation_accuracy"] for entry in manifest["filter"]["rounds"]]
    assert accuracies == [0.5, 0.7, 0.7]
    assert [entry["kept"] for entry in manifest["filter"]["rounds"]] == [True, True, False]
    rates = [entry["acceptance_rate"] for entry in manifest["filter"]["rounds"]]
    assert rates == [{"left": 1, "right": 1}, {"left": 6 / 11, "right": 6 / 11}, None]
    assert manifest["filter"]["held_out"] == {"images": 10, "trained_on_by_generator": 0}
    assert manifest["filter"]["rule"] == "paper"
    assert manifest["filter"]["tolerance"] == 0.1
    assert manifest["complete"] is True
    assert len(given) == 2
    run_rounds(run_dir, tmp_path / "by second", better)  # the set that is left is the second's
    for name in CLASSES:
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), pixels(tmp_path / "by second" / name)
        )


def test_only_a_significantly_better_classifier_filters_anew(run_dir, record, tmp_path):
    first = Chosen(record, 5, accepts=2)
    run_rounds(run_dir, tmp_path / "one round", first)
    # 4 of 4 discordant images favour the new one: p = 1/16, for all its 40 points.
    manifest, _ = run_rounds(run_dir, tmp_path / "set", first, [Chosen(record, 9)], rounds=2)
    one, two = manifest["filter"]["rounds"]
    assert one == {
        "classifier": "seed-0", "validation_accuracy": 0.5, "discordant": None, "p": None,
        "rule": None, "kept": True, "acceptance_rate": {"left": 6 / 11, "right": 6 / 11},
    }  # fmt: skip
    assert two == {
        "classifier": str(tmp_path / "set.rounds" / "round-2"), "validation_accuracy": 0.9,
        "discordant": {"gained": 4, "lost": 0}, "p": 1 / 16, "rule": "mcnemar", "kept": False,
        "acceptance_rate": None,
    }  # fmt: skip
    assert manifest["filter"]["rule"] == "mcnemar"
    assert manifest["filter"]["level"] == 0.05
    assert manifest["filter"]["classifier"] == "seed-0"
    for name in CLASSES:
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), pixels(tmp_path / "one round" / name)
        )
    # 5 of 5: p = 1/32.
    manifest, _ = run_rounds(run_dir, tmp_path / "other", first, [Chosen(record, 10)], rounds=2)
    assert manifest["filter"]["rounds"][1]["p"] == 1 / 32
    assert manifest["filter"]["rounds"][1]["acceptance_rate"] == {"left": 1, "right": 1}
    assert manifest["filter"]["classifier"] == str(tmp_path / "other.rounds" / "round-2")


def test_what_does_not_improve_by_the_tolerance_changes_nothing(run_dir, record, tmp_path):
    first, hardly = Chosen(record, 5, accepts=2), Chosen(record, 6)
    run_rounds(run_dir, tmp_path / "one round", first)
    options = PAPER | {"tolerance": 0.1 + 1e-9}
    manifest, _ = run_rounds(run_dir, tmp_path / "set", first, [hardly], rounds=2, **options)
    assert manifest["classes"]["left"]["acceptance_rate"] == 6 / 11
    for name in CLASSES:
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), pixels(tmp_path / "one round" / name)
        )


def test_a_round_learns_from_the_recorded_and_the_accepted_images(run_dir, record, tmp_path):
    first, second = Chosen(record, 5, accepts=2), Chosen(record, 10, accepts=3)
    _, ((images, real_count), (again, _)) = run_rounds(
        run_dir, tmp_path / "set", first, [second, Chosen(record, 5)], rounds=3
    )
    assert real_count == 2 * LEARNT
    assert images.class_names == CLASSES
    learnt_from = itertools.chain(*record["learnt_from"].values())
    assert images.hashes[:real_count] == tuple(learnt_from)
    assert images.counts() == again.counts() == {"left": LEARNT + 6, "right": LEARNT + 6}
    # Each round's images replace those of the round before.
    np.testing.assert_array_equal(again.images[: 2 * LEARNT], images.images[: 2 * LEARNT])
    by_second = np.concatenate([pixels(tmp_path / "set" / name) for name in CLASSES])
    np.testing.assert_array_equal(again.images[2 * LEARNT :], by_second)
    assert not np.array_equal(images.images, again.images)


def test_a_class_without_accepted_images_is_no_obstacle(run_dir, record, tmp_path):
    class NoneOfLeft(Chosen):
        def probabilities(self, images):
            return super().probabilities(images) * ([1, 1] if len(images) == 10 else [0, 1])

    _, ((images, _),) = run_rounds(
        run_dir, tmp_path / "set", NoneOfLeft(record, 5), [Chosen(record, 5)], rounds=2
    )
    assert images.counts() == {"left": LEARNT, "right": LEARNT + 6}
    assert images.labels[-6:].tolist() == [1] * 6
    _, given = run_rounds(
        run_dir, tmp_path / "none", Chosen(record, 5), rounds=2, threshold=0.95, limit=1
    )
    assert given == []  # nothing new to train on


def test_the_default_training_is_that_of_the_first_classifier(record, monkeypatch):
    made = {}

    class Training:
        def __init__(self, images, settings, seed, steps, real):
            made.update(images=images, settings=settings, seed=seed, steps=steps, taken=0)
            made["real"] = real
            self.network = "network"

        def in_turns(self):
            made["taken"] = made["steps"]
            yield made["steps"], {"loss": 0.0}

    monkeypatch.setattr(rounds, "ClassifierTraining", Training)
    monkeypatch.setattr(rounds, "Classifier", lambda network, record: (network, record))
    images = painted_squares(12, classes=CLASSES)
    told = []
    network, kept = rounds.train_again(
        images, 14, record | {"round": 2}, lambda: told.append(made["taken"]), progress=False
    )
    assert network == "network"
    assert kept == record | {"round": 2, "steps": 8}
    assert told == [8]
    assert made["images"] is images
    assert (made["seed"], made["real"]) == (3, 14)
    assert made["settings"].weights == "scratch"
    assert made["taken"] == made["steps"] == 8  # 2 epochs of the 14 real images in batches of 4


def test_what_cannot_go_on_is_refused_before_anything_is_written(run_dir, record, tmp_path):
    def refused(match, changes=None, **options):
        with pytest.raises(UserError, match=match):
            run_rounds(run_dir, tmp_path / "set", Chosen(record | (changes or {}), 5), **options)
        assert not (tmp_path / "set").exists()
        assert not (tmp_path / "set.rounds").exists()

    refused("--filter_rounds is 0", rounds=0)
    refused("--filter_tolerance is -0.1", rule="paper", tolerance=-0.1)
    refused("--filter_tolerance is nan", rule="paper", tolerance=float("nan"))
    refused("belongs to --filter_rule paper; leave it out", tolerance=0.1)
    refused("--filter_rule is 'wilcoxon'; choose one of mcnemar, paper", rule="wilcoxon")
    refused("none of left, right were held out; train one with classify.py --validation",
            {"held_out": {"left": [], "right": []}}, rounds=2)  # fmt: skip
    refused("no trained class 'top'", rounds=2, classes=["top"])
    refused("name one of the row 'original'", {"condition": "crop"}, rounds=2)
    refused("1 of 2 images .* no longer in",
            {"learnt_from": {"left": [record["learnt_from"]["left"][0], "gone"]}},
            rounds=2)  # fmt: skip


def test_the_manifest_counts_held_out_images_that_the_generator_was_trained_on(
    run_dir, record, tmp_path
):
    config = json.loads((run_dir / "config.json").read_text())
    seen = [*record["held_out"]["left"][:2], *record["learnt_from"]["left"]]
    config["data"]["classes"]["left"]["train"] = seen
    (run_dir / "config.json").write_text(json.dumps(config))
    manifest, _ = run_rounds(
        run_dir, tmp_path / "set", Chosen(record, 5), [Chosen(record, 10)], rounds=2
    )
    assert manifest["filter"]["held_out"]["trained_on_by_generator"] == 2
    # Through the new classifier they decide about the images.
    assert set(seen) <= set(manifest["filter"]["learnt_from"]["left"])


def test_a_rounds_classifier_filters_and_begins_further_rounds(run_dir, record, tmp_path):
    run_rounds(run_dir, tmp_path / "set", Chosen(record, 5), [Chosen(record, 10, 2)], rounds=2)
    folders = {path.name for path in (tmp_path / "set").iterdir() if path.is_dir()}
    assert folders == set(CLASSES)  # whatever reads a folder for each class finds no other
    again = Chosen.load(tmp_path / "set.rounds" / "round-2")
    assert again.record["round"] == 2
    assert again.record["added"] == {"left": 6, "right": 6}
    assert again.record["kind"] == again.record["condition"] == "accepted"
    manifest, ((_, real_count),) = run_rounds(
        run_dir, tmp_path / "further", again, [Chosen(record, 10)], rounds=2
    )
    assert real_count == 2 * LEARNT
    assert [entry["validation_accuracy"] for entry in manifest["filter"]["rounds"]] == [1, 1]
    for name in CLASSES:
        np.testing.assert_array_equal(
            pixels(tmp_path / "further" / name), pixels(tmp_path / "set" / name)
        )


def test_the_folder_of_the_rounds_lies_beside_the_set(tmp_path, monkeypatch):
    (tmp_path / "set").mkdir()
    monkeypatch.chdir(tmp_path / "set")
    assert RoundsFolder("augmented/set/").path == Path("augmented/set.rounds")
    assert RoundsFolder(".").path == tmp_path / "set.rounds"


def test_a_set_that_another_process_holds_keeps_its_manifest(run_dir, record, tmp_path):
    out, lock = tmp_path / "set", FolderLock(tmp_path / "set", "--out")
    before = {}

    def train(images, real_count, new_record, between):
        lock.acquire()
        before["manifest"] = (out / "manifest.json").read_bytes()
        return Chosen(new_record, 5)  # no better, so only the manifest is left to write

    with pytest.raises(UserError, match="set is in use by process"):
        filter_twice(run_dir, out, record, train)
    lock.release()
    assert (out / "manifest.json").read_bytes() == before["manifest"]


def test_a_set_that_another_process_has_written_meanwhile_stays_as_it_is(run_dir, record, tmp_path):
    out, written = tmp_path / "set", {}

    def train(images, real_count, new_record, between):
        written["manifest"] = write_generated_set(run_dir, out, 3, progress=False)
        return Chosen(new_record, 5)

    with pytest.raises(UserError, match="set has been changed by another process since round 1"):
        filter_twice(run_dir, out, record, train)
    assert json.loads((out / "manifest.json").read_text()) == written["manifest"]


def filter_twice(run_dir, out, record, train):
    first = Filter(Chosen(record, 5), 0.8, 20, "seed-0")
    rounds.filter_in_rounds(run_dir, out, 6, first, rounds=2, train=train, progress=False)
