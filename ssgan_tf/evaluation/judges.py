"""The classifiers that judge class consistency: given ones, and those that are trained for it."""

import dataclasses
import gc
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssgan_tf.bounds import require_fields
from ssgan_tf.classify.classifier import RECORD, Classifier
from ssgan_tf.classify.network import load_backbone
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.data import ImageSet
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, sweep_temporaries
from ssgan_tf.json_files import find_json
from ssgan_tf.progress import progress_bar

REAL, AS_MANY, GENERATED = "real", "as-many-real", "generated"  # what a classifier is trained on
DECISIVE = ("class_names", "image_size", "condition", "seed", "settings", "steps")  # of a record


@dataclass(frozen=True)
class ConsistencySettings:
    """Which classifiers judge the images."""

    classifier: str | None = None  # the folder of one by classify.py, or of several, seed-*
    train: bool = True  # what else is needed; without it only given classifiers judge
    classifier_weights: str | None = None  # by default those of `classifier`, else imagenet
    classifier_epochs: int | None = None  # by default those of `classifier`, else 30
    classifier_seeds: int = 3

    def __post_init__(self):
        require_fields(self)
        if not self.train and not self.classifier:
            raise ValueError("there is no classifier, and none may be trained")


@dataclass(frozen=True, eq=False)
class Judge:
    """A classifier to train, or one that a former call has trained so.

    Attributes:
        images: the `ImageSet` to train on.
        record: the contents of its `classifier.json`, which decide the training.
        folder: for the classifier, so that it need not be trained again.
    """

    images: ImageSet
    record: dict
    folder: Path

    @property
    def settings(self):
        """The `ClassifierSettings`."""
        return ClassifierSettings(**self.record["settings"])

    def find(self, given):
        """Return this `Classifier` from among the given ones or from its folder, or None."""
        for classifier in given:
            if self._is(classifier.record):
                return classifier
        record = find_json(self.folder / RECORD, dict)
        if record is None or not self._is(record):
            return None
        try:
            return Classifier.load(self.folder)
        except UserError:  # damaged; it is written anew
            return None

    def train(self, between):
        """Return the trained `Classifier`, which its folder has then too.

        Args:
            between: called with the steps just taken and their figures.

        Raises:
            UserError: the loss is not finite, or the disk refuses.
        """
        learning = ClassifierTraining(
            self.images, self.settings, self.record["seed"], self.record["steps"]
        )
        for count, figures in learning.in_turns():
            between(count, figures)
        classifier = Classifier(learning.network, self.record)
        with disk_errors(f"writing {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            sweep_temporaries(self.folder)
            # An old record would vouch for the new network.
            (self.folder / RECORD).unlink(missing_ok=True)
            classifier.save(self.folder)
        return classifier

    def _is(self, record):
        same = all(record.get(key) == self.record[key] for key in DECISIVE)
        return same and _as_sets(record.get("learnt_from")) == _as_sets(self.record["learnt_from"])


def load_classifiers(folder):
    """Return the classifiers of a folder: a dict from the folder of each to the `Classifier`.

    Args:
        folder: that of one classifier, or of several, in sub-folders `seed-0` and so on.

    Raises:
        UserError: there is none, or one is damaged.
    """
    folder = Path(folder).expanduser()
    several = [] if (folder / RECORD).exists() else sorted(
        path.parent for path in folder.glob(f"seed-*/{RECORD}")
    )  # fmt: skip
    return {path: Classifier.load(path) for path in several or [folder]}


def require_fit(path, classifier, held_out):
    """Refuse a classifier that cannot judge, or whose judgement of held-out images says nothing.

    Args:
        path: its folder, for the message.
        classifier: the `Classifier`.
        held_out: the `ImageSet` of held-out real images.

    Raises:
        UserError: it takes images of another size, knows other classes, or was trained on generated
            or held-out images.
    """
    record, size = classifier.record, held_out.image_size
    if classifier.image_size != size:
        raise UserError(
            f"--classifier {path}: it takes images of {classifier.image_size} pixels, and these "
            f"have {size}; compare at its size with --image_size {classifier.image_size}"
        )
    if set(classifier.class_names) != set(held_out.class_names):
        raise UserError(
            f"--classifier {path}: it tells {', '.join(sorted(classifier.class_names))} apart, and "
            f"these images are of {', '.join(held_out.class_names)}; name one of the same classes"
        )
    if record.get("kind", "original") not in ("original", "classical"):
        raise UserError(
            f"--classifier {path}: it was trained on generated images; name one trained on real "
            "images, such as runs/original/seed-0"
        )
    learnt = set().union(*record["learnt_from"].values())
    if leaked := sum(digest in learnt for digest in held_out.hashes):
        raise UserError(
            f"--classifier {path}: it was trained on {leaked} of the {len(held_out)} held-out "
            "images; name one that classify.py trained with the --seed and --test_per_class of "
            "the generator"
        )


def training_settings(settings, given):
    """Return the `ClassifierSettings` of what is trained: of a given classifier, unless flags say.

    Args:
        settings: the `ConsistencySettings`.
        given: the given `Classifier`s.

    Raises:
        UserError: no classifier can be trained so.
    """
    own = dict(given[0].record["settings"]) if given else {}
    if settings.classifier_weights is not None:
        own["weights"] = settings.classifier_weights
    if settings.classifier_epochs is not None:
        own["epochs"] = settings.classifier_epochs
    known = {field.name for field in dataclasses.fields(ClassifierSettings)}
    return ClassifierSettings(**{key: value for key, value in own.items() if key in known})


def predictions_of(judges, given, images, progress=True):
    """Return what each judge says of some images; train those that are neither given nor found.

    Args:
        judges: `Judge`s.
        given: `Classifier`s that may be used where one is what a judge would become.
        images: dict of the `ImageSet`s that they are asked about.
        progress: show a bar while training.

    Returns:
        dict from each judge to what `ask` returns.

    Raises:
        UserError: as `Judge.train`, or the pre-trained weights cannot be had.
    """
    said = {}
    for judge in judges:
        if classifier := judge.find(given):
            said[judge] = ask(classifier, images)
    pending = [judge for judge in judges if judge not in said]
    for judge in pending[:1]:
        _require_weights(judge)
    steps, shown = sum(judge.record["steps"] for judge in pending), progress and bool(pending)
    with progress_bar(steps, "classifiers", "step", shown) as bar:
        for number, judge in enumerate(pending, 1):
            name = f"{judge.folder.parent.name} {judge.folder.name}"
            bar.set_description(f"classifier {name} ({number}/{len(pending)})")

            def between(count, figures):
                bar.set_postfix_str(f"loss {figures['loss']:.3g}", refresh=False)
                bar.update(count)

            said[judge] = ask(judge.train(between), images)
            gc.collect()  # compiled functions refer to themselves
    return said


def ask(classifier, images):
    """Return the class that a classifier sees in each image.

    Args:
        classifier: a `Classifier`; the order of its classes may be another.
        images: dict of `ImageSet`s.

    Returns:
        dict from the same keys to int `(N,)`, labels of the `ImageSet`.
    """
    seen = {}
    for key, one in images.items():
        labels = np.array([one.class_names.index(name) for name in classifier.class_names])
        seen[key] = labels[classifier.probabilities(one.images).argmax(axis=1)]
    return seen


def _require_weights(judge):
    """Refuse, before hours of training, weights that cannot be had."""
    if judge.settings.weights != "scratch":
        try:
            load_backbone(judge.settings.weights, judge.images.image_size, judge.settings.network)
        except UserError as error:
            raise UserError(str(error).replace("--weights", "--classifier_weights")) from error


def _as_sets(hashes):
    return hashes and {name: set(of_class) for name, of_class in hashes.items()}
