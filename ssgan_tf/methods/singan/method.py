"""SinGAN as a method: a class's images in packs, each pack scale by scale."""

import zlib
from typing import ClassVar

import keras
import tensorflow as tf

from ssgan_tf.device.precision import dtype_policy, resolve_for_gan
from ssgan_tf.methods.contract import Method
from ssgan_tf.methods.singan.phases import Collection, Pack, ScalePhase
from ssgan_tf.methods.singan.plan import cost, describe, iterations_later, seconds
from ssgan_tf.methods.singan.sampling import SinGANSampler
from ssgan_tf.methods.singan.scales import scales_of
from ssgan_tf.methods.singan.settings import AUTO, Sampling, Settings

PACKS = {"CPU": 8, "GPU": 64}  # models in a pack


class SinGAN(Method):
    """One unconditional GAN per training image, of a pyramid of scales.

    Its jobs are the classes. A job's images are divided into packs of models that are trained
    together, and a phase is a pack at one scale; the last phase collects the models of the class.
    """

    name, label = "singan", "SinGAN"
    defaults: ClassVar[Settings] = Settings()
    sampling_defaults: ClassVar[Sampling] = Sampling()

    def __init__(self, **changes):
        super().__init__(**changes)
        self.scales = scales_of(self.settings)

    def as_flags(self):
        """Return the settings by flag; `pack` is the number that it stands for here."""
        return super().as_flags() | {"pack": str(self.pack)}

    @property
    def precision(self):
        """The Keras dtype policy that training computes in."""
        if self.settings.precision == "auto" and not tf.config.list_physical_devices("GPU"):
            return "float32"  # so small networks gain nothing from bfloat16 on processors
        return resolve_for_gan(self.settings.precision)

    @property
    def pack(self):
        """How many models are trained together, at most."""
        if self.settings.pack != AUTO:
            return int(self.settings.pack)
        return PACKS["GPU" if tf.config.list_physical_devices("GPU") else "CPU"]

    def modelled(self, images):
        """Return the images of a class that are modelled: the first ones, none of them twice.

        Args:
            images: the `ImageSet` of the class, in the order of its split.
        """
        first = {digest: place for place, digest in reversed(list(enumerate(images.hashes)))}
        return images.select(sorted(first.values())[: self.settings.limit])

    def phases(self, job):
        """Yield a phase for each pack and scale, and the one that collects their models."""
        chosen, packs = self.modelled(job.images), []
        seed = (self.settings.seed, zlib.crc32(job.name.encode()) % 2**31)
        for number, first in enumerate(range(0, len(chosen), self.pack)):
            images = chosen.images[first : first + self.pack]
            paths = chosen.paths[first : first + self.pack]
            trained = []
            for scale in self.scales:
                keras.utils.set_random_seed(zlib.crc32(repr(seed).encode()))
                with dtype_policy(self.precision):
                    phase = ScalePhase(
                        self.settings, number, scale, images, paths, trained, seed, job.jit,
                        iterations_later(self, len(chosen), number, scale.number),
                    )  # fmt: skip
                yield phase
                trained.append(phase)
                if phase.failed.numpy().all():
                    break
            # No more than that: what trained a pack would fill the memory before the last one.
            packs.append(Pack.of_trained(trained))
        yield Collection(self.settings, *job.images.class_names, packs, chosen.images,
                         chosen.hashes)  # fmt: skip

    def sampler(self, trained, real, average=True):
        """Return the `SinGANSampler` of trained models; real images are not looked at."""
        return SinGANSampler.of_trained(self.settings, trained, self.sampling.start_scale)

    def cost(self, classes):
        """Return parameters and operations of one model."""
        return cost(self.settings, self.scales)

    def plan(self, image_set, replicas):
        """Return what a training will take."""
        return describe(self, image_set)

    def seconds(self, image_set):
        """Return how long a training takes here, by a moment of it."""
        return seconds(self, image_set)
