"""The whole of GM-augCls on coloured noise, with a generator from outside the package."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from ssgan_tf.augcls import pipeline as pipeline_of
from ssgan_tf.augcls.generator import Budget, Generator
from ssgan_tf.augcls.page import REPORT
from ssgan_tf.augcls.pipeline import Choice, Pipeline
from ssgan_tf.classify import study as study_of
from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.protocol import Protocol
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.errors import UserError
from ssgan_tf.generation import rounds
from ssgan_tf.runs.interruption import Interrupted
from tests import strangers

COLOURS = {"daisy": (150, 120, 90), "roses": (120, 140, 110), "tulips": (100, 110, 150)}


def colours(weights, image_size, class_count, *_):
    """A network that knows images by their mean colours, so that it learns in a moment."""
    images = keras.Input((image_size, image_size, 3))
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 64)(images))
    return keras.Model(images, keras.layers.Dense(class_count)(means))


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        strangers.register(patch)
        patch.setattr("ssgan_tf.classify.training.build_network", colours)
        yield patch


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A folder of 50 images of each class, whose mean colours overlap."""
    folder, rng = tmp_path_factory.mktemp("data") / "real", np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(50):
            noise = rng.normal(size=(1, 1, 3)) * 18 + rng.normal(size=(32, 32, 3)) * 10
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:03d}.png")
    return folder


@pytest.fixture(scope="module")
def make(patch, real, tmp_path_factory):
    """Return a function that makes a study, 6 roses and 9 tulips beside 20 daisies."""
    cache = tmp_path_factory.mktemp("cache")
    patch.setenv("SSGAN_CACHE", str(cache))

    def pipeline(out, method="pixel-gaussian", **changes):
        generator = Generator.to_train(out, method, {"image_size": 32}, Budget())
        options = {
            "seeds": 2, "cache_dir": cache, "progress": False,
            "choice": Choice(threshold=0.4, filter_limit=8, filter_rule="paper",
                             filter_tolerance=0.0),
            "protocol": Protocol(real_per_class=20, imbalance=("roses=6", "tulips=9")),
            "settings": ClassifierSettings(
                weights="scratch", epochs=8, batch_size=8, learning_rate=0.05, precision="float32"
            ),
        }  # fmt: skip
        return Pipeline(real, out, generator, **options | changes)

    return pipeline


@pytest.fixture(scope="module")
def finished(make, patch, tmp_path_factory):
    """A study that was stopped before its filter and has gone on, with what was trained."""
    out, trained = tmp_path_factory.mktemp("study") / "out", []

    def counted(member, *arguments, **options):
        trained.append(str(member))
        return train_member(member, *arguments, **options)

    def stopped(*arguments, **options):
        raise Interrupted(130)

    train_member = study_of.train_member
    with patch.context() as during:
        during.setattr(study_of, "train_member", counted)
        with patch.context() as before:
            before.setattr(pipeline_of, "filter_in_rounds", stopped)
            with pytest.raises(Interrupted):
                make(out).run()
        assert trained == [
            f"{name} seed {seed}" for seed in (0, 1) for name in ("original", "balanced-loss")
        ]
        results = make(out).run()
    return out, results, trained


def test_four_conditions_at_equal_counts_and_steps(finished):
    _, results, trained = finished
    assert sorted(trained) == sorted(set(trained)) and len(trained) == 8  # none twice
    rows = {row["condition"]: row for row in results["classifiers"]["rows"]}
    assert list(rows) == ["original", "balanced-loss", "unfiltered", "filtered"]
    assert len({row["steps"] for row in rows.values()}) == 1
    assert rows["unfiltered"]["added"] == rows["filtered"]["added"]
    assert sum(rows["filtered"]["added"].values()) == sum(results["added"].values()) > 0
    assert results["added"].keys() == results["lacking"].keys() - {"daisy"} == {"roses", "tulips"}
    assert all(results["added"][name] <= results["lacking"][name] for name in results["added"])
    assert rows["balanced-loss"]["confusion"] != rows["original"]["confusion"]
    data = results["classifiers"]["data"]["classes"]
    assert {name: counts["train"] for name, counts in data.items()} == {
        "daisy": 20, "roses": 6, "tulips": 9,
    }  # fmt: skip


