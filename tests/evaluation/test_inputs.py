import json

import numpy as np
import pytest

from ssgan_tf.data import load_dataset, split
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import load_inputs
from tests.evaluation.folders import COLOURS, blotches, write_images, write_manifest, write_set


@pytest.fixture
def load(tmp_path):
    def call(generated, **options):
        options = {"cache_dir": tmp_path / "cache", "progress": False, **options}
        return load_inputs(generated, **options)

    return call


@pytest.fixture
def sets(tmp_path):
    real = write_set(tmp_path / "real", count=12)
    made = write_set(tmp_path / "made", count=5, seed=1)
    images = load_dataset(real, 16, cache_dir=tmp_path / "cache", progress=False)
    return real, made, images


def test_the_manifest_decides_what_was_learnt_from(load, sets):
    real, made, images = sets
    write_manifest(made, images, learnt=[3, 4, 5], held_out=[0, 9])
    found = load(made, dataset=real)
    assert found.split_from == "manifest"
    assert [found.real.paths[place] for place in found.training] == [
        f"{name}/{place:03d}.png" for name in ("blue", "red") for place in (3, 4, 5)
    ]
    assert [found.real.paths[place] for place in found.held_out] == [
        f"{name}/{place:03d}.png" for name in ("blue", "red") for place in (0, 9)
    ]
    assert found.warnings == []


def test_without_a_manifest_the_seed_divides_as_train_does(load, sets):
    real, made, images = sets
    found = load(made, dataset=real, seed=3)
    expected = split(images, seed=3)
    assert {found.real.paths[place] for place in found.training} == set(expected.train.paths)
    assert {found.real.paths[place] for place in found.held_out} == set(expected.test.paths)
    assert found.split_from == "seed"
    assert "provenance unknown" in found.warnings[0]


def test_learning_from_held_out_images_is_said_and_nothing_counts_as_held_out(load, sets):
    real, made, images = sets
    write_manifest(made, images, learnt=range(12), held_out=[0, 1])
    found = load(made, dataset=real)
    assert any("LEAKED" in warning for warning in found.warnings)
    assert len(found.training) == 24
    assert len(found.held_out) == 0


def test_held_out_images_behind_what_the_generator_began_with_are_said_and_left_out(load, sets):
    real, made, images = sets
    write_manifest(made, images, learnt=[3, 4, 5], held_out=[0, 9])
    manifest = json.loads((made / "manifest.json").read_text())
    seen = [images.hashes[images.paths.index(f"blue/{place:03d}.png")] for place in (3, 9, 11)]
    manifest["data"]["before"] = {"other": [*seen, "unknown"]}
    (made / "manifest.json").write_text(json.dumps(manifest))
    found = load(made, dataset=real)
    assert found.warnings == [
        "LEAKED: what the generator began with was trained on 1 of the held-out images; they do "
        "not count as held out here"
    ]
    assert [found.real.paths[place] for place in found.held_out] == [
        "blue/000.png", "red/000.png", "red/009.png",
    ]  # fmt: skip
    assert len(found.training) == 6


def test_missing_and_foreign_training_images_are_said(load, sets, tmp_path):
    real, made, images = sets
    write_manifest(made, images, learnt=[3, 4, 5, 6], held_out=[0], complete=False)
    (real / "blue" / "003.png").unlink()
    warnings = load(made, dataset=real).warnings
    assert any("of 8 images that the generator was trained on, only 7" in line for line in warnings)
    assert any("not complete" in line for line in warnings)
    entries = {"blue": {"count": 5}, "red": {"count": 40}}
    write_manifest(made, images, learnt=[3, 4, 5, 6], held_out=[0], classes=entries)
    warnings = load(made, dataset=real).warnings
    assert any("not complete" in line and "(red 5 instead of 40)" in line for line in warnings)
    other = load(made, dataset=write_set(tmp_path / "other", seed=7))
    assert other.split_from == "seed"
    assert sum("none of the images that" in line for line in other.warnings) == 1


