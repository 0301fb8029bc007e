"""The comparison: every contestant through every stage, resumable, by one process or several."""

import contextlib
import functools
import gc
import sys
from pathlib import Path

import keras

from ssgan_tf.classify.study import Protocol
from ssgan_tf.comparison import classifiers
from ssgan_tf.comparison.page import write_page
from ssgan_tf.comparison.pictures import write_pictures
from ssgan_tf.comparison.plan import describe, left
from ssgan_tf.comparison.records import (
    known_contestants,
    make_config,
    make_results,
    write_real_images,
)
from ssgan_tf.comparison.tables import FOLDER, write_tables
from ssgan_tf.comparison.terms import Terms
from ssgan_tf.comparison.work import Baselines, ContestantWork
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import places_of
from ssgan_tf.data.splits import limited_split
from ssgan_tf.errors import UserError, one_line
from ssgan_tf.files import LOCK, content_of, disk_errors, require_outside, write_json
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.jobs import share
from ssgan_tf.methods.settings import Settings
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.runs.interruption import Interrupted, Interruption
from ssgan_tf.runs.run_directory import RunDirectory

CONFIG, RESULTS, REPORT = "config.json", "results.json", "report.html"
PATIENCE = 60.0  # seconds to wait for another process that writes config.json
REPORT_PATIENCE = 600.0  # seconds to wait for another process that writes the report


