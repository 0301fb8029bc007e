"""One member's folder in a study: its stages, what of them is done, and how they are done."""

import time
import traceback

import filelock

from ssgan_tf.bounds import MOST_ITERATIONS
from ssgan_tf.comparison.classifiers import (
    CLASSICAL,
    are_of,
    baseline_trainings,
    make_study,
    take_over,
    trainings_with,
)
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import source_of
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import evaluate
from ssgan_tf.evaluation.results import METRICS
from ssgan_tf.files import write_json
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.json_files import NUMBER, Each, find_json
from ssgan_tf.methods import create
from ssgan_tf.perceptual import require_found
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit
from ssgan_tf.training.loop import seconds_of_training

STATE, FAILURE, LOCK = "state.json", "failure.txt", ".lock"
SHAPE = {  # of state.json
    "seconds?": Each(NUMBER), "updates?": int, "trained?": Each(int),
    "stage?": (str, None), "failure?": (str, None),
}  # fmt: skip
BASELINES = "baselines"
UNLIMITED = MOST_ITERATIONS  # where minutes are the limit


class Work:
    """Something that a study does in a folder of its own, in stages.

    Attributes:
        label: what people call it.
        folder: `<out>/members/<name>`.
        classification: the folder of its classifiers.
        stages: names of its stages, in their order.
    """

    def __init__(self, name, label, study, stages):
        self.name, self.label, self.study, self.stages = name, label, study, stages
        self.folder = study.out / "members" / name
        self.classification = self.folder / "classification"

    def state(self):
        """Return what is remembered of it, a dict.

        Its keys: `seconds` by stage; `updates`, generator updates that were made in the seconds of
        training; `trained`, generator updates by network, once training has finished; `stage` and
        `failure`, where and why it failed, or None.
        """
        state = {"seconds": {}, "updates": 0, "trained": {}, "stage": None, "failure": None}
        return state | (find_json(self.folder / STATE, SHAPE) or {})

    def remember(self, **changes):
        """Change keys of the `state`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / STATE, self.state() | changes)

    def lock(self, timeout=0):
        """Return a lock that keeps other processes from the folder; it is not yet taken.

        Args:
            timeout: seconds to wait for another process.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.folder / LOCK, timeout=timeout, thread_local=False)

    def pending(self):
        """Return the stages that are to be done.

        Images follow from a training, and all else from the images, so is done again after them.
        """
        for place, stage in enumerate(self.stages):
            if stage in ("train", "generate") and not self._is_done(stage):
                return list(self.stages[place:])
        return [stage for stage in self.stages if not self._is_done(stage)]

    def perform(self, stage):
        """Do a stage, and remember how long it took.

        Raises:
            UserError: something does not fit.
            Interrupted: a signal; what was saved is kept.
        """
        self.remember(stage=None, failure=None)
        (self.folder / FAILURE).unlink(missing_ok=True)
        start = time.perf_counter()
        getattr(self, f"_{stage}")()
        if stage in ("generate", "evaluate"):  # the others add up what several calls took
            self._remember_seconds(stage, time.perf_counter() - start)

    def fail(self, stage, error):
        """Remember an exception that ended a stage; return it as one line."""
        line = one_line(error)
        self.remember(stage=stage, failure=line)
        (self.folder / FAILURE).write_text("".join(traceback.format_exception(error)))
        return line

    def updates(self):
        """Return the generator updates of each network, a dict."""
        return {}

    def _is_done(self, stage):
        try:
            return getattr(self, f"_{stage}_is_done")()
        except Exception:  # a damaged file; to do the stage mends it, or says what is wrong
            return False

    def _remember_seconds(self, stage, seconds):
        self.remember(seconds=self.state()["seconds"] | {stage: round(seconds, 1)})

    def _classify_is_done(self):
        return all(training.result(self.classification) for training in self.trainings())

    def _classify(self):
        try:
            self._train_classifiers()
        finally:  # finished trainings are kept, so their time counts
            results = (training.result(self.classification) for training in self.trainings())
            self._remember_seconds(
                "classify", sum(result["scores"]["seconds"] for result in results if result)
            )


class Baselines(Work):
    """What generated images have to beat: no others, random clipping, flips and crops."""

    def __init__(self, study):
        super().__init__(BASELINES, "real images, clipped and flipped ones", study, ("classify",))

    def trainings(self):
        """Return its classifier trainings, a list of `ssgan_tf.classify` members."""
        return baseline_trainings(self.study.options)

    def _train_classifiers(self):
        make_study(self.study, self.classification, list(CLASSICAL)).run()


