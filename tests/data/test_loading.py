import subprocess
import sys

import pytest

from ssgan_tf.data import DATASETS, load_dataset
from ssgan_tf.data.loading import _find, lasting_name, places_of
from ssgan_tf.errors import UserError


def test_a_name_is_a_folder_of_datasets_dir(make_folder, tmp_path, monkeypatch):
    make_folder({"cats": 2}, name="datasets/pets")
    make_folder({"dogs": 2}, name="elsewhere/pets")
    assert load_dataset("pets", 16).class_names == ("cats",)  # datasets/ below where we are
    assert load_dataset("pets", 16, datasets_dir="elsewhere").class_names == ("dogs",)
    monkeypatch.setenv("SSGAN_DATASETS", str(tmp_path / "elsewhere"))
    assert load_dataset("pets", 16).class_names == ("dogs",)


def test_a_folder_stands_in_for_a_named_set(make_folder):
    make_folder({"cats": 2, "dogs": 2, "tigers": 2}, name="datasets/animal")
    assert load_dataset("animal", 16).name == "animal"
    make_folder({"daisy": 2}, name="datasets/demo")
    assert load_dataset("demo", 16).counts() == {"daisy": 2}


@pytest.mark.parametrize("path", ["./pets", "pets", "pets/", "{root}/pets", "sub/../pets"])
def test_a_path(make_folder, tmp_path, path):
    make_folder({"cats": 2})
    (tmp_path / "sub").mkdir()
    assert load_dataset(path.format(root=tmp_path), 16).name == "pets"


def test_the_folder_we_are_in(make_folder, monkeypatch):
    monkeypatch.chdir(make_folder({"cats": 2}))
    assert load_dataset(".", 16).name == "pets"


def test_a_path_object_and_a_link_keeps_its_name(make_folder, tmp_path):
    folder = make_folder({"cats": 2})
    (tmp_path / "alias").symlink_to(folder)
    assert load_dataset(folder, 16).name == "pets"
    assert load_dataset(tmp_path / "alias", 16).name == "alias"


def test_animal_says_which_folders_to_make(tmp_path):
    with pytest.raises(UserError) as error:
        load_dataset("animal", 16, datasets_dir=tmp_path / "sets")
    message = str(error.value)
    for name in ("cats", "dogs", "tigers"):
        assert str(tmp_path / "sets" / "animal" / name) in message
    assert "500" in message and "\n" not in message


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UserError, match="did you mean flower") as error:
        load_dataset("flowers", 16)
    message = str(error.value)
    assert all(name in message for name in DATASETS) and "./flowers" in message
    with pytest.raises(UserError, match="unknown data set ''"):
        load_dataset("", 16)


def test_unknown_classes_list_those_that_exist(make_folder):
    folder = make_folder({"cats": 2, "dogs": 2})
    with pytest.raises(UserError, match="no class 'cat'; it has cats, dogs"):
        load_dataset(folder, 16, classes=["cat"])
    with pytest.raises(UserError, match="no class named"):
        load_dataset(folder, 16, classes=[])


@pytest.mark.parametrize("size", [0, -64, 5000])
def test_impossible_image_sizes(make_folder, size):
    with pytest.raises(UserError, match="image_size"):
        load_dataset(make_folder({"cats": 2}), size)


def test_registry_entries_are_whole():
    for name, entry in DATASETS.items():
        assert (entry.fetch is None) != (entry.make is None), name
        assert entry.classes == tuple(sorted(entry.classes)) and entry.description


def test_a_made_set_needs_no_folder(tmp_path):
    assert _find("demo", tmp_path, progress=False) is None


def test_starts_without_tensorflow():
    code = "import sys, ssgan_tf.data; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.split() == ["False", "False"]


def test_a_single_image_is_enough_where_nothing_is_divided(make_folder):
    folder = make_folder({"cats": 1, "dogs": 3})
    with pytest.raises(UserError, match="expected at least 2 images"):
        load_dataset(folder, 8)
    assert load_dataset(folder, 8, least=1).counts() == {"cats": 1, "dogs": 3}


def test_a_name_that_lasts_and_the_folders_it_may_mean(make_folder, tmp_path):
    make_folder({"cats": 2}, name="sets/mine")
    assert lasting_name("mine", "sets") == "mine"
    assert lasting_name("demo") == "demo"
    assert lasting_name("sets/mine") == str(tmp_path / "sets" / "mine")
    assert lasting_name("elsewhere") == str(tmp_path / "elsewhere")
    assert [str(path) for path in places_of("mine", "sets")] == ["sets/mine", "mine"]
    assert places_of(None) == []
