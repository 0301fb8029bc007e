"""How long a study is going to take: operations really done, by a rate; else rough constants."""

import dataclasses
import functools
import time

import tensorflow as tf

from ssgan_tf.comparison.classifiers import real_images
from ssgan_tf.device.precision import dtype_policy, resolve_precision
from ssgan_tf.methods.gan.plan import iteration_flops
from ssgan_tf.methods.gan.step import build

EFFICIENCY = 0.5  # of the rate of matrix products, that trainings reach here
MEASURED_FOR = 0.5  # seconds
ENOUGH_UPDATES = 50  # of the generator, to tell a rate from; the first ones are mostly compiling
# Operations for an image, in billions. Inception: its 299 × 299 forward pass. ResNet-18: forward
# and backward at 64 × 64.
INCEPTION, CLASSIFIER = 11.4e9, 0.9e9
GENERATION = 0.01  # seconds an image, most of it the PNG
MEASURES = 20.0  # seconds of an evaluation that are not features
COMPILING = 20.0  # seconds of a classifier that are not steps
#: Settings that do not alter how much there is to compute.
FREE = ("noise", "learning_rate", "lambda_", "seed", "vgg_weights")


class Estimate:
    """Seconds that the stages of a study are going to take.

    What members of the study have taken is preferred to everything else.

    Args:
        works: the `Work`s whose records are looked at.
    """

    def __init__(self, works):
        self.works = works

    def seconds(self, work, stages=None):
        """Return the seconds that stages of a `Work` will take, by default the pending ones."""
        stages = work.pending() if stages is None else stages
        return sum(getattr(self, f"_{stage}")(work) for stage in stages)

    def _train(self, work):
        options = work.study.options
        if options.minutes is not None:
            return max(60 * options.minutes - work.state()["seconds"].get("train", 0), 0)
        left = work.networks * work.iterations - sum(work.updates().values())
        return max(left, 0) * _operations_of(work) / self.rate

    def _generate(self, work):
        return self._like_others("generate") or GENERATION * _images(work)

    def _evaluate(self, work):
        real = len(work.study.images)
        return self._like_others("evaluate") or (
            MEASURES + INCEPTION * (_images(work) + real) / self._promised
        )

    def _classify(self, work):
        per_training = self._like_others("classify", _finished)
        left = len(work.trainings()) - _finished(work)
        # The largest set of real images; all trainings take as many steps as it needs.
        learnt = max(real_images(work.study).values())
        images = learnt * len(work.study.images.class_names) * work.study.options.classifier_epochs
        return left * (per_training or COMPILING + CLASSIFIER * images / self._promised)

    def _like_others(self, stage, size=lambda work: 1):
        """Return the mean seconds that a stage took others, or None where it took none yet."""
        seconds = {work: work.state()["seconds"].get(stage) for work in self.works}
        done = {work: taken for work, taken in seconds.items() if taken}
        sizes = sum(map(size, done))
        return sum(done.values()) / sizes if sizes else None

    @property
    def rate(self):
        """Operations a second of a training: of those recorded, else as the machine promises."""
        return self._recorded() or self._promised

    @property
    def source(self):
        """Where the rate comes from, in words."""
        if recorded := self._recorded():
            return f"trainings of this study have done {recorded / 1e9:,.3g} G operations a second"
        return (
            f"matrix products do {matrix_rate(self._precision) / 1e9:,.0f} G operations a second "
            f"here, trainings are taken to reach {EFFICIENCY:.0%} of that"
        )

    @property
    def _promised(self):
        return EFFICIENCY * matrix_rate(self._precision)

    @property
    def _precision(self):
        trained = (work for work in self.works if "train" in work.stages)
        return resolve_precision(next(trained).method.settings.precision)

    def _recorded(self):
        done = seconds = 0
        for work in self.works:
            state = work.state()
            if state["updates"] >= ENOUGH_UPDATES:
                done += state["updates"] * _operations_of(work)
                seconds += state["seconds"]["train"]
        return done / seconds if seconds else None


def _operations_of(work):
    return operations(work.method, len(work.study.images.class_names))


def _finished(work):
    """Return how many classifiers of a `Work` have been trained."""
    return sum(one.result(work.classification) is not None for one in work.trainings())


def _images(work):
    return work.study.options.per_class * len(work.study.images.class_names)


def operations(method, classes):
    """Return the operations of one generator update and the critic updates that go with it.

    Args:
        method: the untrained `GAN`.
        classes: how many classes there are.
    """
    defaults = dataclasses.asdict(method.defaults)
    changes = {
        name: value
        for name, value in dataclasses.asdict(method.settings).items()
        if value != defaults[name] and name not in FREE
    }
    if method.settings.mu or method.judges_features:  # the sizes need no download
        changes["vgg_weights"] = "random"
    if bool(method.settings.mu) == bool(defaults["mu"]):  # any other μ costs the same
        changes.pop("mu", None)
    classes = classes if method.conditional else 1
    return _operations(type(method), classes, tuple(sorted(changes.items())))


@functools.cache  # most members of a study differ in what costs nothing
def _operations(kind, classes, changes):
    method = kind(**dict(changes))
    with dtype_policy("float32"):
        networks = build(method, classes)
        return iteration_flops(method, *networks, method.build_perceptual())


@functools.cache
def matrix_rate(precision):
    """Return the operations a second of products of large matrices on this machine.

    Args:
        precision: "float32", "mixed_bfloat16" or "mixed_float16".
    """
    matrix = tf.ones((2048, 2048), precision.removeprefix("mixed_"))
    multiply = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    float(multiply())  # compiles
    count, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < MEASURED_FOR or not count:
        float(multiply())  # fetching one number waits for the product
        count += 1
    return count * 2 * 2048**3 / seconds


def in_words(seconds):
    """Return a time such as "about 1 h 20 min"."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"about {hours / 24:.1f} days"
    return f"about {hours} h" + (f" {minutes} min" if minutes and hours < 10 else "")
