"""From a run directory to what makes images."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ssgan_tf import methods
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import Method, Sampler, Trained
from ssgan_tf.runs.run_directory import TRAINED, RunDirectory
from ssgan_tf.training.config import make_config
from ssgan_tf.training.fit import Options

LAST, BEST = CHECKPOINTS = ("last", "best")  # that images can be made from


class TrainedRun(NamedTuple):
    """A run that images can be made from.

    Attributes:
        path: of its folder; None where nothing is trained and there is no run.
        config: the contents of its config.json.
        method: the `Method` that its settings describe.
        sampler: what makes its images.
        iterations: behind each class that it can make.
    """

    path: Path | None
    config: dict
    method: Method
    sampler: Sampler
    iterations: dict[str, int]

    @property
    def provenance(self) -> dict[str, Any]:
        """Where images of this run come from, as the manifest of a generated set says it."""
        recorded, sampling = self.config["data"], dataclasses.asdict(self.method.sampling)
        kept = {key: recorded[key] for key in ("fingerprint", "classes", "before")
                if key in recorded}  # fmt: skip
        return {
            "method": self.method.name,
            "run": self.path and str(self.path),
            "dataset": recorded["name"],
            "data": kept,
            "settings": self.config["settings"],
            **({"sampling": sampling} if sampling else {}),
        }


def load_run(
    path, average=True, dataset=None, datasets_dir=None, checkpoint=LAST, classes=None,
    sampling=None,
):  # fmt: skip
    """Return what a training left, ready to make images.

    Args:
        path: a folder that `train.py` or `fit` wrote.
        average: use moving averages of the weights, where the run kept some.
        dataset: name or folder of the images that it was trained on, for methods that change
            those; by default the name that the run recorded.
        datasets_dir: where named data sets live.
        checkpoint: "last", or "best": those with the best scores of `train.py --evaluate_every`.
        classes: those that images are wanted of, by default all that are trained; one without a
            best checkpoint is refused.
        sampling: dict of what is chosen of the images, by the names of the method's `Sampling`.

    Raises:
        UserError: the folder is no run, holds nothing trained, or does not fit its settings.
    """
    if checkpoint not in CHECKPOINTS:
        raise UserError(f"--checkpoint is {checkpoint}; it must be one of {', '.join(CHECKPOINTS)}")
    run = RunDirectory(path)
    config = run.config(TRAINED)
    method = methods.recreate(config["settings"])
    method.choose_sampling(**sampling or {})
    counts = {name: len(sides["train"]) for name, sides in config["data"]["classes"].items()}
    trained, last = {}, method.last_phase
    if checkpoint == BEST and last is None:
        raise UserError(f"--checkpoint best: {method.name} trains nothing; leave it out")
    for name, class_names in method.jobs(sorted(counts)).items():
        of_job = {each: counts[each] for each in class_names}
        step = 0 if last is None else _iterations(run.checkpoints(name, last))
        weights = partial(run.weights, name)
        if checkpoint == BEST:
            best, wanted = run.best(name, last).find(), set(classes or class_names)
            if best is None and step is not None and wanted & set(class_names):
                raise UserError(
                    f"{path} holds no best checkpoint of {name}; leave --checkpoint best out, or "
                    "train on with train.py --evaluate_every, which keeps one"
                )
            step, weights = best and best.step, partial(_best_weights, run, name, last)
        if step is not None:
            trained[name] = Trained(of_job, step, weights)

    def real():
        name, folder = config["data"].get("source", (config["data"]["name"], None))
        images = load_dataset(
            dataset or name, method.settings.image_size, datasets_dir=datasets_dir or folder,
            classes=sorted(counts),
        )  # fmt: skip
        return _recorded_images(images, config["data"]["classes"], path)

    if not trained:
        raise UserError(f"{path} holds no checkpoint yet; train it first with train.py")
    sampler = method.sampler(trained, real, average)
    iterations = {name: job.iterations for job in trained.values() for name in job.counts}
    return TrainedRun(Path(path), config, method, sampler, iterations)


def without_training(method, image_set, held_out=None, source=None):
    """Return a method that trains nothing, ready to make images, without any run.

    Args:
        method: the `Method`.
        image_set: the training images, of the method's image size.
        held_out: the test images, for the manifest.
        source: where the images lie, see `fit`.

    Raises:
        UserError: the method has to be trained, or cannot work with these classes.
    """
    require_untrained(method)
    config = make_config(method, image_set, held_out, Options(), source)
    counts = image_set.counts()
    trained = {
        name: Trained({each: counts[each] for each in class_names}, 0, lambda *_: {})
        for name, class_names in method.jobs(image_set.class_names).items()
    }
    sampler = method.sampler(trained, lambda: image_set)
    return TrainedRun(None, config, method, sampler, dict.fromkeys(counts, 0))


def require_untrained(method):
    """Refuse a method that has to be trained before it makes images.

    Raises:
        UserError: it is one.
    """
    if method.last_phase is not None:
        raise UserError(
            f"--method {method.name} has to be trained first: train.py --method {method.name}, "
            f"then --run; without training there are {', '.join(methods.untrained()) or 'none'}"
        )


def load(run, average=True, checkpoint=LAST):
    """Return the `Sampler` of a run directory; see `load_run`."""
    return load_run(run, average, checkpoint=checkpoint).sampler


def _best_weights(run, name, last, phase="", only=None):
    """Return the arrays of a job's phase, as `RunDirectory.weights`; the best of the last phase."""
    if phase != last:
        return run.weights(name, phase, only)
    return run.best(name, phase).load(only)[1]


def _iterations(checkpoints):
    """Return the iterations behind a phase; None where it cannot be used yet.

    One that the user may end at any time can; one with a number of its own must have all of them.
    """
    newest = checkpoints.newest_description()
    if newest is None:
        return None
    done, metadata = newest
    return done if done >= metadata.get("iterations", 0) else None


def _recorded_images(images, recorded, path):
    """Return the images that a run was trained on, found by their hashes."""
    names = [images.class_names[label] for label in images.labels]
    known = {(name, digest) for name, sides in recorded.items() for digest in sides["train"]}
    kept = [
        place
        for place, image in enumerate(zip(names, images.hashes, strict=True))
        if image in known
    ]
    found = images.select(kept)
    if missing := len(known) - len(set(found.hashes)):
        raise UserError(
            f"{missing} of {len(known)} images that {path} was trained on are not in "
            f"{images.name}; name the data set with --dataset"
        )
    return found
