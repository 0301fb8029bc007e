"""Ctrl-C that saves first, and a second Ctrl-C that does not wait."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from types import FrameType

_MESSAGE = "Finishing the current step, then saving; press Ctrl-C again to stop at once."


class Interrupted(Exception):
    """A signal stopped the work after its state was saved; `exit_code` tells which."""

    def __init__(self, exit_code):
        super().__init__("stopped by a signal; what was done is saved")
        self.exit_code = exit_code


class Interruption:
    """Turns SIGINT and SIGTERM into a request that the loop reads between two steps.

    The first signal sets `requested` and prints one line on standard error. A Ctrl-C after that
    ends the process at once with exit code 130, even while the main thread sits in a long call of
    TensorFlow: Python runs signal handlers only between bytecodes of the main thread, so the
    signals go through a socket to a thread of their own. Further SIGTERMs change nothing.

    The earlier handlers come back at exit. Outside the main thread, where Python installs no
    handlers, nothing is installed and `requested` stays None.

    Attributes:
        requested: the number of the first signal, or None.
    """

    def __init__(self):
        self.requested: int | None = None
        self._installed = False

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells report it; 0 while nothing is requested."""
        return 0 if self.requested is None else 128 + self.requested

    def __enter__(self) -> Interruption:
        self.requested = None
        if threading.current_thread() is not threading.main_thread():
            return self
        # A socket pair rather than a pipe: Windows accepts nothing else here.
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._announcer = None
        self._watcher = threading.Thread(target=self._watch, args=(self._reader,), daemon=True)
        self._watcher.start()
        self._earlier_descriptor = signal.set_wakeup_fd(
            self._writer.fileno(), warn_on_full_buffer=False
        )
        self._earlier_handlers = {
            number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._installed = True
        return self

    def __exit__(self, *exception) -> None:
        if not self._installed:
            return
        self._installed = False
        signal.set_wakeup_fd(self._earlier_descriptor)
        for number, handler in self._earlier_handlers.items():
            # None stands for a handler that was not installed from Python and cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._writer.close()
        self._watcher.join()
        if self._announcer is not None:
            self._announcer.join(timeout=1)
        self._reader.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The watcher does the same; this makes `requested` certain for the very next bytecode.
        if self.requested is None:
            self.requested = int(number)

    def _watch(self, reader: socket.socket) -> None:
        announced = False
        while numbers := reader.recv(64):
            for number in numbers:
                if number not in (signal.SIGINT, signal.SIGTERM):
                    continue  # the program's other signals pass here as well
                if announced and number == signal.SIGINT:
                    os._exit(130)
                if not announced:
                    announced = True
                    self._note(number, None)
                    # Apart, since a terminal that does not take the line would hold up the exit.
                    self._announcer = threading.Thread(target=_announce, daemon=True)
                    self._announcer.start()


def _announce() -> None:
    with contextlib.suppress(OSError, ValueError):
        # The line break leaves the progress bar, which ends without one.
        print(f"\n{_MESSAGE}\n", end="", file=sys.stderr, flush=True)
