import errno
import json
import math
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf import files
from ssgan_tf.errors import UserError
from ssgan_tf.files import (
    content_of,
    disk_errors,
    sweep_temporaries,
    temporary_folder,
    write_atomically,
    write_json,
)


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_the_file_appears_whole_and_alone(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"new ")
        assert path.read_bytes() == b"old"
        file.write(b"content")

    write_atomically(path, write)
    assert path.read_bytes() == b"new content"
    assert names(tmp_path) == ["a.bin"]


def test_file_and_folder_reach_the_disk_in_order(tmp_path, monkeypatch):
    events = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor):
        events.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def replace(self, target):
        events.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_atomically(tmp_path / "a", lambda file: file.write(b"x"))
    assert events == ["file", "rename", "folder"]


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt()])
def test_an_error_while_writing_leaves_the_old_file_and_no_temporary(tmp_path, error):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, write)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_disk_that_is_full_at_the_sync_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fsync(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    line = r"cannot save: .*a\.bin: No space left.*; free some space"
    with pytest.raises(UserError, match=line), disk_errors("cannot save"):
        write_atomically(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_name_of_the_longest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_atomically(path, lambda file: file.write(b"x"))
    assert path.read_bytes() == b"x"


def test_json_keeps_its_order_and_its_letters(tmp_path):
    path = tmp_path / "a.json"
    obj = {"zinnia": 1, "anémone": [1.5, None], "undecodable \udcff": "猫"}
    write_json(path, obj)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == obj
    assert list(json.loads(text)) == list(obj)
    assert text.startswith('{\n  "zinnia"') and "anémone" in text and text.endswith("}\n")


def test_json_that_other_programs_could_not_read_is_refused_before_writing(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError):
        write_json(path, {"a": math.nan})
    assert json.loads(path.read_text()) == {"a": 1}


@pytest.mark.parametrize(
    "number",
    ["ENOSPC", "EDQUOT", "EFBIG", "EACCES", "EPERM", "EROFS", "ENOTDIR", "ENAMETOOLONG", "EEXIST"],
)
def test_what_the_disk_refuses_is_the_users_to_mend(number):
    code = getattr(errno, number)
    with pytest.raises(UserError) as caught, disk_errors("cannot save the run"):
        raise OSError(code, os.strerror(code), "runs/flower")
    line = str(caught.value)
    assert line.startswith(f"cannot save the run: runs/flower: {os.strerror(code)}; ")
    assert "nothing that was saved is lost" in line
    assert "\n" not in line


def test_real_obstacles_are_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/run.*Not a directory"), disk_errors("cannot begin"):
        (tmp_path / "file" / "run").mkdir()
    with pytest.raises(UserError, match="File exists; move what is"), disk_errors("cannot begin"):
        (tmp_path / "file").mkdir(exist_ok=True)


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "I/O"), FileNotFoundError(2, "no"), KeyError()]
)
def test_other_errors_pass(error):
    with pytest.raises(type(error)) as caught, disk_errors("cannot save"):
        raise error
    assert caught.value is error


@pytest.mark.skipif(files.fcntl is None, reason="needs file locks")
def test_leftovers_of_dead_writers_are_swept_and_files_being_written_stay(tmp_path):
    (tmp_path / "class").mkdir()
    script = """
import os, signal, sys
from ssgan_tf.files import write_atomically
def write(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
write_atomically(sys.argv[1], write)
"""
    subprocess.run([sys.executable, "-c", script, tmp_path / "class" / "a"], timeout=60)
    (left,) = names(tmp_path / "class")
    assert left.endswith(files.TEMPORARY_SUFFIX)

    def write(file):
        sweep_temporaries(tmp_path)
        assert names(tmp_path / "class") == []
        assert len(names(tmp_path)) == 2
        file.write(b"whole")

    write_atomically(tmp_path / "b", write)
    assert (tmp_path / "b").read_bytes() == b"whole"


@pytest.mark.skipif(files.fcntl is None, reason="needs file locks")
def test_folders_of_dead_writers_are_swept_and_those_in_use_stay(tmp_path):
    script = """
import os, signal, sys
from ssgan_tf.files import temporary_folder
with temporary_folder(sys.argv[1]) as folder:
    (folder / "half").write_bytes(b"x")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, tmp_path], timeout=60)
    (left,) = names(tmp_path)
    assert left.endswith(files.TEMPORARY_SUFFIX)
    assert content_of(tmp_path) == []
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / ".0.ssgan-tmp").mkdir()
    with temporary_folder(tmp_path) as folder:
        (folder / "a").write_bytes(b"x")
        sweep_temporaries(tmp_path, below=False)
        assert names(tmp_path) == sorted([folder.name, "below"])
        assert names(folder) == ["a"]
        assert names(tmp_path / "below") == [".0.ssgan-tmp"]
    sweep_temporaries(tmp_path)
    assert names(tmp_path) == ["below"] and names(tmp_path / "below") == []


def test_a_sweep_leaves_what_a_link_leads_to(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").write_bytes(b"mine")
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept" / ".0.ssgan-tmp").symlink_to(tmp_path / "mine")
    sweep_temporaries(tmp_path / "swept")
    assert names(tmp_path / "mine") == ["a"]


@pytest.mark.skipif(files.fcntl is None, reason="needs file locks")
def test_a_file_swept_before_it_is_marked_is_begun_anew(tmp_path, monkeypatch):
    real_flock, swept = files.fcntl.flock, []

    def flock(descriptor, how):
        if not swept:
            swept.extend(tmp_path.iterdir())
            swept[0].unlink()
        real_flock(descriptor, how)

    monkeypatch.setattr(files.fcntl, "flock", flock)
    write_atomically(tmp_path / "a", lambda file: file.write(b"whole"))
    assert swept and names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_a_new_file_has_the_usual_permissions(tmp_path):
    write_atomically(tmp_path / "ours", lambda file: file.write(b"x"))
    (tmp_path / "usual").write_bytes(b"x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode
