"""The study: every member through every stage, resumable, shared by as many processes as like."""

import contextlib
import functools
import gc
import os
import sys
from pathlib import Path

import filelock
import keras

from ssgan_tf.classify.study import Protocol
from ssgan_tf.comparison.classifiers import gather, prepare_joint
from ssgan_tf.comparison.estimate import Estimate, in_words
from ssgan_tf.comparison.options import Options
from ssgan_tf.comparison.page import write_page
from ssgan_tf.comparison.pictures import write_pictures
from ssgan_tf.comparison.plan import describe
from ssgan_tf.comparison.records import (
    known_members,
    make_config,
    make_results,
    write_real_images,
)
from ssgan_tf.comparison.tables import write_tables
from ssgan_tf.comparison.work import LOCK, Baselines, MemberWork, one_line
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import places_of
from ssgan_tf.data.splits import limited_split
from ssgan_tf.errors import UserError
from ssgan_tf.files import content_of, disk_errors, require_outside, write_json
from ssgan_tf.jobs import share
from ssgan_tf.methods.contract import Settings
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.runs.interruption import Interrupted, Interruption
from ssgan_tf.runs.run_directory import RunDirectory

CONFIG, RESULTS, REPORT, REPORT_LOCK = "config.json", "results.json", "report.html", ".report.lock"
DOING = {
    "train": "training", "generate": "generating images", "evaluate": "evaluating them",
    "classify": "training classifiers",
}  # fmt: skip
PATIENCE = 60.0  # seconds to wait for another process that writes config.json
REPORT_PATIENCE = 600.0  # seconds to wait for another process that writes the report


