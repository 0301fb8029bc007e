"""GM-augCls as a study (Guo et al., section 3.4 and Figure 5): generator, filter, classifiers.

One generator learns the whole imbalanced set. The classifiers of four conditions are trained for as
many steps, with several seeds, and tested on the same unseen images:

    original        the imbalanced images alone
    balanced-loss   the same images, the loss weighted by class (the paper's Table 4)
    unfiltered      the classes filled up with generated images as they come
    filtered        filled up with as many that a classifier takes for their class

The filter is the classifier of `original` with seed 0; each further round's is trained on the
accepted images too, where that makes it better on validation images (`filter_in_rounds`).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ssgan_tf.augcls.page import write_page
from ssgan_tf.augcls.results import BALANCED_LOSS, FILTERED, UNFILTERED, make_results
from ssgan_tf.bounds import require
from ssgan_tf.classify.classifier import RECORD, Classifier
from ssgan_tf.classify.conditions import parse_conditions
from ssgan_tf.classify.network import load_backbone
from ssgan_tf.classify.protocol import Protocol, divide
from ssgan_tf.classify.study import RESULTS, Study
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.data import load_dataset, split
from ssgan_tf.data.balance import BALANCE, counts_to_generate
from ssgan_tf.data.loading import places_of
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.data.splits import parse_class_sizes
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, require_outside, write_json
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.generation.rounds import filter_in_rounds
from ssgan_tf.generation.rules import MCNEMAR, Rule
from ssgan_tf.metrics.ssim import read_super_classes
from ssgan_tf.runs.provenance import git_commit, hashes_by_class, versions
from ssgan_tf.runs.run_directory import RunDirectory

CLASSIFIERS, SETS = "classifiers", "sets"
OWN = (BALANCED_LOSS, UNFILTERED, FILTERED)
MOST_VALIDATION = 100  # images of each class, unless told otherwise
VALIDATION_SHARE = 0.2  # of the smallest class, at most


@dataclass(frozen=True)
class Choice:
    """How generated images are chosen; see `Filter`, `filter_in_rounds` and `Rule`."""

    threshold: float = Filter.threshold
    filter_limit: int = Filter.limit
    filter_rounds: int = 2  # the paper's most
    filter_rule: str = MCNEMAR
    filter_tolerance: float | None = None

    def __post_init__(self):
        for name in ("threshold", "filter_limit", "filter_rounds"):
            require(name, getattr(self, name))
        Rule(self.filter_rule, self.filter_tolerance)  # refuses what does not fit


class Pipeline:
    """A study of GM-augCls, ready to run.

    Args:
        dataset: name or folder of the real images.
        out: the folder to write; new, or of the same study, which then resumes.
        generator: the `Generator`.
        seeds: trainings of each condition, with seeds 0, 1, ...
        augment: further conditions, as for `classify.py --augment`.
        choice: the `Choice`.
        protocol: the `Protocol`, whose `held_out_per_class` are the validation images; None for
            100, or a fifth of the smallest class where that is less.
        settings: the `ClassifierSettings`.
        datasets_dir: the folder of named data sets.
        classes: use only these.
        super_classes: JSON file; see `read_super_classes`.
        cache_dir: of decoded images.
        progress: show bars.

    Attributes:
        images: the real images, an `ImageSet` of the generator's size.
        division: their `Division`.
        wanted: dict from class to the images that it lacks of the largest one.
        lacking: the same of those classes that lack some.

    Raises:
        UserError: an argument does not fit; nothing has been written then.
    """

    def __init__(
        self, dataset, out, generator, *, seeds=5, augment=(), choice=None, protocol=None,
        settings=None, datasets_dir=None, classes=None, super_classes=None, cache_dir=None,
        progress=True,
    ):  # fmt: skip
        require("seeds", seeds)
        self.out, self.source, self.datasets_dir = Path(out).expanduser(), dataset, datasets_dir
        self.generator, self.choice, self.seeds = generator, choice or Choice(), seeds
        self.augment, self.settings = tuple(augment), settings or ClassifierSettings()
        self.progress, self.cache_dir = progress, cache_dir
        _refuse_own_names(self.augment)
        given = [] if generator.budget else [generator.run]
        require_outside(self.out, *places_of(dataset, datasets_dir), *given)
        protocol = protocol or Protocol()
        self.images = self._load(generator.method.settings.image_size, classes)
        self.groups = read_super_classes(super_classes, self.images.class_names)
        self.protocol = self._with_validation(protocol)
        _, imbalance = parse_class_sizes("imbalance", protocol.imbalance, everywhere=False)
        self.imbalance = imbalance
        self.division = divide(
            self.images, seed=protocol.seed, test_per_class=protocol.test_per_class,
            real_per_class=protocol.real_per_class, imbalance=imbalance,
            held_out_per_class=self.protocol.held_out_per_class,
        )  # fmt: skip
        self.wanted = counts_to_generate(BALANCE, self.division.training.counts())
        self.lacking = {name: count for name, count in self.wanted.items() if count}
        if not self.lacking:
            raise UserError(
                "the classes are equal, and GM-augCls balances unequal ones; drop some down with "
                "--imbalance roses=40, or raise --real_per_class"
            )
        spared = self.division.held_out.counts()
        bare = [name for name, count in spared.items() if not count]
        if bare and self.choice.filter_rounds > 1:  # of images in groups, see `Division`
            raise UserError(
                f"no images of {', '.join(bare)} are left to compare filters on: all others are of "
                "groups that are trained on; --filter_rounds 1 compares none"
            )
        generator.method.jobs(self.images.class_names)  # refuses classes that it cannot learn

    def plan(self):
        """Return the plan as lines of text."""
        division, tested = self.division, self.division.test.counts()
        lines = [
            f"{self.images.name}: {len(tested)} classes, {self.images.image_size} px; tested on "
            f"{len(division.test)} images, filters compared on {len(division.held_out)}"
        ]
        for name, count in division.training.counts().items():
            lines.append(f"  {name}: {count} real to train on, {self.wanted[name]} to add")
        label, budget = self.generator.method.label, self.generator.budget
        lines.append(
            f"Generator: {label}, " + (f"from {self.generator.run}" if budget is None else
                                       f"trained here on these images ({_words(budget)})")
        )  # fmt: skip
        lines += [f"  {note}" for note in self.generator.notes(self.images.class_names)]
        rounds = self.choice.filter_rounds
        conditions = 1 + len(OWN) + len(self.augment)
        real = len(division.training)
        steps = self.settings.steps(real, real)
        lines.append(
            f"{conditions} conditions with {self.seeds} seeds: {conditions * self.seeds} trainings "
            f"({self.settings.trained}) of {steps} steps, and up to {rounds - 1} for the filter"
        )
        return "\n".join(lines)

    def run(self, overwrite=False):
        """Do what is not done yet; return the contents of `results.json`.

        Args:
            overwrite: begin anew; an earlier study in the folder is moved aside.

        Raises:
            UserError: the folder holds another study, the classifiers' weights cannot be had, or a
                stage cannot be done.
            Interrupted: a signal; what was done is kept, and the same call goes on.
        """
        # Weights that cannot be had are to be said before a generator is trained for hours.
        load_backbone(self.settings.weights, self.images.image_size, self.settings.network)
        directory = RunDirectory(self.out, "--out")
        with disk_errors(f"writing {self.out}"), directory.lock():
            directory.prepare(self._config(), overwrite=overwrite)
            self.generator.train(self.division, self.source, self.datasets_dir, self.progress)
            self._provide_unfiltered()
            self._provide_classifiers()
            manifest = self._provide_filtered()
            study = self._study(
                [BALANCED_LOSS, *self.augment, *(f"{name}={self._set(name)}" for name in
                                                 (UNFILTERED, FILTERED))],
                at_most={name: entry["count"] for name, entry in manifest["classes"].items()},
            )  # fmt: skip
            self._say("classifiers of the balanced sets")
            classified = study.run()
            results = make_results(self, study, classified, manifest)
            write_json(self.out / RESULTS, results)
            write_page(self.out, results)
        return results

    @cached_property
    def for_similarity(self):
        """The training images at 128 pixels, the size that Eq. 4 was fitted at, an `ImageSet`."""
        images = self._load(128, self.images.class_names, notices=False)
        indices = {path: index for index, path in enumerate(images.paths)}
        return images.select([indices[path] for path in self.division.training.paths])

    def _load(self, size, classes, **options):
        return load_dataset(
            self.source, size, datasets_dir=self.datasets_dir, classes=classes,
            cache_dir=self.cache_dir, progress=self.progress, **options,
        )  # fmt: skip

    def _with_validation(self, protocol):
        """Return the protocol with a number of validation images."""
        count = protocol.held_out_per_class
        if count is None:
            available = split(
                self.images, seed=protocol.seed, test_per_class=protocol.test_per_class
            ).train
            smallest = min(available.counts().values())
            count = max(1, min(MOST_VALIDATION, int(VALIDATION_SHARE * smallest)))
        values = {name: getattr(protocol, name) for name in protocol.__dataclass_fields__}
        return Protocol(**values | {"held_out_per_class": count})

    @cached_property
    def config_settings(self):
        """All settings that affect the results but for the number of seeds, by flag, a dict."""
        return {
            **self.generator.settings(),
            "image_size": self.images.image_size,
            "classes": ",".join(self.images.class_names),
            "imbalance": ",".join(self.protocol.imbalance),
            "seed": self.protocol.seed,
            "real_per_class": self.protocol.real_per_class,
            "validation_per_class": self.protocol.held_out_per_class,
            **{name: getattr(self.choice, name) for name in self.choice.__dataclass_fields__},
            "classifier": self.settings.recorded(),
        }

    def _config(self):
        training, test = map(hashes_by_class, (self.division.training, self.division.test))
        return {
            "settings": self.config_settings,
            "data": {
                "name": self.images.name,
                "classes": {
                    name: {"train": hashes, "test": test[name]} for name, hashes in training.items()
                },
            },
            "versions": versions(),
            "git_commit": git_commit(),
        }

    def _study(self, augment, at_most=None):
        return Study(
            self.source, self.out / CLASSIFIERS, augment=augment, per_class=BALANCE,
            seeds=self.seeds, protocol=self.protocol, settings=self.settings,
            datasets_dir=self.datasets_dir, classes=self.images.class_names,
            image_size=self.images.image_size, at_most=at_most, cache_dir=self.cache_dir,
            progress=self.progress,
        )  # fmt: skip

    def _set(self, name):
        return self.out / SETS / name

    @property
    def _drawing(self):
        """The arguments of `write_generated_set` that say which images are drawn."""
        return {
            "seed": self.protocol.seed, "average": self.generator.average,
            "checkpoint": self.generator.checkpoint, "dataset": self.source,
            "datasets_dir": self.datasets_dir, "classes": list(self.lacking),
            "progress": self.progress,
        }  # fmt: skip

    def _provide_unfiltered(self):
        """Write the set without a filter, unless it is complete."""
        place = self._set(UNFILTERED)
        if not _holds(place, self.lacking):
            self._say("images as they come")
            place.parent.mkdir(exist_ok=True)
            write_generated_set(self.generator.run, place, self.lacking, **self._drawing)

    def _provide_classifiers(self):
        """Train the classifiers of the real images, of which one filters, unless they are."""
        study = self._study([BALANCED_LOSS])
        if not all(member.result(study.out) for member in study.members):
            self._say("classifiers of the real images")
            study.run()

    def _provide_filtered(self):
        """Filter in rounds, or go on with that; return the set's manifest."""
        place, choice = self._set(FILTERED), self.choice
        folder = self.out / CLASSIFIERS / "runs" / "original" / "seed-0"
        if not (folder / RECORD).exists():
            raise UserError(
                f"{folder} holds no classifier to filter with; put it back, or begin anew with "
                "--overwrite"
            )
        if choice.filter_rounds == 1 and _holds(place, self.lacking):
            manifest = read_manifest(place)
        else:
            self._say("images that the classifier accepts")
            manifest = filter_in_rounds(
                self.generator.run, place, self.lacking,
                Filter(
                    Classifier.load(folder), choice.threshold, choice.filter_limit, str(folder)
                ),
                rounds=choice.filter_rounds, rule=choice.filter_rule,
                tolerance=choice.filter_tolerance, **self._drawing,
            )  # fmt: skip
        if not any(entry["count"] for entry in manifest["classes"].values()):
            raise UserError(
                f"the filter accepted no image at all ({place}): lower --threshold, raise "
                "--filter_limit, or train the generator longer; in another --out"
            )
        return manifest

    def _say(self, what):
        if self.progress:
            print(f"{self.images.name}: {what}", flush=True)


def _refuse_own_names(augment):
    """Refuse further conditions that have the name of one of the study's own."""
    for condition in parse_conditions(augment):
        if condition.name in OWN or not set(OWN[1:]).isdisjoint(condition.folders):
            raise UserError(
                f"--augment {condition.spec}: the study has {condition.name!r} anyway; leave it "
                "out, or give its folder another name"
            )


def _holds(place, wanted):
    """Return whether a folder holds a complete set that was to have so many images."""
    manifest = read_manifest(place)
    if not manifest or not manifest.get("complete"):
        return False
    entries = manifest["classes"]
    return {name: entry.get("wanted", entry["count"]) for name, entry in entries.items()} == wanted


def _words(budget):
    limits = budget.given()
    return ", ".join(f"{value:,} {name}" for name, value in limits.items()) or "as train.py"
