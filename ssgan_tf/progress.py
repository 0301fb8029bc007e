"""Progress bars: quick on a terminal, a line now and then in a log."""

import sys

from tqdm import tqdm


def progress_bar(total, label, unit="it", shown=True, **style):
    """Return a `tqdm` bar on standard error.

    Args:
        total: how much there is to do.
        label: of what.
        unit: of what is counted.
        shown: False shows nothing.
        **style: more arguments of `tqdm`.
    """
    terminal = sys.stderr.isatty()
    return tqdm(
        total=total,
        desc=label,
        unit=unit,
        disable=not shown,
        mininterval=0.2 if terminal else 30,
        maxinterval=1 if terminal else 60,
        **style,
    )


def say_beside(bar, words):
    """Show words beside a bar: at once on a terminal, in a log with its next line."""
    bar.set_postfix_str(words, refresh=sys.stderr.isatty())
