"""Variants of the training images, by a diffusion that was trained before.

C. Meng et al.: "SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations"
(2022), section 3: noise of some strength is added to a real image, and the diffusion takes it out
again. Little noise keeps the image, much makes another one of its class.
"""

import dataclasses
import itertools
import zlib
from functools import partial

import numpy as np
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import ALL_CLASSES, Method, Sampler, Trained
from ssgan_tf.methods.diffusion.diffusion import Diffusion
from ssgan_tf.methods.diffusion.sampler import BATCH
from ssgan_tf.methods.settings import Sampling as CommonSampling
from ssgan_tf.methods.settings import setting
from ssgan_tf.runs.provenance import learnt_from
from ssgan_tf.runs.run_directory import TRAINED, RunDirectory


@dataclasses.dataclass(frozen=True)
class Sampling(CommonSampling):
    """Which diffusion, and how much noise."""

    diffusion: str = setting("", "sdedit: run directory of a diffusion.")
    sigma: float = setting(
        1.0,
        "sdedit: standard deviation of the noise where pixels are in [-1, 1]; 80 keeps nothing.",
    )
    steps: int = setting(18, "Noise levels from there to the image.")

    def __post_init__(self):
        super().__post_init__()
        self.require("steps", self.steps >= 2, "2 or more")


class SDEdit(Method):
    """Variants of real images; nothing is trained."""

    name, label, last_phase = "sdedit", "SDEdit", None
    sampling_defaults = Sampling()

    def phases(self, job):
        """Yield nothing: the diffusion is trained already."""
        return iter(())

    def trained_on_before(self):
        """Return the images that the diffusion was trained on, hashes by class."""
        return learnt_from(self._run().config(TRAINED)["data"])

    def sampler(self, trained, real, average=True):
        """Return the `SDEditSampler` of the training images."""
        names = [name for job in trained.values() for name in job.counts]
        return SDEditSampler(names, real, self._denoiser(average), self.sampling.sigma)

    def _run(self):
        if not self.sampling.diffusion:
            raise UserError(
                "--diffusion is missing; name the run directory of train.py --method diffusion"
            )
        return RunDirectory(self.sampling.diffusion, "--diffusion")

    def _denoiser(self, average):
        """Return the `DiffusionSampler` of the run."""
        run = self._run()
        config = run.config(TRAINED)
        flags = config["settings"]
        size = flags.get("image_size")
        if flags["method"] != Diffusion.name or run.checkpoints(ALL_CLASSES).latest_step() is None:
            raise UserError(f"--diffusion {run.path} holds no trained {Diffusion.name}")
        if size != self.settings.image_size:
            raise UserError(
                f"--diffusion {run.path} makes images of {size} pixels; add --image_size {size}"
            )
        known = {field.name for field in dataclasses.fields(Diffusion.defaults)}
        method = Diffusion(**{name: value for name, value in flags.items() if name in known})
        method.choose_sampling(steps=self.sampling.steps)
        counts = {name: len(of["train"]) for name, of in sorted(config["data"]["classes"].items())}
        of_job = Trained(counts, 0, partial(run.weights, ALL_CLASSES))
        return method.sampler({ALL_CLASSES: of_job}, None, average)


class SDEditSampler(Sampler):
    """Makes variants of an image set: image k of a class is made of its image k mod n.

    Args:
        class_names: the classes.
        real: returns the images.
        denoiser: a `DiffusionSampler`.
        sigma: standard deviation of the noise.

    Raises:
        UserError: the denoiser does not know a class.
    """

    def __init__(self, class_names, real, denoiser, sigma):
        super().__init__(class_names)
        for name in self.class_names:
            if name not in denoiser.class_names:
                raise UserError(
                    f"--diffusion was not trained on the class {name!r}, but on "
                    f"{', '.join(denoiser.class_names)}; choose --classes"
                )
        self._real, self._denoiser, self._sigma = real, denoiser, sigma

    def batches(self, class_name, seed=0):
        """Yield variants without end, uint8 `(16, size, size, 3)`."""
        images = self._real().of_class(class_name).images
        labels = np.full(BATCH, self._denoiser.class_names.index(class_name))
        self._denoiser.watch = self.watch
        of_class = seed, zlib.crc32(class_name.encode()) % 2**31
        for number in itertools.count():
            originals = images[np.arange(number * BATCH, (number + 1) * BATCH) % len(images)]
            seeds = tf.random.experimental.stateless_fold_in(of_class, number, alg="philox")
            noise = tf.random.stateless_normal(originals.shape, seeds, alg="philox")
            yield self._denoiser.vary(originals, labels, self._sigma, noise)

    def sources(self, class_name, count, seed=0):
        """Return the SHA-256 of the training image that each of the first images was made from."""
        hashes = self._real().of_class(class_name).hashes
        return list(itertools.islice(itertools.cycle(hashes), count))
