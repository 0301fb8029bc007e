import sys

import pytest

from ssgan_tf import command_line


def test_the_command_to_go_on_does_not_begin_anew(monkeypatch):
    arguments = ["compare.py", "--overwrite", "--out", "a b", "-overwrite=true", "--overwrite=1"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command_line.again() == "python compare.py --out 'a b'"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The path of an installed ssgan-train that runs now; ssgan-generate lies beside it."""
    for name in ("ssgan-train", "ssgan-generate"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "ssgan-train"), "--overwrite", "--mu=0"])
    return tmp_path / "ssgan-train"


@pytest.mark.parametrize("on_path", [True, False])
def test_an_installed_command_is_named_as_it_was_called(installed, monkeypatch, on_path):
    monkeypatch.setenv("PATH", str(installed.parent) if on_path else "/nowhere")
    folder = "" if on_path else f"{installed.parent}/"
    assert command_line.again() == f"{folder}ssgan-train --mu=0"
    named = command_line.as_called("Next: python generate.py --run x, which train.py wrote")
    assert named == f"Next: {folder}ssgan-generate --run x, which ssgan-train wrote"


def test_files_that_are_called_like_a_command_keep_their_names(installed):
    text = "my/train.py, retrain.py, train.pyc and re-train.py"
    assert command_line.as_called(text) == text


def test_a_script_of_another_folder_names_the_one_beside_it(monkeypatch):
    text = "Next: python generate.py, after train.py"
    for script, named in (
        ("train.py", text),
        ("/home/x y/train.py", "Next: python '/home/x y/generate.py', after train.py"),
        ("/usr/bin/pytest", text),
    ):
        monkeypatch.setattr(sys, "argv", [script])
        assert command_line.as_called(text) == named
