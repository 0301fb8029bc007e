"""The first phase of a BAGAN: an encoder and the generator learn to give images back.

The generator decodes; what the encoder has learnt becomes the critic's, and the encoded images of
a class say where its latents lie.
"""

import itertools
import logging
import zlib

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.device.batches import DeviceImages, to_uint8, to_unit
from ssgan_tf.device.updates import apply_gradients
from ssgan_tf.methods.contract import Phase
from ssgan_tf.methods.gan.build import build_generator
from ssgan_tf.methods.gan.class_latents import class_statistics
from ssgan_tf.methods.gan.state import named_weights

NAME = "autoencoder"  # of the phase and its folder
PAIRS = 32  # of a real image and its reconstruction, in the sample grid
ENCODED = 64  # images that are encoded at a time


class AutoencoderPhase(Phase):
    """Trains encoder and generator to reconstruct images.

    Construct it inside `strategy.scope()` and the dtype policy wanted.

    Args:
        method: the `BAGAN`; its `build_encoder`, its generator's `decode` and its
            `reconstruction_loss`.
        job: the `Job`.

    Attributes:
        encoder: images `(batch, size, size, 3)` in [-1, 1] -> latents `(batch, d)`.
        generator: whose `decode` makes images of latents and labels.
        iteration: iterations done, int64.
    """

    name = NAME

    def __init__(self, method, job):
        settings = method.settings
        self.method, self.job_name, self.images = method, job.name, job.images
        self.classes = len(job.images.class_names)
        self.iterations = settings.autoencoder_iterations
        self.images_per_iteration = settings.batch_size
        self.strategy = tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        self.data = DeviceImages(
            job.images.images, None, settings.flip, self.strategy, job.images.labels
        )
        self.seed = tf.constant((settings.seed, zlib.crc32(f"{job.name} {NAME}".encode()) % 2**31))
        keras.utils.set_random_seed(zlib.crc32(f"{settings.seed} {job.name} {NAME}".encode()))
        size = settings.image_size
        self.encoder = method.build_encoder()
        self.encoder(tf.zeros((1, size, size, 3)))
        self.generator = build_generator(method, self.classes)
        self.optimizer, _ = method.optimizers()
        self.optimizer.build(self._weights())
        self.iteration = tf.Variable(0, dtype=tf.int64, trainable=False, name="iteration")
        self._compiled = tf.function(self._run, jit_compile=job.jit or None)
        self._encode = tf.function(lambda images: self.encoder(images, training=False))

    def _weights(self):
        return self.encoder.trainable_variables + self.generator.trainable_variables

    def variables(self):
        """Return the state of both networks and their optimiser, variables by name."""
        found = {"iteration": self.iteration}
        for role in ("encoder", "generator"):
            found |= named_weights(role, getattr(self, role).variables)
        for place, variable in enumerate(self.optimizer.variables):
            found[f"optimizer/{place:03d}"] = variable
        return found

    def prepare(self):
        """Trace the iteration, which otherwise the first call does."""
        self._compiled.get_concrete_function(tf.TensorSpec((), tf.int32))

    def run(self, count):
        """Run `count` iterations; return the mean of the reconstruction's loss."""
        return {"reconstruction": float(self._compiled(tf.constant(count, tf.int32)))}

    def _run(self, count):
        total = tf.zeros(())
        for _ in tf.range(count):
            loss = self.strategy.run(self._step, args=(self.data.tensors,))
            total += self.strategy.reduce(tf.distribute.ReduceOp.MEAN, loss, axis=None)
            self.iteration.assign_add(1)
        return total / tf.cast(count, tf.float32)

    def _step(self, tensors):
        """Update both networks once; return the loss."""
        settings = self.method.settings
        indices = self.data.indices(
            self.iteration, settings.batch_size, self.seed, settings.balanced_reals
        )
        seed = tf.random.experimental.stateless_fold_in(self.seed, self.iteration, alg="philox")
        images, labels, _ = self.data.gather(tensors, indices, seed)
        images, labels = self._share(images), self._share(labels)
        with tf.GradientTape() as tape:
            latents = self.encoder(images, training=True)
            decoded = self.generator.decode(latents, labels, training=True)
            loss = self.method.reconstruction_loss(images, decoded)
            scaled = loss / self.replicas  # Keras sums gradients over replicas
        apply_gradients(self.optimizer, tape.gradient(scaled, self._weights()), self._weights())
        return loss

    def _share(self, batch):
        if self.replicas == 1:
            return batch
        share = self.method.settings.batch_size // self.replicas
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return batch[replica * share : (replica + 1) * share]

    def preview(self):
        """Return pairs of a real image and its reconstruction, each class as often as another."""
        labels = np.sort(np.arange(PAIRS) % self.classes).astype(np.int32)
        groups = [np.flatnonzero(self.images.labels == label) for label in range(self.classes)]
        places = [groups[label][np.sum(labels[:k] == label) % len(groups[label])]
                  for k, label in enumerate(labels)]  # fmt: skip
        real = self.images.images[places]
        latents = self._encode(to_unit(tf.constant(real)))
        decoded = to_uint8(self.generator.decode(latents, labels, training=False)).numpy()
        return np.stack([real, decoded], axis=1).reshape(-1, *real.shape[1:])

    def encoded(self):
        """Return the latents of all images that are learnt from, `(count, d)`, and their labels.

        With `flip`, mirror images are among them.
        """
        images, labels = self.images.images, self.images.labels
        if self.method.settings.flip:
            images, labels = np.concatenate([images, images[:, :, ::-1]]), np.tile(labels, 2)
        parts = [
            self._encode(to_unit(tf.constant(images[start : start + ENCODED]))).numpy()
            for start in range(0, len(images), ENCODED)
        ]
        return np.concatenate(parts), labels

    def hand_over(self, step):
        """Give a `TrainingStep` what was learnt, and the statistics of the classes' latents.

        The generator goes on as it is; the critic begins with the encoder's convolutions.

        Args:
            step: before its first iteration; its critic has `layers_by_stage` like the encoder.
        """
        shrinkage = self.method.shrinkage
        means, factors, used = class_statistics(*self.encoded(), self.classes, shrinkage)
        for network in (step.generator, step.average):
            if network is not None:
                _copy(self.generator, network)
                network.class_latents.means.assign(means)
                network.class_latents.factors.assign(factors)
        convolutions = (self.encoder.layers_by_stage(), step.critic.layers_by_stage())
        for learnt, new in zip(*map(itertools.chain.from_iterable, convolutions), strict=True):
            _copy(learnt, new)
        logging.getLogger(__name__).info(
            "%s: latents' covariances are shrunk by %s", self.job_name,
            ", ".join(f"{share:.2f} ({name})"
                      for name, share in zip(self.images.class_names, used, strict=True)),
        )  # fmt: skip


def _copy(source, target):
    """Give a network or a layer the trained weights of another of its kind."""
    pairs = zip(source.trainable_variables, target.trainable_variables, strict=True)
    for weight, new in pairs:
        new.assign(weight)
