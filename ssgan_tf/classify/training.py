"""Training a classifier: images on the device, many steps in one compiled call."""

import dataclasses
import math
import time

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.augment import POLICIES
from ssgan_tf.augment.online import BETA
from ssgan_tf.bounds import require_fields
from ssgan_tf.classify.batches import ADDED_THEN_REAL, MIXED, SCHEDULES, batch_plan
from ssgan_tf.classify.network import NETWORKS, RESNET_18, build_network
from ssgan_tf.device.precision import dtype_policy, resolve_precision
from ssgan_tf.device.updates import apply_gradients
from ssgan_tf.errors import UserError

BUDGETS = ("steps", "epochs")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
PREDICTION_BATCH = 256
#: Settings that came later; with their defaults trainings are what they were before.
LATER = (
    "network", "probe", "added_share", "schedule", "added_smoothing", "rate_schedule",
    "balanced_beta",
)  # fmt: skip
COSINE, CONSTANT = RATE_SCHEDULES = ("cosine", "constant")


@dataclasses.dataclass(frozen=True)
class ClassifierSettings:
    """Settings of the trainings, the same for every condition.

    The learning rate from scratch was chosen on validation images (docs/results.md); the other
    defaults are customary.
    """

    network: str = RESNET_18
    weights: str = "imagenet"  # or "scratch", or weights on disk
    probe: bool = False  # train the last layer alone
    epochs: int = 30  # passes over the real images
    budget: str = "steps"  # equal for all conditions; or "epochs": passes over their own images
    batch_size: int = 32
    learning_rate: float | None = None  # at the start; by default 3e-3 from scratch, else 1e-4
    added_share: float | None = None  # of each batch; by default as many as there are of all
    schedule: str = MIXED  # or half of the steps on added, then half on real images
    added_smoothing: float = 0.0  # of the labels of added images
    rate_schedule: str = COSINE  # the learning rate falls to 0, or stays
    balanced_beta: float = BETA  # of the class-balanced loss
    precision: str = "auto"

    def __post_init__(self):
        require_fields(self)
        for name, choices in (
            ("network", NETWORKS), ("budget", BUDGETS), ("schedule", SCHEDULES),
            ("precision", PRECISIONS), ("rate_schedule", RATE_SCHEDULES),
        ):  # fmt: skip
            if getattr(self, name) not in choices:
                raise UserError(
                    f"--{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}"
                    + self._hint(name)
                )
        if self.added_share is not None and self.schedule == ADDED_THEN_REAL:
            raise UserError(
                f"--added_share is for batches of both kinds of images, which --schedule "
                f"{ADDED_THEN_REAL} has none of; give one of them"
            )

    def _hint(self, name):
        if name == "schedule" and self.schedule in RATE_SCHEDULES:
            return f"; the learning rate has --rate_schedule {self.schedule}"
        return ""

    def recorded(self):
        """Return the settings as files keep them, a dict.

        Those that came later and change nothing are left out, so that what earlier versions
        trained is known as the same.
        """
        return {
            name: value
            for name, value in dataclasses.asdict(self).items()
            if name not in LATER or value != getattr(ClassifierSettings, name)
        }

    @property
    def rate(self):
        """The learning rate at the start; lower where pre-trained weights are trained on."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 3e-3 if self.probe or self.weights == "scratch" else 1e-4

    @property
    def trained(self):
        """What is trained, in words: "resnet18, imagenet"."""
        return ", ".join([self.network, self.weights, *["the last layer alone"] * self.probe])

    def steps(self, original, own):
        """Return the gradient steps of a condition.

        Args:
            original: training images of `original`, the real ones.
            own: training images of the condition.
        """
        images = original if self.budget == "steps" else own
        return self.epochs * math.ceil(images / self.batch_size)


class ClassifierTraining:
    """The training of one classifier, decided by its arguments.

    Adam, by default with cosine decay of the learning rate to 0. Only the policies change the
    images. The seed decides the initial weights, the order of the images and the draws of the
    policies.

    Args:
        training: the `ImageSet` to train on.
        settings: the `ClassifierSettings`.
        seed: an integer from 0.
        steps: the number of gradient steps.
        policies: keys of `ssgan_tf.augment.POLICIES`, applied to each batch in this order; those
            that weight the loss come last.
        real: how many of the images, the first ones, are real; the others were added. By default
            all, and what the settings say of added images changes nothing.

    Attributes:
        network: see `build_network`.
    """

    def __init__(self, training, settings, seed, steps, policies=(), real=None):
        keras.utils.set_random_seed(seed)
        precision = resolve_precision(settings.precision)
        classes = len(training.class_names)
        with dtype_policy(precision):
            self.network = build_network(
                settings.weights, training.image_size, classes, settings.network, settings.probe
            )
        rate = settings.rate
        if settings.rate_schedule == COSINE:
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        self.optimizer = keras.optimizers.Adam(rate)
        if precision == "mixed_float16":
            self.optimizer = keras.optimizers.LossScaleOptimizer(self.optimizer)
        self.optimizer.build(self.network.trainable_variables)
        known = {
            "counts": list(training.counts().values()), "balanced_beta": settings.balanced_beta,
        }  # fmt: skip
        layers = [POLICIES[name](seed, **known) for name in policies]
        self.policies = sorted(layers, key=lambda layer: getattr(layer, "last", False))
        self.steps, self.step = steps, tf.Variable(0, dtype=tf.int64, trainable=False)
        self.batch_size, count = settings.batch_size, len(training)
        real = count if real is None else real
        self.indices_of = batch_plan(settings, real, count, steps, seed)
        self.images = tf.constant(training.images)
        added = (np.arange(count) >= real)[:, None]
        smoothing = np.where(added, settings.added_smoothing, 0.0).astype(np.float32)
        self.labels = tf.one_hot(training.labels, classes) * (1 - smoothing) + smoothing / classes
        self._run_compiled = tf.function(self._run)

    def run(self, count):
        """Take `count` steps; return their mean `loss` and `accuracy`, a dict of floats.

        The accuracy is that on the training batches; the label of mixed images is the larger one.
        """
        loss, accuracy = self._run_compiled(tf.constant(count))
        return {"loss": float(loss), "accuracy": float(accuracy)}

    def in_turns(self, turns=50):
        """Take all steps in about `turns` calls; yield the steps and the figures of each.

        Raises:
            UserError: the loss is not finite.
        """
        every = math.ceil(self.steps / turns)
        for done in range(0, self.steps, every):
            count = min(every, self.steps - done)
            start = time.perf_counter()
            figures = self.run(count)
            seconds = time.perf_counter() - start
            if not math.isfinite(figures["loss"]):
                raise UserError(
                    f"the loss is not finite after {done + count} steps; try a smaller "
                    "--learning_rate or --precision float32, in another --out or with --overwrite"
                )
            yield count, figures | {"images_per_second": count * self.batch_size / seconds}

    def _run(self, count):
        totals = tf.zeros(2)
        for _ in tf.range(count):
            totals += self._update()
            self.step.assign_add(1)
        return tf.unstack(totals / tf.cast(count, tf.float32))

    def _update(self):
        """Take one step; return loss and accuracy, stacked."""
        indices = self.indices_of(self.step)
        images = tf.cast(tf.gather(self.images, indices), tf.float32)
        batch = {"images": images, "labels": tf.gather(self.labels, indices)}
        for policy in self.policies:
            batch = policy(batch, training=True)
        with tf.GradientTape() as tape:
            logits = self.network(batch["images"], training=True)
            losses = tf.nn.softmax_cross_entropy_with_logits(batch["labels"], logits)
            if "weights" in batch:
                losses *= batch["weights"]
            loss = tf.reduce_mean(losses)
            scaled = self.optimizer.scale_loss(loss)
        weights = self.network.trainable_variables
        apply_gradients(self.optimizer, tape.gradient(scaled, weights), weights)
        right = tf.argmax(logits, 1) == tf.argmax(batch["labels"], 1)
        return tf.stack([loss, tf.reduce_mean(tf.cast(right, tf.float32))])


def predictor(network):
    """Return a compiled function from uint8 images `(n, height, width, 3)` to logits, NumPy."""
    size = network.input_shape[1]
    spec = tf.TensorSpec((None, size, size, 3), tf.uint8)
    compute = tf.function(
        lambda images: network(tf.cast(images, tf.float32), training=False), [spec]
    )

    def predict(images):
        starts = range(0, len(images), PREDICTION_BATCH)
        return np.concatenate([compute(images[i : i + PREDICTION_BATCH]) for i in starts])

    return predict
