import json

import numpy as np
import pytest
from PIL import Image
from tiny import painted_squares, tiny_method

from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.generation import counts_to_generate, parse_per_class, write_generated_set


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("trained") / "run"
    images = painted_squares(classes=("left", "right"))
    images = images.select(np.arange(len(images) - 2))  # 6 of left, 4 of right
    method = tiny_method(batch_size=2)
    method.fit(images, run_dir=run_dir, iterations=1, progress=False)
    return run_dir, method


def write(run_dir, out, per_class=3, **options):
    return write_generated_set(run_dir, out, per_class, progress=False, **options)


def pixels(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))])


def test_writes_labelled_images_that_load_as_a_data_set(trained, tmp_path):
    run_dir, method = trained
    manifest = write(run_dir, tmp_path / "set", seed=5)
    for name in ("left", "right"):
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), method.sample(name, 3, seed=5)
        )
        assert (tmp_path / "set" / f"{name}.png").exists()
    assert manifest == json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["complete"] is True
    assert manifest["method"] == "ssgan"
    assert manifest["seed"] == 5
    assert len(set(manifest["data"]["classes"]["right"]["train"])) == 4  # for leak checks
    assert manifest["classes"]["right"] == {"count": 3, "checkpoint_step": 1, "real_images": 4}
    loaded = load_dataset(tmp_path / "set", 32, cache_dir=tmp_path / "cache", progress=False)
    assert loaded.counts() == {"left": 3, "right": 3}
    np.testing.assert_array_equal(loaded.of_class("left").images, method.sample("left", 3, seed=5))


def test_the_same_seed_writes_the_same_bytes(trained, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(trained[0], tmp_path / name, seed=seed)
    a, b, c = ((tmp_path / name / "left" / "000001.png").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_balance_fills_up_to_the_largest_class(trained, tmp_path):
    write(trained[0], tmp_path / "set", "balance")
    assert not (tmp_path / "set" / "left").exists()  # an empty class would not load
    assert not (tmp_path / "set" / "left.png").exists()
    assert len(list((tmp_path / "set" / "right").glob("*.png"))) == 2
    assert counts_to_generate("balance", {"a": 3, "b": 10}) == {"a": 7, "b": 0}
    assert counts_to_generate(4, {"a": 3, "b": 10}) == {"a": 4, "b": 4}


def test_the_last_weights_differ_from_the_average(trained, tmp_path):
    write(trained[0], tmp_path / "average")
    manifest = write(trained[0], tmp_path / "last", average=False)
    assert manifest["weights"] == "last"
    assert not np.array_equal(
        pixels(tmp_path / "average" / "left"), pixels(tmp_path / "last" / "left")
    )


def test_a_walk_begins_where_it_ends(trained, tmp_path):
    write(trained[0], tmp_path / "set", classes=["left"], walk=True)
    assert not (tmp_path / "set" / "right").exists()
    with Image.open(tmp_path / "set" / "left.gif") as walk:
        assert walk.n_frames > 20
        assert walk.info["loop"] == 0


def test_writing_again_replaces_what_was_written(trained, tmp_path):
    write(trained[0], tmp_path / "set", 5, walk=True)
    write(trained[0], tmp_path / "set", 2, classes=["left"])
    assert len(list((tmp_path / "set" / "left").iterdir())) == 2
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "left",
        "left.png",
        "manifest.json",
    ]


def test_a_folder_of_someone_else_is_refused(trained, tmp_path):
    for name, text in (("foreign", None), ("damaged", "{"), ("other", '{"made_by": "me"}')):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "holiday.jpg").write_bytes(b"mine")
        if text:
            (folder / "manifest.json").write_text(text)
        before = sorted(path.name for path in folder.iterdir())
        with pytest.raises(UserError, match="is not empty and holds no"):
            write(trained[0], folder)
        assert sorted(path.name for path in folder.iterdir()) == before


def test_what_cannot_be_sampled_is_refused(trained, tmp_path):
    with pytest.raises(UserError, match="no trained class 'top'; it has left, right"):
        write(trained[0], tmp_path / "set", classes=["top"])
    with pytest.raises(UserError, match="is not a run directory"):
        write(tmp_path / "nowhere", tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5", ""])
def test_per_class_is_a_number_or_balance(text):
    with pytest.raises(UserError, match="must be a number from 1, or balance"):
        parse_per_class(text)
    assert parse_per_class("12") == 12
    assert parse_per_class("balance") == "balance"
