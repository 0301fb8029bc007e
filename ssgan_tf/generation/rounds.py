"""Filtering in rounds: set and classifier improve each other (GM-augCls, section 3.4)."""

import dataclasses
import json
from functools import partial
from pathlib import Path

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.data import load_dataset
from ssgan_tf.data.folder import read_folder, scan_folder
from ssgan_tf.data.manifest import MANIFEST, read_manifest
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, write_json
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation.filtering import merged
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.generation.rounds_folder import RoundsFolder, settings_of_rounds
from ssgan_tf.generation.rules import MCNEMAR, Rule
from ssgan_tf.progress import progress_bar
from ssgan_tf.runs.interruption import Interrupted, Interruption

ACCEPTED = "accepted"  # condition and kind of a round's classifier


def filter_in_rounds(
    run, out, per_class, filtered, *, rounds=1, rule=MCNEMAR, tolerance=None, train=None,
    progress=True, **options,
):  # fmt: skip
    """Write a filtered set; train the classifier on it too; filter again while that helps.

    Round 1 filters with the given classifier. Each further round trains a classifier on the real
    images of the first one and the last accepted images. Where the rule finds it better than the
    former classifier on held-out real images, it filters a new set; else the set stays and the
    rounds end. GM-augCls took at most two rounds. While a classifier is trained, `out` holds a
    complete set.

    The rounds end with the first that is not kept. So the probability that McNemar's test ever
    keeps a classifier that is no better is at most 5 %, however many rounds there are.

    Interrupted rounds resume; see `RoundsFolder`.

    A generator that was trained on held-out images makes these a little too easy for a classifier
    trained on its images.

    Args:
        run: see `write_generated_set`.
        out: see `write_generated_set`.
        per_class: see `write_generated_set`.
        filtered: the `Filter` of round 1; its classifier's record names its training images.
        rounds: maximum number of rounds; the first one needs no training.
        rule: see `Rule`.
        tolerance: see `Rule`.
        train: a function with the arguments of `train_again`, which is the default.
        progress: show bars.
        **options: of `write_generated_set`.

    Returns:
        the manifest, a dict. Each of `filter.rounds` has `classifier`, its folder;
        `validation_accuracy`, `discordant`, `p`, `rule` and `kept` of `Rule.compare` (None with
        one round); and `acceptance_rate`, a dict from class (None where nothing was filtered).

    Raises:
        UserError: an option does not fit, the classifier held out no images, its images are gone,
            `out` has rounds of other settings, or as `write_generated_set`.
        Interrupted: a signal; the same call resumes.
    """
    if rounds < 1:
        raise UserError(f"--filter_rounds is {rounds}; it must be at least 1")
    rule = Rule(rule, tolerance)
    write = partial(write_generated_set, run, out, per_class, progress=progress, **options)
    if rounds == 1:
        return write(filtered=filtered)
    record, folder = filtered.classifier.record, RoundsFolder(out)
    with Interruption() as interruption:

        def stop_if_asked():
            if interruption.requested:
                raise Interrupted(interruption.exit_code)

        real, held_out = _recorded_images(filtered, rounds, progress)
        settings = settings_of_rounds(run, per_class, filtered, **options)
        classes = {
            name: {"train": record["learnt_from"][name], "test": record["held_out"][name]}
            for name in record["class_names"]
        }
        filtered = dataclasses.replace(filtered, between=stop_if_asked)
        sets = _Sets(Path(out), folder, write, real.image_size, options.get("walk", False))
        train = train or partial(train_again, progress=progress)
        with disk_errors(f"writing {folder.path}"), folder.opened(settings, classes):
            kept, filtered, history = _take_rounds(
                rounds, rule, filtered, held_out, sets, partial(_trained, sets, real, train)
            )
            manifest, _ = sets.provide(kept, filtered)
            seen = _count_trained_on(manifest, held_out)
            comparison = {"images": len(held_out), "trained_on_by_generator": seen}
            return sets.conclude(
                filtered.record() | rule.record() | {"held_out": comparison, "rounds": history}
            )


def train_again(images, real_count, record, between, progress=True):
    """Return a `Classifier` trained like an earlier one, on more images.

    Args:
        images: the `ImageSet` to train on.
        real_count: the number of real ones among them, which decides the gradient steps.
        record: of the new classifier, with the settings and the seed of the earlier one.
        between: called between some steps; may raise to end the training.
        progress: show a bar.
    """
    settings = ClassifierSettings(**record["settings"])
    steps = settings.steps(real_count, len(images))
    learning = ClassifierTraining(images, settings, record["seed"], steps, real=real_count)
    label = f"classifier of round {record['round']}"
    with progress_bar(steps, label, "step", progress) as bar:
        for count, figures in learning.in_turns():
            bar.set_postfix_str(f"loss {figures['loss']:.3g}", refresh=False)
            bar.update(count)
            between()
    return Classifier(learning.network, record | {"steps": steps})


