"""Whose turn it is: each image of a class is used once before any is used again."""

import numpy as np


def in_turn(size, count, rng):
    """Yield `count` places in [0, size): one random order of all of them after another.

    The generator draws from `rng` only when an order is used up. So a caller that draws what it
    needs for an image before it asks for the next one gets the same first images however many
    follow.
    """
    for number in range(count):
        if number % size == 0:
            order = rng.permutation(size)
        yield order[number % size]


def change_each(change, images, count, rng):
    """Return `change(image, rng)` of one image after another, in turn.

    Args:
        change: takes uint8 `(height, width, 3)` and an `np.random.Generator`, and returns uint8
            of that shape.
        images: uint8 `(n, height, width, 3)`.
        count: how many to make.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.
    """
    changed = np.empty((count, *images.shape[1:]), np.uint8)
    for number, place in enumerate(in_turn(len(images), count, rng)):
        changed[number] = change(images[place], rng)
    return changed