class MemberWork(Work):
    """A training of a member of a study: drawn from, evaluated and perhaps learnt from.

    Args:
        member: the `Member`.
        study: the `Comparison` that it belongs to.

    Attributes:
        seed: of its weights, batches and noise. The split has the study's seed.
        method: the untrained `GAN`.

    Raises:
        UserError: a setting that the study shares is impossible for this method.
    """

    def __init__(self, member, study):
        stages = ("train", "generate", "evaluate", *["classify"] * study.classify)
        super().__init__(member.name, member.label, study, stages)
        self.member = member
        self.run, self.generated, self.evaluation = (
            self.folder / name for name in ("run", "generated", "evaluation")
        )
        self.seed = study.seed if member.seed is None else member.seed
        self.method = _make_method(member, **study.settings | {"seed": self.seed})

    @property
    def networks(self):
        """How many networks it trains: one that is told the class, or one for each class."""
        return len(self._networks())

    @property
    def iterations(self):
        """Generator updates of each network, such that all members make equally many; or None."""
        updates = self.study.options.iterations
        return updates and updates * len(self.study.images.class_names) // self.networks

    def require_weights(self):
        """Refuse a file of VGG-19's weights that is not there, unless training is over."""
        settings = self.method.settings
        if settings.mu and not self._is_done("train"):
            require_found(settings.vgg_weights)

    def _networks(self):
        return self.method.jobs(self.study.images.class_names)

    def updates(self):
        """Return the generator updates of each network of its run, a dict."""
        run = RunDirectory(self.run)
        steps = {name: run.checkpoints(name).latest_step() for name in self._networks()}
        return {name: step for name, step in steps.items() if step is not None}

    def learnt_from(self):
        """Return how many real images of each class its run has recorded, else is to learn from."""
        counts = self.study.parts.train.counts()
        try:
            recorded = RunDirectory(self.run).config()["data"]["classes"]
        except UserError:
            return counts
        return {
            name: len(recorded[name]["train"]) if name in recorded else count
            for name, count in counts.items()
        }

    def settings(self):
        """Return its settings by flag: those that its run has recorded, once it has begun."""
        try:
            recorded = RunDirectory(self.run).config()["settings"]
        except UserError:
            return self.method.as_flags()
        return {name: value for name, value in recorded.items() if name != "method"}

    def metrics(self):
        """Return the `metrics.json` of its evaluation, or None where it is not complete."""
        return find_json(self.evaluation / METRICS, {"seconds": dict, "features": dict})

    def trainings(self):
        """Return its classifier trainings, a list of `ssgan_tf.classify` members."""
        return trainings_with(self.member.condition, self.study.options)

    def _train_is_done(self):
        # A run that lies there may have other settings; `fit` compares them, and says so.
        trained = self.state()["trained"]
        return bool(trained) and trained == self.updates() and self._has_settings()

    def _has_settings(self):
        """Return whether its run was recorded with the settings that it would have now."""
        config, settings = RunDirectory(self.run).config(), self.method.as_flags()
        weights = settings.pop("vgg_weights", None)
        if settings["precision"] == "auto":  # another machine's may differ; what is done is done
            del settings["precision"]
        same = all(config["settings"].get(name) == value for name, value in settings.items())
        return same and config["options"]["vgg_weights"] == (
            weights if settings.get("mu") else None
        )

    def _train(self):
        study, options = self.study, self.study.options
        if options.minutes is None:
            budget = {"iterations": self.iterations}
        else:
            budget = {"minutes": options.minutes / self.networks, "iterations": UNLIMITED}
        try:
            fit(
                self.method, study.parts.train, held_out=study.parts.test, run_dir=self.run,
                source=source_of(study.dataset, study.datasets_dir),
                progress=study.progress, **budget, **options.of_training(),
            )  # fmt: skip
        finally:  # what was trained is kept, so its time counts
            self._remember_seconds("train", self._trained_seconds())
            self.remember(updates=sum(self.updates().values()))
        self.remember(trained=self.updates())

    def _trained_seconds(self):
        """Return the seconds behind the checkpoints of its run, by whichever process."""
        run = RunDirectory(self.run)
        return sum(
            seconds_of_training(run.checkpoints(name, self.method.last_phase))
            for name in self._networks()
        )

    def _generate_is_done(self):
        manifest, updates = read_manifest(self.generated), self.updates()
        if not manifest or not manifest.get("complete"):
            return False
        wanted = {
            class_name: (self.study.options.per_class, updates[network])
            for network, class_names in self._networks().items()
            for class_name in class_names
        }
        made = {
            name: (entry["count"], entry["checkpoint_step"])
            for name, entry in manifest["classes"].items()
        }
        files = {name: len(list((self.generated / name).glob("*.png"))) for name in made}
        return (
            made == wanted
            and all(files[name] == count for name, (count, _) in made.items())
            and manifest["seed"] == self.seed
            and manifest["settings"] == RunDirectory(self.run).config()["settings"]
        )

    def _generate(self):
        write_generated_set(
            self.run, self.generated, self.study.options.per_class, seed=self.seed,
            classes=self.study.images.class_names,  # a run that was taken over may have more
            progress=self.study.progress,
        )  # fmt: skip

    def _evaluate_is_done(self):
        metrics = self.metrics()
        if metrics is None or metrics["features"]["tensor"] != self.study.options.tensor:
            return False
        if metrics["features"]["graph_sha256"] != self.study.inception_digest:
            return False
        images = load_dataset(
            self.generated.absolute(), self.study.image_size, cache_dir=self.study.cache_dir,
            progress=False, notices=False, least=1,
        )  # fmt: skip
        return metrics["inputs"]["generated"]["fingerprint"] == images.fingerprint()

    def _evaluate(self):
        study, options = self.study, self.study.options
        evaluate(
            self.generated, self.evaluation, dataset=study.dataset, seed=study.seed,
            inception=options.inception, features=options.features,
            datasets_dir=study.datasets_dir, classes=study.classes, image_size=study.image_size,
            test_per_class=options.test_per_class, cache_dir=study.cache_dir,
            progress=study.progress,
        )  # fmt: skip

    def _classify_is_done(self):
        return super()._classify_is_done() and are_of(self.study, self)

    def _train_classifiers(self):
        study = make_study(
            self.study, self.classification, [f"{self.member.condition}={self.generated}"]
        )
        take_over(study, [self.study.baselines.classification])  # "original", which all share
        study.run()


def one_line(error):
    """Return an exception as one line; one that is a bug bears its class."""
    words = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    return " ".join(words.split()).replace("--run_dir", "--out")  # what compare.py has of the two


def _make_method(member, vgg_weights=None, **settings):
    """Return the untrained method of a member; weights of VGG-19 only where it is used."""
    method = create(member.method, **settings | member.changes)
    if method.settings.mu and vgg_weights:
        method = create(member.method, vgg_weights=vgg_weights, **settings | member.changes)
    return method
