"""Whether test images had a part in a generated set: by its manifest, and by its images."""

import hashlib
from dataclasses import dataclass, field

from ssgan_tf.data.manifest import what_is_missing
from ssgan_tf.statistics.findings import CLEAN, LEAKED, UNKNOWN


@dataclass(frozen=True)
class Provenance:
    """What is known of where a generated set comes from.

    Attributes:
        finding: `"LEAKED"` where a test image had a part in it, `"unknown"` where that cannot be
            told, else `"clean"`.
        notes: sentences for the reader of a result.
        learnt_more: dict from class to how many real images the generator, or the classifier that
            filtered, learnt from that the classifiers do not train on, where there are any.
    """

    finding: str
    notes: tuple[str, ...] = ()
    learnt_more: dict[str, int] = field(default_factory=dict, hash=False)


def provenance(generated, training, test):
    """Compare the test images with what a generated set was learnt from, and with its images.

    Hashes are compared over all classes together: a test image has leaked whatever its label was.

    Args:
        generated: a `Generated`.
        training: `ImageSet` of the real images that the classifiers train on.
        test: `ImageSet` of the test images.

    Returns:
        a `Provenance`.
    """
    name = generated.name
    tested, known = set(test.hashes), {*training.hashes, *test.hashes}
    learners = {
        f"The generator of {name}": _recorded(generated.manifest, "train"),
        f"The classifier that filtered {name}": _learnt_by_filter(generated.manifest),
    }
    leaks, advantages, learnt_more = [], [], {}
    for learner, learnt in learners.items():
        if leaked := _listed({c: hashes & tested for c, hashes in learnt.items()}):
            leaks.append(f"{learner} learnt from test images: {leaked}.")
        unknown = {c: hashes - known for c, hashes in learnt.items() if c in training.class_names}
        for class_name, hashes in unknown.items():
            if hashes:
                learnt_more[class_name] = max(len(hashes), learnt_more.get(class_name, 0))
        if more := _listed(unknown):
            advantages.append(
                f"{learner} learnt from real images that the classifiers do not train on: {more}. "
                "That is an advantage, but no leak."
            )
    if copies := leaked_images(generated.images, test):
        leaks.append(f"There are test images among those of {name}: {copies}.")
    doubts = [f"The provenance of {name} is unknown: {why}." for why in _doubts(generated, known)]
    finding = LEAKED if leaks else UNKNOWN if doubts else CLEAN
    notes = (*leaks, *doubts, *advantages, *_making(generated))
    return Provenance(finding, notes, learnt_more)


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
    """Yield why it cannot be told what a set was learnt from."""
    manifest = generated.manifest
    if manifest is None:
        yield f"{generated.path} has no manifest of generate.py"
        return
    train, test = _recorded(manifest, "train"), _recorded(manifest, "test")
    # Where there is no image of a class, it does not matter what it was learnt from.
    made = [name for name, count in generated.images.counts().items() if count]
    if missing := [name for name in made if not train.get(name)]:
        yield f"its manifest does not say what the images of {', '.join(missing)} were learnt from"
    elif known.isdisjoint(set().union(*train.values(), *test.values())):
        yield "none of the real images in its manifest is in this data set"
    if manifest.get("filter") and not _learnt_by_filter(manifest):
        yield "its manifest does not say what the classifier that filtered it learnt from"


def _making(generated):
    """Yield what else a reader has to know of how a set was made."""
    if missing := what_is_missing(generated.manifest, generated.images.counts()):
        yield f"{generated.name} is not complete: {missing}."
    classes = _entry(generated.manifest, "classes")
    steps = [f"{c} {classes[c]['checkpoint_step']}" for c in generated.images.class_names
             if "checkpoint_step" in classes.get(c, ())]  # fmt: skip
    if steps:
        yield f"Training iterations of the generator of {generated.name}: {', '.join(steps)}."


def _recorded(manifest, side):
    """Return dict from class to the hashes on one side of the generator's split."""
    return {name: set(sides[side]) for name, sides in _entry(manifest, "data", "classes").items()}


def _learnt_by_filter(manifest):
    """Return dict from class to the hashes that the filter's classifier learnt from."""
    return {name: set(hashes) for name, hashes in _entry(manifest, "filter", "learnt_from").items()}


def _entry(manifest, *keys):
    """Return the dict at a place in a manifest; an empty one where it, or the manifest, lacks."""
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
