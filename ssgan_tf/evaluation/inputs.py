"""Which images are compared: a generated set, the images it was trained on, and held-out ones."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ssgan_tf.data import ImageSet, load_dataset, split
from ssgan_tf.data.folder import class_folders, picture_sizes
from ssgan_tf.data.loading import load_flat_folder
from ssgan_tf.data.manifest import read_manifest, what_is_missing
from ssgan_tf.errors import UserError
from ssgan_tf.metrics.memorisation import NEIGHBOURS
from ssgan_tf.metrics.ssim import WINDOW

ALL = "all"  # what the one class of folders without classes is called
ADVICE_SIZE = 128


@dataclass(frozen=True, eq=False)
class Inputs:
    """The images of an evaluation.

    Attributes:
        generated: the generated images.
        real: the real images of the same classes, with the same class names, without copies.
        for_advice: these at 128 pixels, the size that Eq. 4 of GM-augCls was fitted at; None for
            a single class, which leaves nothing to classify.
        training: indices in `real` of the images that were trained on (or are taken to be).
        held_out: indices in `real` of images that were not; empty where there are none.
        split_from: where this division comes from: "manifest", "seed" or "none".
        manifest: what the generated folder says of itself, or None.
        warnings: what a reader of the results has to know.
    """

    generated: ImageSet
    real: ImageSet
    for_advice: ImageSet | None
    training: np.ndarray
    held_out: np.ndarray
    split_from: str
    manifest: dict | None = None
    warnings: list[str] = field(default_factory=list)


def load_inputs(
    generated, *, dataset=None, real=None, datasets_dir=None, classes=None, image_size=None,
    seed=0, test_per_class=None, cache_dir=None, progress=True,
):  # fmt: skip
    """Load both sides at one size and divide the real images as the generator's training did.

    Args:
        generated: folder of generated images, with or without class folders.
        dataset: name or path of the real data set, which is divided into images trained on and
            held out: as the generated folder's manifest records, else by the seed.
        real: instead of it, any folder of real images, which is not divided.
        datasets_dir: where named data sets live.
        classes: compare only these.
        image_size: pixels; by default the size of the generated images. Real images are cropped
            to squares and scaled to it, as for training.
        seed: of the split, where no manifest records one.
        test_per_class: likewise.
        cache_dir: of decoded images.
        progress: show bars.

    Returns:
        `Inputs`.

    Raises:
        UserError: a folder is missing or unusable, or the classes do not fit.
    """
    generated = Path(generated).expanduser()
    options = {"classes": classes, "cache_dir": cache_dir, "progress": progress}
    sizes, warnings = picture_sizes(generated), []
    size = image_size or min(sizes.most_common(1)[0][0])
    if size < WINDOW:
        raise UserError(f"{generated}: images of {size} pixels are too small; SSIM needs {WINDOW}")
    if len(sizes) > 1 or len(set(next(iter(sizes)))) > 1:
        warnings.append(f"not all generated images are squares of {size} pixels: they were cropped "
                        "and scaled, which measures the scaling too")  # fmt: skip
    manifest = read_manifest(generated)
    made, made_is_flat = _load(generated, size, options)
    if missing := what_is_missing(manifest, made.counts()):
        warnings.append(f"{generated} is not complete: {missing}")

    def load_real(pixels, **more):
        # Only the classes that were generated, unless no classes are known.
        wanted = classes if made_is_flat else made.class_names
        more |= options | {"classes": wanted}
        if real is not None:
            return _load(Path(real).expanduser(), pixels, more)
        return load_dataset(dataset, pixels, datasets_dir=datasets_dir, **more), False

    known, known_is_flat = load_real(size)
    kept = _without_copies(known)
    if len(kept) < len(known):
        warnings.append(f"{len(known) - len(kept)} exact copies among the real images are left out")
    known = known.select(kept)

    training, held_out, split_from = np.arange(len(known)), np.array([], np.int64), "none"
    if real is None:
        training, held_out, split_from = _divide(known, manifest, seed, test_per_class, warnings)
    if made_is_flat or known_is_flat:
        if len(known.class_names) > 1:
            warnings.append(f"compared with all classes of {known.name} put together")
        made, known = _without_classes(made), _without_classes(known)
    for name, count in known.select(training).counts().items():
        if count < NEIGHBOURS:
            raise UserError(
                f"{known.name}: class {name!r} has {count} training images to compare with; at "
                f"least {NEIGHBOURS} are needed"
            )
    for_advice = None
    if len(known.class_names) > 1:
        for_advice = load_real(ADVICE_SIZE, notices=False)[0].select(kept)
    return Inputs(made, known, for_advice, training, held_out, split_from, manifest, warnings)


def _divide(real, manifest, seed, test_per_class, warnings):
    """Return the indices trained on, those held out, and where this is known from."""
    recorded = (manifest or {}).get("data", {}).get("classes", {})
    if all(name in recorded for name in real.class_names):
        sides = [_recorded(real, recorded, side) for side in ("train", "test")]
        training, held_out = sides
        expected = sum(len(set(recorded[name]["train"])) for name in real.class_names)
        if 0 < len(training) < expected:
            warnings.append(
                f"of {expected} images that the generator was trained on, only {len(training)} are "
                f"in {real.name}"
            )
        if len(np.intersect1d(training, held_out)):
            warnings.append(
                "LEAKED: the generator was trained on the held-out images too (--all_images); so "
                "nothing counts as held out here"
            )
        before = set().union(*manifest["data"].get("before", {}).values())
        seen = [place for place in held_out if real.hashes[place] in before]
        if seen:
            warnings.append(
                f"LEAKED: what the generator began with was trained on {len(seen)} of the held-out "
                "images; they do not count as held out here"
            )
        if len(training):
            return training, np.setdiff1d(held_out, [*training, *seen]), "manifest"
        reason = f"none of the images that the generator was trained on is in {real.name}"
    else:
        reason = "the generated folder does not record which images were trained on"
    warnings.append(f"provenance unknown: {reason}; they are divided by --seed {seed}")
    parts = split(real, seed=seed, test_per_class=test_per_class)
    place = {path: index for index, path in enumerate(real.paths)}
    training, held_out = (
        np.array([place[path] for path in side.paths], np.int64)
        for side in (parts.train, parts.test)
    )
    return training, held_out, "seed"


def _recorded(real, recorded, side):
    """Return the indices of the real images that a manifest records on one side of its split."""
    known = {(name, digest) for name, sides in recorded.items() for digest in sides[side]}
    names = (real.class_names[label] for label in real.labels)
    labelled = zip(names, real.hashes, strict=True)
    return np.flatnonzero([image in known for image in labelled])


def _load(folder, size, options):
    """Return the images of a folder, and whether it has no classes."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of images")
    if class_folders(folder):
        # As a path even where it looks like a name.
        return load_dataset(folder.absolute(), size, **options), False
    flat = {key: value for key, value in options.items() if key != "classes"}
    return load_flat_folder(folder, size, class_name=ALL, **flat), True


def _without_copies(image_set):
    """Return the indices of the images without second copies within a class.

    A copy among the real images would make copies by a generator look normal.
    """
    labelled = [f"{label}:{digest}" for label, digest in zip(
        image_set.labels, image_set.hashes, strict=True)]  # fmt: skip
    return np.sort(np.unique(labelled, return_index=True)[1])


def _without_classes(image_set):
    labels = np.zeros_like(image_set.labels)
    return replace(image_set, labels=labels, class_names=(ALL,), contradictory=frozenset())
