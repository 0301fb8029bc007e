import subprocess

import pytest

from ssgan_tf.runs import provenance


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A file in a repository of something else that is taken for the module of this code."""
    (tmp_path / "thesis.tex").write_text("\\begin{document}")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "thesis.tex")
    path = tmp_path / "environment" / "provenance.py"
    path.parent.mkdir()
    path.write_text("")
    monkeypatch.setattr(provenance, "__file__", str(path))
    return path


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", folder, *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder, path):
    git(folder, "add", path)
    git(folder, "commit", "--quiet", "-m", "x")


def test_code_installed_into_a_repository_of_something_else_has_no_commit(module):
    assert provenance.git_commit() is None


def test_code_in_its_own_repository_has_its_commit_and_a_mark_of_changes(module):
    commit(module.parent, module.name)
    assert provenance.git_commit() == git(module.parent, "rev-parse", "HEAD")
    module.write_text("changed")
    assert provenance.git_commit() == git(module.parent, "rev-parse", "HEAD") + "+"
