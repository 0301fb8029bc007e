"""Signals at any moment: one line on standard error, and 128 + the signal as exit code."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SIGNALS = [signal.SIGINT, signal.SIGTERM]
WORDS = {signal.SIGINT: "Ctrl-C (SIGINT)", signal.SIGTERM: "SIGTERM"}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def run(script, folder, *arguments):
    """Run a script that finds the modules in a folder before those that are installed."""
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=120,
    )


def stopped(result, name, number):
    assert result.returncode == 128 + number, result.stderr
    assert result.stderr.splitlines() == [
        f"{name}: stopped by {WORDS[number]}; run the same command to go on"
    ]


def kill_on_import(folder, module, number):
    """Make a module that is sent a signal in the midst of its import, and swallows errors."""
    (folder / f"{module}.py").write_text(
        f"import os, time\ntry:\n    os.kill(os.getpid(), {int(number)})\n    time.sleep(60)\n"
        "except BaseException:\n    raise ImportError from None\n"
    )


@pytest.mark.parametrize("script", ["train", "generate", "evaluate", "classify", "compare"])
@pytest.mark.parametrize("number", SIGNALS)
def test_while_a_script_imports(tmp_path, script, number):
    kill_on_import(tmp_path, "absl", number)  # the first import of any size
    stopped(run(ROOT / f"{script}.py", tmp_path), f"{script}.py", number)


def test_while_tensorflow_starts_and_its_words_are_held_back(tmp_path):
    kill_on_import(tmp_path, "tensorflow", signal.SIGINT)
    stopped(run(ROOT / "generate.py", tmp_path), "generate.py", signal.SIGINT)


AT_WORK = """
from ssgan_tf import stopping
stopping.listen()
import os, pathlib, signal, sys, time
from ssgan_tf import command_line

def main(values):
    try:
        os.kill(os.getpid(), int(sys.argv[-1].removeprefix("--number=")))
        time.sleep(60)
    except Exception:
        print("taken for a failure")
    finally:
        print("cleaned up")

flags = command_line.Flags()
flags.DEFINE_integer("number", 0, "Signal.")
command_line.run(main, flags)
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_at_work_it_cleans_up_first(tmp_path, number):
    (tmp_path / "tensorflow.py").write_text("class config:\n    list_physical_devices = list\n")
    (tmp_path / "work.py").write_text(AT_WORK)
    result = run(tmp_path / "work.py", tmp_path, f"--number={int(number)}")
    stopped(result, "work.py", number)
    assert result.stdout == "cleaned up\n"
