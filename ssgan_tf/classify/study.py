"""The study: every condition, size and seed under one protocol, resumable one by one."""

import dataclasses
import functools
import gc
from pathlib import Path

from ssgan_tf.bounds import require
from ssgan_tf.classify.classifier import RECORD
from ssgan_tf.classify.conditions import added_images, counts_to_add, parse_conditions, parse_sizes
from ssgan_tf.classify.generated import common_size, load_generated
from ssgan_tf.classify.leaks import provenance
from ssgan_tf.classify.member import RESULT, Member, kept_predictions, train_member
from ssgan_tf.classify.page import write_page
from ssgan_tf.classify.pictures import examples_of, logs_of, write_pictures
from ssgan_tf.classify.protocol import Protocol, divide
from ssgan_tf.classify.records import make_config, make_record, make_results, settings_of
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.data import load_dataset
from ssgan_tf.data.balance import BALANCE, RESTORE
from ssgan_tf.data.loading import places_of
from ssgan_tf.data.splits import parse_class_sizes
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, require_outside, write_json
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.progress import progress_bar
from ssgan_tf.runs.interruption import Interrupted, Interruption
from ssgan_tf.runs.provenance import git_commit, versions
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.statistics.findings import CLEAN, LEAKED, UNKNOWN

RESULTS, REPORT = "results.json", "report.html"


