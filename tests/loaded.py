"""Commands in forked children of a process that has TensorFlow loaded, so that each takes less.

As a program (`python loaded.py`) it reads a request a line from standard input, as JSON: `name`
of a command, `arguments`, the `folder` to be in, `environment`, and the files that `stdout` and
`stderr` go to. It answers with the child's process id and, once the child has ended, with its exit
code. TensorFlow starts threads with its first operation; none has run in the parent, so that a
child begins as a new process would, after its imports.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 1200  # seconds that a command may take, on a machine that has much else to do
NO_READER = "|"  # in the place of a file: a pipe that nobody reads


class Result(NamedTuple):
    """How a command ended; the exit code is minus the signal where one ended it at once."""

    code: int
    stdout: str
    stderr: str


class Loaded:
    """The process that forks; one command at a time."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            bufsize=0,  # else one answer may wait behind another where `select` cannot see it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        self._answer()  # it has loaded everything

    def start(self, name, *arguments, folder, stdout=None, **environment):
        """Begin a command; return the id of its process."""
        folder = Path(folder)
        self._files = [
            Path(stdout or folder.parent / f"{folder.name}.stdout"),
            folder.parent / f"{folder.name}.stderr",
        ]
        request = {
            "name": name,
            "arguments": [str(argument) for argument in arguments],
            "folder": str(folder),
            "environment": {"SSGAN_CACHE": str(folder.parent / "cache"), **environment},
            "stdout": str(self._files[0]),
            "stderr": str(self._files[1]),
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._pid = self._answer()
        return self._pid

    def ended(self, seconds=0):
        """Whether the command has ended, after so many seconds at most."""
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def wait(self):
        """Return the `Result` of the command that was begun."""
        late = not self.ended(PATIENCE)
        if late:
            os.kill(self._pid, signal.SIGKILL)
        code = self._answer()
        texts = [path.read_text(errors="replace") if path.is_file() else "" for path in self._files]
        assert not late, f"no end after {PATIENCE} seconds:\n{texts[1]}"
        return Result(code, *texts)

    def run(self, name, *arguments, **options):
        """Run a command to its end; return the `Result`."""
        self.start(name, *arguments, **options)
        return self.wait()

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self):
        return json.loads(self._process.stdout.readline())


def _serve():
    """Answer requests; return one in the child that is to fulfil it, None at the end."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        child = os.fork()
        if not child:
            return request
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))
    return None


def _say(number):
    os.write(1, b"%d\n" % number)


def _become(request):
    """Make this process one that a shell would have started for the request."""
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    for number, place in enumerate([os.devnull, request["stdout"], request["stderr"]]):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY
        if place == NO_READER:
            reader, descriptor = os.pipe()
            os.close(reader)
        else:
            descriptor = os.open(place, flags, 0o666)
        os.dup2(descriptor, number)
        os.close(descriptor)
    # Python has read this at its own start.
    encoding, _, errors = request["environment"].get("PYTHONIOENCODING", "").partition(":")
    sys.stdout.reconfigure(encoding=encoding or None, errors=errors or None)
    sys.argv = [str(ROOT / f"{request['name']}.py"), *request["arguments"]]


def _fulfil(name):
    """Run the command as its script does, and end."""
    stopping.listen()
    code = 1
    try:
        importlib.import_module(f"ssgan_tf.commands.{name}").run()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    # At once: to take down all modules of TensorFlow takes twenty times as long as a refusal.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    from ssgan_tf import command_line, stopping

    for command in command_line.COMMANDS:
        importlib.import_module(f"ssgan_tf.commands.{command}")
    with contextlib.suppress(ImportError):
        importlib.import_module("keras_hub")
    gc.freeze()  # so that children need not copy what none of them changes
    _say(0)
    wanted = _serve()
    if wanted:
        _become(wanted)
        _fulfil(wanted["name"])