class Comparison:
    """A comparison, ready to run.

    Args:
        dataset: name or path of the data set.
        out: the folder to write; new, or of the same comparison, which then goes on or grows.
        contestants: the `Contestant`s.
        terms: the `Terms`.
        settings: settings of the networks that all share, by the names in `Settings`.
        tables: numbers of the paper's tables that the report is to have in any case.
        classify: train classifiers on the images of every contestant.
        jobs: (i, n): do the contestants i, i + n, ... only, since other processes do the others.
        datasets_dir: where named data sets live.
        classes: take only these.
        cache_dir: of decoded images and features.
        progress: show bars, and say which stage begins.

    Attributes:
        data: arguments of `load_dataset`, which all stages share; `images` is what it returned.
        works: a `ContestantWork` for each training of each contestant, first ones first.
        baselines: the `Baselines`.
        train_per_class: how many real images of each class are trained on at most; None in a
            comparison of an earlier version, where it is all.
        parts: the `Split` into these and held-out ones.
        failures: what failed in the last `run`: tuples of label, stage, line and the exception.
        held: labels of what the last `run` left to other processes.
        seconds_an_update: of a training that was tried out for the `plan`, or None.

    Raises:
        UserError: anything named does not fit; nothing has been written then.
    """

    def __init__(
        self, dataset, out, contestants, *, terms=None, settings=None, tables=(), classify=False,
        jobs=(1, 1), datasets_dir=None, classes=None, cache_dir=None, progress=True,
    ):  # fmt: skip
        self.out, self.progress = Path(out).expanduser(), progress
        self.terms, self.settings = terms or Terms(), dict(settings or {})
        self.tables, self.jobs, self.classify = tuple(tables), jobs, classify
        self.image_size = self.settings.get("image_size", Settings.image_size)
        self.seed = self.settings.get("seed", Settings.seed)
        self.data = {
            "dataset": dataset, "image_size": self.image_size, "datasets_dir": datasets_dir,
            "classes": classes, "cache_dir": cache_dir, "progress": progress,
        }  # fmt: skip
        require_outside(self.out, *places_of(dataset, datasets_dir))
        if classify:
            self.terms.require_enough_images()
        self.images = load_dataset(**self.data)
        if classify and len(self.images.class_names) < 2:
            raise UserError(f"{self.images.name} has one class; classifiers need two or more")
        further = range(self.seed + 1, self.seed + self.terms.seeds)
        trainings = [*contestants, *(one.again(seed) for seed in further for one in contestants)]
        self.works = [ContestantWork(training, self) for training in trainings]
        for work in self.works:
            work.require_weights()
        self.baselines = Baselines(self)
        self._limit(self._recorded_limit())
        self.failures, self.held, self.seconds_an_update = [], [], None

    def _recorded_limit(self):
        """Return how many images of each class are trained on, None for all.

        A comparison of an earlier version, which had no such limit, goes on without one.
        """
        if self.terms.train_per_class is not None:
            return self.terms.train_per_class
        with contextlib.suppress(UserError):  # a new folder, or a damaged one
            if "train_per_class" not in RunDirectory(self.out).config()["settings"]:
                return None
        return Protocol.real_per_class

    def _limit(self, train_per_class):
        """Let all contestants train on at most so many real images of each class; None: all."""
        self.train_per_class = train_per_class
        self.parts = limited_split(
            self.images, "train_per_class", train_per_class, seed=self.seed,
            test_per_class=self.terms.test_per_class,
        )  # fmt: skip

    @property
    def protocol(self):
        """The `Protocol` of all classifiers: they train on what contestants do, 400 at most."""
        most = Protocol.real_per_class
        return Protocol(
            seed=self.seed,
            test_per_class=self.terms.test_per_class,
            real_per_class=min(self.train_per_class or most, most),
        )

    @property
    def all_works(self):
        """All that all processes together do: the `Baselines` first."""
        return [self.baselines, *self.works]

    @functools.cached_property
    def inception_digest(self):
        """The SHA-256 of the Inception graph that all images are evaluated with."""
        where = self.data["cache_dir"], self.progress
        return open_inception(self.terms.inception, self.terms.features, *where).digest

    @property
    def own_works(self):
        """What this process does, in order; the first of several to come does the baselines."""
        return [self.baselines] * self.classify + share(self.works, self.jobs)

    @property
    def exit_code(self):
        """0 where the last `run` did all, 2 where only errors of the user stopped it, else 1."""
        if not self.failures:
            return 0
        return 2 if all(isinstance(error, UserError) for *_, error in self.failures) else 1

    def plan(self):
        """Return what is going to be done and about how long it takes, as lines."""
        return describe(self)

    def check(self):
        """Make sure that the folder is new, or of this comparison; nothing is written.

        Raises:
            UserError: it holds another comparison, or something else.
        """
        if not self._holds_runs_only():
            RunDirectory(self.out, "--out").check(make_config(self))

    def begin_anew(self):
        """Move an earlier comparison in the folder aside.

        Raises:
            UserError: another process is at it, or the folder holds something else.
        """
        self._limit(self.terms.train_per_class or Protocol.real_per_class)
        with disk_errors(f"writing {self.out}"):
            for lock in self.out.glob(f"members/*/{LOCK}"):
                with FolderLock(lock.parent, "--out"):  # refuses what another process is at
                    pass
            RunDirectory(self.out, "--out").prepare(make_config(self), overwrite=True)

    def run(self):
        """Do all that is not done; return the `Results`.

        A contestant that fails is reported on standard error and does not stop the others.

        Raises:
            UserError: the folder holds another comparison, or nothing can be evaluated or
                classified.
            Interrupted: a signal; what was done is kept, and the report shows it.
        """
        self.failures = []
        with disk_errors(f"writing {self.out}"):
            self._begin()
            with Interruption() as interruption:
                try:
                    held = self._each(self.own_works, interruption)
                    self.held = [work.label for work in self._each(held, interruption)]
                except Interrupted as stop:
                    self._report(gather=self.classify)
                    raise Interrupted(stop.exit_code) from None
                return self._report(gather=self.classify)

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
                classifiers.prepare(self)

    def _holds_runs_only(self):
        """Return whether the folder has nothing but runs that train.py was told to put there."""
        return content_of(self.out) == ["members"]

    def _report_lock(self):
        """Return what keeps other processes from the report and the study of all classifiers."""
        return FolderLock(self.out / FOLDER, "--out", timeout=REPORT_PATIENCE)

    def _each(self, works, interruption):
        """Go through all stages of every `Work`; return those that other processes hold."""
        held = []
        for work in works:
            lock = work.lock()
            try:
                lock.acquire()
            except UserError as error:
                self._say(work, str(error))
                held.append(work)
                continue
            try:
                self._stages_of(work, interruption)
            finally:
                lock.release()
        return held

    def _stages_of(self, work, interruption):
        """Do what is pending of a `Work`, then bring the report up to date."""
        pending = work.pending()
        if not pending:
            self._say(work, "done")
            return
        for stage in pending:
            if stage not in work.pending():  # the same images came out as before
                continue
            _heed(interruption)
            todo = {one: one.pending() for one in self.own_works}
            time = left(todo, self.all_works, self.seconds_an_update)
            self._say(work, f"{work.stages[stage].doing}; left in all: {time}")
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
        _heed(interruption)
        with contextlib.suppress(UserError):  # another process is writing it; there will be more
            self._report()
        _heed(interruption)

    def _report(self, gather=False):
        """Write `results.json`, the tables, the pictures and the page; return the `Results`.

        Args:
            gather: compare the classifiers of all finished contestants before.
        """
        found = known_contestants(self.out, [work.contestant for work in self.works])
        works = [ContestantWork(contestant, self) for contestant in found]
        with self._report_lock():
            finished = [work for work in works if gather and not work.pending()]
            if finished and not self.baselines.pending():
                with self._reported("the comparison of all classifiers", "classify"):
                    gathered = [condition for work in finished for condition in work.conditions]
                    classifiers.gather(self, gathered)
            results = make_results(self, works, RunDirectory(self.out).config())
            write_json(self.out / RESULTS, results)
            write_real_images(self)
            with self._reported("the report", "pictures and pages"):
                tables = write_tables(self.out, results)
                write_page(self.out, results, tables, write_pictures(self.out, results))
        return results

    @contextlib.contextmanager
    def _reported(self, label, stage):
        """Report what fails, since what has taken hours is not to end for a picture."""
        try:
            yield
        except Interrupted:
            raise
        except Exception as error:
            self._failed(label, stage, one_line(error, run_dir="out"), error)

    def _failed(self, label, stage, line, error):
        self.failures.append((label, stage, line, error))
        print(f"{label} failed ({stage}): {line}", file=sys.stderr, flush=True)

    def _say(self, work, words):
        """Print a line on a `Work`, such as "[3/10] WGAN-GP: training; about 3 h left in all"."""
        place = f"[{work.label}]"
        if work is not self.baselines:
            place = f"[{self.works.index(work) + 1}/{len(self.works)}] {work.label}"
        if self.progress:
            print(f"{place}: {words}", file=sys.stderr, flush=True)


def _heed(interruption):
    if interruption.requested:
        raise Interrupted(interruption.exit_code)
