"""Images out of trained generators."""

import itertools

import numpy as np
import tensorflow as tf

from ssgan_tf import methods
from ssgan_tf.errors import UserError
from ssgan_tf.training.batches import to_uint8
from ssgan_tf.training.latents import draw_latents
from ssgan_tf.training.precision import dtype_policy
from ssgan_tf.training.run_directory import RunDirectory
from ssgan_tf.training.state import assign, named_weights, of_generators

BATCH = 64


def generate(generator, latents):
    """Return the images of latents `(count, latent_dim)` as uint8 `(count, size, size, 3)`."""
    return to_uint8(generator(latents, training=False)).numpy()


def sample_batches(generator, settings, count, seed):
    """Yield `count` images in batches, uint8 `(up to 64, size, size, 3)`; None never ends.

    Whole batches are computed, even where fewer images are wanted, so that image number i depends
    on the seed alone and not on how many are asked for.
    """
    batches = itertools.count() if count is None else range(-(-count // BATCH))
    for number in batches:
        latents = draw_latents(settings.noise, (BATCH, settings.latent_dim), (seed, number))
        images = generate(generator, latents)
        yield images if count is None else images[: count - number * BATCH]


def sample(generator, settings, count, seed=0):
    """Return `count` images, uint8 `(count, size, size, 3)`; see `GAN.sample`."""
    if count < 1:
        size = settings.image_size
        return np.zeros((0, size, size, 3), np.uint8)
    return np.concatenate(list(sample_batches(generator, settings, count, seed)))


def interpolate(generator, settings, seed=0, stops=8, steps=12):
    """Return a walk through the latents, uint8 `(stops * steps, size, size, 3)`.

    The walk leads round `stops` drawn latents and ends where it began. Between them it runs along
    straight lines whose points are scaled to the length of typical latents.
    """
    corners = draw_latents(settings.noise, (stops, settings.latent_dim), (seed, 0)).numpy()
    share = (np.arange(steps) / steps)[None, :, None]
    path = (1 - share) * corners[:, None] + share * np.roll(corners, -1, axis=0)[:, None]
    spread = np.sqrt((1 - share) ** 2 + share**2)  # of a mix of two independent latents
    path = (path / spread).reshape(-1, settings.latent_dim).astype(np.float32)
    return np.concatenate(
        [generate(generator, path[start : start + BATCH]) for start in range(0, len(path), BATCH)]
    )


def sampling_copy(method, weights, average=True):
    """Return a float32 generator with the weights of a checkpoint.

    Args:
        method: whose generator it is.
        weights: arrays by name, of which those of one generator are used.
        average: use the moving average, where there is one.
    """
    role = (
        "average"
        if average and any(name.startswith("average/") for name in weights)
        else ("generator")
    )
    with dtype_policy("float32"):
        generator = method.build().generator
        generator(tf.zeros((1, method.settings.latent_dim)))
    assign(named_weights(role, generator), weights)
    return generator


def load_run(path, average=True):
    """Return the trained method of a run directory; see `ssgan_tf.methods.load`."""
    run = RunDirectory(path)
    method = methods.recreate(run.config()["settings"])
    for class_name in run.classes():
        step, weights, _ = run.checkpoints(class_name).load(only=of_generators)
        method.generators[class_name] = sampling_copy(method, weights, average)
        method.trained_iterations[class_name] = step
    if not method.generators:
        raise UserError(f"{path} holds no checkpoint yet; train it first with train.py")
    return method
