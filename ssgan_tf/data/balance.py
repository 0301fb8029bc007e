"""How many images each class gets, when images are added to a data set."""

from ssgan_tf.bounds import require
from ssgan_tf.errors import UserError

#: Asks for as many images as each class lacks of the largest one.
BALANCE = "balance"
#: Asks for as many images of each class as were taken away from it.
RESTORE = "restore"


def parse_per_class(text):
    """Return `--per_class` as a number, or as "balance".

    Raises:
        UserError: it is neither "balance" nor a number of at least 1, or too large.
    """
    if text.strip() == BALANCE:
        return BALANCE
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise UserError(f"--per_class is {text!r}; it must be a number from 1, or {BALANCE}")
    require("per_class", count)
    return count


def parse_share(text):
    """Return the share of `"25%"` as a number, 0.25.

    Raises:
        UserError: it is not a whole number of per cent from 1 to 1000.
    """
    digits = text.strip().removesuffix("%").strip()
    share = int(digits) if digits.isdecimal() and len(digits) < 5 else 0
    if not 0 < share <= 1000:
        raise UserError(f"--per_class is {text!r}; a share must be from 1% to 1000%, whole")
    return share / 100


def counts_to_generate(per_class, real_counts, former_counts=None):
    """Return how many images each class gets.

    Args:
        per_class: the same number for all; "balance": as many as each class lacks of the largest
            one; "restore": as many as each class lacks of its former number; or a dict from class
            to its number, where a class that is not in it gets none.
        real_counts: dict from class to its number of real training images.
        former_counts: dict from class to its number before some were taken away; for "restore".
    """
    if isinstance(per_class, dict):
        return {name: per_class.get(name, 0) for name in real_counts}
    if per_class == RESTORE:
        return {name: former_counts[name] - count for name, count in real_counts.items()}
    largest = max(real_counts.values())
    return {
        name: largest - count if per_class == BALANCE else per_class
        for name, count in real_counts.items()
    }
