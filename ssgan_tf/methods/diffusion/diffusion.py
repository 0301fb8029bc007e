"""Diffusion as a method: one denoiser for all classes, and perhaps a classifier that guides it."""

import zlib

import keras

from ssgan_tf.device.precision import dtype_policy, resolve_precision
from ssgan_tf.methods.contract import ALL_CLASSES, Cost, Method
from ssgan_tf.methods.diffusion.network import new_denoiser
from ssgan_tf.methods.diffusion.phases import Denoising, Guiding
from ssgan_tf.methods.diffusion.sampler import DENOISER, DiffusionSampler
from ssgan_tf.methods.diffusion.settings import Sampling, Settings
from ssgan_tf.metrics.complexity import activation_bytes, flops, parameter_count, products

MIB = 2**20


class Diffusion(Method):
    """A class-conditional diffusion (EDM's equations, ADM's network at a small size).

    The paper of GM-augCls (Guo et al.) fine-tunes ADM with classifier guidance; `docs/paper.md`
    says what differs. The classifier comes first, so that a training of the denoiser can be
    lengthened.
    """

    name, label = "diffusion", "Diffusion"
    defaults, sampling_defaults = Settings(), Sampling()
    last_phase = DENOISER
    conditional = True
    loss_names = Denoising.reported[:1]

    def jobs(self, class_names):
        """Return one job for all classes."""
        super().jobs(class_names)
        return {ALL_CLASSES: tuple(class_names)}

    @property
    def precision(self):
        """The Keras dtype policy that training and sampling compute in."""
        return resolve_precision(self.settings.precision)

    @property
    def images_per_step(self):
        """The batch, over all devices together."""
        return self.settings.batch_size

    def phases(self, job):
        """Yield the classifier's training where one is wanted, then the denoiser's."""
        for kind in (Guiding, Denoising)[not self.settings.guide_iterations :]:
            with dtype_policy(self.precision):
                words = f"{self.settings.seed} {job.name} {kind.name}"
                keras.utils.set_random_seed(zlib.crc32(words.encode()))
                phase = kind(self, job)
            yield phase

    def sampler(self, trained, real, average=True):
        """Return the `DiffusionSampler` of a trained denoiser; real images are not looked at."""
        return DiffusionSampler.of_trained(self, trained, average)

    def cost(self, classes):
        """Return parameters and operations of one evaluation of the denoiser.

        Making an image takes `solvers.evaluations` of them.
        """
        with dtype_policy("float32"):
            network = new_denoiser(self.settings, classes)
        count, work = parameter_count(network), flops(network)
        batch = self.settings.batch_size
        return Cost(
            {"denoiser": count, "together": count},
            {"denoiser": work, "batch": batch * work, "batch_size": batch},
        )

    def plan(self, image_set, replicas):
        """Return what a training will take, as rows of a name and words."""
        with dtype_policy(self.precision):
            network = new_denoiser(self.settings, len(image_set.class_names))
        batch, weights = self.settings.batch_size, 4 * network.count_params()
        width = 2 if self.precision != "float32" else 4
        state = weights * (4 if self.settings.ema else 3)
        activations = 2 * batch // replicas * activation_bytes(network, width)
        memory = state + weights + activations + image_set.images.nbytes
        work = 3 * batch * products(network)
        return [
            ("parameters (Eq. 9)", f"{parameter_count(network) / 1e6:.2f} M"),
            ("FLOPs an evaluation (Eq. 10)", f"{flops(network) / 1e9:.2f} G"),
            ("FLOPs an iteration", f"about {work / 1e9:.0f} G really done, batch {batch}"),
            ("memory per device", f"about {memory / MIB:.0f} MiB"),
            ("disk", f"two checkpoints of {state / MIB:.0f} MiB"),
        ]