class _Sets:
    """The sets of the rounds; the generated folder holds one of them at a time."""

    def __init__(self, out, folder, write, image_size, walk):
        self.out, self.folder, self.write = out, folder, write
        self.image_size, self.walk = image_size, walk
        self._present = None  # number, manifest, images

    def rates(self, number, filtered):
        """Return the acceptance rates of a set, which is written where they are unknown."""
        if number not in self.folder.sets():
            self.provide(number, filtered)
        return self.folder.sets()[number]["acceptance_rate"]

    def provide(self, number, filtered):
        """Return the manifest and the images of a set, written unless it is complete already."""
        if self._present is None or self._present[0] != number:
            found = self._found(number, filtered)
            if not found:
                manifest = self.write(filtered=filtered)
                images = self._read(manifest)
                (entry,) = manifest["filter"]["rounds"]
                fingerprint = images.fingerprint() if images else None
                self.folder.record_set(number, entry["acceptance_rate"], fingerprint)
                found = manifest, images
            self._present = number, *found
        return self._present[1:]

    def conclude(self, filtering):
        """Write the manifest's entry of the filter, for the set that is present; return it all.

        Raises:
            UserError: another process has written into the folder meanwhile.
        """
        number, written, _ = self._present
        with disk_errors(f"writing {self.out}"), FolderLock(self.out, "--out"):
            if read_manifest(self.out) != json.loads(json.dumps(written)):
                raise UserError(
                    f"{self.out} has been changed by another process since round {number}; run the "
                    "same command again"
                )
            manifest = written | {"filter": filtering}
            write_json(self.out / MANIFEST, manifest)
        return manifest

    def _found(self, number, filtered):
        """Return manifest and images where the folder holds the complete set, else None."""
        known, manifest = self.folder.sets().get(number), read_manifest(self.out)
        if not known or not manifest or not manifest.get("complete") or self.walk:
            return None
        if manifest.get("filter", {}).get("classifier") != str(filtered.path):
            return None
        try:
            images = self._read(manifest)
        except (UserError, KeyError):  # images have been removed
            return None
        complete = images and images.fingerprint() == known["fingerprint"]
        return (manifest, images) if complete else None

    def _read(self, manifest):
        """Return the images, an `ImageSet` of the classes that have any, or None."""
        written = [name for name, entry in manifest["classes"].items() if entry["count"]]
        if not written:
            return None
        images = read_folder(scan_folder(self.out), self.image_size, ACCEPTED, progress=False)
        return images.with_classes(written)


def _take_rounds(rounds, rule, filtered, held_out, sets, train):
    """Return the number and the filter of the last round kept, and the manifest's history.

    `train(number, filtered)` returns the classifier of a round, from its number and the former
    filter.
    """
    history, former = [], None
    for number in range(1, rounds + 1):
        new = filtered
        if number > 1:
            if not any(history[-1]["acceptance_rate"].values()):
                break  # no accepted images to train on
            classifier = sets.folder.load(number) or train(number, filtered)
            path = str(sets.folder.of_round(number))
            new = dataclasses.replace(filtered, classifier=classifier, path=path)
        predictions = new.classifier.probabilities(held_out.images).argmax(axis=1)
        entry = rule.compare(held_out.labels, former, predictions, held_out.class_names)
        rates = sets.rates(number, new) if entry["kept"] else None
        history.append({"classifier": str(new.path), **entry, "acceptance_rate": rates})
        if not entry["kept"]:
            break
        filtered, former, kept = new, predictions, number
    return kept, filtered, history


def _trained(sets, real, train, number, former):
    """Return the classifier of a round, trained on real and accepted images, and save it."""
    manifest, accepted = sets.provide(number - 1, former)
    record = former.classifier.record
    new_record = record | {
        "condition": ACCEPTED,
        "kind": ACCEPTED,
        "round": number,
        "added": accepted.counts(),
        # Through the accepted images these affect the classifier too.
        "generator_learnt_from": merged(
            record.get("generator_learnt_from", {}),
            {name: sides["train"] for name, sides in manifest["data"]["classes"].items()},
        ),
    }
    images = real.joined_with(accepted.relabelled(real.class_names))
    return sets.folder.save(number, train(images, len(real), new_record, former.between))


def _count_trained_on(manifest, held_out):
    """Return the number of held-out images that the generator of a set was trained on."""
    classes = manifest["data"]["classes"].values()
    trained_on = set().union(*(sides["train"] for sides in classes))
    return sum(digest in trained_on for digest in held_out.hashes)


def _recorded_images(filtered, rounds, progress):
    """Return the training and the held-out images of the classifier, two `ImageSet`s."""
    record = filtered.classifier.record
    if record["condition"] not in ("original", ACCEPTED):
        raise UserError(
            f"--filter_rounds {rounds} trains on real and accepted images, and the classifier in "
            f"{filtered.path} was trained on {record['condition']!r}; name one of the row "
            "'original'"
        )
    lacking = [name for name in record["class_names"] if not record["held_out"].get(name)]
    if lacking:
        raise UserError(
            f"--filter_rounds {rounds} compares classifiers on real images held out from both, and "
            f"for the one in {filtered.path} none of {', '.join(lacking)} were held out; train one "
            "with classify.py --validation, which holds some training images out"
        )
    source = record["dataset"]["source"]
    images = load_dataset(
        source, filtered.classifier.image_size, datasets_dir=record["dataset"]["datasets_dir"],
        classes=filtered.classifier.class_names, progress=progress, notices=False,
    )  # fmt: skip
    names = (images.class_names[label] for label in images.labels)
    # Files with equal hashes are equal images, so any one of them will do.
    indices = {key: index for index, key in enumerate(zip(names, images.hashes, strict=True))}
    sides = []
    for side in ("learnt_from", "held_out"):
        keys = [(name, digest) for name, hashes in record[side].items() for digest in hashes]
        lost = sum(key not in indices for key in keys)
        if lost:
            raise UserError(
                f"{lost} of {len(keys)} images of the classifier in {filtered.path} are no "
                f"longer in {source}; put them back, or train a classifier on what is there"
            )
        if side == "held_out":  # a second copy adds no information
            keys = list(dict.fromkeys(keys))
        sides.append(images.select([indices[key] for key in keys]))
    return sides
