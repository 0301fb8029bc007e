"""What reaches the user's terminal: any text, no codes that it would obey, no broken pipes."""

import contextlib
import os
import sys
import unicodedata

_CONTROLS = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


class OutputLost(Exception):
    """Standard output takes no more; the cause is the `OSError`."""


def printable(text):
    """Return a text with a question mark for each sign that a terminal obeys, as `ls` shows it.

    Names of files can hold line breaks, codes such as those of colours, and bytes that are no text.
    """
    return "".join("?" if unicodedata.category(sign) in _CONTROLS else sign for sign in text)


@contextlib.contextmanager
def output():
    """Let the block print any text, and tell apart where standard output is closed or full.

    Raises:
        OutputLost: at its end, or where a pipe has lost its reader (`train.py | head -1`).
            What is printed afterwards goes nowhere.
    """
    for stream in (sys.stdout, sys.stderr):
        # Bytes of a file name that are no text are shown by their codes.
        if getattr(stream, "errors", None) == "strict":
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except BrokenPipeError as error:
        _flush()
        raise OutputLost from error
    except BaseException:  # which says more than that it cannot be printed
        _flush()
        raise
    if lost := _flush():
        raise OutputLost from lost


def _flush():
    """Print what is held back; return the `OSError` where that fails, and print nowhere then."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python flushes it again at the end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return error
    return None
