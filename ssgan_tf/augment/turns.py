"""The order of images: each image of a class is used once before any is used again."""

import numpy as np


def in_turn(size, count, rng):
    """Yield `count` indices below `size`: random permutations, one after another.

    It draws from `rng` only at the start of a permutation. So a caller that draws what it needs for
    an image before asking for the next index gets the same first images, whatever the count.
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
        count: the number of images to make.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.
    """
    changed = np.empty((count, *images.shape[1:]), np.uint8)
    for number, index in enumerate(in_turn(len(images), count, rng)):
        changed[number] = change(images[index], rng)
    return changed
