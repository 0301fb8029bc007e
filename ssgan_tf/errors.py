"""Errors of the user, kept apart from bugs."""


class UserError(Exception):
    """The user's input is wrong; the message is one line that says what and what to do.

    Scripts print it on standard error, without a traceback, and leave with exit code 2.
    """
