"""The comparison: every condition, size and seed under one protocol, resumable by each of them."""

import contextlib
import dataclasses
import functools
import gc
from pathlib import Path

from ssgan_tf.bounds import require, require_fields
from ssgan_tf.classify.classifier import RECORD
from ssgan_tf.classify.conditions import (
    added_images,
    counts_to_add,
    parse_conditions,
    parse_imbalance,
    parse_sizes,
)
from ssgan_tf.classify.examples import curves, examples
from ssgan_tf.classify.generated import common_size, load_generated
from ssgan_tf.classify.leaks import provenance
from ssgan_tf.classify.member import Member, kept_predictions, train_member, write_result
from ssgan_tf.classify.page import write_page
from ssgan_tf.classify.pictures import write_pictures
from ssgan_tf.classify.protocol import divide
from ssgan_tf.classify.records import make_config, make_record, make_results, settings_of
from ssgan_tf.classify.training import Settings
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import places_of
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, require_outside, write_json
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.progress import progress_bar
from ssgan_tf.training.fit import Interrupted
from ssgan_tf.training.interruption import Interruption
from ssgan_tf.training.provenance import git_commit, versions
from ssgan_tf.training.run_directory import RunDirectory

RESULTS, REPORT = "results.json", "report.html"


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What is learnt from and tested on; see `divide`."""

    seed: int = 0  # of the split; that of train.py for the same test images
    test_per_class: int | None = None  # by default 100 for flower and animal, else 20 %
    real_per_class: int = 400  # real images of each class to learn from, at most
    imbalance: tuple[str, ...] = ()  # ("roses=20",): so few of a class
    validation: bool = False  # test on images of the training side instead

    def __post_init__(self):
        require_fields(self)


class Stopped(Exception):
    """A signal asked to stop in the midst of a training."""


class Study:
    """A comparison of conditions, ready to run.

    Args:
        dataset: name or path of the real data set.
        out: the folder to write; new, or of the same comparison, which then goes on.
        augment: conditions beside `original`, as for `--augment`; see `parse_condition`.
        per_class: how many images are added to each class: "400", "200,400" or "balance".
        seeds: how many seeds; they are 0, 1, ...
        protocol: the `Protocol`.
        settings: the `Settings` of the trainings.
        datasets_dir: where named data sets live.
        classes: take only these.
        image_size: pixels; by default that of the generated sets, or 64.
        keep_weights: keep every classifier, not only those of `original`.
        cache_dir: of decoded images.
        progress: show bars.

    Attributes:
        members: every `Member`, seed by seed, so that an interrupted comparison has all rows.

    Raises:
        UserError: anything named does not fit; nothing has been written then.
    """

    def __init__(
        self, dataset, out, *, augment=(), per_class="400", seeds=5, protocol=None, settings=None,
        datasets_dir=None, classes=None, image_size=None, keep_weights=False, cache_dir=None,
        progress=True,
    ):  # fmt: skip
        require("seeds", seeds)
        require("image_size", image_size)
        self.out, self.source, self.datasets_dir = Path(out).expanduser(), dataset, datasets_dir
        self.protocol, self.settings = protocol or Protocol(), settings or Settings()
        self.keep_weights, self.progress = keep_weights, progress
        self.conditions, self.sizes = parse_conditions(augment), parse_sizes(per_class)
        self.imbalance = parse_imbalance(self.protocol.imbalance)
        folders = {
            name: folder for condition in self.conditions for name, folder in
            condition.folders.items()
        }  # fmt: skip
        require_outside(self.out, *places_of(dataset, datasets_dir), *folders.values())
        loading = {"cache_dir": cache_dir, "progress": progress}
        size = (common_size(folders) or 64) if image_size is None else image_size
        self.images = load_dataset(
            dataset, size, datasets_dir=datasets_dir, classes=classes, **loading
        )
        self.division = divide(
            self.images,
            **dataclasses.asdict(self.protocol) | {"imbalance": self.imbalance},
        )
        if len(self.images.class_names) < 2:
            raise UserError(f"{self.images.name} has one class; telling apart takes two or more")
        self.generated = load_generated(folders, size, self.images.class_names, **loading)
        self.provenance = {
            name: provenance(made, self.division.training, self.division.test)
            for name, made in self.generated.items()
        }
        rows = [
            (condition, size)
            for condition in self.conditions
            for size in (self.sizes if condition.has_sets else [None])
        ]
        self.members = [Member(*row, seed) for seed in range(seeds) for row in rows]
        for condition, size in rows:  # rather now than in an hour
            member = Member(condition, size, 0)
            if size and not any(self.counts(member).values()):
                raise UserError(
                    "--per_class balance: the classes are equal already, so it would add nothing; "
                    "name a number, or drop a class down with --imbalance"
                )
            self.generated_part(member)

    @functools.cached_property
    def flags(self):
        """Everything that decides a training beside its images, by flag; loads the weights."""
        return settings_of(self)

    def added(self, member, parts=None):
        """Return the images that a member adds to the real ones, an `ImageSet`.

        Args:
            member: the `Member`.
            parts: only those of these parts.
        """
        return added_images(
            member.condition, self.counts(member), self.division.training, self.generated,
            member.seed, parts,
        )  # fmt: skip

    def generated_part(self, member):
        """Return the images of generated folders that a member adds, an `ImageSet`."""
        return self.added(member, tuple(member.condition.folders))

    def counts(self, member):
        """Return how many images a member adds to each class, a dict."""
        if member.size is None:
            return dict.fromkeys(self.images.class_names, 0)
        return counts_to_add(member.size, self.division.training.counts())

    def steps(self, member):
        """Return the gradient steps of a member."""
        real = len(self.division.training)
        return self.settings.steps(real, real + sum(self.counts(member).values()))

    def finding(self, condition):
        """Return the worst finding of the generated sets of a condition, or None, and all notes.

        See `provenance`.
        """
        found = [self.provenance[name] for name in condition.folders]
        findings = {one.finding for one in found}
        worst = next((one for one in ("LEAKED", "unknown", "clean") if one in findings), None)
        return worst, [note for one in found for note in one.notes]

    def plan(self):
        """Return what is going to be done, as lines."""
        division, counts = self.division, self.division.training.counts()
        lines = [
            f"{self.images.name}: {len(counts)} classes, {self.images.image_size} px; tested on "
            f"{len(division.test)} {division.tested_on} images",
            *(
                f"  {name}: {count} real to learn from, {division.test.counts()[name]} to test on"
                for name, count in counts.items()
            ),
        ]
        for member in self.members:
            if member.seed == 0:
                finding, _ = self.finding(member.condition)
                lines.append(
                    f"  {member.row}: {sum(self.counts(member).values())} images added, "
                    f"{self.steps(member)} steps"
                    + (f" ({finding})" if finding not in (None, "clean") else "")
                )
        finished = sum(member.result(self.out) is not None for member in self.members)
        lines.append(
            f"{len(self.members)} trainings ({self.settings.weights}), {finished} of them finished"
        )
        return "\n".join(lines)

    def run(self, overwrite=False):
        """Train and test every member that has not finished; return `results.json` as a dict.

        Args:
            overwrite: begin anew; an earlier comparison in the folder is moved aside.

        Raises:
            UserError: the folder holds another comparison, or the disk refuses.
            Interrupted: a signal; what has finished is kept, in the results too.
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
        """Train and test those of some members that have not finished.

        Each is locked meanwhile, so that several processes can train others in one folder. The
        folder must have been prepared.

        Args:
            members: of `self.members`.

        Raises:
            UserError: one was made of other images, or another process is at it.
            Interrupted: a signal; what has finished is kept.
        """
        pending = self._pending(members)
        with Interruption() as interruption, self._bar(pending) as bar:
            try:
                for member in pending:
                    with FolderLock(member.folder(self.out), "--out"):
                        self._train(member, bar, interruption)
                    gc.collect()  # compiled functions refer to themselves
            except Stopped:
                raise Interrupted(interruption.exit_code) from None

    def _write_results(self):
        """Write `results.json`, the pictures and `report.html`; return the first."""
        results = make_results(self)
        write_json(self.out / RESULTS, results)
        write_page(
            self.out, results, write_pictures(self.out, results, examples(self), curves(self))
        )
        return results

    def _pending(self, members):
        """Return the members to train; refuse those that were made of other images."""
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

    @contextlib.contextmanager
    def _bar(self, pending):
        total = sum(self.steps(member) for member in pending)
        with progress_bar(total, "", "step", self.progress and bool(pending)) as bar:
            yield bar

    def _train(self, member, bar, interruption):
        place = self.members.index(member) + 1
        bar.set_description(f"{member} ({place}/{len(self.members)})")

        def report(count, figures):
            bar.set_postfix_str(
                f"loss {figures['loss']:.3g}, accuracy {figures['accuracy']:.3f}, "
                f"{figures['images_per_second']:.0f} img/s",
                refresh=False,
            )
            bar.update(count)
            if interruption.requested:
                raise Stopped

        real, added, steps = self.division.training, self.added(member), self.steps(member)
        training = real.joined_with(added)
        keep = self.keep_weights or member.row == "original"
        test = self.division.test
        scores, predictions = train_member(
            member, training, test, self.settings, steps, member.folder(self.out),
            record=make_record(self, member) if keep else None, report=report,
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
        write_result(member, self.out, result)
