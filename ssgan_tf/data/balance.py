"""How many images each class gets, when images are added to a data set."""

#: Asks for as many images as each class lacks of the largest one.
BALANCE = "balance"


def counts_to_generate(per_class, real_counts):
    """Return how many images each class gets.

    Args:
        per_class: the same number for all, or "balance": as many as each class lacks of the
            largest one.
        real_counts: dict from class to its number of real training images.
    """
    largest = max(real_counts.values())
    return {
        name: largest - count if per_class == BALANCE else per_class
        for name, count in real_counts.items()
    }
