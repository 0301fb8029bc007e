"""The terms on which all contestants are compared, beside the settings of their networks."""

from dataclasses import dataclass

from ssgan_tf import training
from ssgan_tf.bounds import require_fields
from ssgan_tf.classify.conditions import parse_sizes
from ssgan_tf.data.balance import BALANCE, RESTORE
from ssgan_tf.device.strategy import STRATEGIES
from ssgan_tf.errors import UserError
from ssgan_tf.methods.settings import setting
from ssgan_tf.metrics.inception import FEATURES, require_known

ITERATIONS = 20_000  # where no budget is given
OF_TRAINING = ("strategy", "checkpoint_every", "sample_every", "log_every")


@dataclass(frozen=True)
class Terms:
    """The budget of each contestant, and how its images are judged.

    One of `iterations` and `minutes` is the budget of a training. A network for all classes makes
    as many updates as a network for each class would make together.
    """

    iterations: int | None = setting(
        None, f"The budget: generator updates per class; {ITERATIONS} without --minutes."
    )
    minutes: float | None = setting(None, "Instead: minutes of training of each member.")
    seeds: int = setting(1, "Trainings of each member: of its networks, from seed, seed + 1, ...")
    per_class: int = setting(400, "Images that each training makes of each class.")
    train_per_class: int | None = setting(
        None, "Real images of each class that members train on, at most. Default: 400, as "
        "classifiers do; all in a comparison that was begun without it.",
    )  # fmt: skip
    test_per_class: int | None = setting(
        None, "Images held out of each class. Default: 100 or 20 %."
    )
    inception: str = setting("auto", "auto (downloaded once), or its archive or .pb file.")
    features: str = setting(
        "pool_3", "What images are compared by: pool_3 is FID, mixed_7 is FID-768."
    )
    classifier_sizes: str = setting("200,400", "Generated images of each class that are added.")
    classifier_seeds: int = setting(3, "Trainings of each classifier.")
    classifier_weights: str = setting(
        "imagenet", "imagenet (downloaded once), scratch, or a folder."
    )
    classifier_epochs: int = setting(30, "Passes over the real images.")
    # These four by default as in `ssgan_tf.training.Options`.
    strategy: str | None = setting(None, "none or mirrored (all local GPUs).")
    checkpoint_every: int | None = setting(None, "Iterations between checkpoints.")
    sample_every: int | None = setting(None, "Iterations between sample grids.")
    log_every: int | None = setting(None, "Iterations between lines of metrics.jsonl.")

    def __post_init__(self):
        if self.iterations is not None and self.minutes is not None:
            raise UserError("--iterations and --minutes are both a budget; give one of them")
        if self.iterations is None and self.minutes is None:
            object.__setattr__(self, "iterations", ITERATIONS)
        require_fields(self)
        if self.test_per_class == 0:
            raise UserError("--test_per_class is 0; it must be at least 1")
        if self.strategy == "multi_worker":
            raise UserError("--strategy multi_worker trains one run only; share the work by --jobs")
        if self.strategy not in (None, *STRATEGIES):
            raise UserError(f"--strategy is {self.strategy}; it must be none or mirrored")
        training.Options(**self.of_training())  # refuses what is impossible
        require_known(self.features)

    @property
    def tensor(self):
        """The tensor of the Inception network that the features are taken from."""
        return FEATURES[self.features]

    @property
    def budget(self):
        """The budget in words."""
        if self.minutes is None:
            return f"{self.iterations:,} generator updates per class"
        return f"{self.minutes:g} minutes of training"

    def of_training(self):
        """Return the options for `fit` that were given, a dict."""
        values = {name: getattr(self, name) for name in OF_TRAINING}
        return {name: value for name, value in values.items() if value is not None}

    def require_enough_images(self):
        """Refuse classifiers that want more images than are made.

        Raises:
            UserError: so it is.
        """
        for size in parse_sizes(self.classifier_sizes):
            if size == RESTORE:
                raise UserError(
                    f"--classifier_sizes {RESTORE} needs a class that was cut down, as classify.py "
                    f"--imbalance does; name a number, a share such as 25%, or {BALANCE}"
                )
            if size.isdecimal() and int(size) > self.per_class:
                raise UserError(
                    f"--classifier_sizes wants {size} images of each class, and --per_class makes "
                    f"{self.per_class}; raise the one or lower the other"
                )
