"""One cell of the study: a class, what is kept of it, and all ways to fill it up."""

from functools import partial

import numpy as np

from ssgan_tf import plots
from ssgan_tf.classify.conditions import ORIGINAL
from ssgan_tf.classify.generated import load_generated
from ssgan_tf.classify.member import RESULT, Member
from ssgan_tf.classify.protocol import Protocol, divide
from ssgan_tf.classify.study import RESULTS, Study
from ssgan_tf.data.balance import RESTORE
from ssgan_tf.files import write_atomically, write_json
from ssgan_tf.imbalance.generator import Generator
from ssgan_tf.json_files import NUMBER, Each, find_json
from ssgan_tf.metrics.ssim import WINDOWS, mean_similarity

CLASSIFIERS, SIMILARITY, SAMPLES = "classifiers", "similarity.json", "samples.png"
SIMILARITIES = Each(Each({"mean": NUMBER, "standard_error": NUMBER, "pairs": int}))
PAIRS = 1000  # of images, SinGAN augmentation paper, section 2.1
SHOWN = 10  # images of a row


def similarities(images):
    """Return the mean SSIM of 1000 random pairs, a dict from the window; {} for a single image."""
    if len(images) < 2:
        return {}
    return {
        window: mean_similarity(images, PAIRS, window=window)._asdict()
        for window, side in WINDOWS.items()
        if images.shape[1] >= side
    }


class CellStudy(Study):
    """The classifiers of a cell, of which each seed draws from its own training of a generator.

    Args:
        cell: the `Cell`.
        fillings: the `Filling`s whose images are there.
    """

    def __init__(self, cell, fillings):
        study = cell.study
        first = {name: cell.generators[name][0].images for one in fillings for name in one.methods}
        super().__init__(
            study.dataset, cell.folder / CLASSIFIERS, images=study.images, per_class=RESTORE,
            augment=[one.condition(first).spec for one in fillings if one.name != ORIGINAL],
            seeds=study.terms.seeds, protocol=cell.protocol, settings=study.settings,
            datasets_dir=study.datasets_dir, cache_dir=study.cache_dir, progress=study.progress,
        )  # fmt: skip
        self._sets = [self.generated]
        for number in range(1, study.terms.generators):
            folders = {name: cell.generators[name][number].images for name in first}
            self._sets.append(
                load_generated(
                    folders,
                    self.images.image_size,
                    self.images.class_names,
                    study.cache_dir,
                    study.progress,
                )
            )

    def sets_of(self, member):
        """Return the sets of the training that the member's seed takes its turn at."""
        sets = getattr(self, "_sets", [self.generated])
        return sets[member.seed % len(sets)]


