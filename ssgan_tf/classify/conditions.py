"""Conditions: the images and policies that a classifier's training adds to the real images."""

import dataclasses
import difflib
import re
from pathlib import Path

import numpy as np

from ssgan_tf.augment import OFFLINE, POLICIES, augment
from ssgan_tf.data.balance import (
    BALANCE,
    RESTORE,
    counts_to_generate,
    parse_per_class,
    parse_share,
)
from ssgan_tf.errors import UserError

ORIGINAL = "original"
_KNOWN = (ORIGINAL, *OFFLINE, *POLICIES)
_GENERATED = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*)=(.+)")


@dataclasses.dataclass(frozen=True)
class Condition:
    """One way to augment the real images.

    Attributes:
        name: the parts and policies in their order, without folders: `"ssgan+geometric"`.
        parts: the sets that are added, classical (`ssgan_tf.augment.OFFLINE`) and generated.
        policies: names of augmentations at training time (`ssgan_tf.augment.POLICIES`).
        folders: dict from the name of a generated part to its folder.
    """

    name: str
    parts: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    folders: dict[str, Path] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def kind(self):
        """`"generated"` with a generated set among the parts, else `"classical"`, `"original"`."""
        if self.folders:
            return "generated"
        return "classical" if self.parts or self.policies else ORIGINAL

    @property
    def spec(self):
        """The value of `--augment`."""
        names = (*self.parts, *self.policies) or (ORIGINAL,)
        return "+".join(
            f"{name}={self.folders[name]}" if name in self.folders else name for name in names
        )


def parse_condition(text):
    """Return the `Condition` that a text such as `"ssgan=augmented/flower+geometric"` names.

    The text is split at each `+`. A piece that is neither an augmentation nor of the form NAME=DIR
    belongs to the folder before it, because the names of folders may contain a `+`.

    Raises:
        UserError: an unknown or repeated name, or a folder that does not exist.
    """
    names, folders = [], {}
    last_folder = None  # the generated part whose folder the next piece may belong to
    for piece in text.split("+"):
        if piece in _KNOWN:
            name, last_folder = piece, None
        elif match := _GENERATED.fullmatch(piece):
            name, folder = match.groups()
            if name in _KNOWN:
                raise UserError(
                    f"--augment {text}: {name!r} has a meaning of its own; give the folder "
                    "another name"
                )
            folders[name], last_folder = folder, name
        elif last_folder:
            folders[last_folder] += f"+{piece}"
            continue
        else:
            raise UserError(f"--augment {text}: {_unknown(piece)}")
        if name in names:
            raise UserError(f"--augment {text}: {name!r} is named twice; name it once")
        names.append(name)
    if ORIGINAL in names and len(names) > 1:
        raise UserError(
            f"--augment {text}: {ORIGINAL!r} stands alone, as the baseline of real images only; "
            "every other condition has them too"
        )
    return Condition(
        name="+".join(names),
        parts=tuple(name for name in names if name in OFFLINE or name in folders),
        policies=tuple(name for name in names if name in POLICIES),
        folders={name: _existing_folder(text, folder) for name, folder in folders.items()},
    )


def row_name(condition, size):
    """Return the name of a row and of its folder: "crop-400"; "cutmix" for a size of None."""
    return condition if size is None else f"{condition}-{size}"


def parse_conditions(texts):
    """Return the `Condition` of each text, after `original`, which is always there.

    Raises:
        UserError: as `parse_condition`; two conditions of one name, or two folders of one name.
    """
    conditions, folders = {}, {}
    for condition in map(parse_condition, texts):
        if condition.name in conditions:
            raise UserError(
                f"--augment: two conditions are called {condition.name!r}; leave one out, or give "
                "its folder another name"
            )
        for name, folder in condition.folders.items():
            known = folders.setdefault(name, folder)
            if known.resolve() != folder.resolve():
                raise UserError(
                    f"--augment: {name!r} stands for two folders, {known} and {folder}; give one "
                    "of them another name"
                )
        conditions[condition.name] = condition
    original = conditions.pop(ORIGINAL, Condition(ORIGINAL))
    return [original, *conditions.values()]


def parse_sizes(text):
    """Return the sizes of `--per_class`: `"200,400"` gives `["200", "400"]`, without repeats.

    Raises:
        UserError: one is neither a number of at least 1, nor a share such as "25%", nor "balance"
            nor "restore".
    """

    def parsed(size):
        if size.endswith("%"):
            return f"{round(100 * parse_share(size))}%"
        return size if size == RESTORE else str(parse_per_class(size))

    return list(dict.fromkeys(parsed(size.strip()) for size in text.split(",")))


def counts_to_add(size, real_counts, former_counts=None):
    """Return the number of images to add to each class, a dict.

    Args:
        size: a number as text; "25%": so much of the class's real images, rounded; "balance": up
            to the largest class; or "restore": up to what the class had before `--imbalance`.
        real_counts: dict from class to its number of real training images.
        former_counts: dict from class to what it had before, for "restore".
    """
    if size.endswith("%"):
        share = parse_share(size)
        return {name: round(share * count) for name, count in real_counts.items()}
    number = size if size in (BALANCE, RESTORE) else int(size)
    return counts_to_generate(number, real_counts, former_counts)


def added_images(condition, counts, real, generated, seed, parts=None):
    """Return the images that a condition adds for one seed.

    The parts share each class's number equally; the first parts take the remainder. Generated
    images are the first of each class by path, whatever the seed.

    Args:
        condition: a `Condition`.
        counts: dict from every class to the number of images to add.
        real: `ImageSet` of the real training images; classical sets are made from these.
        generated: dict from the name of a part to its `Generated`.
        seed: of the classical sets.
        parts: add only these of the condition's parts; by default all.

    Returns:
        an `ImageSet` of the added images only, with the classes of `real`.

    Raises:
        UserError: a generated folder has too few images of a class, or a class has too few real
            images for a classical set.
    """
    added = dataclasses.replace(real.select([]), name=condition.name)
    for index, part in enumerate(condition.parts):
        if parts is not None and part not in parts:
            continue
        shares = {
            name: count // len(condition.parts) + (index < count % len(condition.parts))
            for name, count in counts.items()
        }
        if part in condition.folders:
            made = _first(generated[part], shares)
        else:
            made = augment(part, real, shares, seed)
        added = added.joined_with(made)
    return added


def _first(generated, counts):
    """Return the first images of each class by path."""
    images, chosen = generated.images, []
    for label, name in enumerate(images.class_names):
        of_class = np.flatnonzero(images.labels == label)
        if counts[name] > len(of_class):
            raise UserError(
                f"{generated.path} has {len(of_class)} images of class {name!r}, and "
                f"{counts[name]} are wanted; generate more, or lower --per_class"
            )
        chosen += sorted(of_class, key=images.paths.__getitem__)[: counts[name]]
    return images.select(chosen)


def _existing_folder(text, folder):
    """Return the path of a generated part; its last piece may be a misspelt augmentation."""
    try:
        path = Path(folder).expanduser()
        if path.is_dir():
            return path
    except (OSError, RuntimeError):  # not readable, or the home of an unknown user
        pass
    *_, last = folder.split("+")
    hint = "name a folder of generated images" if last == folder else f"and {_unknown(last)}"
    raise UserError(f"--augment {text}: there is no folder {folder}; {hint}")


def _unknown(piece):
    close = difflib.get_close_matches(piece, _KNOWN, n=1)
    question = f", did you mean {close[0]}?" if close else ""
    return (
        f"{piece!r} is no known augmentation{question}; known: {', '.join(_KNOWN)}, and NAME=DIR "
        "for a folder of generated images"
    )
