"""Euclidean distances between feature vectors, in blocks that fit in memory."""

import numpy as np

BLOCK_ROWS = 1024
# Of |a|² + |b|². Less than this is what rounding leaves of |a|² + |b|² - 2ab where a = b.
ROUNDING = 1e-13


def feature_pair(real, generated, at_least):
    """Return two sets of features in float64, checked.

    Args:
        real: features `(n, d)`, any number type.
        generated: features `(m, d)`.
        at_least: how many images each set must hold.

    Raises:
        ValueError: a set is not a matrix, holds too few images or a value that is not finite, or
            the sets differ in width.
    """
    pair = [np.asarray(features, np.float64) for features in (real, generated)]
    for features in pair:
        if features.ndim != 2:
            raise ValueError(f"features of shape {features.shape}, not (images, width)")
        if len(features) < at_least:
            raise ValueError(f"{len(features)} images, where at least {at_least} are needed")
        if not np.isfinite(features).all():
            raise ValueError("features that are not finite")
    if pair[0].shape[1] != pair[1].shape[1]:
        raise ValueError(f"features of widths {pair[0].shape[1]} and {pair[1].shape[1]}")
    return pair


def blocks(queries, references):
    """Yield `(rows, distances)`: a slice of the queries, and their distances to all references.

    Equal vectors are at distance 0 exactly; so is all that float64 cannot tell from equal, nearer
    than 3e-7 of the vectors' length about the references' mean.

    Args:
        queries: features `(m, d)`.
        references: features `(n, d)`.

    Yields:
        a slice into the queries, and float64 `(up to 1024, n)`.
    """
    # About their mean the vectors are short, so that |a|² + |b|² - 2ab cancels least.
    centre = np.mean(references, axis=0, dtype=np.float64)
    references = references - centre
    reference_squares = np.square(references).sum(axis=1)
    for start in range(0, len(queries), BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, len(queries)))
        block = queries[rows] - centre
        lengths = np.square(block).sum(axis=1)[:, None] + reference_squares
        squares = lengths - 2 * block @ references.T
        squares[squares < ROUNDING * lengths] = 0
        yield rows, np.sqrt(squares)


def nearest(queries, references, count=1, themselves=False):
    """Return the nearest references of each query.

    Args:
        queries: features `(m, d)`.
        references: features `(n, d)`.
        count: how many, at most n (n - 1 with `themselves`).
        themselves: the queries are the references; none counts as its own neighbour.

    Returns:
        distances, float64 `(m, count)`, in ascending order, and the places of these references,
        int `(m, count)`.

    Raises:
        ValueError: there are too few references.
    """
    if count > len(references) - themselves:
        raise ValueError(f"{count} neighbours of {len(references)} references")
    found_distances = np.empty((len(queries), count))
    found_places = np.empty((len(queries), count), np.int64)
    for rows, block in blocks(queries, references):
        if themselves:
            block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
        places = np.argpartition(block, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(block, places, axis=1)
        order = np.argsort(near, axis=1, kind="stable")
        found_distances[rows] = np.take_along_axis(near, order, axis=1)
        found_places[rows] = np.take_along_axis(places, order, axis=1)
    return found_distances, found_places
