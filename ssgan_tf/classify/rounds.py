"""Filtering in rounds: set and classifier improve each other (GM-augCls, section 3.4)."""

import contextlib
import dataclasses
import json
from functools import partial
from pathlib import Path

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.rounds_folder import RoundsFolder, decisive_settings
from ssgan_tf.classify.rules import MCNEMAR, Rule
from ssgan_tf.classify.training import ClassifierTraining, Settings
from ssgan_tf.data import load_dataset
from ssgan_tf.data.folder import read_folder, scan_folder
from ssgan_tf.data.manifest import MANIFEST, read_manifest
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, write_json
from ssgan_tf.filtering import merged
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation import write_generated_set
from ssgan_tf.progress import progress_bar
from ssgan_tf.training.fit import Interrupted
from ssgan_tf.training.interruption import Interruption

ACCEPTED = "accepted"  # condition and kind of a round's classifier


def filter_in_rounds(
    run, out, per_class, filtered, *, rounds=1, rule=MCNEMAR, tolerance=None, train=None,
    progress=True, **options,
):  # fmt: skip
    """Write a filtered set; train the classifier on it too; filter anew while that helps.

    Round 1 filters with the classifier given. Each further round trains one on the real images
    that the first was trained on and the images accepted last. By the rule it has to be better
    than the former classifier on the real images held out from both; then the set is written anew
    with it, else the set stays and the rounds end. GM-augCls took two at most. `out` holds a whole
    set whenever a classifier is being trained.

    As the first round that is not kept ends them, the probability that McNemar's test keeps any
    classifier that is no better is 5 % at most, however many rounds there are.

    Rounds that were stopped go on where they were: see `RoundsFolder` for what is kept.

    A generator that was trained on held-out images makes them a little too easy for a classifier
    that is trained on its images.

    Args:
        run: see `write_generated_set`.
        out: likewise.
        per_class: likewise.
        filtered: the `Filter` of round 1, whose classifier's record tells its images.
        rounds: how many at most; the first one costs no training.
        rule: see `Rule`.
        tolerance: likewise.
        train: a function from the `ImageSet` to train on, how many of its images are real, the
            record of the new `Classifier`, and what to call between two steps, to the classifier;
            by default `train_again`.
        progress: show bars.
        **options: of `write_generated_set`.

    Returns:
        the manifest, a dict. Each of `filter.rounds` has `classifier`, its folder;
        `validation_accuracy`, `discordant`, `p`, `rule` and `kept` of `Rule.compare` (None where
        there is but one round to take); and `acceptance_rate`, a dict from class (None where
        nothing was filtered).

    Raises:
        UserError: an option does not fit, the classifier held out no images, its images are gone,
            `out` has rounds made otherwise, or as `write_generated_set`.
        Interrupted: a signal; the same call goes on.
    """
    if rounds < 1:
        raise UserError(f"--filter_rounds is {rounds}; it must be at least 1")
    rule = Rule(rule, tolerance)
    write = partial(write_generated_set, run, out, per_class, progress=progress, **options)
    if rounds == 1:
        return write(filtered=filtered)
    record, folder = filtered.classifier.record, RoundsFolder(out)
    with Interruption() as interruption, contextlib.ExitStack() as stack:

        def stop_if_asked():
            if interruption.requested:
                raise Interrupted(interruption.exit_code)

        real, held_out = _recorded_images(filtered, rounds, progress)
        settings = decisive_settings(run, per_class, filtered, **options)
        classes = {
            name: {"train": record["learnt_from"][name], "test": record["held_out"][name]}
            for name in record["class_names"]
        }
        stack.enter_context(disk_errors(f"writing {folder.path}"))
        stack.enter_context(folder.opened(settings, classes))
        filtered = dataclasses.replace(filtered, between=stop_if_asked)
        sets = _Sets(out, folder, write, real.image_size, options.get("walk", False))
        train = train or partial(train_again, progress=progress)
        train = partial(_trained, folder, sets, real, record, train)
        return _take_rounds(rounds, rule, filtered, held_out, folder, sets, train)


def train_again(images, real_count, record, between, progress=True):
    """Return a `Classifier` trained as an earlier one, on more images.

    Args:
        images: the `ImageSet` to train on.
        real_count: how many of them are real, which decides the gradient steps.
        record: of the new classifier; it has the settings and the seed of the earlier one.
        between: called now and then; what it raises ends the training.
        progress: show a bar.
    """
    settings = Settings(**record["settings"])
    steps = settings.steps(real_count, len(images))
    learning = ClassifierTraining(images, settings, record["seed"], steps)
    label = f"classifier of round {record['round']}"
    with progress_bar(steps, label, "step", progress) as bar:
        for count, figures in learning.in_turns():
            bar.set_postfix_str(f"loss {figures['loss']:.3g}", refresh=False)
            bar.update(count)
            between()
    return Classifier(learning.network, record | {"steps": steps})