class Comparison:
    """A study, ready to run.

    Args:
        dataset: name or path of the data set.
        out: the folder to write; new, or of the same study, which then goes on or grows.
        members: the `Member`s to compare.
        options: the `Options`.
        settings: settings of the networks that all members share, by the names in `Settings`.
        tables: numbers of the paper's tables that the report is to have in any case.
        classify: train classifiers on the images of every member.
        jobs: (i, n): do the members i, i + n, ... only, since other processes do the others.
        datasets_dir: where named data sets live.
        classes: take only these.
        cache_dir: of decoded images and features.
        progress: show bars, and say which stage begins.

    Attributes:
        works: a `MemberWork` for each training of each member, first ones first.
        train_per_class: how many real images of each class members learn from at most; None in a
            study of an earlier version, where it is all.
        parts: the `Split` into these and held-out ones.
        baselines: the `Baselines`.
        failures: what failed in the last `run`: tuples of label, stage, line and the exception.
        held: labels of what the last `run` left to other processes.

    Raises:
        UserError: anything named does not fit; nothing has been written then.
    """

    def __init__(
        self, dataset, out, members, *, options=None, settings=None, tables=(), classify=False,
        jobs=(1, 1), datasets_dir=None, classes=None, cache_dir=None, progress=True,
    ):  # fmt: skip
        self.dataset, self.datasets_dir, self.classes = dataset, datasets_dir, classes
        self.out, self.cache_dir, self.progress = Path(out).expanduser(), cache_dir, progress
        self.options, self.settings = options or Options(), dict(settings or {})
        self.tables, self.jobs = tuple(tables), jobs
        self.classify = classify
        self.image_size = self.settings.get("image_size", Settings.image_size)
        self.seed = self.settings.get("seed", Settings.seed)
        require_outside(self.out, *places_of(dataset, datasets_dir))
        if self.classify:
            self.options.require_enough_images()
        self.baselines = Baselines(self)
        further = range(self.seed + 1, self.seed + self.options.seeds)
        trainings = [*members, *(member.again(seed) for seed in further for member in members)]
        self.works = [MemberWork(training, self) for training in trainings]
        self.images = load_dataset(
            dataset, self.image_size, datasets_dir=datasets_dir, classes=classes,
            cache_dir=cache_dir, progress=progress,
        )  # fmt: skip
        if self.classify and len(self.images.class_names) < 2:
            raise UserError(f"{self.images.name} has one class; classifiers need two or more")
        for work in self.works:
            work.method.jobs(self.images.class_names)  # refuses too few of them
            work.require_weights()
        self._limit(self._recorded_limit())
        self.failures, self.held = [], []

    def _recorded_limit(self):
        """Return how many images of each class are learnt from, None for all.

        A study of an earlier version, which had no such limit, goes on without one.
        """
        if self.options.train_per_class is not None:
            return self.options.train_per_class
        with contextlib.suppress(UserError):  # no study yet, or a damaged one
            if "train_per_class" not in RunDirectory(self.out).config()["settings"]:
                return None
        return Protocol.real_per_class

    def _limit(self, train_per_class):
        """Let all members learn from at most so many real images of each class, or None: all."""
        self.train_per_class = train_per_class
        self.parts = limited_split(
            self.images, "train_per_class", train_per_class, seed=self.seed,
            test_per_class=self.options.test_per_class,
        )  # fmt: skip

    @property
    def protocol(self):
        """The `Protocol` of all classifiers: they learn from what members do, 400 at most."""
        most = Protocol.real_per_class
        return Protocol(
            seed=self.seed,
            test_per_class=self.options.test_per_class,
            real_per_class=min(self.train_per_class or most, most),
        )

    @functools.cached_property
    def estimate(self):
        """The `Estimate` of all members."""
        return Estimate([self.baselines, *self.works])

    @functools.cached_property
    def inception_digest(self):
        """The SHA-256 of the Inception graph that all members are evaluated with."""
        options = self.options
        return open_inception(
            options.inception, options.features, self.cache_dir, self.progress
        ).digest

    @property
    def own_works(self):
        """What this process does, in order; the first of several to come does the baselines."""
        return [self.baselines] * self.classify + share(self.works, self.jobs)

    def plan(self):
        """Return what is going to be done and about how long it takes, as lines."""
        return describe(self)

    def check(self):
        """Make sure that the folder is new, or of this study; nothing is written.

        Raises:
            UserError: it holds another study, or something else.
        """
        if not self._holds_runs_only():
            RunDirectory(self.out, "--out").check(make_config(self))

    def begin_anew(self):
        """Move an earlier study in the folder aside.

        Raises:
            UserError: another process is at it, or the folder holds something else.
        """
        self._limit(self.options.train_per_class or Protocol.real_per_class)
        with self._all_locks(), disk_errors(f"writing {self.out}"):
            RunDirectory(self.out, "--out").prepare(make_config(self), overwrite=True)

    def run(self):
        """Do all that is not done; return `results.json` as a dict.

        A member that fails is reported on standard error and does not stop the others.

        Raises:
            UserError: the folder holds another study, or nothing can be evaluated or classified.
            Interrupted: a signal; what was done is kept, and the report shows it.
        """
        self.failures, self.held = [], []
        with disk_errors(f"writing {self.out}"):
            self._begin()
            with Interruption() as interruption:
                try:
                    waiting = self._each(self.own_works, interruption)
                    if self.baselines in waiting:
                        self._wait_for(self.baselines, interruption)
                    waiting = self._each(waiting, interruption, postpone=False)
                    self.held = [work.label for work in waiting]
                except Interrupted as stop:
                    self._conclude()
                    raise Interrupted(stop.exit_code) from None
                return self._conclude()

    def _begin(self):
        """Write `config.json`, or make sure that it fits; fetch what is needed much later."""
        if any("evaluate" in work.pending() for work in self.works):
            self.inception_digest  # noqa: B018 - opened here
        directory, config = RunDirectory(self.out, "--out"), self.out / CONFIG
        if self._holds_runs_only():  # else the folder would count as foreign
            write_json(config, make_config(self))
        with directory.lock(timeout=PATIENCE):
            earlier = directory.config() if config.exists() else None
            directory.prepare(make_config(self, earlier))
        if self.classify:
            with self._report_lock():
                prepare_joint(self)

    def _holds_runs_only(self):
        """Return whether the folder has nothing but runs that train.py was told to put there."""
        return content_of(self.out) == ["members"]

    @contextlib.contextmanager
    def _all_locks(self):
        """Hold the locks of all members and of the report, as far as there are any."""
        with contextlib.ExitStack() as held:
            for lock in [*self.out.glob(f"members/*/{LOCK}"), *self.out.glob(REPORT_LOCK)]:
                try:
                    held.enter_context(filelock.FileLock(lock, timeout=0))
                except filelock.Timeout:
                    raise UserError(
                        f"{lock.parent} is in use by another process, so --overwrite leaves it "
                        "alone; wait until it ends, or choose another --out"
                    ) from None
            if os.name == "nt":  # where a folder with an open file cannot be renamed
                held.close()
            yield

    def _each(self, works, interruption, postpone=True):
        """Go through all stages of every `Work`; return what is to be come back to.

        Args:
            works: the `Work`s.
            interruption: the `Interruption` that is heeded.
            postpone: leave out classifiers of members while the baselines are not finished, from
                which all take the results of "original".
        """
        left = []
        for work in works:
            try:
                with work.lock():
                    finished = self._stages_of(work, interruption, postpone)
            except filelock.Timeout:
                self._say(f"{self._place(work)}: another process is at it, so it waits")
                finished = False
            if not finished:
                left.append(work)
        return left

    def _wait_for(self, work, interruption):
        """Wait until no other process is at a `Work`."""
        self._say(f"{self._place(work)}: waiting for the other process that is at it")
        while True:
            self._heed(interruption)
            with contextlib.suppress(filelock.Timeout), work.lock(timeout=1):
                return

    @staticmethod
    def _heed(interruption):
        if interruption.requested:
            raise Interrupted(interruption.exit_code)

    def _stages_of(self, work, interruption, postpone):
        """Do what is pending of a `Work`; return False where its classifiers were postponed."""
        pending = work.pending()
        if not pending:
            self._say(f"{self._place(work)}: done")
            return True
        finished = True
        for stage in pending:
            if stage not in work.pending():  # the same images came out as before
                continue
            self._heed(interruption)
            awaited = stage == "classify" and work is not self.baselines
            if awaited and postpone and self.baselines.pending():
                self._say(f"{self._place(work)}: waits for {self.baselines.label}")
                finished = False
                break
            left = sum(self.estimate.seconds(other) for other in self.own_works)
            self._say(f"{self._place(work)}: {DOING[stage]}; {in_words(left)} left in all")
            try:
                work.perform(stage)
            except Interrupted:
                raise
            except Exception as error:
                self._failed(work.label, stage, work.fail(stage, error), error)
                break
            finally:
                keras.backend.clear_session()
                gc.collect()  # compiled functions refer to themselves
        self._heed(interruption)
        with contextlib.suppress(UserError):  # another process is writing it; there will be more
            self._report()
        self._heed(interruption)
        return finished

    @property
    def exit_code(self):
        """0 where the last `run` did all, 2 where only errors of the user stopped it, else 1."""
        if not self.failures:
            return 0
        return 2 if all(isinstance(error, UserError) for *_, error in self.failures) else 1

    def _failed(self, label, stage, line, error):
        self.failures.append((label, stage, line, error))
        print(f"{label} failed ({stage}): {line}", file=sys.stderr, flush=True)

    def _conclude(self):
        """Compare the classifiers of all members, write the report; return the results."""
        return self._report(gather if self.classify else None)

    def _report(self, first=None):
        """Write `results.json`, the tables, the pictures and the page; return the first.

        Args:
            first: called before with the study and the works of all members in its folder.
        """
        members = known_members(self.out, [work.member for work in self.works])
        works = [MemberWork(member, self) for member in members]
        with self._report_lock():
            if first:
                with self._reported("the comparison of all classifiers", "classify"):
                    first(self, works)
            results = make_results(self, works, RunDirectory(self.out).config())
            write_json(self.out / RESULTS, results)
            write_real_images(self)
            with self._reported("the report", "pictures and pages"):
                write_tables(self.out, results)
                write_page(self.out, results, write_pictures(self.out, results))
        return results

    @contextlib.contextmanager
    def _report_lock(self):
        """Hold what keeps other processes from the report and the classifiers of all members."""
        try:
            with filelock.FileLock(self.out / REPORT_LOCK, timeout=REPORT_PATIENCE):
                yield
        except filelock.Timeout:
            raise UserError(
                f"another process has been writing {self.out / REPORT} for "
                f"{REPORT_PATIENCE / 60:g} minutes; wait until it ends, then run this again"
            ) from None

    @contextlib.contextmanager
    def _reported(self, label, stage):
        """Report what fails, since what has taken hours is not to end for a picture."""
        try:
            yield
        except Interrupted:
            raise
        except Exception as error:
            self._failed(label, stage, one_line(error), error)

    def _place(self, work):
        """Return which of all members it is, such as "[3/10] WGAN-GP"."""
        if work is self.baselines:
            return f"[{work.label}]"
        return f"[{self.works.index(work) + 1}/{len(self.works)}] {work.label}"

    def _say(self, line):
        if self.progress:
            print(line, file=sys.stderr, flush=True)
