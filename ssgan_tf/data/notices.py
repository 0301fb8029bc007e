"""What the user is told about a data set on standard error."""

from __future__ import annotations

import sys
from collections import defaultdict

from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.terminal import printable

_MAX_LISTED = 20


def report(image_set: ImageSet, nested: tuple[str, ...] = ()) -> None:
    """Say which files were left out and why, and which files are the same.

    Args:
        image_set: the images and the list of skipped files.
        nested: images that lie too deep to be read, as `"class/folder/file.jpg"`.
    """
    for line in [*_unusable(image_set), *_too_deep(nested), *_duplicates(image_set)]:
        print(printable(f"{image_set.name}: {line}"), file=sys.stderr)


def _unusable(image_set: ImageSet) -> list[str]:
    lines = [f"skipped {path}: {reason}" for path, reason in image_set.skipped]
    if len(lines) > _MAX_LISTED:
        return [*lines[:_MAX_LISTED], f"... and {len(lines) - _MAX_LISTED} more files skipped"]
    return lines


def _too_deep(nested: tuple[str, ...]) -> list[str]:
    if not nested:
        return []
    return [
        f"images not read because they lie in a folder inside a class folder: {len(nested)}, "
        f"e.g. {nested[0]}"
    ]


def _duplicates(image_set: ImageSet) -> list[str]:
    copies = defaultdict(list)
    for index, file_hash in enumerate(image_set.hashes):
        copies[file_hash].append(index)

    def pair(indices: list[int]) -> str:
        """Name two of the copies, of different classes if there are any."""
        first = indices[0]
        other = max(indices[1:], key=lambda index: image_set.labels[index])
        return f"e.g. {image_set.paths[first]} = {image_set.paths[other]}"

    across = [copies[file_hash] for file_hash in copies if file_hash in image_set.contradictory]
    across = [indices for indices in across if len(indices) > 1]  # the other class may be left out
    within = [
        indices
        for file_hash, indices in copies.items()
        if len(indices) > 1 and file_hash not in image_set.contradictory
    ]
    lines = []
    if within:
        extra = sum(len(indices) - 1 for indices in within)
        lines.append(
            f"exact duplicates: {extra} (kept, always on the same side of a split), "
            f"{pair(within[0])}"
        )
    if across:
        lines.append(
            f"WARNING: images that lie in more than one class, so that their labels contradict "
            f"each other: {len(across)}, {pair(across[0])}; remove the wrong ones"
        )
    return lines