def test_measured_gains_stand_beside_the_predicted_one(finished):
    out, results, _ = finished
    rows = {row["condition"]: row["mean"]["accuracy"] for row in results["classifiers"]["rows"]}
    for found in results["gains"]:
        one, other = (rows[found[key]]["mean"] for key in ("condition", "compared_with"))
        assert found["points"]["mean"] == pytest.approx(100 * (one - other))
        assert found["relative_percent"]["mean"] == pytest.approx(100 * (one / other - 1))
        assert found["points"]["half_width"] > 0 and found["seeds"] == 2
    assert results["gains"][0]["condition"] == "filtered"
    similarity, prediction = results["similarity"], results["prediction"]
    assert similarity["image_size"] == 128  # that Eq. 4 was fitted at
    assert similarity["sup_sub_cls"] == max(
        found["mean"] for found in similarity["super_classes"].values()
    )
    expected = 0.94 ** (202.74 * similarity["sup_sub_cls"] - 79.92)
    assert prediction["equation_4_percent"] == pytest.approx(expected)
    assert json.loads((out / "results.json").read_text())["sentences"] == results["sentences"]
    page = (out / REPORT).read_text()
    for words in (
        "Amphibians, the paper&#x27;s",
        "Predicted and measured relative gain",
        "How far to trust Table 3",
        "class-balanced loss",
        "Rounds of filtering",
    ):
        assert words in page


def test_the_classifier_of_a_round_is_kept_and_loads(finished):
    out, results, _ = finished
    first, second = results["filter"]["rounds"]
    assert first["classifier"].endswith("classifiers/runs/original/seed-0")
    record = Classifier.load(out / "sets" / "filtered.rounds" / "round-2").record
    assert record["round"] == 2 and second["classifier"].endswith("round-2")
    # Trained on the imbalanced images and those accepted; compared on as many of each class.
    assert {name: len(hashes) for name, hashes in record["learnt_from"].items()} == {
        "daisy": 20, "roses": 6, "tulips": 9,
    }  # fmt: skip
    assert sum(record["added"].values()) > 0
    assert len({len(hashes) for hashes in record["held_out"].values()}) == 1
    assert results["filter"]["held_out"]["trained_on_by_generator"] == 0
    assert read_manifest(out / "sets" / "filtered")["complete"]


def test_a_second_call_trains_and_generates_nothing(finished, make, patch):
    out, results, _ = finished

    def refuse(*arguments, **options):
        raise AssertionError("it was done already")

    with patch.context() as during:
        during.setattr(study_of, "train_member", refuse)
        during.setattr(rounds, "ClassifierTraining", refuse)
        during.setattr(pipeline_of, "write_generated_set", refuse)
        during.setattr("ssgan_tf.generation.generated_set._write_class", refuse)
        again = make(out).run()
    assert again["gains"] == results["gains"] and again["filter"] == results["filter"]
    with pytest.raises(UserError, match=r"--threshold was 0.4, is now 0.5; use the old settings"):
        make(out, choice=Choice(threshold=0.5, filter_limit=8)).run()
    with pytest.raises(UserError, match="--method was pixel-gaussian, is now mirrored"):
        make(out, method="mirrored").run()


def test_the_generator_of_a_run_is_told_apart(finished, make):
    out, results, _ = finished
    generator = Generator.of_run(out / "generator")
    assert generator.method.name == "pixel-gaussian" and generator.budget is None
    assert results["generator"]["trained_here"]
    run = generator.settings()["run"]
    assert "roses 6 iterations" not in run and "roses 6" in run  # an iteration for each image


def test_what_cannot_be_studied_is_refused_before_anything_is_written(make, tmp_path):
    out = tmp_path / "out"
    for changes, words in (
        (
            {"protocol": Protocol(real_per_class=20)},
            "the classes are equal, and GM-augCls balances",
        ),
        ({"protocol": Protocol(imbalance=("roses=1",))}, "at least 2, such as roses=20"),
        ({"augment": ["balanced-loss"]}, "the study has 'balanced-loss' anyway"),
        ({"seeds": 0}, "--seeds is 0"),
    ):
        with pytest.raises(UserError, match=words):
            make(out, **changes)
    missing = ClassifierSettings(network="vit_base", weights="no/where")
    with pytest.raises(UserError, match="--weights: 'no/where' is no preset"):
        make(out, settings=missing).run()
    with pytest.raises(UserError, match="--checkpoint is worst; it must be one of last, best"):
        Generator.to_train(out, "mirrored", {}, Budget(), checkpoint="worst")
    with pytest.raises(UserError, match="--filter_tolerance belongs to --filter_rule paper"):
        Choice(filter_tolerance=0.1)
    assert not out.exists()


def test_the_plan_says_what_will_be_done(make, tmp_path):
    lines = make(tmp_path / "out").plan()
    for words in (
        "roses: 6 real to train on, 14 to add",
        "4 conditions with 2 seeds: 8 trainings",
        "trains a network for each class",
        "filters compared on 24",
    ):
        assert words in lines
