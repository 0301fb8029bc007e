"""Filtering in rounds: set and classifier improve each other (GM-augCls, section 3.4)."""

import dataclasses
from functools import partial
from pathlib import Path

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.scores import classification_scores
from ssgan_tf.classify.training import ClassifierTraining, Settings
from ssgan_tf.data import load_dataset
from ssgan_tf.data.folder import read_folder, scan_folder
from ssgan_tf.data.manifest import MANIFEST
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, write_json
from ssgan_tf.generation import write_generated_set
from ssgan_tf.progress import progress_bar

TOLERANCE = 0.005  # of the validation accuracy


def filter_in_rounds(
    run, out, per_class, filtered, *, rounds=1, tolerance=TOLERANCE, train=None, progress=True,
    **options,
):  # fmt: skip
    """Write a filtered set; train the classifier on it too; filter anew while that helps.

    Round 1 filters with the classifier given. Each further round trains one on the real images
    that the first learnt from and the images accepted last. Its accuracy on the real images that
    were spared has to exceed the former classifier's by more than the tolerance; then the set is
    written anew with it, else the set stays and the rounds end. GM-augCls took two at most. `out`
    holds a whole set whenever a classifier is being trained.

    A generator that learnt from the spared images makes them a little too easy for a classifier
    that learnt from its images.

    Args:
        run: see `write_generated_set`.
        out: likewise.
        per_class: likewise.
        filtered: the `Filter` of round 1, whose classifier's record tells its images.
        rounds: how many at most; the first one costs no training.
        tolerance: what the mean recall on the spared images has to gain more than; from 0 to
            below 1.
        train: a function from the `ImageSet` to learn from, how many of its images are real, and
            the record of the first classifier to a new `Classifier`; by default `train_again`.
        progress: show bars.
        **options: of `write_generated_set`.

    Returns:
        the manifest, a dict. Each of `filter.rounds` has `validation_accuracy` (None where there is
        but one round to take), `acceptance_rate`, a dict from class (None where nothing was
        filtered), and `kept`: whether the set was written with its classifier.

    Raises:
        UserError: an option does not fit, the classifier spared no images, its images are gone, or
            as `write_generated_set`.
    """
    if rounds < 1:
        raise UserError(f"--filter_rounds is {rounds}; it must be at least 1")
    if not 0 <= tolerance < 1:
        raise UserError(f"--filter_tolerance is {tolerance}; it must be from 0 to below 1")
    train = train or partial(train_again, progress=progress)
    write = partial(write_generated_set, run, out, per_class, progress=progress, **options)
    if rounds == 1:
        return write(filtered=filtered)

    record = filtered.classifier.record
    real, spared = _recorded_images(filtered, rounds, progress)
    best = _accuracy(filtered.classifier, spared)
    manifest = write(filtered=filtered)
    history = [_round(best, manifest)]
    while len(history) < rounds and any(rate for rate in history[-1]["acceptance_rate"].values()):
        classifier = train(_with_accepted(real, out, manifest), len(real), record)
        accuracy = _accuracy(classifier, spared)
        if accuracy - best <= tolerance:
            history.append(_round(accuracy))
            break
        best, filtered = accuracy, dataclasses.replace(filtered, classifier=classifier)
        manifest = write(filtered=filtered)
        history.append(_round(best, manifest))
    manifest["filter"] |= {"tolerance": tolerance, "spared": len(spared), "rounds": history}
    with disk_errors(f"writing {out}"):
        write_json(Path(out) / MANIFEST, manifest)
    return manifest


def train_again(images, real_count, record, progress=True):
    """Return a `Classifier` trained as an earlier one, on more images.

    Args:
        images: the `ImageSet` to learn from.
        real_count: how many of them are real, which decides the gradient steps.
        record: of the earlier classifier, whose settings and seed are used again.
        progress: show a bar.
    """
    settings = Settings(**record["settings"])
    steps = settings.steps(real_count, len(images))
    learning = ClassifierTraining(images, settings, record["seed"], steps)
    with progress_bar(steps, "classifier of the next round", "step", progress) as bar:
        for count, figures in learning.in_turns():
            bar.set_postfix_str(f"loss {figures['loss']:.3g}", refresh=False)
            bar.update(count)
    return Classifier(learning.network, record)


def _recorded_images(filtered, rounds, progress):
    """Return the real images that the classifier learnt from, and those that it was spared."""
    record = filtered.classifier.record
    if record["condition"] != "original":
        raise UserError(
            f"--filter_rounds {rounds} trains on real and accepted images, and the classifier in "
            f"{filtered.path} learnt from {record['condition']!r}; name one of the row 'original'"
        )
    lacking = [name for name in record["class_names"] if not record["spared"].get(name)]
    if lacking:
        raise UserError(
            f"--filter_rounds {rounds} compares classifiers on real images that they did not learn "
            f"from, and the one in {filtered.path} spared none of {', '.join(lacking)}; train one "
            "with classify.py --validation, which leaves some training images out"
        )
    source = record["dataset"]["source"]
    images = load_dataset(
        source, filtered.classifier.image_size, datasets_dir=record["dataset"]["datasets_dir"],
        classes=filtered.classifier.class_names, progress=progress, notices=False,
    )  # fmt: skip
    names = (images.class_names[label] for label in images.labels)
    # Files with equal hashes are equal images, so any one of them will do.
    places = {key: place for place, key in enumerate(zip(names, images.hashes, strict=True))}
    sides = []
    for side in ("learnt_from", "spared"):
        keys = [(name, digest) for name, hashes in record[side].items() for digest in hashes]
        lost = sum(key not in places for key in keys)
        if lost:
            raise UserError(
                f"{lost} of {len(keys)} images that the classifier in {filtered.path} knew are no "
                f"longer in {source}; put them back, or train a classifier on what is there"
            )
        sides.append(images.select([places[key] for key in keys]))
    return sides


def _with_accepted(real, out, manifest):
    """Return the real images and, after them, those of a generated set."""
    written = [name for name, entry in manifest["classes"].items() if entry["count"]]
    scan = scan_folder(Path(out))
    made = read_folder(scan, real.image_size, "accepted", progress=False).with_classes(written)
    return real.joined_with(made.relabelled(real.class_names))


def _accuracy(classifier, images):
    """Return the share of an `ImageSet` that is classified rightly, each class counting alike."""
    predictions = classifier.probabilities(images.images).argmax(axis=1)
    return classification_scores(images.labels, predictions, images.class_names)["recall"]


def _round(accuracy, manifest=None):
    """Return the entry of a round; `manifest` is that of the set written in it, if any."""
    entry = {"acceptance_rate": None, "kept": False}
    if manifest is not None:
        (entry,) = manifest["filter"]["rounds"]
    return entry | {"validation_accuracy": accuracy}
