"""The trainings of diffusion: the denoiser, and the classifier that may guide it."""

import abc

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.device import averages
from ssgan_tf.device.batches import DeviceImages, shuffled_indices
from ssgan_tf.device.updates import apply_gradients
from ssgan_tf.methods.contract import Phase
from ssgan_tf.methods.diffusion import augmentation, edm
from ssgan_tf.methods.diffusion.network import new_denoiser, new_guide
from ssgan_tf.methods.diffusion.sampler import DENOISER, GUIDE, DiffusionSampler
from ssgan_tf.metrics.complexity import products
from ssgan_tf.runs.state import export, named_weights

PREVIEW = 16  # images of a sample grid
PREVIEW_SEED = 2**31 - 1
_DRAWS = 5  # kinds of random numbers in an iteration


class NoisePhase(Phase):
    """A network that learns from noisy images, by Adam.

    Construct it inside `strategy.scope()` and the dtype policy wanted.

    Args:
        method: the `Diffusion`.
        job: the `Job`.
        network: to train.
        role: what its weights are called in checkpoints.

    Attributes:
        averaged: variables that hold the moving average of the network's weights, if wanted.
    """

    def __init__(self, method, job, network, role):
        settings = self.settings = method.settings
        self.method, self.network, self.role = method, network, role
        self.counts, self.averaged = job.images.counts(), []
        self.images_per_iteration = settings.batch_size
        self.images = DeviceImages(job.images.images, labels=job.images.labels)
        self.strategy = tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        self.optimizer = keras.optimizers.Adam(settings.learning_rate)
        self.optimizer.build(network.trainable_variables)
        self.iteration = tf.Variable(0, dtype=tf.int64, trainable=False, name="iteration")
        self.seed = tf.constant((settings.seed, len(self.name)), tf.int32)  # of this phase
        self._compiled = tf.function(self._run, jit_compile=job.jit or None)

    @abc.abstractmethod
    def loss(self, images, labels, sigma, noise, told, uniforms):
        """Return the losses of a replica's share of a batch, of which the first is minimised.

        Args:
            images: in [-1, 1], `(batch, size, size, 3)`.
            labels: int32 `(batch,)`.
            sigma: standard deviations of the noise, `(batch, 1, 1, 1)`.
            noise: standard normal, like the images.
            told: how the images were augmented, `(batch, LABELS)`.
            uniforms: `(batch,)` in [0, 1), for what else is drawn.
        """

    def variables(self):
        """Return the iteration, the weights and the optimiser's variables, by name."""
        return {
            "iteration": self.iteration,
            **named_weights(self.role, self.network.variables),
            **{f"optimizer/{n:03d}": each for n, each in enumerate(self.optimizer.variables)},
        }

    def prepare(self):
        """Trace the iteration."""
        self._compiled.get_concrete_function(tf.TensorSpec((), tf.int32))

    def flops(self):
        """Return the operations of an iteration: a pass forward, and twice that backward."""
        return 3 * self.settings.batch_size * products(self.network)

    def run(self, count):
        """Run `count` iterations; return the means of their losses."""
        losses = self._compiled(tf.constant(count, tf.int32))
        return {name: float(loss) for name, loss in losses.items()}

    def _run(self, count):
        totals = tf.zeros(len(self.reported))
        for _ in tf.range(count):
            losses = self.strategy.run(self._step, args=(self.images.tensors,))
            totals += self.strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)
            if self.averaged:
                decay = averages.decay_of(self.iteration, self.settings.ema)
                weights = self.network.trainable_variables
                averages.move(self.strategy, self.averaged, weights, decay)
            self.iteration.assign_add(1)
        means = tf.unstack(totals / tf.cast(count, tf.float32))
        return dict(zip(self.reported, means, strict=True))

    def _step(self, tensors):
        """Update the network once; return the losses, stacked."""
        drawn = [self._share(part) for part in self._draw(tensors)]
        with tf.GradientTape() as tape:
            losses = self.loss(*drawn)
            loss = losses[0] / self.replicas
        weights = self.network.trainable_variables
        gradients = tape.gradient(loss, weights)
        apply_gradients(self.optimizer, gradients, weights)
        return tf.stack([*losses, tf.linalg.global_norm(gradients) * self.replicas])

    def _draw(self, tensors):
        """Return a batch and its random numbers, functions of the seed and the iteration."""
        size = self.settings.batch_size
        here = tf.random.experimental.stateless_fold_in(self.seed, self.iteration, alg="philox")
        seeds = [
            tf.random.experimental.stateless_fold_in(here, use, alg="philox")
            for use in range(_DRAWS)
        ]
        indices = shuffled_indices(self.iteration, size, self.images.count, self.seed)
        images, labels, _ = self.images.gather(tensors, indices, seeds[0])
        uniforms = tf.random.stateless_uniform(
            (size, augmentation.DRAWS + 1), seeds[1], alg="philox"
        )
        images, told = augmentation.augment(
            images, uniforms[:, 1:], self.settings.augment_probability
        )
        normals = tf.random.stateless_normal((size, 1, 1, 1), seeds[2], alg="philox")
        noise = tf.random.stateless_normal(tf.shape(images), seeds[3], alg="philox")
        return images, labels, edm.training_sigmas(normals), noise, told, uniforms[:, 0]

    def _share(self, batch):
        if self.replicas == 1:
            return batch
        share = self.settings.batch_size // self.replicas
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return batch[replica * share : (replica + 1) * share]


