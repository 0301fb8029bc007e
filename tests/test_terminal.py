"""Output that cannot be printed, that nobody reads, or that finds no room; in real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.terminal import printable

ROOT = Path(__file__).resolve().parents[1]
WORK = """
from ssgan_tf import command_line
from ssgan_tf.errors import UserError

def main(values):
    print("caf\\udce9" * values.times, flush=values.flush)
    if values.fail:
        raise UserError("a file\\nthat is called \\x1b[31mred")
    return 0

flags = command_line.Flags()
flags.DEFINE_integer("times", 1, "Words.")
flags.DEFINE_boolean("flush", False, "At once.")
flags.DEFINE_boolean("fail", False, "Afterwards.")
command_line.run(main, flags)
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and devices of POSIX")


@pytest.fixture
def script(tmp_path):
    # What TensorFlow does at its start is no matter here.
    (tmp_path / "tensorflow.py").write_text(
        "class config:\n    list_physical_devices = list\n"
        "class errors:\n    class ResourceExhaustedError(Exception):\n        pass\n"
    )
    (tmp_path / "work.py").write_text(WORK)
    return tmp_path / "work.py"


def run(script, *arguments, stdout=subprocess.PIPE, encoding="utf-8:strict"):
    environment = {**os.environ}
    environment.pop("PYTHONUNBUFFERED", None)
    paths = os.pathsep.join([str(script.parent), str(ROOT)])
    return subprocess.run(
        [sys.executable, script, *arguments],
        env={**environment, "PYTHONPATH": paths, "PYTHONIOENCODING": encoding},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )


@pytest.fixture
def nobody_reads():
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_a_name_that_no_encoding_has_is_printed_by_its_codes(script, encoding):
    result = run(script, encoding=encoding)
    assert (result.returncode, result.stdout, result.stderr) == (0, "caf\\udce9\n", "")


MOMENTS = [[], ["--flush"], ["--times=100000"], ["--helpfull"]]


@pytest.mark.parametrize("arguments", MOMENTS, ids=str)
def test_where_nobody_reads_it_ends_as_if_a_signal_had_said_so(script, nobody_reads, arguments):
    result = run(script, *arguments, stdout=nobody_reads)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.parametrize("arguments", MOMENTS, ids=str)
def test_a_full_disk_is_one_line(script, arguments):
    with Path("/dev/full").open("wb") as full:
        result = run(script, *arguments, stdout=full)
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("work.py: ") and "No space left on device" in line


def test_a_refusal_stays_one_line_and_harmless_even_on_a_full_disk(script):
    with Path("/dev/full").open("wb") as full:
        result = run(script, "--fail", stdout=full)
    assert result.returncode == 2
    assert result.stderr == "work.py: a file that is called ?[31mred\n"


def test_signs_that_a_terminal_obeys_are_shown_as_question_marks():
    assert printable("a\x1b[1m\r\n\u2028\udcff") == "a?[1m????"
    assert printable("Grüße 猫") == "Grüße 猫"


def test_what_files_hold_makes_no_second_line_of_an_error():
    assert str(UserError("no class a\nb\x1b[31m\u2028\U00016b90")) == "no class a b?[31m??"
