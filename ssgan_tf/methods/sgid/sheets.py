"""Contact sheets: each original beside its variants, with caption and similarity."""

from functools import partial

import numpy as np

from ssgan_tf import plots
from ssgan_tf.files import write_atomically
from ssgan_tf.methods.sgid.records import Key
from ssgan_tf.methods.sgid.sources import resized

ROWS, THUMBNAIL, SHOWN = 20, 128, 100


def write_sheets(candidates, sources, choosing, class_name, images, count):
    """Write `_candidates/<class>-000.png` and so on, 20 originals each.

    Where there are several candidates for an image, a row shows them all, for choosing by hand;
    else it shows the first variants of an original, of the first 100 originals.

    Args:
        candidates: the `Candidates`.
        sources: the `Sources`.
        choosing: the `Choosing`.
        class_name: the class.
        images: so many images have all their candidates.
        count: candidates of each image.
    """
    found = sources.of[class_name]
    if count > 1:
        rows = [[image] for image in range(images)]
    else:
        rows = [list(range(first, images, len(found)))[:8]
                for first in range(min(len(found), images, SHOWN))]  # fmt: skip
    for start in range(0, len(rows), ROWS):
        sheet = {}
        for row in rows[start : start + ROWS]:
            keys = [Key(class_name, image, number) for image in row for number in range(count)]
            original = sources.image(found[row[0] % len(found)], THUMBNAIL)
            shown = [original, *(resized(candidates.image(key), THUMBNAIL) for key in keys)]
            chosen = choosing.choice(candidates.cosines, class_name, row[0])
            sheet[_label(candidates, keys, chosen, count)] = np.stack(shown)
        picture = plots.labelled_rows(sheet)
        file = candidates.path / f"{class_name}-{start // ROWS:03d}.png"
        write_atomically(file, partial(plots.write_png, image=picture))


def _label(candidates, keys, chosen, count):
    """Return the text of a row: number, caption, its similarity, and those of the variants."""
    row = candidates.rows[keys[0]]
    cosines = ", ".join(f"{candidates.cosines[key]:.2f}" for key in keys)
    taken = ""
    if count > 1:
        taken = f"; {'none' if chosen is None else f'number {chosen.candidate}'} taken"
    return (
        f"{keys[0].image:06d} {row['caption'][:60]} ({row['similarity']:.2f}); close: {cosines}"
        f"{taken}"
    )