def test_a_class_that_the_manifest_does_not_know_makes_provenance_unknown(load, sets, tmp_path):
    real, made, images = sets
    write_manifest(made, images.with_classes(["red"]), learnt=range(6), held_out=[7])
    found = load(made, dataset=real)
    assert found.split_from == "seed"
    assert any("does not record" in warning for warning in found.warnings)
    assert load(made, dataset=real, classes=["red"]).split_from == "manifest"


def test_copies_among_the_real_images_are_left_out_and_said(load, sets):
    real, made, _ = sets
    (real / "red" / "copy.png").write_bytes((real / "red" / "004.png").read_bytes())
    found = load(made, real=real)
    assert found.real.counts() == {"blue": 12, "red": 12}
    assert found.for_advice.paths == found.real.paths
    assert any("1 exact copies" in warning for warning in found.warnings)


def test_too_few_training_images_are_named(load, sets):
    real, made, images = sets
    write_manifest(made, images, learnt=[1, 2], held_out=[0])
    with pytest.raises(UserError, match="class 'blue' has 2 training images"):
        load(made, dataset=real)


def test_generated_images_of_other_sizes_and_shapes_are_said(load, sets):
    real, made, _ = sets
    assert load(made, real=real).warnings == []
    write_images(made / "red" / "sub", np.zeros((1, 16, 40, 3), np.uint8))
    (made / "red" / "sub" / "000.png").rename(made / "red" / "wide.png")
    assert any("not all generated images" in line for line in load(made, real=real).warnings)
    with pytest.raises(UserError, match="too small; SSIM needs 11"):
        load(made, real=real, image_size=8)


def test_any_two_folders_are_compared_undivided(load, sets):
    real, made, _ = sets
    found = load(made, real=real)
    assert found.split_from == "none"
    assert len(found.training) == 24
    assert len(found.held_out) == 0
    assert found.generated.class_names == ("blue", "red")


def test_flat_folders_are_one_class(load, sets, tmp_path):
    real, made, _ = sets
    write_images(tmp_path / "flat", blotches(4, COLOURS["red"], 5))
    write_images(tmp_path / "flat too", blotches(3, COLOURS["red"], 6))
    both = load(tmp_path / "flat", real=tmp_path / "flat too")
    assert both.generated.counts() == {"all": 4}
    assert both.real.counts() == {"all": 3}
    # Against folders with classes, those are put together.
    merged = load(tmp_path / "flat", real=real)
    assert merged.real.counts() == {"all": 24}
    assert any("all classes of real put together" in warning for warning in merged.warnings)
    assert load(tmp_path / "flat", real=real, classes=["red"]).real.counts() == {"all": 12}
    # A data set is divided class by class even then.
    assert len(load(tmp_path / "flat", dataset=real, test_per_class=5).held_out) == 10
    assert load(made, real=tmp_path / "flat").generated.counts() == {"all": 10}


def test_real_images_are_brought_to_the_size_of_the_generated(load, tmp_path):
    real = write_set(tmp_path / "real", size=40)
    made = write_set(tmp_path / "made", size=20)
    assert load(made, real=real).real.image_size == 20
    assert load(made, real=real, image_size=16).generated.image_size == 16
    assert load(made, real=real).for_advice.image_size == 128


def test_classes_are_matched_by_name(load, sets, tmp_path):
    real, made, _ = sets
    one = load(made, dataset=real, classes=["red"])
    assert one.real.class_names == one.generated.class_names == ("red",)
    # A generated set of some classes is compared with those only.
    assert load(write_set(tmp_path / "part", classes=["blue"]), real=real).real.counts() == {
        "blue": 12
    }
    (made / "red").rename(made / "green")
    with pytest.raises(UserError, match="real has no class 'green'; it has blue, red"):
        load(made, real=real)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_folders_without_images_are_refused(load, sets, tmp_path, name):
    (tmp_path / "empty").mkdir()
    real, made, _ = sets
    with pytest.raises(UserError, match=name):
        load(tmp_path / name, real=real)
    with pytest.raises(UserError, match=name):
        load(made, real=tmp_path / name)


def test_pixels_are_those_of_the_files(load, sets):
    real, made, _ = sets
    np.testing.assert_array_equal(
        load(made, real=real).generated.of_class("red").images, blotches(5, COLOURS["red"], 11)
    )