class Study:
    """A comparison of conditions, ready to run.

    Args:
        dataset: name or path of the real data set.
        out: the folder to write; new, or of the same study, which then resumes.
        augment: conditions beside `original`, as for `--augment`; see `parse_condition`.
        per_class: images to add to each class: "400", "200,400", "balance" or "restore".
        seeds: number of seeds; they are 0, 1, ...
        protocol: the `Protocol`.
        settings: the `ClassifierSettings`.
        datasets_dir: the folder of named data sets.
        classes: use only these.
        image_size: pixels; by default that of the generated sets, or 64.
        keep_weights: keep every classifier, not only those of `original`.
        at_most: dict from a class to the most images added to it, whatever `per_class` says; so
            that sets of which one is short of images still add as many.
        cache_dir: of decoded images.
        progress: show bars.
        images: the data set, where it is loaded already; then the three before `keep_weights`
            only say where it came from.

    Attributes:
        members: every `Member`, seed by seed, so that an interrupted study has all rows.

    Raises:
        UserError: an argument does not fit; nothing has been written then.
    """

    def __init__(
        self, dataset, out, *, augment=(), per_class="400", seeds=5, protocol=None, settings=None,
        datasets_dir=None, classes=None, image_size=None, keep_weights=False, at_most=None,
        cache_dir=None, progress=True, images=None,
    ):  # fmt: skip
        require("seeds", seeds)
        require("image_size", image_size)
        self.out, self.source, self.datasets_dir = Path(out).expanduser(), dataset, datasets_dir
        self.protocol, self.settings = protocol or Protocol(), settings or ClassifierSettings()
        self.keep_weights, self.progress, self.at_most = keep_weights, progress, at_most or {}
        self.conditions, self.sizes = parse_conditions(augment), parse_sizes(per_class)
        _, self.imbalance = parse_class_sizes(
            "imbalance", self.protocol.imbalance, everywhere=False
        )
        folders = {name: path for one in self.conditions for name, path in one.folders.items()}
        require_outside(self.out, *places_of(dataset, datasets_dir), *folders.values())
        loading = {"cache_dir": cache_dir, "progress": progress}
        if images is None:
            size = (common_size(folders) or 64) if image_size is None else image_size
            images = load_dataset(
                dataset, size, datasets_dir=datasets_dir, classes=classes, **loading
            )
        self.images, size = images, images.image_size
        options = dataclasses.asdict(self.protocol) | {"imbalance": self.imbalance}
        self.division = divide(self.images, **options)
        if len(self.images.class_names) < 2:
            raise UserError(f"{self.images.name} has one class; telling apart takes two or more")
        self.generated = load_generated(folders, size, self.images.class_names, **loading)
        self.provenance = {
            name: provenance(made, self.division.training, self.division.test)
            for name, made in self.generated.items()
        }
        self.members = [
            Member(condition, size, seed)
            for seed in range(seeds)
            for condition in self.conditions
            for size in (self.sizes if condition.parts else [None])
        ]
        for member in self._first_members():  # errors now rather than in an hour
            if member.size and not any(self.counts(member).values()):
                raise UserError(
                    f"--per_class {member.size}: the classes have all that it would give them; "
                    "name a number, or drop a class down with --imbalance"
                    if member.size in (BALANCE, RESTORE)
                    else f"--per_class {member.size} of so few real images are none; name more"
                )
            self.generated_part(member)

    @functools.cached_property
    def flags(self):
        """All settings that affect training, by flag; loads the weights."""
        return settings_of(self)

    def added(self, member, parts=None):
        """Return the images that a member adds to the real ones, an `ImageSet`.

        Args:
            member: the `Member`.
            parts: add only these parts of its condition; by default all.
        """
        return added_images(
            member.condition, self.counts(member), self.division.training,
            self.sets_of(member), member.seed, parts,
        )  # fmt: skip

    def sets_of(self, member):
        """Return the generated sets that a member draws from, a dict from name to `Generated`."""
        return self.generated

    def generated_part(self, member):
        """Return the images of generated folders that a member adds, an `ImageSet`."""
        return self.added(member, tuple(member.condition.folders))

    def counts(self, member):
        """Return the number of images that a member adds to each class, a dict."""
        if member.size is None:
            return dict.fromkeys(self.images.class_names, 0)
        division = self.division
        counts = counts_to_add(member.size, division.training.counts(), division.former)
        return {name: min(count, self.at_most.get(name, count)) for name, count in counts.items()}

    def steps(self, member):
        """Return the gradient steps of a member."""
        real = len(self.division.training)
        return self.settings.steps(real, real + sum(self.counts(member).values()))

    def finding(self, condition):
        """Return the worst provenance of a condition's generated sets, or None, and all notes."""
        found = [self.provenance[name] for name in condition.folders]
        findings = [one.finding for one in found]
        worst = next((one for one in (LEAKED, UNKNOWN, CLEAN) if one in findings), None)
        return worst, [note for one in found for note in one.notes]

    def plan(self):
        """Return the plan as lines of text."""
        division, tested = self.division, self.division.test.counts()
        lines = [
            f"{self.images.name}: {len(tested)} classes, {self.images.image_size} px; tested on "
            f"{len(division.test)} {division.tested_on} images"
        ]
        for name, count in division.training.counts().items():
            lines.append(f"  {name}: {count} real to train on, {tested[name]} to test on")
        for member in self._first_members():
            added, (finding, _) = sum(self.counts(member).values()), self.finding(member.condition)
            doubt = f" ({finding})" if finding in (LEAKED, UNKNOWN) else ""
            lines.append(f"  {member.row}: {added} images added, {self.steps(member)} steps{doubt}")
        finished = sum(member.result(self.out) is not None for member in self.members)
        lines.append(
            f"{len(self.members)} trainings ({self.settings.trained}), {finished} of them finished"
        )
        return "\n".join(lines)

    def run(self, overwrite=False):
        """Train and test every unfinished member; return the contents of `results.json`.

        Args:
            overwrite: begin anew; an earlier study in the folder is moved aside.

        Raises:
            UserError: the folder holds another study, or the disk refuses.
            Interrupted: a signal; finished members are kept, in the results too.
        """
        directory = RunDirectory(self.out, "--out")
        with disk_errors(f"writing {self.out}"), directory.lock():
            directory.prepare(make_config(self), overwrite=overwrite)
            try:
                self.train(self.members)
            except Interrupted:
                self._write_results()
                raise
            return self._write_results()

    def train(self, members):
        """Train and test the unfinished ones of some members, in a folder that was prepared.

        Each is locked meanwhile, so several processes may train other members of one study.

        Args:
            members: some of `self.members`.

        Raises:
            UserError: a member was trained on other images, or another process is training it.
            Interrupted: a signal; finished members are kept.
        """
        pending = self._pending(members)
        steps, shown = sum(map(self.steps, pending)), self.progress and bool(pending)
        with Interruption() as interruption, progress_bar(steps, "", "step", shown) as bar:
            for member in pending:
                with FolderLock(member.folder(self.out), "--out"):
                    self._train(member, bar, interruption)
                gc.collect()  # compiled functions refer to themselves

    def _first_members(self):
        """Return one member of each row: that of the first seed."""
        return [member for member in self.members if member.seed == 0]

    def _write_results(self):
        """Write `results.json`, the pictures and `report.html`; return the first."""
        results = make_results(self)
        write_json(self.out / RESULTS, results)
        pictures = write_pictures(self.out, results, examples_of(self), logs_of(self))
        write_page(self.out, results, pictures)
        return results

    def _pending(self, members):
        """Return the members to train; refuse those that were trained on other images."""
        pending = []
        for member in members:
            result = member.result(self.out)
            wanted = self.keep_weights and not (member.folder(self.out) / RECORD).exists()
            if result and result["fingerprint"] != self.generated_part(member).fingerprint():
                raise UserError(
                    f"{member} was trained on other images than "
                    f"{', '.join(map(str, member.condition.folders.values()))} holds now; give the "
                    "new images another NAME, choose another --out, or begin anew with --overwrite"
                )
            if result is None or wanted:
                pending.append(member)
        return pending

    def _train(self, member, bar, interruption):
        """Train and test a member, and write its result, which marks it as finished."""
        bar.set_description(f"{member} ({self.members.index(member) + 1}/{len(self.members)})")

        def report(count, figures):
            bar.set_postfix_str(
                f"loss {figures['loss']:.3g}, accuracy {figures['accuracy']:.3f}, "
                f"{figures['images_per_second']:.0f} img/s",
                refresh=False,
            )
            bar.update(count)
            if interruption.requested:
                raise Interrupted(interruption.exit_code)

        training = self.division.training.joined_with(self.added(member))
        test, steps, folder = self.division.test, self.steps(member), member.folder(self.out)
        keep = self.keep_weights or member.row == "original"
        scores, predictions = train_member(
            member, training, test, self.settings, steps, folder,
            real=len(self.division.training), record=make_record(self, member) if keep else None,
            report=report,
        )  # fmt: skip
        result = {
            "scores": scores,
            "images": len(training),
            "added": self.counts(member),
            "steps": steps,
            # Classical sets follow from the training images and the seed.
            "fingerprint": self.generated_part(member).fingerprint(),
            "versions": versions(),
            "git_commit": git_commit(),
            **kept_predictions(test, predictions),
        }
        write_json(folder / RESULT, result)
