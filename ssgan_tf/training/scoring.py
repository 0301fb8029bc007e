"""Scores of a training while it runs: FID of the averaged weights, and the best checkpoint by it.

The features are those of evaluate.py's Inception network, whatever a method's critic looks at. The
images are the same latents each time, and not those of `generate.py --seed 0`: the best of many
scores is a lucky one, and the images that are written later should not share its luck.
"""

import logging

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.metrics.features import extract, features_of
from ssgan_tf.metrics.frechet import frechet_distance
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.runs.state import export

SEED = 2**31 - 3  # of the images that are scored


class Judge:
    """Measures the images of one job by their FID to its training images.

    Of a job of several classes it is that of all images together, as `overall` of evaluate.py.

    Args:
        network: an `Inception`.
        images: the `ImageSet` of the job.
        per_class: how many images of each class are made; None: as many as there are to train on.
        cache_dir: of features; default: as `load_dataset`.
        progress: show a bar while the features of the training images are computed.

    Attributes:
        name: of the measure, as evaluate.py has it: "FID", or "FID-768" and so.
        counts: dict from class to the number of images that are made of it.

    Raises:
        UserError: there are fewer than two training images.
    """

    def __init__(self, network, images, per_class=None, cache_dir=None, progress=True):
        if len(images) < 2:
            raise UserError(
                f"--evaluate_every compares with the training images, and {images.name} has "
                f"{len(images)} of {', '.join(images.class_names)}; it takes two or more"
            )
        self.network, self.name = network, network.name("FID")
        self.counts = {name: per_class or count for name, count in images.counts().items()}
        words = f"features of {', '.join(images.class_names)}"
        label = words if len(words) <= 40 else f"features of {images.name}"
        self.real = features_of(network, images, cache_dir, label, progress).values

    @property
    def by(self):
        """What decides a score beside the weights, as plain JSON."""
        return {
            "measure": self.name,
            "features": self.network.features,
            "network": self.network.digest,
            "images": self.counts,
        }

    def score(self, sampler, stopped, made=None):
        """Return the FID of a sampler's images, a float; None where it was stopped.

        Args:
            sampler: the `Sampler`.
            stopped: asked before each batch whether to stop.
            made: called with the number of images after each batch.
        """
        features = []
        for class_name, missing in self.counts.items():
            batches = sampler.batches(class_name, SEED)
            while missing > 0:
                if stopped():
                    return None
                batch = next(batches)[:missing]
                missing -= len(batch)
                features.append(extract(self.network, batch, progress=False).values)
                if made:
                    made(sum(map(len, features)))
        return frechet_distance(self.real, np.concatenate(features))


class Scores:
    """The scores of one phase, and its best checkpoint.

    Args:
        judge: the `Judge` of its job.
        phase: the `Phase`, whose `sampler` makes images.
        best: the `BestCheckpoint`.
        report: the `Report`.
        interruption: the `Interruption` that is heard while images are made.
        progress: the `Progress`.
    """

    def __init__(self, judge, phase, best, report, interruption, progress):
        self.judge, self.phase, self.kept = judge, phase, best
        self.report, self.interruption, self.progress = report, interruption, progress
        found = best.find()
        self.best = found and found.value
        if found:
            progress.scored(judge.name, None, self.best)

    def take(self, step, metadata):
        """Score the present state, and keep it if none was better; return whether it was done.

        Args:
            step: iterations done.
            metadata: of its checkpoint.

        Returns:
            False where a signal came first; nothing has been recorded then.
        """
        wanted = sum(self.judge.counts.values())

        def made(count):
            self.progress.scoring(self.judge.name, count, wanted)

        made(0)
        value = self.judge.score(
            self.phase.sampler(), lambda: self.interruption.requested is not None, made
        )
        if value is None:
            return False
        if self.best is None or value < self.best:
            self.kept.save(step, export(self.phase.variables()), metadata, value, self.judge.by)
            self.best = value
        self.report.score(step, self.judge.name, value)
        self.progress.scored(self.judge.name, value, self.best)
        return True


def open_network(options):
    """Return the `Inception` that scores are made with; None where none are asked for.

    Raises:
        UserError: its file is missing or wrong, or it lacks the features.
    """
    if options.evaluate_every is None:
        return None
    return open_inception(options.inception, options.features, progress=options.progress)


def require_same(best, by, job):
    """Refuse to go on with a best checkpoint that another measure chose.

    Args:
        best: the `BestCheckpoint`.
        by: `Judge.by`.
        job: name of the job.

    Raises:
        UserError: so it is; the line names what differs.
    """
    found = best.find()
    if found is None or found.by == by:
        return
    words = "; ".join(
        f"{name}: {found.by.get(name)}, now {now}"
        for name, now in by.items()
        if found.by.get(name) != now
    )
    raise UserError(
        f"the best checkpoint of {job} was chosen by other scores ({words}); use the old "
        f"--features, --inception and --evaluate_images, or move {best.directory} away"
    )


def scores_of(phase, judge, job, *rest):
    """Return the `Scores` of a phase, or None where it cannot be scored, which is said.

    Args:
        phase: the `Phase`.
        judge: the `Judge` of its job; None where no scores are asked for.
        job: name of the job.
        *rest: of `Scores`.
    """
    if judge is None:
        return None
    if phase.sampler() is None:
        words = f"{job}, {phase.name}" if phase.name else job
        logging.getLogger(__name__).warning(
            "--evaluate_every: %s is trained without scores; it makes no images before its end",
            words,
        )
        return None
    return Scores(judge, phase, *rest)
