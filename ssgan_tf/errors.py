"""Errors of the user, kept apart from bugs."""

from ssgan_tf.terminal import printable


def first_line(error):
    """Return the first line of an exception's message, 200 signs at most; its class without one."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


class UserError(Exception):
    """The user's input is wrong; the message is one line that says what and what to do.

    Scripts print it on standard error, without a traceback, and leave with exit code 2. What stands
    in files can get into it, so line breaks become spaces and signs that a terminal obeys question
    marks.
    """

    def __init__(self, message=""):
        super().__init__(printable(str(message).replace("\n", " ")))


def one_line(error, **flags):
    """Return an exception as one line; one that is a bug bears its class.

    Args:
        error: the exception.
        **flags: flags that the message may name, each with what the command calls it.
    """
    words = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    for name, own in flags.items():
        words = words.replace(f"--{name}", f"--{own}")
    return " ".join(words.split())
