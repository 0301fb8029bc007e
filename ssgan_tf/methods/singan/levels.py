"""A trained pyramid: from noise at each scale to an image, for several models at once."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from ssgan_tf.methods.singan.scales import Scale, resize, resize_matrix


class Level(NamedTuple):
    """The generators of a pack at one scale, and what they add noise to."""

    scale: Scale
    models: int
    generator: keras.Model
    amplitude: Any  # float32 (M,), of the noise
    padding: int  # zeros around what the generator takes
    fixed_noise: Any = None  # z*, float32 (1, size, size, M), at the coarsest scale
    enlargement: Any = None  # see `resize_matrix`; None at the coarsest scale

    def draw_noise(self, batch, seed):
        """Return noise `(batch, size, size, 3M)`, a pure function of the arguments.

        At the coarsest scale a model's colours have the same.
        """
        size, coarsest = self.scale.size, self.enlargement is None
        shape = (batch, size, size, self.models * (1 if coarsest else 3))
        noise = tf.random.stateless_normal(shape, seed, alg="philox")
        return tf.repeat(noise, 3, -1) if coarsest else noise

    def reconstructing_noise(self, batch=1):
        """Return the noise that gives the source back: z*, and 0 above the coarsest scale."""
        if self.enlargement is None:
            return tf.repeat(tf.repeat(tf.convert_to_tensor(self.fixed_noise), 3, -1), batch, 0)
        return tf.zeros((batch, self.scale.size, self.scale.size, 3 * self.models))

    def enlarge(self, images):
        """Return the coarser scale's images at this one's size; zeros for none, `(1, ...)`."""
        if images is None:
            return tf.zeros((1, self.scale.size, self.scale.size, 3 * self.models))
        return resize(images, self.enlargement)

    def padded(self, noise, previous):
        """Return what the generator takes, `(batch, size + 2·padding, size + 2·padding, 3M)`."""
        edge = [self.padding, self.padding]
        inputs = tf.repeat(tf.convert_to_tensor(self.amplitude), 3) * noise + previous
        return tf.pad(inputs, [[0, 0], edge, edge, [0, 0]])

    def generate(self, noise, previous):
        """Return images `(batch, size, size, 3M)`, about in [-1, 1].

        Args:
            noise: `(batch, size, size, 3M)`.
            previous: the coarser scale's images, enlarged.
        """
        return self.generator(self.padded(noise, previous), training=False) + previous


def make_level(scale, coarser, settings, models, generator, amplitude, fixed_noise=None):
    """Return a `Level` above the coarser `Level`, which is None for the coarsest."""
    enlargement = None
    if coarser is not None:
        enlargement = resize_matrix(
            coarser.scale.size, scale.size, scale.shrink / coarser.scale.shrink
        )
    return Level(scale, models, generator, amplitude, settings.layers, fixed_noise, enlargement)


def draw_images(levels, batch, seed, start=0, images=None):
    """Return images of random noise, `(batch, size, size, 3M)`; None without levels.

    Args:
        levels: the `Level`s to go through, the coarsest first.
        batch: how many of each model.
        seed: two integers.
        start: number of the coarsest scale with random noise; those below it reconstruct.
        images: of the scale below these levels, or None.
    """
    for level in levels:
        seeds = tf.random.experimental.stateless_fold_in(seed, level.scale.number, alg="philox")
        noise = (
            level.draw_noise(batch, seeds)
            if level.scale.number >= start
            else level.reconstructing_noise(batch)
        )
        images = level.generate(noise, level.enlarge(images))
    return images


def reconstruct(levels):
    """Return what the models make of z*, `(1, size, size, 3M)`; None without levels."""
    images = None
    for level in levels:
        images = level.generate(level.reconstructing_noise(), level.enlarge(images))
    return images


def side_by_side(images):
    """Return images `(M, height, width, 3)` as those of a pack, `(1, height, width, 3M)`."""
    models, height, width, colours = images.shape
    return tf.reshape(tf.transpose(images, (1, 2, 0, 3)), (1, height, width, models * colours))


def apart(images):
    """Return a pack's images `(batch, height, width, 3M)` as `(batch, M, height, width, 3)`."""
    batch, height, width, channels = images.shape
    each = tf.reshape(images, (batch, height, width, channels // 3, 3))
    return tf.transpose(each, (0, 3, 1, 2, 4))


def errors(images, others):
    """Return the root mean squared differences of a pack's images, model by model, `(M,)`."""
    squares = (apart(images) - apart(others)) ** 2
    return tf.sqrt(tf.reduce_mean(squares, (0, 2, 3, 4)))
