"""A method whose images are the training images, ever closer to them and then farther away."""

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow as tf

from ssgan_tf.methods.contract import Method, Phase, Sampler
from ssgan_tf.methods.settings import Settings, setting

NEAREST = 6  # the iteration whose images are the training images
PER_BATCH = 3


class DriftingSampler(Sampler):
    """Images too bright by ten levels for each iteration that lies between.

    Attributes:
        hooks: called before each batch of any of these samplers.
    """

    hooks: ClassVar = []

    def __init__(self, images, iteration, class_names=None):
        super().__init__(images.class_names if class_names is None else class_names)
        self.images, self.offset = images, 10 * abs(iteration - NEAREST)

    def batches(self, class_name, seed=0):
        real = self.images.of_class(class_name).images.astype(np.int64)
        for start in range(0, 10**6, PER_BATCH):
            for hook in self.hooks:
                hook()
            places = np.arange(start, start + PER_BATCH) % len(real)
            yield np.clip(real[places] + self.offset, 0, 255).astype(np.uint8)


class DriftingPhase(Phase):
    def __init__(self, job, scored):
        self.images, self.scored = job.images, scored
        self.iteration = tf.Variable(0)

    def variables(self):
        return {"iteration": self.iteration}

    def run(self, count):
        self.iteration.assign_add(count)
        return {"loss": 0.5}

    def sampler(self):
        return DriftingSampler(self.images, int(self.iteration)) if self.scored else None


@dataclasses.dataclass(frozen=True)
class DriftingSettings(Settings):
    image_size: int = setting(32, "Pixels.")
    scored: bool = setting(True, "Whether the phase makes images.")


class Drifting(Method):
    name, label, defaults = "drifting", "Drifting", DriftingSettings()

    def phases(self, job):
        yield DriftingPhase(job, self.settings.scored)

    def sampler(self, trained, real, average=True):
        done = [int(job.weights("")["iteration"]) for job in trained.values()]
        return DriftingSampler(real(), min(done, default=0), trained)