class Cell:
    """A class, and how many of its images are kept.

    Args:
        class_name: the class.
        level: the `Level`.
        former: how many training images the class has before.
        study: the `ImbalanceStudy`.
        methods: names of the methods whose images fill it up.

    Attributes:
        kept: how many are kept.
        missing: how many are taken away, and made anew.
        folder: of all that belongs to the cell.
        generators: dict from each method to the `Generator`s, one for each training.
    """

    def __init__(self, class_name, level, former, study, methods):
        self.class_name, self.level, self.study = class_name, level, study
        self.kept = level.kept(former)
        self.missing = former - self.kept
        self.folder = study.out / "cells" / f"{class_name}-{level.text.replace('%', 'percent')}"
        self.generators = {
            name: [Generator(name, number, self) for number in range(study.terms.generators)]
            for name in methods
        }

    def __str__(self):
        return f"{self.class_name}, {self.kept} kept"

    @property
    def protocol(self):
        """The `Protocol` of the classifiers."""
        return self.study.protocol((f"{self.class_name}={self.kept}",))

    def divide(self):
        """Return the `Division` of the real images."""
        return self.study.divide({self.class_name: self.kept})

    def member(self, filling, seed):
        """Return the `Member` of a `Filling` and a seed."""
        folders = dict.fromkeys(filling.methods, self.folder)  # only named, not read
        return Member(filling.condition(folders), filling.size, seed)

    def results(self, filling, seeds):
        """Return the results of the finished classifiers of a `Filling`, a dict from the seed."""
        folder = self.folder / CLASSIFIERS
        found = {seed: self.member(filling, seed).result(folder) for seed in range(seeds)}
        return {seed: result for seed, result in found.items() if result}

    def similarities(self):
        """Return the SSIM of what each condition adds, dicts by its name and by window."""
        return find_json(self.folder / SIMILARITY, SIMILARITIES) or {}

    def fillings_ready(self):
        """Return the `Filling`s whose generators have made their images."""
        return [
            one for one in self.study.fillings
            if all(made.is_done() for name in one.methods for made in self.generators[name])
        ]  # fmt: skip

    def unclassified(self):
        """Return the `Filling`s whose classifiers have not all finished."""
        terms, known = self.study.terms, self.similarities()
        return [
            one for one in self.study.fillings
            if len(self.results(one, terms.seeds)) < terms.seeds
            or (one.size and one.name not in known)
            or not (self.folder / CLASSIFIERS / RESULTS).exists()
        ]  # fmt: skip

    def forget(self, method):
        """Have `unclassified` name all that a method's images are in, which are made anew."""
        known = self.similarities()
        left = {name: found for name, found in known.items() if method not in name.split("+")}
        if left != known:
            write_json(self.folder / SIMILARITY, left)

    def classify(self):
        """Train the classifiers of all conditions that are ready, compare and show the images.

        Those that were trained on other images than there are now are trained again.

        Raises:
            UserError: the folder holds classifiers that were trained otherwise.
            Interrupted: a signal; what has finished is kept.
        """
        study = CellStudy(self, self.fillings_ready())
        for member in study.members:
            result = member.result(study.out) if member.condition.folders else None
            if result and result["fingerprint"] != study.generated_part(member).fingerprint():
                (member.folder(study.out) / RESULT).unlink()
        study.run()
        self._look_at(study)

    def _look_at(self, study):
        """Measure the SSIM of what each condition adds, and write examples of it."""
        division, measured = study.division, self.similarities()
        kept = division.training.of_class(self.class_name).images
        rows = {f"{len(kept)} kept": kept[:SHOWN]}
        for member in (one for one in study.members if one.seed == 0 and one.size):
            added = study.added(member).of_class(self.class_name).images
            measured[member.condition.name] = similarities(added)
            places = np.linspace(0, len(added) - 1, min(SHOWN, len(added))).round().astype(int)
            rows[member.condition.name] = added[places]
        former = self.study.divide({}).training.of_class(self.class_name).images
        rows["real, taken away"] = former[len(kept) :][:SHOWN]
        write_json(self.folder / SIMILARITY, measured)
        sheet = plots.labelled_rows(rows)
        write_atomically(self.folder / SAMPLES, partial(plots.write_png, image=sheet))


class FullStudy(Study):
    """The classifiers of the data set before any class was cut down.

    Args:
        study: the `ImbalanceStudy`.
    """

    def __init__(self, study):
        super().__init__(
            study.dataset, study.out / "full", images=study.images, seeds=study.terms.seeds,
            protocol=study.protocol(()), settings=study.settings, datasets_dir=study.datasets_dir,
            progress=study.progress,
        )  # fmt: skip


def protocol_of(terms, imbalance):
    """Return the `Protocol` of classifiers under some `Terms`."""
    return Protocol(
        seed=terms.seed, test_per_class=terms.test_per_class, real_per_class=terms.real_per_class,
        imbalance=imbalance,
    )  # fmt: skip


def divide_by(terms, images, imbalance):
    """Return the `Division` of an image set under some `Terms`; `imbalance` is a dict."""
    return divide(
        images, seed=terms.seed, test_per_class=terms.test_per_class,
        real_per_class=terms.real_per_class, imbalance=imbalance,
    )  # fmt: skip
