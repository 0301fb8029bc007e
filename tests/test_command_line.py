import sys

from ssgan_tf import command_line


def test_the_command_to_go_on_does_not_begin_anew(monkeypatch):
    arguments = ["compare.py", "--overwrite", "--out", "a b", "-overwrite=true", "--overwrite=1"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command_line.again() == "python compare.py --out 'a b'"
