"""Rounds with classifiers whose mistakes are chosen, on generators that show their latents."""

import itertools
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny import painted_squares, tiny_method

from ssgan_tf import generation
from ssgan_tf.classify import rounds
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.filtering import Filter

CLASSES = ("left", "right")
SPARED, LEARNT = 5, 7  # of each class


class Chosen:
    """Right about as many of the spared images as asked; accepts every `accepts`th image."""

    class_names, image_size = CLASSES, 32

    def __init__(self, record, right, accepts=1):
        self.record, self.right, self.accepts = record, right, accepts

    def probabilities(self, images):
        if len(images) == 2 * SPARED:  # the spared images, left ones first
            truth = np.repeat([0, 1], SPARED)
            given = np.where(np.arange(len(images)) < self.right, truth, 1 - truth)
            return np.eye(2, dtype=np.float32)[given]
        sure = np.arange(len(images)) % self.accepts == 0
        return np.repeat(np.where(sure, 0.9, 0.1).astype(np.float32)[:, None], 2, axis=1)


def noise(latents, labels, training):
    return tf.tanh(
        tf.repeat(tf.repeat(latents[:, :, None, None], 4, axis=1), 32, axis=2)
    ) * tf.ones(3)


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A run whose checkpoints need not be trained."""
    method = tiny_method()
    method.generators = dict.fromkeys(CLASSES, noise)
    method.trained_iterations = dict.fromkeys(CLASSES, 1)
    monkeypatch.setattr(generation, "load_run", lambda run, average: method)
    data = {"name": "real", "fingerprint": "", "classes": {name: {"train": []} for name in CLASSES}}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps({"settings": {}, "data": data}))
    return tmp_path / "run"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """What a classifier that learnt from part of a folder says of itself."""
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    squares = painted_squares(SPARED + LEARNT, classes=CLASSES)
    for image, path in zip(squares.images, squares.paths, strict=True):
        (tmp_path / "real" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "real" / path)
    hashes = list(load_dataset(tmp_path / "real", 32, progress=False).hashes)
    left, right = hashes[: SPARED + LEARNT], hashes[SPARED + LEARNT :]
    return {
        "class_names": CLASSES,
        "condition": "original",
        "seed": 3,
        "settings": {"weights": "scratch", "epochs": 2, "batch_size": 4, "budget": "steps"},
        "dataset": {"name": "real", "source": str(tmp_path / "real"), "datasets_dir": None},
        "spared": {"left": left[:SPARED], "right": right[:SPARED]},
        "learnt_from": {"left": left[SPARED:], "right": right[SPARED:]},
    }


def run_rounds(run_dir, out, first, later=(), count=6, threshold=0.8, limit=20, **options):
    """Filter in rounds; return the manifest and what each training was given."""
    given, later = [], iter(later)

    def train(images, real_count, record):
        given.append((images, real_count))
        return next(later)

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
        run_dir, tmp_path / "set", first, [better, same], rounds=5, tolerance=0.1
    )
    accuracies = [entry["validation_accuracy"] for entry in manifest["filter"]["rounds"]]
    assert accuracies == [0.5, 0.7, 0.7]
    assert [entry["kept"] for entry in manifest["filter"]["rounds"]] == [True, True, False]
    rates = [entry["acceptance_rate"] for entry in manifest["filter"]["rounds"]]
    assert rates == [{"left": 1, "right": 1}, {"left": 6 / 11, "right": 6 / 11}, None]
    assert manifest["filter"]["spared"] == 10
    assert manifest["filter"]["tolerance"] == 0.1
    assert manifest["complete"] is True
    assert len(given) == 2
    run_rounds(run_dir, tmp_path / "by second", better)  # the set that is left is the second's
    for name in CLASSES:
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), pixels(tmp_path / "by second" / name)
        )


def test_what_does_not_improve_by_the_tolerance_changes_nothing(run_dir, record, tmp_path):
    first, hardly = Chosen(record, 5, accepts=2), Chosen(record, 6)
    run_rounds(run_dir, tmp_path / "one round", first)
    manifest, _ = run_rounds(
        run_dir, tmp_path / "set", first, [hardly], rounds=2, tolerance=0.1 + 1e-9
    )
    assert manifest["classes"]["left"]["acceptance_rate"] == 6 / 11
    for name in CLASSES:
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), pixels(tmp_path / "one round" / name)
        )


def test_a_round_learns_from_the_recorded_and_the_accepted_images(run_dir, record, tmp_path):
    first, second = Chosen(record, 5, accepts=2), Chosen(record, 10, accepts=3)
    _, ((images, real_count), (again, _)) = run_rounds(
        run_dir, tmp_path / "set", first, [second, first], rounds=3
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
    assert given == []  # nothing new to learn from


def test_the_default_training_is_that_of_the_first_classifier(record, monkeypatch):
    made = {}

    class Training:
        def __init__(self, images, settings, seed, steps):
            made.update(images=images, settings=settings, seed=seed, steps=steps, taken=0)
            self.network = "network"

        def in_turns(self):
            made["taken"] = made["steps"]
            yield made["steps"], {"loss": 0.0}

    monkeypatch.setattr(rounds, "ClassifierTraining", Training)
    monkeypatch.setattr(rounds, "Classifier", lambda network, record: (network, record))
    images = painted_squares(12, classes=CLASSES)
    assert rounds.train_again(images, 14, record, progress=False) == ("network", record)
    assert made["images"] is images
    assert made["seed"] == 3
    assert made["settings"].weights == "scratch"
    assert made["taken"] == made["steps"] == 8  # 2 epochs of the 14 real images in batches of 4


def test_what_cannot_go_on_is_refused_before_anything_is_written(run_dir, record, tmp_path):
    def refused(match, changes=None, **options):
        with pytest.raises(UserError, match=match):
            run_rounds(run_dir, tmp_path / "set", Chosen(record | (changes or {}), 5), **options)
        assert not (tmp_path / "set").exists()

    refused("--filter_rounds is 0", rounds=0)
    refused("--filter_tolerance is -0.1", tolerance=-0.1)
    refused("--filter_tolerance is nan", tolerance=float("nan"))
    refused("spared none of left, right; train one with classify.py --validation",
            {"spared": {"left": [], "right": []}}, rounds=2)  # fmt: skip
    refused("name one of the row 'original'", {"condition": "crop"}, rounds=2)
    refused("1 of 2 images .* no longer in",
            {"learnt_from": {"left": [record["learnt_from"]["left"][0], "gone"]}},
            rounds=2)  # fmt: skip
