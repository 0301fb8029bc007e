"""Images out of trained generators."""

import itertools
import zlib
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf import methods
from ssgan_tf.errors import UserError
from ssgan_tf.training.batches import to_uint8
from ssgan_tf.training.latents import draw_latents
from ssgan_tf.training.precision import dtype_policy
from ssgan_tf.training.run_directory import TRAINED, RunDirectory
from ssgan_tf.training.standing import StandingStatistics
from ssgan_tf.training.state import assign_generator, of_generators
from ssgan_tf.training.step import build_generator

BATCH = 64


def generate(generator, latents, labels=0):
    """Return the images of latents `(count, latent_dim)` as uint8 `(count, size, size, 3)`.

    Args:
        generator: a network, or a `ClassGenerator`, which has its label.
        latents: what to start from.
        labels: int32 `(count,)`, or one for all, of the classes that the network was taught.
    """
    labels = tf.broadcast_to(tf.constant(labels, tf.int32), (len(latents),))
    return to_uint8(generator(latents, labels, training=False)).numpy()


class SampledGenerator:
    """A generator to sample from, in float32, with standing statistics for its weights.

    Args:
        method: the `GAN` whose generator it is.
        counts: dict from each class that it is trained on, in the order of their labels, to its
            number of training images.

    Attributes:
        network: the generator.
        class_names: the classes.
    """

    def __init__(self, method, counts):
        self.class_names = list(counts)
        with dtype_policy("float32"):
            self.network = build_generator(method, len(counts))
        labels = np.repeat(np.arange(len(counts)), list(counts.values()))
        self.statistics = StandingStatistics(self.network, method.settings, labels)

    def take(self, weights, average=True):
        """Take over the weights of a checkpoint, see `assign_generator`; measure statistics."""
        assign_generator(self.network, weights, average)
        self.statistics.measure()


class ClassGenerator(NamedTuple):
    """A generator that makes images of one class, whatever labels it is given.

    Attributes:
        network: the network, which may know other classes too.
        label: of the class, to the network.
        name: of the class; each class draws latents of its own.
    """

    network: keras.Model
    label: int
    name: str

    def __call__(self, latents, labels=None, training=False):
        """Return images `(batch, size, size, 3)` in [-1, 1] for latents `(batch, latent_dim)`."""
        labels = tf.fill((len(latents),), self.label)
        return self.network(latents, labels, training=training)

    def draw_latents(self, settings, count, seed, number=0):
        """Return latents `(count, latent_dim)`, a function of class, seed and number of the batch.

        Without the class, a network of several would draw all of them from the same latents.
        """
        of_class = (seed, zlib.crc32(self.name.encode()) % 2**31)
        seeds = tf.random.experimental.stateless_fold_in(of_class, number, alg="philox")
        return draw_latents(settings.noise, (count, settings.latent_dim), seeds)


def sample_batches(generator, settings, count, seed):
    """Yield `count` images in batches, uint8 `(up to 64, size, size, 3)`; None never ends.

    Whole batches are computed, even where fewer images are wanted, so that image number i depends
    on the seed alone and not on how many are asked for.
    """
    batches = itertools.count() if count is None else range(-(-count // BATCH))
    for number in batches:
        images = generate(generator, generator.draw_latents(settings, BATCH, seed, number))
        yield images if count is None else images[: count - number * BATCH]


def sample(generator, settings, count, seed=0):
    """Return `count` images, uint8 `(count, size, size, 3)`; see `GAN.sample`."""
    if count < 1:
        size = settings.image_size
        return np.zeros((0, size, size, 3), np.uint8)
    return np.concatenate(list(sample_batches(generator, settings, count, seed)))


def interpolate(generator, settings, seed=0, stops=8, steps=12):
    """Return a walk through the latents, uint8 `(stops * steps, size, size, 3)`.

    The walk leads round `stops` drawn latents and ends where it began. Between them it runs along
    straight lines whose points are scaled to the length of typical latents.
    """
    corners = generator.draw_latents(settings, stops, seed).numpy()
    share = (np.arange(steps) / steps)[None, :, None]
    path = (1 - share) * corners[:, None] + share * np.roll(corners, -1, axis=0)[:, None]
    spread = np.sqrt((1 - share) ** 2 + share**2)  # of a mix of two independent latents
    path = (path / spread).reshape(-1, settings.latent_dim).astype(np.float32)
    return np.concatenate(
        [generate(generator, path[start : start + BATCH]) for start in range(0, len(path), BATCH)]
    )


def take_generators(method, sampled, iterations):
    """Let a method sample from a trained generator.

    Args:
        method: the `GAN`, whose `generators` and `trained_iterations` are added to.
        sampled: a `SampledGenerator` that has taken over trained weights.
        iterations: generator updates behind them.
    """
    for label, name in enumerate(sampled.class_names):
        method.generators[name] = ClassGenerator(sampled.network, label, name)
        method.trained_iterations[name] = iterations


def load_run(path, average=True):
    """Return the trained method of a run directory; see `ssgan_tf.methods.load`."""
    run = RunDirectory(path)
    config = run.config(TRAINED)
    method = methods.recreate(config["settings"])
    counts = {name: len(sides["train"]) for name, sides in config["data"]["classes"].items()}
    for name, class_names in method.networks_of(sorted(counts)).items():
        if run.checkpoints(name).latest_step() is not None:
            step, weights, _ = run.checkpoints(name).load(only=of_generators)
            sampled = SampledGenerator(method, {each: counts[each] for each in class_names})
            sampled.take(weights, average)
            take_generators(method, sampled, step)
    if not method.generators:
        raise UserError(f"{path} holds no checkpoint yet; train it first with train.py")
    return method