class Denoising(NoisePhase):
    """Trains F of `edm`, whose weighted loss is the mean square error to F's target."""

    name = DENOISER
    reported = ("denoising_loss", "gradient_norm")

    def __init__(self, method, job):
        classes = len(job.images.class_names)
        super().__init__(method, job, new_denoiser(method.settings, classes), "denoiser")
        self.classes = classes
        if self.settings.ema:
            self.averaged = new_denoiser(self.settings, classes).trainable_variables
            for mean, weight in zip(self.averaged, self.network.trainable_variables, strict=True):
                mean.assign(weight)
        self._sampler = self._sampler_at = None

    def loss(self, images, labels, sigma, noise, told, uniforms):
        """Return the mean square error of F; a share of the labels is withheld."""
        labels = tf.where(uniforms < self.settings.label_dropout, self.classes, labels)
        noisy = images + sigma * noise
        c = edm.preconditioning(sigma)
        answer = self.network(c.inside * noisy, c.noise[:, 0, 0, 0], labels, told, training=True)
        wanted = edm.target(images, noisy, sigma)
        return [tf.reduce_mean(tf.square(tf.cast(answer, tf.float32) - wanted))]

    def variables(self):
        """Return all state by name; averaged weights are called `average/...`."""
        return super().variables() | named_weights("average", self.averaged)

    def preview(self):
        """Return images of the same noise every time, each class as often as the others."""
        labels = np.sort(np.arange(PREVIEW) % self.classes)
        return self.sampler().make(labels, (self.settings.seed, PREVIEW_SEED))

    def sampler(self):
        """Return a `DiffusionSampler` of the averaged weights as they are now."""
        if self._sampler is None:
            self._sampler = DiffusionSampler(self.method, self.counts)
        iteration = int(self.iteration.numpy())
        if iteration != self._sampler_at:
            self._sampler.take(export(self.variables()))
            self._sampler_at = iteration
        return self._sampler


class Guiding(NoisePhase):
    """Trains a classifier on noisy images, by cross-entropy (ADM, section 4)."""

    name = GUIDE
    reported = ("guide_loss", "guide_accuracy", "gradient_norm")

    def __init__(self, method, job):
        classes = len(job.images.class_names)
        super().__init__(method, job, new_guide(method.settings, classes), "guide")
        self.iterations = method.settings.guide_iterations

    def loss(self, images, labels, sigma, noise, told, uniforms):
        """Return the cross-entropy, and the share that is named rightly."""
        c = edm.preconditioning(sigma)
        logits = self.network(
            c.inside * (images + sigma * noise), c.noise[:, 0, 0, 0], training=True
        )
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        right = tf.argmax(logits, -1, output_type=tf.int32) == labels
        return [tf.reduce_mean(entropy), tf.reduce_mean(tf.cast(right, tf.float32))]
