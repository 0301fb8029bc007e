"""Detect test images used to make a generated set: by its manifest, and by its images."""

import hashlib
from dataclasses import dataclass, field

from ssgan_tf.data.manifest import what_is_missing
from ssgan_tf.statistics.findings import CLEAN, LEAKED, UNKNOWN


@dataclass(frozen=True)
class Provenance:
    """The origin of a generated set, as far as it is known.

    Attributes:
        finding: `"LEAKED"` where a test image was used to make the set, `"unknown"` where nothing
            tells, else `"clean"`.
        notes: sentences for the reader of a result.
        additional: dict from class to the number of real images that the generator, or the
            classifier that filtered, was trained on and the classifiers are not, where not 0.
    """

    finding: str
    notes: tuple[str, ...] = ()
    additional: dict[str, int] = field(default_factory=dict, hash=False)


def provenance(generated, training, test):
    """Compare the test images with those that made a generated set, and with its own images.

    Hashes are compared over all classes together: a leak is one whatever the label was.

    Args:
        generated: a `Generated`.
        training: `ImageSet` of the real images that the classifiers train on.
        test: `ImageSet` of the test images.

    Returns:
        a `Provenance`.
    """
    name, manifest = generated.name, generated.manifest
    test_hashes, known = set(test.hashes), {*training.hashes, *test.hashes}
    leaks, advantages, additional = [], [], {}
    for network, trained_on in (
        (f"The generator of {name}", _of_generator(manifest, "train")),
        (f"What the generator of {name} began with", _of_source(manifest)),
        (f"The classifier that filtered {name}", _of_filter(manifest)),
    ):
        if leaked := _listed({c: hashes & test_hashes for c, hashes in trained_on.items()}):
            leaks.append(f"{network} was trained on test images: {leaked}.")
        more = {c: hashes - known for c, hashes in trained_on.items() if c in training.class_names}
        for class_name, hashes in more.items():
            if hashes:
                additional[class_name] = max(len(hashes), additional.get(class_name, 0))
        if listed := _listed(more):
            advantages.append(
                f"{network} was trained on real images that the classifiers do not train on: "
                f"{listed}. That is an advantage, but no leak."
            )
    if copies := leaked_images(generated.images, test):
        leaks.append(f"There are test images among those of {name}: {copies}.")
    doubts = [f"The provenance of {name} is unknown: {why}." for why in _doubts(generated, known)]
    finding = LEAKED if leaks else UNKNOWN if doubts else CLEAN
    return Provenance(finding, (*leaks, *doubts, *advantages, *_making(generated)), additional)


def leaked_images(images, test):
    """Return how many images are test images: by the bytes of the file, or by the decoded pixels.

    Args:
        images: `ImageSet` of images to train on.
        test: `ImageSet` of the test images, at the same size.
    """
    hashes, pixels = set(test.hashes), {_pixel_hash(image) for image in test.images}
    return sum(
        digest in hashes or _pixel_hash(image) in pixels
        for digest, image in zip(images.hashes, images.images, strict=True)
    )


def _doubts(generated, known):
    """Yield why the training images of a set's generator and filter are unknown."""
    manifest = generated.manifest
    if manifest is None:
        yield f"{generated.path} has no manifest of generate.py"
        return
    train, test = _of_generator(manifest, "train"), _of_generator(manifest, "test")
    # The training images of a class do not matter where none of it were generated.
    made = [name for name, count in generated.images.counts().items() if count]
    if missing := [name for name in made if not train.get(name)]:
        yield f"its manifest does not name the training images of {', '.join(missing)}"
    elif known.isdisjoint(set().union(*train.values(), *test.values())):
        yield "none of the real images in its manifest is in this data set"
    if manifest.get("filter") and not _of_filter(manifest):
        yield "its manifest does not name the training images of the classifier that filtered it"


def _making(generated):
    """Yield what else a reader has to know of how a set was made."""
    if missing := what_is_missing(generated.manifest, generated.images.counts()):
        yield f"{generated.name} is not complete: {missing}."
    classes = _entry(generated.manifest, "classes")
    steps = [f"{c} {classes[c]['checkpoint_step']}" for c in generated.images.class_names
             if "checkpoint_step" in classes.get(c, ())]  # fmt: skip
    if steps:
        yield f"Training iterations of the generator of {generated.name}: {', '.join(steps)}."


def _of_generator(manifest, side):
    """Return dict from class to the set of hashes on one side of the generator's split."""
    return {name: set(sides[side]) for name, sides in _entry(manifest, "data", "classes").items()}


def _of_source(manifest):
    """Return dict from class to the set of hashes behind the run that the generator began with."""
    return {name: set(hashes) for name, hashes in _entry(manifest, "data", "before").items()}


def _of_filter(manifest):
    """Return dict from class to the set of hashes that the filter's classifier was trained on."""
    return {name: set(hashes) for name, hashes in _entry(manifest, "filter", "learnt_from").items()}


def _entry(manifest, *keys):
    """Return the dict under these keys of a manifest; an empty one where a key is missing."""
    for key in keys:
        manifest = (manifest or {}).get(key)
    return manifest or {}


def _listed(hashes_of):
    """Return `"3 (roses 2, tulips 1)"` for a dict from class to hashes, and `""` for none."""
    counts = {name: len(hashes) for name, hashes in hashes_of.items() if hashes}
    each = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"{sum(counts.values())} ({each})" if counts else ""


def _pixel_hash(image):
    return hashlib.sha256(image.tobytes()).digest()
