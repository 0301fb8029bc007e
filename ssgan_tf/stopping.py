"""Ctrl-C and SIGTERM where nothing is to be saved: one line, and 128 + the signal as exit code.

Trainings hear signals otherwise (`ssgan_tf.runs.interruption`) while they run. This module
imports nothing that takes time, so that scripts can listen before they import what does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

_unwinds = False
_errors = 2  # where lines go


class StoppedBySignal(BaseException):
    """A signal asked the process to stop; no `Exception`, so that nobody takes it for a failure.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def listen() -> None:
    """Answers SIGINT and SIGTERM from now on with one line on standard error, and stops.

    At once, for there is nothing to clean up while modules are imported; inside `unwinding` by
    raising `StoppedBySignal`.
    """
    global _errors
    _errors = os.dup(2)  # 2 itself is held back while TensorFlow starts
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


@contextlib.contextmanager
def unwinding() -> Iterator[None]:
    """Lets the first signal inside the block raise `StoppedBySignal`; a second one stops at once.

    So temporary files are removed, locks released and bars closed before the process ends.
    """
    global _unwinds
    _unwinds = True
    try:
        yield
    finally:
        _unwinds = False


def say(number: int) -> int:
    """Prints the one line of a signal; returns the exit code, 128 + its number."""
    name = signal.Signals(number).name
    words = "Ctrl-C (SIGINT)" if number == signal.SIGINT else name
    line = f"{Path(sys.argv[0]).name}: stopped by {words}; run the same command to go on\n"
    with contextlib.suppress(OSError):
        os.write(_errors, line.encode(errors="replace"))
    return 128 + number


def _stop(number: int, frame) -> None:
    global _unwinds
    if _unwinds:
        _unwinds = False
        raise StoppedBySignal(number)
    os._exit(say(number))
