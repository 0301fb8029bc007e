"""Images out of trained generators."""

import itertools
import zlib
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.device.batches import to_uint8
from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.methods.contract import Sampler
from ssgan_tf.methods.gan.build import build_generator, follow
from ssgan_tf.methods.gan.latents import draw_latents
from ssgan_tf.methods.gan.standing import StandingStatistics
from ssgan_tf.methods.gan.state import assign_generator, of_generators

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
        class_names: the classes.
    """

    def __init__(self, method, counts):
        self.class_names = list(counts)
        with dtype_policy("float32"):
            self._network = build_generator(method, len(counts))
        self._iteration = tf.Variable(0, dtype=tf.int64, trainable=False)
        follow(self._network, self._iteration)
        labels = np.repeat(np.arange(len(counts)), list(counts.values()))
        self.statistics = StandingStatistics(self._network, method.settings, labels)
        self._measured = True  # there is nothing to measure yet

    def take(self, weights, iteration, average=True):
        """Adopt the weights of a checkpoint, see `assign_generator`, and its iteration."""
        assign_generator(self._network, weights, average)
        self._iteration.assign(iteration)
        self._measured = False

    @property
    def network(self):
        """The generator; its statistics are measured when it is asked for with new weights."""
        if not self._measured:
            self.statistics.measure()
            self._measured = True
        return self._network


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


def sample_batches(generator, settings, seed):
    """Yield images without end, uint8 `(64, size, size, 3)`.

    Image number i depends on the seed alone, since whole batches are computed whatever is wanted.
    """
    for number in itertools.count():
        yield generate(generator, generator.draw_latents(settings, BATCH, seed, number))


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


class GANSampler(Sampler):
    """Images of generators.

    Args:
        settings: the `Settings` that they were trained with.
        generators: a `SampledGenerator` for each job, with its weights.
    """

    def __init__(self, settings, generators):
        self.settings = settings
        self._labelled = {}  # class -> the `SampledGenerator` that makes it, and its label
        for sampled in generators:
            for label, name in enumerate(sampled.class_names):
                self._labelled[name] = sampled, label
        super().__init__(self._labelled)

    @classmethod
    def of_trained(cls, method, trained, average=True):
        """Return the sampler of what trainings left.

        Args:
            method: the `GAN`.
            trained: dict from job to `Trained`.
            average: use the moving average of the weights, where there is one.

        Raises:
            UserError: the weights are those of another network.
        """
        generators = []
        for of_job in trained.values():
            generators.append(SampledGenerator(method, of_job.counts))
            weights = of_job.weights("", of_generators)
            generators[-1].take(weights, of_job.iterations, average)
        return cls(method.settings, generators)

    def generator(self, class_name):
        """Return the `ClassGenerator` of a class."""
        sampled, label = self._labelled[class_name]
        return ClassGenerator(sampled.network, label, class_name)

    def batches(self, class_name, seed=0):
        """Yield images of a class without end, uint8 `(64, size, size, 3)`."""
        return sample_batches(self.generator(class_name), self.settings, seed)

    def walk(self, class_name, seed=0):
        """Return a walk through the latents of a class, see `interpolate`."""
        return interpolate(self.generator(class_name), self.settings, seed)
