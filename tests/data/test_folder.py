import os
import time
import warnings

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.data import folder as folder_module
from ssgan_tf.data import load_dataset
from ssgan_tf.data.decoding import MAX_FILE_BYTES
from ssgan_tf.data.folder import read_folder, scan_folder
from ssgan_tf.errors import UserError


def test_labels_follow_the_sorted_class_names(make_folder):
    images = load_dataset(make_folder({"dogs": 3, "cats": 2}), 16)
    assert images.class_names == ("cats", "dogs")
    assert images.counts() == {"cats": 2, "dogs": 3}
    assert images.paths == ("cats/0.png", "cats/1.png", "dogs/0.png", "dogs/1.png", "dogs/2.png")
    assert images.images.shape == (5, 16, 16, 3)
    assert images.name == "pets"


def test_other_files_and_folders_are_ignored_silently(make_folder, picture, capsys):
    folder = make_folder({"cats": 2, "_grids": {"a.png": b"x"}, ".git": {"b.png": b"x"}})
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "manifest.json", "._0.png", "LICENSE"):
        (folder / "cats" / name).write_bytes(b"not an image")
    (folder / "cats.png").write_bytes(picture(50))  # a contact sheet beside its class
    (folder / "manifest.json").write_text("{}")
    images = load_dataset(folder, 16)
    assert images.counts() == {"cats": 2} and images.skipped == ()
    assert capsys.readouterr().err == ""


def test_endings_in_capitals_and_wrong_endings_are_read(make_folder, picture):
    files = {"a.JPG": picture(1, file_format="JPEG"), "b.jpg": picture(2, file_format="PNG")}
    assert load_dataset(make_folder({"cats": files}), 16).counts() == {"cats": 2}


def test_unusable_files_are_listed_once_and_recorded(make_folder, picture, capsys):
    bad = {
        "empty.png": b"",
        "text.jpg": b"hello",
        "cut.jpg": picture(9, file_format="JPEG")[:300],
        "scan.tif": picture(8, file_format="TIFF"),
    }
    folder = make_folder({"cats": {"0.png": picture(0), "1.png": picture(1)} | bad})
    (folder / "cats" / "gone.png").symlink_to(folder / "nowhere.png")
    os.mkfifo(folder / "cats" / "pipe.png")
    with (folder / "cats" / "huge.png").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    images = load_dataset(folder, 16)
    assert images.counts() == {"cats": 2}
    assert {path for path, _ in images.skipped} == {
        "cats/gone.png", "cats/pipe.png", "cats/huge.png", *(f"cats/{name}" for name in bad),
    }  # fmt: skip
    reasons = dict(images.skipped)
    assert reasons["cats/empty.png"] == "empty file"
    assert reasons["cats/text.jpg"] == "not a JPEG, PNG, BMP, GIF, WebP or PPM image"
    assert reasons["cats/cut.jpg"].startswith("damaged")
    assert reasons["cats/pipe.png"] == "not a regular file"
    assert reasons["cats/huge.png"].startswith("too large")
    said = capsys.readouterr().err
    assert all(said.count(path) == 1 for path in reasons)


def test_a_long_list_of_unusable_files_is_cut(make_folder, picture, capsys):
    files = {f"{i:02}.png": b"x" for i in range(30)} | {"a.png": picture(1), "b.png": picture(2)}
    load_dataset(make_folder({"cats": files}), 16)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21 and "10 more" in lines[-1]


def test_duplicates_are_reported_once_and_kept(make_folder, picture, capsys):
    files = {f"{i}.png": picture(5) for i in range(3)} | {"other.png": picture(6)}
    images = load_dataset(make_folder({"cats": files}), 16)
    assert images.counts() == {"cats": 4}
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "exact duplicates: 2" in said and "WARNING" not in said
    assert "cats/0.png = cats/2.png" in said or "cats/0.png = cats/1.png" in said


def test_duplicates_across_classes_are_a_warning(make_folder, picture, capsys):
    cats, dogs = ({"same.png": picture(1), "own.png": picture(seed)} for seed in (2, 3))
    images = load_dataset(make_folder({"cats": cats, "dogs": dogs}), 16)
    said = capsys.readouterr().err
    assert "WARNING" in said and "cats/same.png = dogs/same.png" in said
    assert images.contradictory == {images.hashes[images.paths.index("cats/same.png")]}


def test_links_to_folders_and_files_are_followed(make_folder, tmp_path, capsys):
    elsewhere = make_folder({"dogs": 2}, name="elsewhere")
    folder = make_folder({"cats": 2})
    (folder / "dogs").symlink_to(elsewhere / "dogs")
    (folder / "cats" / "linked.png").symlink_to(elsewhere / "dogs" / "0.png")
    assert load_dataset(folder, 16).counts() == {"cats": 3, "dogs": 2}


