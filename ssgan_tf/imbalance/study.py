"""The study: every class, level and condition, resumable one by one."""

import sys
from pathlib import Path

from ssgan_tf.bounds import require
from ssgan_tf.classify.conditions import ORIGINAL
from ssgan_tf.classify.member import Member
from ssgan_tf.classify.study import RESULTS
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.comparison.plan import in_words
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import places_of, source_of
from ssgan_tf.errors import UserError, one_line
from ssgan_tf.files import disk_errors, require_outside, write_json
from ssgan_tf.imbalance.cell import Cell, FullStudy, divide_by, protocol_of, similarities
from ssgan_tf.imbalance.conditions import Filling, parse_fillings, parse_levels
from ssgan_tf.imbalance.page import write_page
from ssgan_tf.imbalance.results import make_config, make_results
from ssgan_tf.imbalance.terms import Terms
from ssgan_tf.json_files import find_json
from ssgan_tf.runs.interruption import Interrupted, Interruption
from ssgan_tf.runs.run_directory import RunDirectory

REAL = "real.json"  # SSIM of the real images


class ImbalanceStudy:
    """A study of imbalance, ready to run.

    Args:
        dataset: name or path of the data set.
        out: the folder to write; new, or of the same study, which then goes on or grows.
        classes: those that are cut down, one at a time; by default each.
        keep: how many of their images are kept: texts such as "10" or "2.5%".
        conditions: ways to fill up: augmentations of `classify.py`, names of methods, and several
            with + between; `original` is always there.
        terms: the `Terms`.
        settings: the `ClassifierSettings`.
        image_size: in pixels.
        datasets_dir: the folder of named data sets.
        cache_dir: of decoded images.
        progress: show bars, and say what begins.

    Attributes:
        images: the `ImageSet`.
        fillings: the `Filling`s; `methods` are the names of the methods among them.
        cells: a `Cell` for each class and level.
        failures: what failed in the last `run`: tuples of label, line and exception.

    Raises:
        UserError: an argument does not fit; nothing has been written then.
    """

    def __init__(
        self, dataset, out, *, classes=None, keep=("15", "10", "5"), conditions=(), terms=None,
        settings=None, image_size=64, datasets_dir=None, cache_dir=None, progress=True,
    ):  # fmt: skip
        require("image_size", image_size)
        self.dataset, self.out, self.datasets_dir = dataset, Path(out).expanduser(), datasets_dir
        self.cache_dir, self.progress = cache_dir, progress
        self.terms, self.settings = terms or Terms(), settings or ClassifierSettings()
        self.levels, self.fillings = parse_levels(keep), parse_fillings(conditions)
        self.methods = list(dict.fromkeys(name for one in self.fillings for name in one.methods))
        self.terms.require_known(self.methods)
        require_outside(self.out, *places_of(dataset, datasets_dir))
        self.images = load_dataset(
            dataset, image_size, datasets_dir=datasets_dir, cache_dir=cache_dir, progress=progress
        )
        self.source = source_of(dataset, datasets_dir)
        names = self.images.class_names
        if len(names) < 2:
            raise UserError(f"{self.images.name} has one class; telling apart takes two or more")
        self.dropped = list(dict.fromkeys(names if classes is None else classes))
        for name in self.dropped:
            if name not in names:
                raise UserError(f"{self.images.name} has no class {name!r}; it has "
                                f"{', '.join(names)}")  # fmt: skip
        if not self.dropped:
            raise UserError("--classes names no class; name some, or leave it out for all")
        for name in self.methods:  # errors now rather than in an hour
            method = self.terms.method(name, image_size)
            method.require_external()
            method.jobs(names)
        self.whole = self.divide({})
        former, tested = self.whole.training.counts(), self.whole.test.counts()
        for name in self.dropped:
            if not tested[name]:
                raise UserError(
                    f"class {name!r} has no test images; raise --test_per_class, or add images"
                )
        self.cells = [
            Cell(name, level, former[name], self, self.methods)
            for level in self.levels for name in self.dropped
        ]  # fmt: skip
        for cell in self.cells:
            if cell.missing < 1:
                raise UserError(
                    f"--keep {cell.level.text}: class {cell.class_name!r} has "
                    f"{former[cell.class_name]} images to train on, so nothing would be taken "
                    "away; keep fewer, or raise --real_per_class"
                )
        self.failures = []

    def protocol(self, imbalance):
        """Return the `Protocol` of classifiers; `imbalance` as that of `Protocol`."""
        return protocol_of(self.terms, imbalance)

    def divide(self, imbalance):
        """Return the `Division` of the data set with some classes cut down, a dict."""
        return divide_by(self.terms, self.images, imbalance)

    @property
    def exit_code(self):
        """0 where the last `run` did all, 2 where only errors of the user stopped it, else 1."""
        if not self.failures:
            return 0
        return 2 if all(isinstance(error, UserError) for *_, error in self.failures) else 1

    def todo(self):
        """Return the unfinished `Generator`s, and how many classifiers are unfinished."""
        generators = [
            one for cell in self.cells for made in cell.generators.values() for one in made
            if not one.is_done()
        ]  # fmt: skip
        seeds = self.terms.seeds
        finished = sum(
            len(cell.results(one, seeds)) for cell in self.cells for one in self.fillings
        )
        in_all = len(self.cells) * len(self.fillings) * seeds + seeds
        return generators, in_all - finished - len(self.full_results(seeds))

    def full_results(self, seeds):
        """Return the results of the finished classifiers of the whole data set, by seed."""
        members = {seed: Member(Filling(ORIGINAL).condition({}), None, seed)
                   for seed in range(seeds)}  # fmt: skip
        found = {seed: member.result(self.out / "full") for seed, member in members.items()}
        return {seed: result for seed, result in found.items() if result}

    def plan(self):
        """Return what is going to be done, and how long it takes as far as that is known."""
        tested, former = self.whole.test.counts(), self.whole.training.counts()
        lines = [
            f"{self.images.name}: {len(tested)} classes, {self.images.image_size} px; tested on "
            f"{len(self.whole.test)} images"
        ]
        for cell in self.cells:
            lines.append(
                f"  {cell.class_name}: {cell.kept} of {former[cell.class_name]} kept, "
                f"{tested[cell.class_name]} to test on"
            )
        lines.append(f"conditions: {', '.join(one.name for one in self.fillings)}; and full")
        for name in self.methods:
            budget = self.terms.budget(name) or {"iterations": "as train.py"}
            said = f"{budget['minutes']:g} minutes" if "minutes" in budget else (
                f"iterations: {budget['iterations']}")  # fmt: skip
            lines.append(f"  {name}: {said}")
        generators, classifiers = self.todo()
        in_all = sum(len(made) for cell in self.cells for made in cell.generators.values())
        lines.append(
            f"generators: {in_all}, {len(generators)} of them to train; classifiers to train: "
            f"{classifiers} ({self.settings.trained})"
        )
        if generators or classifiers:
            lines.append(f"Time: {self._left()}")
        return "\n".join(lines)

    def run(self, overwrite=False):
        """Do all that is not done; return the contents of `results.json`.

        A generator that fails is reported on standard error and does not stop the others.

        Args:
            overwrite: begin anew; an earlier study in the folder is moved aside.

        Raises:
            UserError: the folder holds another study, or the disk refuses.
            Interrupted: a signal; what was done is kept, and the report shows it.
        """
        self.failures = []
        directory = RunDirectory(self.out, "--out")
        with disk_errors(f"writing {self.out}"), directory.lock():
            config = self.out / "config.json"
            earlier = directory.config() if config.exists() and not overwrite else None
            full = FullStudy(self)
            directory.prepare(make_config(self, full.flags, earlier), overwrite=overwrite)
            with Interruption() as interruption:
                try:
                    for label, do in self._steps(full):
                        if interruption.requested:
                            raise Interrupted(interruption.exit_code)
                        self._try(label, do)
                except Interrupted as stop:
                    self._report(directory)
                    raise Interrupted(stop.exit_code) from None
                return self._report(directory)

    def _steps(self, full):
        """Yield what is not done, a label and what does it; later ones build on earlier ones."""
        if len(self.full_results(self.terms.seeds)) < self.terms.seeds:
            yield "the whole data set: training classifiers", full.run
        for cell in self.cells:
            for one in (one for made in cell.generators.values() for one in made):
                if not one.is_done():
                    yield f"{one}: training", lambda one=one, cell=cell: one.make(cell.divide())
            if cell.unclassified():
                yield f"{cell}: training classifiers", cell.classify

    def _try(self, label, do):
        """Do something; remember what stops it, unless that is a signal."""
        if self.progress:
            print(f"[{label}; {self._left()} left in all]", file=sys.stderr, flush=True)
        try:
            do()
        except Interrupted:
            raise
        except Exception as error:
            line = one_line(error, run_dir="out")
            self.failures.append((label.rpartition(":")[0], line, error))
            print(f"{label} failed: {line}", file=sys.stderr, flush=True)

    def _left(self):
        """Return in words how long the rest takes, by what has taken how long so far."""
        generators, classifiers = self.todo()
        each, unknown, left = {}, set(), 0.0
        for cell in self.cells:
            for name, made in cell.generators.items():
                each.setdefault(name, []).extend(filter(None, (one.seconds() for one in made)))
        for one in generators:
            budget, taken = self.terms.budget(one.name), each[one.name]
            if taken:
                left += sum(sum(seconds.values()) for seconds in taken) / len(taken)
            elif "minutes" in budget:
                left += 60 * budget["minutes"]
            else:
                unknown.add(one.name)
        taken = [result["scores"]["seconds"] for result in self._results()]
        if taken:
            left += classifiers * sum(taken) / len(taken)
        elif classifiers:
            unknown.add("classifiers")
        missing = ", ".join(sorted(unknown))
        if missing and not left:
            return f"not known yet: nothing of {missing} has been done here"
        return in_words(left) + f", without {missing}" * bool(missing)

    def _results(self):
        seeds = self.terms.seeds
        yield from self.full_results(seeds).values()
        for cell in self.cells:
            for one in self.fillings:
                yield from cell.results(one, seeds).values()

    def _report(self, directory):
        """Write `results.json` and the page of all that was ever asked of this folder."""
        real = find_json(self.out / REAL) or {}
        for name in self.dropped:
            if name not in real:
                real[name] = similarities(self.whole.training.of_class(name).images)
        write_json(self.out / REAL, real)
        results = make_results(self, directory.config(), real)
        write_json(self.out / RESULTS, results)
        write_page(self.out, results)
        return results
