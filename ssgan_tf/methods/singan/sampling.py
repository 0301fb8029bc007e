"""Images out of trained pyramids: samples, walks, and images injected at a scale."""

import itertools
import zlib

import numpy as np
import tensorflow as tf

from ssgan_tf.bounds import require
from ssgan_tf.device.batches import to_uint8, to_unit
from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import Sampler
from ssgan_tf.methods.singan.levels import apart, draw_images
from ssgan_tf.methods.singan.models import Models
from ssgan_tf.methods.singan.scales import shrunk

BATCH = 64  # images computed together, about
STOPS, STEPS = 8, 12  # of a walk, and frames from one to the next


class SinGANSampler(Sampler):
    """Images of one model a source: image k is of model k mod K.

    Args:
        settings: the `Settings`.
        models: dict from class to its `Models`.
        start_scale: coarsest scale with random noise; those below it reconstruct the source.
    """

    def __init__(self, settings, models, start_scale=0):
        super().__init__(models)
        self.settings, self.models, self.start_scale = settings, models, start_scale

    @classmethod
    def of_trained(cls, settings, trained, start_scale=0):
        """Return the sampler of what trainings left.

        Args:
            settings: the `Settings`.
            trained: dict from job to `Trained`.
            start_scale: see above.

        Raises:
            UserError: the weights are those of other settings.
        """
        models = {
            name: Models(settings, job.weights()) for job in trained.values() for name in job.counts
        }
        return cls(settings, models, start_scale)

    def batches(self, class_name, seed=0):
        """Yield images of a class without end, uint8 `(n, size, size, 3)`."""
        models = self.models[class_name]
        variants = max(1, BATCH // len(models))
        for number in itertools.count():
            images = models.draw(variants, self._seed(class_name, seed, number), self.start_scale)
            yield to_uint8(images.reshape(-1, *images.shape[2:])).numpy()

    def sources(self, class_name, count, seed=0):
        """Return the SHA-256 of the training image that each of the first images was made from."""
        return list(itertools.islice(itertools.cycle(self.models[class_name].sources), count))

    def reconstructions(self, class_name):
        """Return what each model makes of its fixed noise z*, uint8 `(K, size, size, 3)`."""
        return to_uint8(self.models[class_name].reconstructions()).numpy()

    def walk(self, class_name, seed=0):
        """Return a walk through the noise of up to eight models, uint8 `(96, size, size, 3)`.

        A model's share of the frames begins and ends with its reconstruction. On its way it visits
        maps of random noise; between them noise is mixed and keeps its variance.
        """
        models = self.models[class_name]
        visited = min(len(models), STOPS)
        frames = []
        for place in range(visited):
            # Stops are shared out; each model has at least its reconstruction and one more.
            stops = max(2, STOPS // visited)
            frames.append(self._walk_of(models, place, stops, STOPS * STEPS // (visited * stops),
                                        self._seed(class_name, seed, place)))  # fmt: skip
        return np.concatenate(frames)

    def _walk_of(self, models, place, stops, steps, seed):
        levels, within = models.levels_of(place)
        share = (np.arange(steps, dtype=np.float32) / steps)[None, :, None, None, None]
        images = None
        for level in levels:
            number = level.scale.number
            fixed = level.reconstructing_noise().numpy()
            noise = np.repeat(fixed, stops, 0)
            if number >= self.start_scale:
                seeds = tf.random.experimental.stateless_fold_in(seed, number, alg="philox")
                noise[1:] = level.draw_noise(stops - 1, seeds).numpy()
            path = (1 - share) * noise[:, None] + share * np.roll(noise, -1, axis=0)[:, None]
            if fixed.any():  # 0 is no noise, and its mixtures are smaller
                path /= np.sqrt((1 - share) ** 2 + share**2)
            path = path.reshape(-1, *noise.shape[1:])
            images = level.generate(path, level.enlarge(images))
        return to_uint8(apart(images)[:, within]).numpy()

    def inject(self, class_name, image, scale, mask=None, source=0, seed=0):
        """Return an image whose coarse structure is another image's (SinGAN, section 4).

        The image is shrunk to the size of the scale below and enlarged again; scales from `scale`
        on then paint the details that their source has. With a drawing this is paint-to-image,
        with an object pasted into the source harmonisation, with a source edited by hand editing.

        Args:
            class_name: the class.
            image: uint8 `(size, size, 3)`, of the size trained on.
            scale: from 1, the coarsest that is left to the image, to the last one.
            mask: float `(size, size)` in [0, 1]: where less than 1, that much of `image` itself
                shows.
            source: which model of the class, from 0; or the SHA-256 of its source.
            seed: of the noise.

        Returns:
            uint8 `(size, size, 3)`.

        Raises:
            UserError: there is no such class, model or scale, or a shape is another.
        """
        if class_name not in self.models:
            raise UserError(
                f"no models of class {class_name!r}; have {', '.join(self.class_names)}"
            )
        models, size = self.models[class_name], self.settings.image_size
        if isinstance(source, str):
            source = models.sources.index(source) if source in models.sources else -1
        if not 0 <= source < len(models):
            raise UserError(
                f"{class_name} has no such source; give 0 to {len(models) - 1} or a hash"
            )
        levels, place = models.levels_of(source)
        if not 1 <= scale < len(levels):
            raise UserError(f"scale is {scale}; it must be from 1 to {len(levels) - 1}")
        image = np.asarray(image)
        if image.shape != (size, size, 3) or image.dtype != np.uint8:
            raise UserError(f"the image must be uint8 ({size}, {size}, 3)")
        if mask is not None and np.shape(mask) != (size, size):
            raise UserError(f"the mask must be of the shape ({size}, {size})")
        require("seed", seed)
        below, level = levels[scale - 1], levels[scale]
        coarse = shrunk(to_unit(image[None]), below.scale)
        pack = tf.tile(coarse, (1, 1, 1, level.models))
        seeds = self._seed(class_name, seed, source)
        made = draw_images(levels[scale:], 1, seeds, images=pack)
        made = to_uint8(apart(made)[0, place]).numpy()
        if mask is None:
            return made
        share = np.asarray(mask, np.float32)[..., None].clip(0, 1)
        return (share * made + (1 - share) * image).round().astype(np.uint8)

    def _seed(self, class_name, seed, number):
        of_class = (seed, zlib.crc32(class_name.encode()) % 2**31)
        return tf.random.experimental.stateless_fold_in(of_class, number, alg="philox")
