"""From an image to a variant of it, with Stable Diffusion 3 and a weighted prompt.

KerasHub's `StableDiffusion3ImageToImage.generate` takes neither weights of tokens nor a guidance
scale for each image, so its steps are made here from those of the backbone.
"""

import numpy as np
import tensorflow as tf
from keras import ops

from ssgan_tf.errors import UserError
from ssgan_tf.methods.sgid.noise import starting
from ssgan_tf.methods.sgid.presets import GIB
from ssgan_tf.methods.sgid.prompts import LENGTH, Fragment, tokens_of

ENCODERS = ("clip_l", "clip_g")


def working_memory(resolution, batch_size):
    """Return the bytes that images take on their way, beside the weights.

    Measured with 512 pixels and one image at a time: 2 GiB, most of it in the decoder.
    """
    return int(GIB * (1 + batch_size * (resolution / 512) ** 2))


class ImageToImage:
    """Makes variants of images, for one start of one schedule.

    Args:
        preset: the `Preset`.
        dtype: see `presets.dtype_of`.
        resolution: height and width of the images in pixels.
        steps: of the schedule.
        rate: see `noise.starting`.
        strength: see `noise.starting`.
        negative_prompt: what images should not show.

    Attributes:
        start: the `Start`.

    Raises:
        UserError: the preset cannot be had, or is not for guided diffusion.
    """

    def __init__(
        self, preset, dtype, resolution, steps, rate=None, strength=None, negative_prompt=""
    ):
        require_guided(preset)
        shape = (resolution, resolution, 3)
        self.task = preset.load("StableDiffusion3ImageToImage", dtype, image_shape=shape)
        backbone = self.task.backbone
        if backbone.t5 is not None:
            raise UserError(
                f"--diffusion {preset.name} has a T5 encoder, whose tokens cannot be weighted yet; "
                "name a preset without one, as all of KerasHub are"
            )
        scheduler = backbone.scheduler
        self.start = starting(steps, rate, strength, scheduler.shift, scheduler.num_train_timesteps)
        self._negative = self._repeatable([Fragment("caption", negative_prompt)])
        self._empty = self._repeatable([])
        self._function = tf.function(self._variants, reduce_retracing=False)

    def tokens(self, parts):
        """Return the `Tokens` of a prompt for each text encoder, a dict.

        Args:
            parts: from `prompts.fragments`.
        """
        preprocessor = self.task.preprocessor
        return {
            name: tokens_of(parts, getattr(preprocessor, f"{name}_preprocessor").tokenizer)
            for name in ENCODERS
        }

    def __call__(self, images, prompts, guidance, seeds):
        """Return a variant of each image.

        Args:
            images: uint8 `(batch, resolution, resolution, 3)`.
            prompts: a list of what `tokens` returned.
            guidance: scales of classifier-free guidance, `(batch,)`; 1 follows the prompt alone.
            seeds: whole numbers, `(batch,)`, of each image's own noise.

        Returns:
            uint8 of the shape of the images.
        """
        shape = self.task.backbone.latent_shape[1:]
        noise = tf.stack([
            tf.random.stateless_normal(shape, [0, seed], alg="philox") for seed in seeds
        ])  # fmt: skip
        return self.with_noise(images, prompts, guidance, noise)

    def with_noise(self, images, prompts, guidance, noise):
        """Return a variant of each image for given noise; see `__call__`.

        Args:
            images: as there.
            prompts: as there.
            guidance: as there.
            noise: of the latents, float32 `(batch, height / 8, width / 8, channels)`.
        """
        ids = {name: np.stack([prompt[name].ids for prompt in prompts]) for name in ENCODERS}
        # The encoders' features lie side by side in each row, and agree in what a row stands for.
        weights = np.stack([prompt["clip_l"].weights for prompt in prompts])
        # When the function is traced, the sigmas of that moment become constants of it.
        self.task.backbone.configure_scheduler(self.start.steps)
        made = self._function(
            tf.constant(images, tf.float32) / 127.5 - 1.0,
            {name: tf.constant(rows) for name, rows in ids.items()},
            tf.constant(weights),
            tf.cast(noise, tf.float32),
            tf.reshape(tf.constant(guidance, tf.float32), (-1, 1, 1, 1)),
        )
        return made.numpy()

    def embeddings(self, ids, weights):
        """Return positive, negative, pooled and negative pooled embeddings, the first weighted.

        z' = z∅ + w(z − z∅) for each token, z∅ of the empty prompt; the pooled ones stay.

        Args:
            ids: dict from encoder to int32 `(batch, 77)`.
            weights: float32 `(batch, 77)`.
        """
        backbone, batch = self.task.backbone, ops.shape(weights)[0]
        negative = {name: ops.repeat(row, batch, axis=0) for name, row in self._negative.items()}
        found = backbone.encode_text_step(ids, negative)
        _, empty, _, _ = backbone.encode_text_step(self._empty, self._empty)
        return (weighted(found[0], empty, weights), *found[1:])

    def _variants(self, images, ids, weights, noise, guidance):
        backbone, steps = self.task.backbone, self.start.steps
        first, count = tf.constant(self.start.step), tf.constant(steps)  # whole numbers fail
        embeddings = self.embeddings(ids, weights)
        # The mean of the encoder's distribution, so that equal calls are equal.
        mean, _ = ops.split(backbone.vae.encoder(images, training=False), 2, axis=-1)
        latents = ops.cast(backbone.image_rescaling(mean), "float32")
        latents = backbone.add_noise_step(latents, noise, first, count)

        def step(number, latents):
            return backbone.denoise_step(latents, embeddings, number, count, guidance)

        latents = ops.fori_loop(first, count, step, latents)
        decoded = ops.cast(backbone.decode_step(latents), "float32")
        return ops.cast(ops.round(ops.clip((decoded + 1) * 127.5, 0, 255)), "uint8")

    def _repeatable(self, parts):
        return {name: tf.constant(tokens.ids[None]) for name, tokens in self.tokens(parts).items()}


def weighted(embeddings, empty, weights):
    """Return embeddings with weighted tokens, z' = z∅ + w(z − z∅).

    Args:
        embeddings: z, `(batch, rows, features)`; the first 77 rows are CLIP's tokens.
        empty: z∅, of the empty prompt, `(1, rows, features)`.
        weights: w, `(batch, 77)`; other rows have weight 1.
    """
    z, z0 = ops.cast(embeddings, "float32"), ops.cast(empty, "float32")
    rows = ops.shape(z)[1] - LENGTH
    weights = ops.pad(weights, [[0, 0], [0, rows]], constant_values=1.0)[:, :, None]
    # Where the weight is 1 the embedding stays as it was, to the bit.
    return ops.cast(ops.where(weights == 1, z, z0 + weights * (z - z0)), embeddings.dtype)


def require_guided(preset):
    """Refuse models that were distilled for sampling without guidance.

    Raises:
        UserError: it is one.
    """
    if "turbo" in preset.name.rstrip("/").rpartition("/")[2]:
        raise UserError(
            f"--diffusion {preset.name}: turbo models know no guidance, which SGID needs; name "
            "stable_diffusion_3_medium or stable_diffusion_3.5_medium"
        )