class _Sets:
    """The sets of the rounds, of which the generated folder holds one at a time."""

    def __init__(self, out, folder, write, image_size, walk):
        self.out, self.folder, self.write = Path(out), folder, write
        self.image_size, self.walk = image_size, walk
        self._here = None  # number, manifest, images

    def rates(self, number, filtered):
        """Return the acceptance rates of a set, which is written unless they are known."""
        if number not in self.folder.sets():
            self.bring(number, filtered)
        return self.folder.sets()[number]["acceptance_rate"]

    def bring(self, number, filtered):
        """Return the manifest and the images of a set, written unless the folder holds it whole."""
        if self._here is None or self._here[0] != number:
            found = self._found(number, filtered)
            if not found:
                manifest = self.write(filtered=filtered)
                images = self._read(manifest)
                (entry,) = manifest["filter"]["rounds"]
                fingerprint = images.fingerprint() if images else None
                self.folder.record_set(number, entry["acceptance_rate"], fingerprint)
                found = manifest, images
            self._here = number, *found
        return self._here[1:]

    def _found(self, number, filtered):
        """Return manifest and images where the folder holds the set whole, else None."""
        known, manifest = self.folder.sets().get(number), read_manifest(self.out)
        if not known or not manifest or not manifest.get("complete") or self.walk:
            return None
        if manifest.get("filter", {}).get("classifier") != str(filtered.path):
            return None
        try:
            images = self._read(manifest)
        except (UserError, KeyError):  # somebody has taken images away
            return None
        whole = images and images.fingerprint() == known["fingerprint"]
        return (manifest, images) if whole else None

    def conclude(self, filtering):
        """Write what the rounds did into the manifest of the set that is here; return it.

        Raises:
            UserError: another process has written into the folder meanwhile.
        """
        number, written, _ = self._here
        with disk_errors(f"writing {self.out}"), FolderLock(self.out, "--out"):
            if read_manifest(self.out) != json.loads(json.dumps(written)):
                raise UserError(
                    f"{self.out} has been changed by another process since round {number}; run the "
                    "same command again"
                )
            manifest = written | {"filter": filtering}
            write_json(self.out / MANIFEST, manifest)
        return manifest

    def _read(self, manifest):
        """Return the images, an `ImageSet` of the classes that have any, or None."""
        written = [name for name, entry in manifest["classes"].items() if entry["count"]]
        if not written:
            return None
        scan = scan_folder(self.out)
        return read_folder(scan, self.image_size, "accepted", progress=False).with_classes(written)


def _take_rounds(rounds, rule, filtered, held_out, folder, sets, train):
    """Take the rounds; return the manifest of the set that they end with.

    Args:
        rounds: how many at most.
        rule: the `Rule`.
        filtered: the `Filter` of round 1.
        held_out: the `ImageSet` to compare classifiers on.
        folder: the `RoundsFolder`.
        sets: the `_Sets`.
        train: a function from the number of a round and the former `Filter` to its `Classifier`.
    """
    history, former = [], None
    for number in range(1, rounds + 1):
        new = filtered
        if number > 1:
            if not any(history[-1]["acceptance_rate"].values()):
                break  # nothing new to train on
            classifier = folder.load(number) or train(number, filtered)
            new = dataclasses.replace(
                filtered, classifier=classifier, path=str(folder.of_round(number))
            )
        predictions = new.classifier.probabilities(held_out.images).argmax(axis=1)
        entry = rule.compare(held_out.labels, former, predictions, held_out.class_names)
        rates = sets.rates(number, new) if entry["kept"] else None
        history.append({"classifier": str(new.path), **entry, "acceptance_rate": rates})
        if not entry["kept"]:
            break
        filtered, former, kept = new, predictions, number
    manifest, _ = sets.bring(kept, filtered)
    trained_on = {
        digest for sides in manifest["data"]["classes"].values() for digest in sides["train"]
    }
    filtering = filtered.record() | {
        **rule.record(),
        "held_out": {
            "images": len(held_out),
            "trained_on_by_generator": sum(digest in trained_on for digest in held_out.hashes),
        },
        "rounds": history,
    }
    return sets.conclude(filtering)


def _trained(folder, sets, real, record, train, number, former):
    """Return the classifier of a round, trained on real and accepted images, and kept."""
    manifest, accepted = sets.bring(number - 1, former)
    new_record = record | {
        "condition": ACCEPTED,
        "kind": ACCEPTED,
        "round": number,
        "added": accepted.counts(),
        # They decide about images through it, as the real images that it is trained on do.
        "generator_learnt_from": merged(
            record.get("generator_learnt_from", {}),
            {name: sides["train"] for name, sides in manifest["data"]["classes"].items()},
        ),
    }
    images = real.joined_with(accepted.relabelled(real.class_names))
    return folder.save(number, train(images, len(real), new_record, former.between))


def _recorded_images(filtered, rounds, progress):
    """Return the real images that the classifier was trained on, and those held out from it."""
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
    places = {key: place for place, key in enumerate(zip(names, images.hashes, strict=True))}
    sides = []
    for side in ("learnt_from", "held_out"):
        keys = [(name, digest) for name, hashes in record[side].items() for digest in hashes]
        lost = sum(key not in places for key in keys)
        if lost:
            raise UserError(
                f"{lost} of {len(keys)} images that the classifier in {filtered.path} knew are no "
                f"longer in {source}; put them back, or train a classifier on what is there"
            )
        if side == "held_out":  # a copy counted twice would tell nothing that one does not
            keys = list(dict.fromkeys(keys))
        sides.append(images.select([places[key] for key in keys]))
    return sides
