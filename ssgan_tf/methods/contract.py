"""What every method of making images is to the rest of the code, GAN or not.

A `Method` is a recipe with its settings. It says which trainings it needs (`jobs`), gives each as a
sequence of resumable loops (`phases`), and makes a `Sampler` of what they left. Training, the run
directory, generated sets, evaluation and comparison know these classes and nothing else of a
method; `docs/extending.md` adds one from outside the package.
"""

import abc
import dataclasses
import importlib
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ssgan_tf.data import ImageSet
from ssgan_tf.data.class_names import require_free_names
from ssgan_tf.errors import UserError
from ssgan_tf.methods.making import Making
from ssgan_tf.methods.settings import Sampling, Settings, changed

ALL_CLASSES = "all_classes"  # the job of a method that trains one network for all classes


class Sampler(Making, abc.ABC):
    """Whatever makes labelled images.

    Args:
        class_names: the classes that it can make, in any order; they are sorted.

    Attributes:
        class_names: the classes, sorted.
        watch: set to a function of words, it is told now and then how far a slow batch is.
    """

    watch: Callable[[str], Any] | None = None

    def __init__(self, class_names):
        self.class_names = tuple(sorted(class_names))

    @abc.abstractmethod
    def batches(self, class_name: str, seed: int = 0) -> Iterator[np.ndarray]:
        """Yield images of a class without end, uint8 `(n, height, width, 3)` in [0, 255].

        Image number k depends on the class, the seed and k only. They end only where no more can
        be made, see `shortfall`.
        """

    def walk(self, class_name, seed=0):
        """Return the frames of a walk between images, uint8 `(count, height, width, 3)`.

        Raises:
            UserError: these images have nothing between them.
        """
        raise UserError("--interpolate: this method has no latents to walk through; leave it out")

    def sample(self, label, count, seed=0):
        """Return `count` images of a class.

        The first images are the same for any `count`.

        Args:
            label: a class name, or its index among the sorted class names.
            count: how many images.
            seed: which images.

        Returns:
            uint8 `(count, height, width, 3)`, 0-255.

        Raises:
            UserError: images of that class cannot be made.
        """
        if not isinstance(label, str) and 0 <= label < len(self.class_names):
            label = self.class_names[operator.index(label)]
        if label not in self.class_names:
            have = ", ".join(self.class_names) or "none: train first"
            raise UserError(f"no images of class {label!r} can be made; classes: {have}")
        made, batches = [], self.batches(label, seed)
        while (missing := count - sum(map(len, made))) > 0 or not made:
            made.append(next(batches)[: max(missing, 0)])
        return np.concatenate(made)


class Job(NamedTuple):
    """Something that is trained for itself, such as the network of a class.

    Attributes:
        name: that of its folder in the run directory.
        images: the `ImageSet` of its classes.
        jit: compile with XLA where that is possible.
    """

    name: str
    images: ImageSet
    jit: bool = False


class Phase(abc.ABC):
    """One resumable loop of a training.

    Everything that it changes is in `variables`, and every random number is a function of a seed
    and the iteration, so that a phase whose variables are restored goes on as if never stopped.

    Attributes:
        name: of the phase and its folder; "" puts its files into the job's own folder.
        iterations: how many it takes; None where the user says it.
        images_per_iteration: real images that an iteration shows.
        columns: of the sample grid; None makes it about square.
        later: work of its job that follows, in iterations of this phase; for the time left.
    """

    name: str = ""
    iterations: int | None = None
    images_per_iteration: int = 1
    columns: int | None = None
    later: float = 0.0

    @abc.abstractmethod
    def variables(self) -> dict[str, Any]:
        """Return all its state by name: variables with a shape, `numpy()` and `assign(value)`."""

    @abc.abstractmethod
    def run(self, count: int) -> dict[str, float]:
        """Run `count` iterations; return the means of what is logged, the losses for instance."""

    def prepare(self):
        """Do what would else slow down the first iteration, such as compiling."""
        return

    def flops(self) -> int | None:
        """Return the operations that an iteration really does; None where they are not counted."""
        return None

    def preview(self) -> np.ndarray | None:
        """Return images for the sample grid, uint8 `(n, height, width, 3)`, or None for no grid."""
        return None

    def sampler(self) -> Sampler | None:
        """Return what makes images of the present state, of each class of the job.

        With it the training can be scored while it runs, see `ssgan_tf.training.scoring`. It is
        used before the phase goes on, and alters nothing of `variables`. None: the phase cannot be
        scored.
        """
        return None


class Trained(NamedTuple):
    """What the trainings of a job left.

    Attributes:
        counts: number of training images of each class, in the order of their labels.
        iterations: of the last phase.
        weights: from the name of a phase, and perhaps a choice of names, to its arrays by name.
    """

    counts: dict[str, int]
    iterations: int
    weights: Callable[..., dict[str, np.ndarray]]


class Cost(NamedTuple):
    """What networks cost: parameters (SSGAN, Eq. 9) and operations (Eq. 10), by network.

    Attributes:
        parameters: by network, and `together`.
        flops: operations for one image by network, `batch` for a batch of all of them, and
            `batch_size`.
    """

    parameters: dict[str, int]
    flops: dict[str, int]


