"""Images out of a trained denoiser."""

import itertools
import zlib

import numpy as np
import tensorflow as tf

from ssgan_tf.device.batches import to_uint8, to_unit
from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import Sampler
from ssgan_tf.methods.diffusion import edm, solvers
from ssgan_tf.methods.diffusion.network import new_denoiser, new_guide
from ssgan_tf.runs.state import assign, named_weights

DENOISER, GUIDE = "", "guide"  # names of the phases
BATCH = 16


class DiffusionSampler(Sampler):
    """Makes images of the classes that a denoiser was trained on.

    Args:
        method: the `Diffusion`, for its settings and its `sampling`.
        counts: dict from each class, in the order of their labels, to its training images.
    """

    def __init__(self, method, counts):
        super().__init__(counts)
        self.settings, self.choice = method.settings, method.sampling
        self._labels = {name: label for label, name in enumerate(counts)}
        self._guide = None
        with dtype_policy(method.precision):
            if counts:
                self._network = new_denoiser(self.settings, len(counts))
            if counts and self.choice.classifier_guidance:
                self._guide = new_guide(self.settings, len(counts))
        size = self.settings.image_size
        self._denoise = tf.function(
            self._denoised,
            input_signature=[
                tf.TensorSpec((None, size, size, 3)), tf.TensorSpec(()),
                tf.TensorSpec((None,), tf.int32),
            ],
        )  # fmt: skip

    @classmethod
    def of_trained(cls, method, trained, average=True):
        """Return the sampler of what trainings left.

        Args:
            method: the `Diffusion`.
            trained: dict from job to `Trained`.
            average: use the moving average of the weights, where there is one.

        Raises:
            UserError: the weights are those of another network, or guidance is wanted of a
                classifier that was not trained.
        """
        if method.sampling.classifier_guidance and not method.settings.guide_iterations:
            raise UserError(
                "--classifier_guidance needs a classifier of noisy images, and this run has none; "
                "train with --guide_iterations"
            )
        for of_job in trained.values():  # there is one
            sampler = cls(method, of_job.counts)
            sampler.take(of_job.weights(DENOISER), average)
            if sampler._guide is not None:
                assign(named_weights("guide", sampler._guide.variables), of_job.weights(GUIDE))
            return sampler
        return cls(method, {})

    def take(self, arrays, average=True):
        """Adopt the weights of a checkpoint, the averaged ones where that is wanted and possible.

        Raises:
            UserError: they are those of another network.
        """
        network = self._network
        averaged = average and any(name.startswith("average/") for name in arrays)
        role = "average" if averaged else "denoiser"
        assign(named_weights(role, network.trainable_variables), arrays)

    def batches(self, class_name, seed=0):
        """Yield images of a class without end, uint8 `(16, size, size, 3)`."""
        labels = np.full(BATCH, self._labels[class_name])
        of_class = (seed, zlib.crc32(class_name.encode()) % 2**31)
        for number in itertools.count():
            yield self.make(labels, _folded(of_class, number))

    def make(self, labels, seed):
        """Return images of labels `(count,)`, uint8 `(count, size, size, 3)`."""
        size = self.settings.image_size
        noise = tf.random.stateless_normal((len(labels), size, size, 3), seed, alg="philox")
        return self.from_noise(noise, labels, seed)

    def from_noise(self, noise, labels, seed=(0, 0)):
        """Return the images that noise leads to, uint8 `(count, size, size, 3)`.

        Args:
            noise: standard normal, `(count, size, size, 3)`.
            labels: int `(count,)`.
            seed: of the noise that the sampler ddpm adds on its way.
        """
        labels = tf.constant(labels, tf.int32)

        def denoise(x, sigma):
            return self._denoise(x, tf.constant(sigma, tf.float32), labels)

        def fresh(number):
            return tf.random.stateless_normal(
                tf.shape(noise), _folded(seed, 1 + number), alg="philox"
            )

        name, steps = self.choice.sampler, self.choice.steps
        images = self._run(solvers.solve(name, denoise, noise, steps, fresh), name)
        return to_uint8(images).numpy()

    def vary(self, images, labels, sigma, noise):
        """Return images that keep what noise leaves of given ones (Meng et al., "SDEdit", 2022).

        They get noise of standard deviation σ, which Heun's steps take out again.

        Args:
            images: uint8 `(count, size, size, 3)`.
            labels: int `(count,)`, the classes to lead them to.
            sigma: σ, where images are in [-1, 1]; little keeps all, 80 nothing.
            noise: standard normal, float32, like the images.

        Returns:
            as many images, uint8.
        """
        labels = tf.constant(labels, tf.int32)
        sigmas = edm.sampling_sigmas(self.choice.steps, sigma).tolist()
        solver = solvers.heun(
            lambda x, level: self._denoise(x, tf.constant(level, tf.float32), labels),
            to_unit(images) + sigma * noise, sigmas,
        )  # fmt: skip
        return to_uint8(self._run(solver, "heun")).numpy()

    def _run(self, solver, name):
        """Run a solver to its end, telling `watch` how far it is; return its images."""
        whole = solvers.evaluations(name, self.choice.steps)
        while True:
            try:
                left = next(solver)
            except StopIteration as end:
                return end.value
            if self.watch:
                self.watch(f"step {whole - left} of {whole}")

    def _denoised(self, x, sigma, labels):
        """Return D of the class, guided by what was chosen."""
        sigma = tf.fill((tf.shape(x)[0], 1, 1, 1), sigma)
        weight = self.choice.guidance
        if weight == 1:
            made = edm.denoised(self._network, x, sigma, labels)
        else:
            none = tf.fill(tf.shape(labels), len(self._labels))
            both = edm.denoised(
                self._network, tf.concat([x, x], 0), tf.concat([sigma, sigma], 0),
                tf.concat([labels, none], 0),
            )  # fmt: skip
            of_class, of_none = tf.split(both, 2)
            made = classifier_free(of_class, of_none, weight)
        if self._guide is not None:
            slope = self._class_gradient(x, sigma, labels)
            made += self.choice.classifier_guidance * sigma**2 * slope
        return made

    def _class_gradient(self, x, sigma, labels):
        """Return ∇ₓ log p(c | x; σ) of the classifier that sees through noise."""
        c = edm.preconditioning(sigma)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            logits = self._guide(c.inside * x, c.noise[:, 0, 0, 0], training=False)
            chosen = tf.gather(tf.nn.log_softmax(logits), labels, axis=1, batch_dims=1)
        return tape.gradient(chosen, x)

    def walk(self, class_name, seed=0, stops=8, steps=12):
        """Return a walk through the noise of a class, uint8 `(stops * steps, size, size, 3)`.

        It leads round `stops` images and ends where it began; noise between two of them is scaled
        to unit variance.
        """
        of_class = (seed, zlib.crc32(class_name.encode()) % 2**31)
        size = self.settings.image_size
        corners = tf.random.stateless_normal((stops, size, size, 3), of_class, alg="philox").numpy()
        share = (np.arange(steps, dtype=np.float32) / steps)[None, :, None, None, None]
        path = (1 - share) * corners[:, None] + share * np.roll(corners, -1, axis=0)[:, None]
        path = (path / np.sqrt((1 - share) ** 2 + share**2)).reshape(-1, size, size, 3)
        frames = []
        for start in range(0, len(path), BATCH):
            noise = path[start : start + BATCH]
            frames.append(self.from_noise(noise, np.full(len(noise), self._labels[class_name])))
        return np.concatenate(frames)


def classifier_free(of_class, of_none, weight):
    """Return D_u + w (D_c − D_u) (Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022)."""
    return of_none + weight * (of_class - of_none)


def _folded(seed, number):
    return tf.random.experimental.stateless_fold_in(seed, number, alg="philox")