def test_links_that_lead_back_are_no_classes(make_folder):
    folder = make_folder({"cats": 2})
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(folder.parent)
    (folder / "cats" / "loop").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    assert load_dataset(folder, 16).counts() == {"cats": 2}


def test_nested_images_are_not_read_but_mentioned(make_folder, picture, capsys):
    folder = make_folder({"cats": 2})
    (folder / "cats" / "old").mkdir()
    (folder / "cats" / "old" / "x.png").write_bytes(picture(77))
    assert load_dataset(folder, 16).counts() == {"cats": 2}
    assert "cats/old/x.png" in capsys.readouterr().err


def test_generated_set_loads_with_its_exact_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    folder = tmp_path / "augmented" / "flower"
    (folder / "daisy").mkdir(parents=True)
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / "daisy" / f"{i:06d}.png")
    Image.fromarray(pixels[0]).save(folder / "daisy.png")
    (folder / "manifest.json").write_text("{}")
    images = load_dataset(folder)
    np.testing.assert_array_equal(images.images, pixels)
    assert images.paths == ("daisy/000000.png", "daisy/000001.png")


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda folder: None, "is empty"),
        (lambda folder: (folder / "a.png").write_bytes(b"x"), "images but no class sub-folders"),
        (lambda folder: (folder / "a.txt").write_bytes(b"x"), "has no class sub-folders"),
        (lambda folder: (folder / "cats").mkdir(), "found 0 readable"),
    ],
    ids=["empty", "flat", "text", "empty class"],
)
def test_folders_that_are_no_data_set(tmp_path, prepare, words):
    folder = tmp_path / "bad"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(UserError, match=words) as error:
        load_dataset(folder, 16)
    assert "expected" in one_line(error)


def test_missing_folder_and_file(tmp_path):
    with pytest.raises(UserError, match="no such folder") as error:
        load_dataset(tmp_path / "missing", 16)
    assert "one sub-folder of images per class" in one_line(error)
    (tmp_path / "set.zip").write_bytes(b"x")
    with pytest.raises(UserError, match="is a file"):
        load_dataset(tmp_path / "set.zip", 16)


def test_a_class_with_one_usable_image_is_an_error_unless_left_out(make_folder, picture):
    folder = make_folder({"cats": 2, "dogs": {"a.png": picture(1), "b.png": b"broken"}})
    with pytest.raises(UserError, match="dogs: expected at least 2") as error:
        load_dataset(folder, 16)
    assert "found 1 readable and 1 unreadable" in one_line(error)
    assert load_dataset(folder, 16, classes=["cats"]).counts() == {"cats": 2}


def test_a_folder_one_level_too_high_is_pointed_out(make_folder):
    make_folder({"cats": 2, "dogs": 2}, name="pets/train")
    with pytest.raises(UserError, match="train/cats/") as error:
        load_dataset("./pets", 16)
    assert "name the folder that holds the classes" in one_line(error)


def test_a_name_that_no_disk_can_hold():
    with pytest.raises(UserError):
        load_dataset("x" * 5000, 16)
    with pytest.raises(UserError):
        load_dataset("./" + "x" * 5000, 16)


def test_pillows_and_pythons_settings_are_left_alone(make_folder):
    before = (list(warnings.filters), Image.MAX_IMAGE_PIXELS)
    load_dataset(make_folder({"cats": 2}), 16)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before


def test_odd_file_names(make_folder, picture):
    names = ["a b.png", "ü.png", "新.png", os.fsdecode(b"\xff.png")]
    folder = make_folder({"kätzchen": {name: picture(i) for i, name in enumerate(names)}})
    first, second = load_dataset(folder, 16), load_dataset(folder, 16)
    assert len(first) == 4 and first.paths == second.paths
    assert first.fingerprint() == second.fingerprint()


def test_ctrl_c_does_not_wait_for_the_files_in_the_queue(make_folder, monkeypatch):
    read = []

    def slow(folder, file, image_size):
        read.append(file.path)
        if len(read) == 1:
            raise KeyboardInterrupt
        time.sleep(0.02)
        return None, "slow"

    monkeypatch.setattr(folder_module, "_read_file", slow)
    scan = scan_folder(make_folder({"cats": 200}))
    with pytest.raises(KeyboardInterrupt):
        read_folder(scan, 16, "pets", progress=False)
    assert len(read) < 100