class Method(abc.ABC):
    """A way to make images, with its settings.

    Args:
        **changes: settings that differ from the method's defaults, by the names of its fields.

    Attributes:
        name: what users call it: "wgan-gp".
        label: what papers call it: "WGAN-GP".
        defaults: an instance of its `Settings`.
        sampling_defaults: an instance of its `Sampling`: what may be chosen when images are made.
        sampling: the choices that `sampler` goes by.
        last_phase: name of the phase whose checkpoint images are made from; None where nothing is
            trained.
        external: names of the settings that name files of weights made elsewhere; each also takes
            "random", for what depends on sizes only.
        precision: the Keras dtype policy that training computes in.
        images_per_step: images a training step sees on all devices together; they share them.

    Raises:
        UserError: a setting does not exist or has an impossible value.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    defaults: ClassVar[Settings] = Settings()
    sampling_defaults: ClassVar[Sampling] = Sampling()
    last_phase: str | None = ""
    external: ClassVar[tuple[str, ...]] = ()
    precision: str = "float32"
    images_per_step: int = 1

    def __init__(self, **changes):
        self.settings = changed(self.defaults, changes, f"{self.name} has no setting", "it has")
        self.sampling = self.sampling_defaults
        self.trained = None  # the `Sampler` that `fit` left

    def choose_sampling(self, **changes):
        """Set how `sampler` makes images, where that differs from `sampling_defaults`.

        Args:
            **changes: by the names of the fields.

        Raises:
            UserError: there is no such choice, or a value is impossible.
        """
        lacks = f"{self.name} has no setting"
        self.sampling = changed(self.sampling_defaults, changes, lacks, "of its images you choose")

    def as_flags(self):
        """Return the settings as a dict keyed by the flags of `train.py`."""
        return {
            field.name.rstrip("_"): getattr(self.settings, field.name)
            for field in dataclasses.fields(self.settings)
        }

    def jobs(self, class_names) -> dict[str, tuple[str, ...]]:
        """Return what is trained for itself: names of jobs, each with its classes.

        By default each class for itself.

        Raises:
            UserError: the method cannot learn these classes, or a class has a name that a run or a
                generated set needs for something else.
        """
        require_free_names(class_names)
        return {name: (name,) for name in class_names}

    def shared(self, class_names) -> bool:
        """Return whether a job learns several of these classes, so that none can be added later."""
        return any(len(names) > 1 for names in self.jobs(class_names).values())

    @abc.abstractmethod
    def phases(self, job: Job) -> Iterator[Phase]:
        """Yield the loops that train a job, one after the other; none where nothing is trained.

        The next one is asked for when the last one is trained or restored, so it may use what that
        one holds. They are made in the scope of the distribution strategy.
        """

    @abc.abstractmethod
    def sampler(
        self, trained: Mapping[str, Trained], real: Callable[[], ImageSet], average: bool = True
    ) -> Sampler:
        """Return what makes images from finished trainings.

        Args:
            trained: by job; those that are not trained yet are missing.
            real: returns the training images, for methods that change those.
            average: use moving averages of weights, where there are some.

        Raises:
            UserError: the weights do not fit.
        """

    def recall(self, recorded: Mapping[str, tuple[str, str]]):
        """Take note of what a run that goes on has recorded of weights made elsewhere.

        Called before `external_weights`. A method whose networks only begin with such weights can
        do without their files then.

        Args:
            recorded: for names in `external`, the file's name and what was recorded of it; empty
                where a run begins.
        """
        return

    def external_weights(self) -> dict[str, str | None]:
        """Load the weights made elsewhere; called once, before anything is written.

        Returns:
            for each name in `external`, what the run records of it, such as a fingerprint; None
            where these settings do not use it.

        Raises:
            UserError: a file is missing or wrong.
        """
        return {}

    def trained_on_before(self) -> dict[str, list[str]]:
        """Return which images the weights made elsewhere were trained on, as far as runs tell.

        Asked for after `external_weights`. What makes images of such weights has seen these images
        too, so that they are no test of it.

        Returns:
            dict from class to hashes of source files; empty where no run was begun with.
        """
        return {}

    def require_external(self):
        """Refuse files of `external` weights that are not there, without loading any.

        Raises:
            UserError: a file is missing.
        """
        return

    def cost(self, classes: int) -> Cost | None:
        """Return what the networks for so many classes cost; None where there are none."""
        return None

    def plan(self, image_set, replicas) -> list[tuple[str, str]]:
        """Return what a training will take, as rows of a name and words.

        Args:
            image_set: the images to train on.
            replicas: how many devices share the work.
        """
        return []

    def seconds(self, image_set) -> float | None:
        """Return how long training takes here; None where the user says how long."""
        return None

    def fit(self, image_set, **options):
        """Train on an image set, then `sample`; see `ssgan_tf.training.fit`.

        Returns:
            the method.
        """
        # Methods stand below training and know nothing of it; only this call looks up.
        training = importlib.import_module("ssgan_tf.training")
        self.trained = training.fit(self, image_set, **options)
        return self

    def sample(self, label, count, seed=0):
        """Return images of a class once `fit` has trained; see `Sampler.sample`."""
        if self.trained is None:
            raise UserError(f"{self.name} is not trained yet; call fit() first")
        return self.trained.sample(label, count, seed)
