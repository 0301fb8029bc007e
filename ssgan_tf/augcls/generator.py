"""The generator of a study: a run that exists, or one that the study trains on its images."""

from dataclasses import dataclass
from pathlib import Path

from ssgan_tf import methods
from ssgan_tf.data.loading import source_of
from ssgan_tf.errors import UserError
from ssgan_tf.generation.rounds_folder import identity_of_run
from ssgan_tf.methods.contract import Method
from ssgan_tf.methods.settings import value_of
from ssgan_tf.runs.run_directory import TRAINED, RunDirectory
from ssgan_tf.training import fit
from ssgan_tf.training.trained import CHECKPOINTS, LAST

FOLDER = "generator"


@dataclass(frozen=True)
class Budget:
    """How long a generator is trained.

    Attributes:
        iterations: at most; None for the method's customary number.
        minutes: of training, at most.
    """

    iterations: int | None = None
    minutes: float | None = None

    def given(self):
        """Return those that are limited, as options of `fit`."""
        values = {"iterations": self.iterations, "minutes": self.minutes}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Generator:
    """Where the images of a study come from.

    Attributes:
        method: the `Method`.
        run: its run directory.
        budget: where the study trains it, else None.
        checkpoint: "last" or "best".
        average: use moving averages of the weights.
    """

    method: Method
    run: Path
    budget: Budget | None = None
    checkpoint: str = LAST
    average: bool = True

    def __post_init__(self):
        if self.checkpoint not in CHECKPOINTS:
            raise UserError(
                f"--checkpoint is {self.checkpoint}; it must be one of {', '.join(CHECKPOINTS)}"
            )

    @classmethod
    def of_run(cls, run, **options):
        """Return the generator that a run of `train.py` left.

        Raises:
            UserError: it is no run.
        """
        recorded = RunDirectory(run, "--run").config(TRAINED)
        return cls(methods.recreate(recorded["settings"]), Path(run), **options)

    @classmethod
    def to_train(cls, out, name, settings, budget, **options):
        """Return a generator to train in the folder of a study.

        Args:
            out: that folder.
            name: of the method.
            settings: of the method, by the names of its fields.
            budget: the `Budget`.
            **options: `checkpoint` and `average`.

        Raises:
            UserError: no such method or setting, or minutes for a method whose number of
                iterations is a setting, which takes all of them.
        """
        method = methods.create(name, **settings)
        if hasattr(method.settings, "iterations"):
            if budget.minutes is not None:
                raise UserError(f"--minutes: {name} takes all its --iterations; give fewer")
            if budget.iterations is not None:
                method = methods.create(name, **{"iterations": budget.iterations, **settings})
        return cls(method, Path(out) / FOLDER, budget, **options)

    def settings(self):
        """Return what decides its images, by flag, a dict.

        Raises:
            UserError: a run that was given does not exist.
        """
        options = {"checkpoint": self.checkpoint, "ema": self.average}
        if self.budget is None:
            return {"run": identity_of_run(self.run, checkpoint=self.checkpoint), **options}
        budget = {name: getattr(self.budget, name) for name in ("iterations", "minutes")}
        flags = {f"method_settings {k}": v for k, v in self.method.as_flags().items()}
        return {"method": self.method.name, **flags, **budget, **options}

    def train(self, division, dataset, datasets_dir, progress=True):
        """Train it on the imbalanced training images, unless it is trained or was given.

        Args:
            division: the `Division`.
            dataset: name or folder of the data set.
            datasets_dir: the folder of named ones.
            progress: show a bar.

        Raises:
            UserError: as `fit`.
            Interrupted: a signal; what was done is saved.
        """
        if self.budget is None:
            return
        fit(
            self.method, division.training, held_out=division.test,
            source=source_of(dataset, datasets_dir), run_dir=self.run, progress=progress,
            **self.budget.given(),
        )  # fmt: skip

    def notes(self, class_names):
        """Return what a reader has to know of it, sentences."""
        if self.method.shared(class_names) or self.method.last_phase is None:
            return []
        return [
            f"{self.method.label} trains a network for each class; GM-augCls has one generator "
            "that learns all classes together."
        ]


def parse_settings(texts):
    """Return settings of methods as `--method_settings` gives them, `["batch_size=32"]`, a dict.

    A text without a name goes on with the value before it: `["penalty=lecam", "r1"]` is one value.

    Raises:
        UserError: a text is of another form, a setting does not exist, or has no such value.
    """
    known = {name.rstrip("_"): (name, *found) for name, found in methods.setting_fields().items()}
    settings, whole = {}, []
    for text in texts:
        if whole and "=" not in text:
            whole[-1] += f",{text}"
        else:
            whole.append(text)
    for text in whole:
        flag, given, value = text.partition("=")
        if not given or flag not in known:
            raise UserError(
                f"--method_settings {text}: give settings of train.py and their values, such as "
                "image_size=64,batch_size=32"
            )
        name, field, _ = known[flag]
        try:
            settings[name] = value_of(field, value)
        except ValueError as expected:
            raise UserError(f"--method_settings {text}: it must be {expected}") from None
    return settings
