"""Standing statistics: batch normalisation in sampling, measured for the very weights sampled.

The running averages that batch normalisation keeps while it trains are of no use for this. They
start at a variance of 1, where a first layer's is 0.03, and a short training leaves them there:
its images come out grey. They follow weights that change, and never those of a moving average.
BigGAN (A. Brock, J. Donahue, K. Simonyan, 2019) therefore runs the trained generator through about
100 batches and keeps the statistics of all of them.
"""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.device.batches import draw_labels
from ssgan_tf.methods.gan.latents import draw_latents

IMAGES = 1600  # in all; BigGAN's 100 batches where they hold 16 images
FEWEST_BATCHES = 25
SEED = 2**31 - 2  # of the latents and labels behind the statistics


class StandingStatistics:
    """Measures a generator's statistics, as often as its weights change.

    The batches are those of training: as large, with latents of the same distribution and labels
    like those of the training images, each normalised by its own statistics. They are the same in
    every measurement, so the statistics are a function of the weights. Spectral normalisation's
    vectors `u`, which such calls move on, fit the weights afterwards too.

    Args:
        generator: a built generator; called with latents, labels and `training`.
        settings: the `Settings` it was trained with.
        labels: int32 `(count,)`, those of the training images.
    """

    def __init__(self, generator, settings, labels):
        self.generator, self.settings = generator, settings
        self.labels = tf.constant(labels, tf.int32)
        self.norms = [
            layer
            for layer in generator._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        self.batches = max(FEWEST_BATCHES, -(-IMAGES // settings.batch_size))
        self._batch = tf.function(self._statistics)

    def measure(self):
        """Give every batch normalisation mean E[m] and variance E[v + m²] − E[m]².

        m and v are the mean and the variance of one batch. A generator without batch normalisation
        is left as it is.
        """
        if not self.norms:
            return
        first = second = 0.0
        with self._batches_alone():
            for number in range(self.batches):
                means, variances = self._batch(tf.constant(number))
                means, variances = (
                    np.concatenate([part.numpy().astype(np.float64) for part in parts] or [[]])
                    for parts in (means, variances)
                )
                first += means / self.batches
                second += (variances + means**2) / self.batches
        ends = np.cumsum([layer.moving_mean.shape[0] for layer in self.norms])[:-1]
        for layer, mean, variance in zip(
            self.norms, np.split(first, ends), np.split(second - first**2, ends), strict=True
        ):
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)

    def _statistics(self, number):
        """Return the means and variances of one batch, a list of `(channels,)` each."""
        settings = self.settings
        latents = draw_latents(
            settings.noise, (settings.batch_size, settings.latent_dim), (SEED, number)
        )
        labels = draw_labels(self.labels, settings.batch_size, (SEED - 1, number))
        self.generator(latents, labels, training=True)
        return (
            [tf.identity(layer.moving_mean.value) for layer in self.norms],
            [tf.identity(layer.moving_variance.value) for layer in self.norms],
        )

    @contextlib.contextmanager
    def _batches_alone(self):
        """Let the layers keep the last batch's statistics, not a running average."""
        former = [layer.momentum for layer in self.norms]
        try:
            for layer in self.norms:
                layer.momentum = 0.0
            yield
        finally:
            for layer, momentum in zip(self.norms, former, strict=True):
                layer.momentum = momentum
