"""Which images are compared: a generated set, the images it was learnt from, and held-out ones."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ssgan_tf.data import ImageSet, load_dataset, split
from ssgan_tf.data.folder import class_folders
from ssgan_tf.data.loading import load_flat_folder
from ssgan_tf.errors import UserError
from ssgan_tf.generation import MANIFEST

ALL = "all"  # the one class of folders without classes
ADVICE_SIZE = 128


@dataclass(frozen=True, eq=False)
class Inputs:
    """The images of an evaluation.

    Attributes:
        generated: the generated images.
        real: the real images of the same classes, with the same class names.
        training: places in `real` of the images that were learnt from (or are taken to be).
        held_out: places in `real` of images that were not; empty where there are none.
        split_from: where this division comes from: "manifest", "seed" or "none".
        for_advice: the real images at 128 pixels, the size that Eq. 4 of GM-augCls was fitted at.
        manifest: what the generated folder says of itself, or None.
        warnings: what a reader of the results has to know.
    """

    generated: ImageSet
    real: ImageSet
    training: np.ndarray
    held_out: np.ndarray
    split_from: str
    for_advice: ImageSet
    manifest: dict | None = None
    warnings: list[str] = field(default_factory=list)


def load_inputs(
    generated, *, dataset=None, real=None, datasets_dir=None, classes=None, image_size=None,
    seed=0, test_per_class=None, cache_dir=None, progress=True,
):  # fmt: skip
    """Load both sides at one size and divide the real images as the generator's training did.

    Args:
        generated: folder of generated images, with or without class folders.
        dataset: name or path of the real data set, which is divided into images learnt from and
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
    options = {"cache_dir": cache_dir, "progress": progress}
    generated = Path(generated)
    manifest = read_manifest(generated)
    size = image_size or _size_of_images(generated)
    made = _load(generated, size, options)

    def load_real(pixels, **more):
        if real is not None:
            return _load(Path(real), pixels, options | more)
        return load_dataset(dataset, pixels, datasets_dir=datasets_dir, **options, **more)

    known, for_advice = load_real(size), load_real(ADVICE_SIZE, notices=False)
    if real is not None:
        # A second copy would make copies by a generator look normal.
        _, firsts = np.unique(known.hashes, return_index=True)
        known, for_advice = (side.select(np.sort(firsts)) for side in (known, for_advice))
    flat = ALL in made.class_names + known.class_names
    if flat and made.class_names != known.class_names:
        made, known, for_advice = map(_without_classes, (made, known, for_advice))
    wanted = tuple(sorted(classes)) if classes else made.class_names
    for name in made.with_classes(wanted).class_names:
        if name not in known.class_names:
            raise UserError(
                f"{generated} has the class {name!r}, which {known.name} lacks; it has "
                f"{', '.join(known.class_names)}; choose with --classes"
            )
    made, known, for_advice = (side.with_classes(wanted) for side in (made, known, for_advice))
    everything, nothing = np.arange(len(known)), np.array([], np.int64)
    inputs = Inputs(made, known, everything, nothing, "none", for_advice, manifest)
    if manifest is not None and not manifest.get("complete", True):
        inputs.warnings.append(f"{generated} is not complete: generate.py was interrupted")
    if real is None:
        inputs = _divided(inputs, seed, test_per_class)
    return inputs


def read_manifest(folder):
    """Return what `generate.py` wrote of a generated folder, or None where it did not."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        return None
    ours = isinstance(manifest, dict) and str(manifest.get("made_by", "")).startswith("ssgan_tf")
    return manifest if ours else None


def _divided(inputs, seed, test_per_class):
    """Return the inputs with the real images divided into learnt from and held out."""
    recorded = (inputs.manifest or {}).get("data", {}).get("classes")
    if recorded:
        training, held_out = (_recorded(inputs.real, recorded, side) for side in ("train", "test"))
        expected = sum(len(recorded[name]["train"]) for name in inputs.real.class_names)
        if len(training) < expected:
            inputs.warnings.append(
                f"of {expected} images that the generator learnt from, only {len(training)} are "
                f"in {inputs.real.name}"
            )
        if len(np.intersect1d(training, held_out)):
            inputs.warnings.append(
                "LEAKED: the generator learnt from the held-out images too (--all_images)"
            )
        if len(training):
            return replace(inputs, training=training, held_out=held_out, split_from="manifest")
    inputs.warnings.append(
        "provenance unknown: the generated folder does not record which of these real images were "
        f"learnt from; they are divided by --seed {seed}"
    )
    parts = split(inputs.real, seed=seed, test_per_class=test_per_class)
    place = {path: index for index, path in enumerate(inputs.real.paths)}
    training, held_out = (
        np.array([place[path] for path in side.paths], np.int64)
        for side in (parts.train, parts.test)
    )
    return replace(inputs, training=training, held_out=held_out, split_from="seed")


def _recorded(real, recorded, side):
    """Return the places of the real images that a manifest records on one side of its split."""
    known = {
        (name, file_hash)
        for name, sides in recorded.items()
        for file_hash in sides[side]
    }  # fmt: skip
    labelled = zip(real.labels, real.hashes, strict=True)
    return np.flatnonzero(
        [(real.class_names[label], digest) in known for label, digest in labelled]
    )


def _load(folder, size, options):
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of images")
    if class_folders(folder):
        return load_dataset(_as_path(folder), size, **options)
    return load_flat_folder(folder, size, class_name=ALL, **options)


def _as_path(folder):
    """Return the folder so that `load_dataset` takes it for a path, not for a name."""
    return folder.absolute()


def _without_classes(image_set):
    labels = np.zeros_like(image_set.labels)
    return replace(image_set, labels=labels, class_names=(ALL,), contradictory=frozenset())


def _size_of_images(folder):
    """Return the shorter side of the first picture in the folder or in its class folders."""
    for place in [*(class_folders(folder) if folder.is_dir() else ()), folder]:
        for path in sorted(place.glob("*.*")):
            try:
                with Image.open(path) as image:
                    return min(image.size)
            except OSError:
                continue
    raise UserError(f"{folder}: no folder with images that can be read")
