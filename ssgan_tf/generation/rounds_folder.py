"""The folder of the rounds of filtering: their classifiers and progress, to resume them."""

import contextlib
import hashlib
import json
import re
import shutil
from pathlib import Path

from ssgan_tf.classify.classifier import RECORD, Classifier
from ssgan_tf.errors import UserError
from ssgan_tf.files import sweep_temporaries, write_json
from ssgan_tf.json_files import Damaged, Each, find_json, read_json
from ssgan_tf.methods import recreate
from ssgan_tf.runs.provenance import git_commit, versions
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training.trained import LAST, TrainedRun

CONFIG, SETS = "config.json", "sets.json"
CONFIG_SHAPE = {"settings": dict, "data": {"classes": dict}}
SETS_SHAPE = Each({"acceptance_rate": dict, "fingerprint": (str, None)})


class RoundsFolder:
    """The folder `<out>.rounds` beside a generated set.

    It is beside the set and not in it, because other programs take every folder in a set for a
    class.

    ```
    config.json                  the settings of the rounds
    sets.json                    round -> acceptance rate of each class, fingerprint of the images
    round-2/classifier.keras, classifier.json
                                 the classifier trained on the images of round 1, and so on
    ```

    Args:
        out: the folder of the generated set.

    Attributes:
        path: the folder.
    """

    def __init__(self, out):
        out = Path(out)
        if out.name in ("", ".."):
            out = out.resolve()
        self.path = out.with_name(f"{out.name}.rounds")

    @contextlib.contextmanager
    def opened(self, settings, classes):
        """Lock the folder, and check that its rounds may be resumed.

        A new folder is removed again where nothing was kept in it.

        Args:
            settings: see `settings_of_rounds`.
            classes: dict from class to `{"train": hashes, "test": hashes}` of the real images that
                are trained on and held out.

        Raises:
            UserError: the folder holds rounds of other settings, is not of this program, is in
                use, or the disk refuses.
        """
        new = not self.path.exists()
        try:
            with RunDirectory(self.path, "--out").lock():
                self._refuse_others(settings, classes)
                sweep_temporaries(self.path)
                config = {
                    "settings": settings,
                    "data": {"classes": classes},
                    "versions": versions(),
                    "git_commit": git_commit(),
                }
                write_json(self.path / CONFIG, config)
                yield
        finally:
            if new and not self._begun():
                shutil.rmtree(self.path, ignore_errors=True)

    def sets(self):
        """Return the sets that rounds have written, a dict from the number of the round.

        Each has `acceptance_rate`, a dict from class, and the `fingerprint` of its images, None
        without images.
        """
        known = find_json(self.path / SETS, SETS_SHAPE) or {}
        return {int(number): known[number] for number in known if re.fullmatch(r"\d{1,4}", number)}

    def record_set(self, number, acceptance_rate, fingerprint):
        """Record that the set of a round has been written; see `sets`."""
        entry = {"acceptance_rate": acceptance_rate, "fingerprint": fingerprint}
        write_json(self.path / SETS, {**self.sets(), number: entry})

    def of_round(self, number):
        """Return the folder of a round's classifier, which need not exist."""
        return self.path / f"round-{number}"

    def load(self, number):
        """Return the classifier of a round, or None where its training has not finished.

        Raises:
            UserError: it is damaged.
        """
        if not (self.of_round(number) / RECORD).exists():
            return None
        return Classifier.load(self.of_round(number))

    def save(self, number, classifier):
        """Write the classifier of a round, and return it as loaded from there.

        So resumed and undisturbed rounds continue with the very same network.
        """
        folder = self.of_round(number)
        shutil.rmtree(folder, ignore_errors=True)  # what a killed process left of its saving
        folder.mkdir(parents=True)
        classifier.save(folder)
        return self.load(number)

    def _begun(self):
        """Return whether a set or a classifier is kept."""
        return (self.path / SETS).exists() or any(self.path.glob("round-*"))

    def _refuse_others(self, settings, classes):
        if not self._begun():
            return
        try:
            earlier = read_json(self.path / CONFIG, CONFIG_SHAPE)
            was, had = earlier["settings"], earlier["data"]["classes"]
        except (OSError, Damaged):
            raise UserError(
                f"{self.path / CONFIG} is damaged; choose another --out, or move {self.path} away"
            ) from None
        changes = [
            f"--{name} was {was.get(name)}, is now {now}"
            for name, now in settings.items()
            if was.get(name) != now
        ]
        if had != classes:
            changes.append("the classifier's real images are others")
        if changes:
            raise UserError(
                f"{self.path} holds rounds made otherwise: {'; '.join(changes)}; use the old "
                f"settings, choose another --out, or move {self.path} away"
            )


def settings_of_rounds(
    run, per_class, filtered, *, seed=0, classes=None, average=True, checkpoint=LAST,
    sampling=None, **_,
):  # fmt: skip
    """Return all settings that affect the sets and classifiers of rounds, by flag, as texts.

    The maximum number of rounds and the rule may change from one call to the next: they only choose
    among the rounds.

    Args:
        run: the run directory, or the `TrainedRun` of a method that trains nothing.
        per_class: see `write_generated_set`.
        filtered: the `Filter` of round 1.
        seed: see `write_generated_set`.
        classes: see `write_generated_set`.
        average: see `write_generated_set`.
        checkpoint: see `write_generated_set`.
        sampling: see `write_generated_set`.

    Raises:
        UserError: `run` is no run directory.
    """
    return {
        "run": identity_of_run(run, classes, checkpoint),
        "per_class": str(per_class),
        "classes": ",".join(sorted(classes)) if classes else "all",
        "seed": str(seed),
        "ema": str(bool(average)).lower(),
        "filter": filtered.classifier.fingerprint(),
        "threshold": str(filtered.threshold),
        "filter_limit": str(filtered.limit),
        **{name: str(value) for name, value in (sampling or {}).items()},
    }


def identity_of_run(run, classes=None, checkpoint=LAST):
    """Return what tells a run's images from others': its iterations, settings and data, a text.

    Args:
        run: the run directory.
        classes: those that images are made of, by default all.
        checkpoint: see `write_generated_set`.

    Raises:
        UserError: `run` is no run directory.
    """
    if isinstance(run, TrainedRun):  # which trains nothing
        config = run.config
        return _identity([f"{run.method.name}, {run.method.sampling}, 0"], config)
    directory = RunDirectory(run)
    config = directory.config()
    method, known = recreate(config["settings"]), sorted(config["data"]["classes"])
    last, trained = method.last_phase, []
    for name, of_job in sorted(method.jobs(known).items()) if last is not None else ():
        step = _step(directory, name, last, checkpoint)
        if step is not None and (not classes or set(classes) & set(of_job)):
            trained.append(f"{name} {step}")
    return _identity(trained, config)


def _identity(trained, config):
    made_of = json.dumps([config["settings"], config["data"].get("fingerprint")], sort_keys=True)
    return f"{', '.join(trained)} iterations of {_digest(made_of)}"


def _step(directory, job, phase, checkpoint):
    """Return the iterations behind a phase's checkpoint, "best 500" of the best one, or None."""
    last = directory.checkpoints(job, phase).latest_step()
    if checkpoint == LAST or last is None:
        return last
    best = directory.best(job, phase).find()
    return f"best {best.step if best else None}"


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]
