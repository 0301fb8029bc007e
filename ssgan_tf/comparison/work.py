"""One contestant's folder: its stages, what of them is done, and how they are done."""

import dataclasses
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

from ssgan_tf.bounds import MOST_ITERATIONS
from ssgan_tf.comparison import classifiers
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import source_of
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.errors import UserError, one_line
from ssgan_tf.evaluation import evaluate
from ssgan_tf.evaluation.results import METRICS
from ssgan_tf.files import write_json
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation import write_generated_set
from ssgan_tf.json_files import NUMBER, Each, find_json
from ssgan_tf.methods import METHODS, create
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit
from ssgan_tf.training.loop import seconds_of_training

STATE, FAILURE = "state.json", "failure.txt"
SHAPE = {  # of state.json
    "seconds?": Each(NUMBER), "trained?": Each(int), "stage?": (str, None),
    "failure?": (str, None),
}  # fmt: skip
TRIED = 5  # seconds of training that tell how long an update takes


class Stage(NamedTuple):
    """A stage of a `Work`, done once and for all."""

    doing: str  # in words
    is_done: Callable[[], bool]
    do: Callable[[], None]
    recorded: Callable[[], float] | None = None  # seconds that its files tell; else it is timed


class Work:
    """Something that a comparison does in a folder of its own, in stages.

    Attributes:
        name: of its folder.
        label: what people call it.
        folder: `<out>/members/<name>`.
        stages: dict from the name of a stage to the `Stage`, in their order.
        conditions: the `Condition`s of classifiers that it trains.
        classifiers: their `Member`s.
    """

    def __init__(self, name, label, comparison):
        self.name, self.label, self.comparison = name, label, comparison
        self.folder = comparison.out / "members" / name
        self.stages, self.conditions, self.classifiers = {}, (), []

    def state(self):
        """Return what is remembered of it, a dict.

        Its keys: `seconds` by stage; `trained`, generator updates by network, once training has
        finished; `stage` and `failure`, where and why it failed, or None.
        """
        state = {"seconds": {}, "trained": {}, "stage": None, "failure": None}
        return state | (find_json(self.folder / STATE, SHAPE) or {})

    def remember(self, **changes):
        """Change keys of the `state`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / STATE, self.state() | changes)

    def lock(self):
        """Return what keeps other processes from the folder; it is not yet taken."""
        return FolderLock(self.folder, "--out")

    def pending(self):
        """Return the names of the stages that are to be done.

        Images follow from a training, and all else from the images, so is done again after them.
        """
        names = list(self.stages)
        for place, name in enumerate(names):
            if name in ("train", "generate") and not self._is_done(name):
                return names[place:]
        return [name for name in names if not self._is_done(name)]

    def perform(self, name):
        """Do a stage, and remember how long it took.

        Raises:
            UserError: something does not fit.
            Interrupted: a signal; what was saved is kept.
        """
        self.remember(stage=None, failure=None)
        (self.folder / FAILURE).unlink(missing_ok=True)
        stage, start = self.stages[name], time.perf_counter()
        try:
            stage.do()
            if not stage.recorded:
                self._remember_seconds(name, time.perf_counter() - start)
        finally:  # what was trained is kept, so its time counts
            if stage.recorded:
                self._remember_seconds(name, stage.recorded())

    def fail(self, name, error):
        """Remember an exception that ended a stage; return it as one line."""
        line = one_line(error, run_dir="out")
        self.remember(stage=name, failure=line)
        (self.folder / FAILURE).write_text("".join(traceback.format_exception(error)))
        return line

    def finished_classifiers(self):
        """Return the results of its classifiers that have been trained, dicts."""
        folder = self.comparison.out / classifiers.FOLDER
        return list(filter(None, (training.result(folder) for training in self.classifiers)))

    def progress(self, stage):
        """Return how much of a stage is done and how much is left, in units that take equally long.

        Those of classifiers and of trainings are single ones and updates; other stages are one.
        """
        if stage != "classify":
            return 1, 1
        done = len(self.finished_classifiers())
        return done, len(self.classifiers) - done

    def _is_done(self, name):
        try:
            return self.stages[name].is_done()
        except Exception:  # a damaged file; to do the stage mends it, or says what is wrong
            return False

    def _remember_seconds(self, name, seconds):
        self.remember(seconds=self.state()["seconds"] | {name: round(seconds, 1)})

    def _classify(self, *conditions):
        """Have a stage that trains the classifiers of some conditions."""
        self.conditions = conditions
        self.classifiers = classifiers.members_of(self.comparison.terms, *conditions)
        self.stages["classify"] = Stage(
            "training classifiers",
            lambda: not classifiers.unfinished(self.comparison, self.classifiers),
            lambda: classifiers.train(self.comparison, self.classifiers),
            lambda: sum(result["scores"]["seconds"] for result in self.finished_classifiers()),
        )


class Baselines(Work):
    """What generated images have to beat: no others, random clipping, flips and crops."""

    def __init__(self, comparison):
        super().__init__("baselines", "real images, clipped and flipped ones", comparison)
        self._classify(*classifiers.BASELINES)


class ContestantWork(Work):
    """A training of a contestant, whose images are evaluated and perhaps classified with.

    Args:
        contestant: the `Contestant`.
        comparison: the `Comparison` that it belongs to.

    Attributes:
        seed: of its weights, batches and noise. The split has the comparison's seed.
        method: the untrained `Method`.
        networks: dict from each network that it trains to the classes that this one learns.
        iterations: updates of each network, such that all contestants make equally many;
            None where minutes are the budget.

    Raises:
        UserError: a setting that all share is impossible for this method, or there are too few
            classes for it.
    """

    def __init__(self, contestant, comparison):
        super().__init__(contestant.name, contestant.label, comparison)
        self.contestant = contestant
        self.run, self.generated, self.evaluation = (
            self.folder / name for name in ("run", "generated", "evaluation")
        )
        self.seed = comparison.seed if contestant.seed is None else contestant.seed
        self.method = self._make_method()
        class_names, updates = comparison.images.class_names, comparison.terms.iterations
        self.networks = self.method.jobs(class_names)
        self.iterations = updates and updates * len(class_names) // len(self.networks)
        self.stages = {
            "train": Stage("training", self._is_trained, self._train, self._trained_seconds),
            "generate": Stage("generating images", self._has_images, self._generate),
            "evaluate": Stage("evaluating them", self._is_evaluated, self._evaluate),
        }
        if comparison.classify:
            self._classify(classifiers.condition_with(contestant.condition, self.generated))

    def updates(self):
        """Return the generator updates of each network of its run, a dict."""
        if self.method.last_phase is None:  # there is nothing to train
            return dict.fromkeys(self.networks, 0)
        steps = {name: found.latest_step() for name, found in self._checkpoints().items()}
        return {name: step for name, step in steps.items() if step is not None}

    def progress(self, stage):
        """Return as `Work.progress`."""
        if stage != "train":
            return super().progress(stage)
        done = sum(self.updates().values())
        return done, max(len(self.networks) * self.iterations - done, 0)

    def require_weights(self):
        """Refuse files of weights that are not there, unless training is over."""
        if not self._is_done("train"):
            self.method.require_external()

    def recorded(self):
        """Return its settings by flag, and of each class how many real images it is trained on.

        Both are what its run has recorded, once it has begun.
        """
        config = self._config() or {"settings": self.method.as_flags(), "data": {"classes": {}}}
        settings, classes = config["settings"], config["data"]["classes"]
        counts = self.comparison.parts.train.counts()
        counts |= {name: len(one["train"]) for name, one in classes.items() if name in counts}
        return {name: value for name, value in settings.items() if name != "method"}, counts

    def metrics(self):
        """Return the `metrics.json` of its evaluation, or None where it is not complete."""
        return find_json(self.evaluation / METRICS, {"seconds": dict, "features": dict})

    def seconds_an_update(self):
        """Return how long an update takes here, by training a network for a moment.

        Weights made elsewhere are random ones then, since they may have to be downloaded.
        """
        name, class_names = next(iter(self.networks.items()))
        method = self._make_method(**dict.fromkeys(self.method.external, "random"))
        if method.last_phase is None:
            return 0.0
        images = self.comparison.parts.train.with_classes(class_names)
        whole = method.seconds(images)
        if whole is not None:  # it has iterations of its own
            return whole / self.iterations
        with tempfile.TemporaryDirectory() as folder:
            budget = {"minutes": TRIED / 60, "iterations": MOST_ITERATIONS}
            fit(method, images, run_dir=folder, progress=False, **budget)
            checkpoints = RunDirectory(folder).checkpoints(name, method.last_phase)
            return seconds_of_training(checkpoints) / checkpoints.latest_step()

    def _make_method(self, **more):
        """Return the untrained method, with those of the shared settings that it has."""
        name = self.contestant.method
        known = {field.name for field in dataclasses.fields(METHODS[name].defaults)}
        shared = {key: one for key, one in self.comparison.settings.items() if key in known}
        return create(name, **shared | {"seed": self.seed} | self.contestant.changes | more)

    def _config(self):
        """Return the `config.json` of its run, or None where it has not begun."""
        try:
            return RunDirectory(self.run).config()
        except UserError:
            return None

    def _is_trained(self):
        # A run that lies there may have other settings; `fit` compares them, and says so.
        trained = self.state()["trained"]
        return bool(trained) and trained == self.updates() and self._has_settings()

    def _has_settings(self):
        """Return whether its run was recorded with the settings that it would have now."""
        config, settings = self._config(), self.method.as_flags()
        if settings.get("precision") == "auto":  # another machine's may differ; it is done
            del settings["precision"]
        # Files are recorded beside the hash of what is in them; None where they are not used.
        files = {name: settings.pop(name) for name in self.method.external}
        return all(config["settings"].get(name) == value for name, value in settings.items()) and (
            all(config["options"].get(name) in (None, file) for name, file in files.items())
        )

    def _train(self):
        comparison, terms = self.comparison, self.comparison.terms
        budget = {"iterations": self.iterations}
        if terms.minutes is not None:
            budget = {"minutes": terms.minutes / len(self.networks), "iterations": MOST_ITERATIONS}
        fit(
            self.method, comparison.parts.train, held_out=comparison.parts.test, run_dir=self.run,
            source=source_of(comparison.data["dataset"], comparison.data["datasets_dir"]),
            progress=comparison.progress, **budget, **terms.of_training(),
        )  # fmt: skip
        self.remember(trained=self.updates())

    def _checkpoints(self):
        """Return the checkpoints that images are made from, by network."""
        run, last = RunDirectory(self.run), self.method.last_phase
        return {} if last is None else {name: run.checkpoints(name, last) for name in self.networks}

    def _trained_seconds(self):
        """Return the seconds behind the checkpoints of its run, by whichever process."""
        if self.method.last_phase is None:
            return 0.0
        run = RunDirectory(self.run)
        return sum(
            seconds_of_training(run.checkpoints(name, phase))
            for name in self.networks
            for phase in run.phases(name)
        )

    def _has_images(self):
        manifest, updates = read_manifest(self.generated), self.updates()
        if not manifest or not manifest.get("complete"):
            return False
        count, made = self.comparison.terms.per_class, manifest["classes"]
        wanted = {name: updates[network] for network in self.networks
                  for name in self.networks[network]}  # fmt: skip
        return (
            {name: entry["checkpoint_step"] for name, entry in made.items()} == wanted
            and all(entry["count"] == count for entry in made.values())
            and all(len(list((self.generated / name).glob("*.png"))) == count for name in made)
            and manifest["seed"] == self.seed
            and manifest["settings"] == self._config()["settings"]
        )

    def _generate(self):
        write_generated_set(
            self.run, self.generated, self.comparison.terms.per_class, seed=self.seed,
            classes=self.comparison.images.class_names,  # a run of train.py may have more
            progress=self.comparison.progress,
        )  # fmt: skip

    def _is_evaluated(self):
        metrics, comparison = self.metrics(), self.comparison
        measured = metrics["features"]["tensor"], metrics["features"]["graph_sha256"]
        if measured != (comparison.terms.tensor, comparison.inception_digest):
            return False
        images = load_dataset(
            self.generated.absolute(), comparison.image_size, progress=False, notices=False,
            cache_dir=comparison.data["cache_dir"], least=1,
        )  # fmt: skip
        return metrics["inputs"]["generated"]["fingerprint"] == images.fingerprint()

    def _evaluate(self):
        comparison, terms = self.comparison, self.comparison.terms
        evaluate(
            self.generated, self.evaluation, seed=comparison.seed, inception=terms.inception,
            features=terms.features, test_per_class=terms.test_per_class, **comparison.data,
        )  # fmt: skip
