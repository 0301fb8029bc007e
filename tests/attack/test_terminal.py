"""What reaches the terminal: any names, pipes that are closed, a disk that is full."""

import os
import shutil
import unicodedata

import pytest
from ground import TINY, refused
from loaded import NO_READER

COMMANDS = ["train", "generate", "evaluate", "classify", "compare"]
PLAN = ["--dataset=photos/", "--method=dcgan", *TINY, "--dry_run"]


def test_a_class_whose_name_is_no_text_is_printed_where_only_text_may_be(loaded, field):
    (field / "photos" / "red").rename(field / "photos" / os.fsdecode(b"caf\xe9"))
    result = loaded.run("train", *PLAN, folder=field, PYTHONIOENCODING="utf-8:strict")
    assert result.code == 0, result.stderr
    assert "caf\\udce9" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_into_a_pipe_that_nobody_reads(loaded, ground, name):
    result = loaded.run(name, "--help", folder=ground, stdout=NO_READER)
    assert (result.code, result.stderr) == (141, "")


def test_a_plan_into_a_pipe_that_nobody_reads(loaded, ground):
    result = loaded.run("train", *PLAN, folder=ground, stdout=NO_READER)
    assert (result.code, result.stderr) == (141, "")


def test_a_plan_onto_a_full_disk(loaded, ground):
    result = loaded.run("train", *PLAN, folder=ground, stdout="/dev/full")
    refused(result, "train", "standard output takes no more (No space left on device)")


def test_codes_in_names_of_files_do_not_reach_the_terminal(loaded, field):
    name = "evil \x1b[31m\r\n\x07.png"
    (field / "photos" / "red" / name).write_bytes(b"")
    shutil.copy(field / "photos" / "red" / "000.png", field / "photos" / "red" / "copy\x1b.png")
    result = loaded.run("train", *PLAN, folder=field)
    assert result.code == 0, result.stderr
    assert "skipped red/evil ?[31m???.png: empty file" in result.stderr
    assert "copy?.png" in result.stderr
    signs = set(result.stderr + result.stdout) - {"\n"}
    assert not [sign for sign in signs if unicodedata.category(sign) == "Cc"]


@pytest.mark.parametrize("name", ["li\nne", "es\x1b[31mc", "be\x07ll"])
@pytest.mark.parametrize("command", ["train", "classify", "compare"])
def test_a_class_with_codes_in_its_name_is_refused(loaded, field, command, name):
    (field / "photos" / "red").rename(field / "photos" / name)
    result = loaded.run(command, "--dataset=photos/", "--dry_run", folder=field)
    refused(result, command, f"has a folder {name!r}, and a class cannot be called so")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("config.json", "'config.json', as a file of ours is"),
        ("Manifest.JSON", "'Manifest.JSON', as a file of ours is"),
        ("blue.png", "'blue.png', as the contact sheet of the class 'blue' is"),
        ("BLUE.gif", "'BLUE.gif', as the contact sheet of the class 'blue' is"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--dry_run"]])
def test_a_class_that_is_called_as_a_file_of_ours_is_refused_before_training(
    loaded, field, name, words, more
):
    (field / "photos" / "red").rename(field / "photos" / name)
    command = ["--dataset=photos/", "--method=dcgan", *TINY, "--run_dir=new", *more]
    refused(loaded.run("train", *command, folder=field), "train", words)
    assert not (field / "new").exists()


def test_a_run_is_not_shared_by_two_data_sets(loaded, field):
    shutil.copytree(field / "photos", field / "others")
    (field / "others" / "red").rename(field / "others" / "green")
    command = ["--dataset=others/", "--classes=green", "--method=dcgan", *TINY, "--run_dir=run"]
    result = loaded.run("train", *command, "--iterations=1", folder=field)
    refused(result, "train", "--dataset was photos, is now others")


def test_weights_of_another_network_are_one_line(loaded, field):
    import keras

    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(field / "other.weights.h5")
    command = ["--dataset=photos/", "--image_size=32", "--vgg_weights=other.weights.h5"]
    result = loaded.run("train", *command, "--run_dir=new", folder=field)
    refused(result, "train", "does not hold the weights of VGG-19 without its top")
