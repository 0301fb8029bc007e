import numpy as np
import pytest

from ssgan_tf.classify.generated import common_size, load_generated
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from tests.evaluation.folders import COLOURS, blotches, write_images, write_manifest, write_set

CLASSES = ("blue", "green", "red")


@pytest.fixture
def load(tmp_path):
    def call(folder, class_names=CLASSES, size=16):
        cache = tmp_path / "cache"
        return load_generated({"x": folder}, size, class_names, cache, progress=False)["x"]

    return call


def test_images_and_manifest_are_loaded(load, tmp_path):
    real = write_set(tmp_path / "real")
    real = load_dataset(real, 16, cache_dir=tmp_path / "cache", progress=False)
    made = write_set(tmp_path / "made", count=4, seed=1)
    assert load(made).manifest is None
    write_manifest(made, real, learnt=[0, 1], held_out=[2])
    found = load(made, ("blue", "red"))
    assert (found.name, found.path) == ("x", made)
    assert found.manifest["data"]["classes"]["red"]["test"] == [real.of_class("red").hashes[2]]
    np.testing.assert_array_equal(
        found.images.of_class("red").images, blotches(4, COLOURS["red"], 11)
    )
    assert load(made, size=8).images.image_size == 8


def test_missing_and_empty_classes_have_no_images_and_others_are_left_out(load, tmp_path):
    made = write_set(tmp_path / "made", count=4)
    write_images(made / "yellow", blotches(3, (220, 220, 60), 5))
    (made / "green").mkdir()
    found = load(made, CLASSES).images
    assert found.class_names == CLASSES
    assert found.counts() == {"blue": 4, "green": 0, "red": 4}
    np.testing.assert_array_equal(found.of_class("red").images, blotches(4, COLOURS["red"], 1))
    assert load(made, ("red", "violet")).images.counts() == {"red": 4, "violet": 0}


def test_a_path_that_looks_like_a_data_set_is_a_path(load, tmp_path, monkeypatch):
    write_set(tmp_path / "demo", count=3)
    monkeypatch.chdir(tmp_path)
    found = load(type(tmp_path)("demo"))
    assert found.images.counts() == {"blue": 3, "green": 0, "red": 3}


def test_folders_without_these_classes_are_refused(load, tmp_path):
    write_images(tmp_path / "flat", blotches(3, COLOURS["red"], 5))
    for folder in (tmp_path / "flat", write_set(tmp_path / "made")):
        with pytest.raises(UserError, match=f"{folder.name} has images of none of .* cats, dogs"):
            load(folder, ("cats", "dogs"))
    with pytest.raises(UserError, match="gone cannot be read"):
        load(tmp_path / "gone")


def test_the_common_size_is_that_of_most_images(tmp_path):
    assert common_size({}) is None
    small, other = (write_set(tmp_path / name, size=16) for name in ("small", "other"))
    write_images(small / "wide", np.zeros((1, 20, 40, 3), np.uint8))
    assert common_size({"x": small, "y": other}) == 16
    with pytest.raises(UserError, match=r"x 16, y 32\); choose with --image_size"):
        common_size({"x": small, "y": write_set(tmp_path / "large", size=32)})
