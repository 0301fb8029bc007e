"""The training of a GAN as a phase: its step, its state and its sample grid."""

import zlib

import numpy as np
import tensorflow as tf

from ssgan_tf.device.batches import DeviceImages
from ssgan_tf.methods.contract import Phase
from ssgan_tf.methods.gan.latents import draw_latents
from ssgan_tf.methods.gan.plan import iteration_flops
from ssgan_tf.methods.gan.sampling import GANSampler, SampledGenerator, generate
from ssgan_tf.methods.gan.state import of_generators, variables_of
from ssgan_tf.methods.gan.step import TrainingStep
from ssgan_tf.runs.state import export

SAMPLES = 64  # images of a sample grid
SAMPLE_SEED = 2**31 - 1  # of the latents that every sample grid shows


class AdversarialPhase(Phase):
    """Generator and critic against each other, until the user's iterations are done.

    Args:
        method: the `GAN`.
        job: the `Job`.
        perceptual: what `method.perceptual()` returned.
        begin: called with the `TrainingStep` before its first iteration, for instance to give the
            networks what an earlier phase has learnt.

    Attributes:
        step: the `TrainingStep`.
    """

    def __init__(self, method, job, perceptual, begin=None):
        settings = method.settings
        self.method, self.job_name, self.counts = method, job.name, job.images.counts()
        self.images_per_iteration = settings.batch_size
        cached = perceptual
        if method.judges_features:
            perceptual.adapt(job.images.images)
            cached = None  # augmented images have other features each time
        data = DeviceImages(
            job.images.images, cached, settings.flip, tf.distribute.get_strategy(),
            job.images.labels,
        )  # fmt: skip
        seed = (settings.seed, zlib.crc32(job.name.encode()) % 2**31)
        self.step = TrainingStep(method, data, perceptual, seed, job.jit, len(self.counts))
        self._begin = begin
        self._sampled = self._sampled_at = None  # and the iteration of its weights

    def variables(self):
        """Return the state of networks, optimisers and components, variables by name."""
        return variables_of(self.step)

    def prepare(self):
        """Take over weights to begin with where nothing is trained yet; trace the iteration."""
        if int(self.step.iteration.numpy()) == 0:
            if self.method.initial:
                self.method.initial.begin(self.step, self.job_name)
            if self._begin:
                self._begin(self.step)
        self._begin = None  # and what it refers to
        self.step.compile()

    def run(self, count):
        """Run `count` iterations; return the means of their losses."""
        return self.step.run_iterations(count)

    def flops(self):
        """Return the operations of an iteration, see `plan.iteration_flops`."""
        step = self.step
        before = step.perceptual or step.features
        classes = len(self.counts)
        return iteration_flops(self.method, step.generator, step.critic, before, classes)

    def preview(self):
        """Return images of the same latents every time, each class as often as the others."""
        settings = self.method.settings
        latents = draw_latents(
            settings.noise, (SAMPLES, settings.latent_dim), (settings.seed, SAMPLE_SEED)
        )
        labels = np.sort(np.arange(SAMPLES) % len(self.counts))
        return generate(self._present().network, latents, labels)

    def sampler(self):
        """Return a `GANSampler` of the averaged weights as they are now, where there are some."""
        return GANSampler(self.method.settings, [self._present()])

    def _present(self):
        """Return the `SampledGenerator` of the weights as they are now."""
        if self._sampled is None:
            self._sampled = SampledGenerator(self.method, self.counts)
        iteration = int(self.step.iteration.numpy())
        if iteration != self._sampled_at:  # else its statistics would be measured once more
            weights = {name: variable for name, variable in self.variables().items()
                       if of_generators(name)}  # fmt: skip
            self._sampled.take(export(weights), iteration)
            self._sampled_at = iteration
        return self._sampled
