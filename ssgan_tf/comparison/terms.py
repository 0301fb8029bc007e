"""The terms on which all contestants are compared, beside the settings of their networks."""

from dataclasses import dataclass

from ssgan_tf import training
from ssgan_tf.bounds import require_fields
from ssgan_tf.classify.conditions import parse_sizes
from ssgan_tf.device.strategy import STRATEGIES
from ssgan_tf.errors import UserError
from ssgan_tf.metrics.inception import FEATURES, require_known

ITERATIONS = 20_000  # where no budget is given
OF_TRAINING = ("strategy", "checkpoint_every", "sample_every", "log_every")


@dataclass(frozen=True)
class Terms:
    """The budget of each contestant, and how its images are judged.

    One of `iterations` and `minutes` is the budget of a training. A network for all classes makes
    as many updates as a network for each class would make together.
    """

    iterations: int | None = None  # generator updates per class; 20,000 without `minutes`
    minutes: float | None = None  # or of training, shared equally by a contestant's networks
    seeds: int = 1  # trainings of each contestant; only the split is the same for all of them
    per_class: int = 400  # images that each training makes of each class
    train_per_class: int | None = None  # real ones that it is trained on; as classifiers by default
    test_per_class: int | None = None  # by default 100 for flower and animal, else 20 %
    inception: str = "auto"  # downloaded once, or a file
    features: str = "pool_3"  # FID's own; others need less of the network
    classifier_sizes: str = "200,400"  # generated images of each class that are added
    classifier_seeds: int = 3  # trainings of each classifier
    classifier_weights: str = "imagenet"
    classifier_epochs: int = 30
    strategy: str | None = None  # these four: by default as `ssgan_tf.training.Options`
    checkpoint_every: int | None = None
    sample_every: int | None = None
    log_every: int | None = None

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
            if size.isdecimal() and int(size) > self.per_class:
                raise UserError(
                    f"--classifier_sizes wants {size} images of each class, and --per_class makes "
                    f"{self.per_class}; raise the one or lower the other"
                )
