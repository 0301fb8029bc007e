"""Generator and critic of one scale, for a pack of models at once.

The models of a pack lie side by side in the channels: tensors are `(batch, height, width, M·c)`,
and a convolution with M groups is M convolutions. Nothing in a network mixes channels of two
models, so each of them is trained as if it were alone.
"""

import functools
import logging

import keras
import tensorflow as tf
from keras import layers

from ssgan_tf.methods.singan.settings import BATCH

SPREAD = 0.02  # of the initial weights; the normalisation's scales are N(1, 0.02)
SLOPE = 0.2
MOMENTUM, EPSILON = 0.9, 1e-5  # of the running averages, as PyTorch's


class PackedConv2D(layers.Conv2D):
    """A 3×3 convolution for each model of a pack, without padding.

    Where the device cannot differentiate convolutions with groups it is a list of plain ones, with
    the same weights.

    Args:
        filters: of one model.
        models: in the pack.
        **options: of `keras.layers.Conv2D`.
    """

    def __init__(self, filters, models, kernel_size=3, **options):
        super().__init__(filters * models, kernel_size, groups=models, **options)
        self.models = models
        self._grouped = models == 1 or groups_have_gradients()

    def convolution_op(self, inputs, kernel):
        """Return the convolution of `(batch, height, width, M·c)` without its bias."""
        padding = self.padding.upper()
        if self._grouped:  # Keras's own compiles each of them with XLA, which takes half a minute
            return tf.nn.conv2d(inputs, kernel, 1, padding)
        pairs = zip(
            tf.split(inputs, self.models, -1), tf.split(kernel, self.models, -1), strict=True
        )
        return tf.concat([tf.nn.conv2d(*pair, 1, padding) for pair in pairs], -1)


@functools.cache
def groups_have_gradients():
    """Return whether the device differentiates convolutions with groups twice; tried once."""
    try:
        return _differentiate_groups()
    except tf.errors.OpError as error:
        logging.getLogger(__name__).info(
            "no gradients of grouped convolutions here (%s); the models of a pack are computed one "
            "by one",
            error.message.splitlines()[0],
        )
        return False


def _differentiate_groups():
    images, kernel = tf.ones((1, 5, 5, 4)), tf.ones((3, 3, 2, 4))
    with tf.GradientTape() as outer:
        outer.watch(kernel)
        with tf.GradientTape() as inner:
            inner.watch(images)
            scores = tf.nn.conv2d(images, kernel, 1, "VALID") ** 2
        slope = inner.gradient(scores, images)
        loss = tf.reduce_sum(slope**2)
    return bool(tf.reduce_all(tf.math.is_finite(outer.gradient(loss, kernel))))


def _network(name, models, channels, outputs, settings):
    """Return a network of `settings.layers` convolutions, `outputs` channels a model."""
    stack = [layers.Input((None, None, 3 * models))]
    for number in range(settings.layers - 1):
        stack.append(PackedConv2D(channels, models, name=f"conv_{number}"))
        if settings.norm == BATCH:
            stack.append(
                layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=f"norm_{number}")
            )
        stack.append(layers.LeakyReLU(SLOPE, name=f"activation_{number}"))
    # The last one in full precision, as losses and images are.
    stack.append(
        PackedConv2D(
            outputs,
            models,
            name=f"conv_{settings.layers - 1}",
            dtype="float32",
            activation="tanh" if outputs == 3 else None,
        )
    )
    return keras.Sequential(stack, name=name)


def build_generator(models, channels, settings):
    """Return a pack's untrained generators of a scale.

    They take the noise with the coarser scale's image, padded by `settings.layers` pixels on each
    side, `(batch, height + 2·layers, width + 2·layers, 3M)`, and return what is to be added to that
    image, `(batch, height, width, 3M)` in [-1, 1].

    Args:
        models: in the pack.
        channels: of a model's hidden layers.
        settings: the `Settings`.
    """
    return _network("generator", models, channels, 3, settings)


def build_critic(models, channels, settings):
    """Return a pack's untrained critics of a scale.

    They take images `(batch, height, width, 3M)` and return a score for each patch of
    2·layers + 1 pixels, `(batch, height - 2·layers, width - 2·layers, M)`.
    """
    return _network("critic", models, channels, 1, settings)


def initialise(network, seed):
    """Draw a network's weights, a pure function of the seed; biases are 0.

    Args:
        network: a generator or a critic.
        seed: two integers.
    """
    for number, (name, weight) in enumerate(named(network).items()):
        seeds = tf.random.experimental.stateless_fold_in(seed, number, alg="philox")
        drawn = tf.random.stateless_normal(weight.shape, seeds, stddev=SPREAD, alg="philox")
        if name.endswith("/kernel"):
            weight.assign(drawn)
        elif name.endswith("/gamma"):
            weight.assign(1.0 + drawn)


def copy_weights(source, target):
    """Copy a network's weights to one of the coarser scale's kind, where all shapes agree."""
    pairs = list(zip(source.variables, target.variables, strict=True))
    if all(old.shape == new.shape for old, new in pairs):
        for old, new in pairs:
            new.assign(old)


def named(network):
    """Return a network's variables by names such as `conv_0/kernel`."""
    return {"/".join(variable.path.split("/")[-2:]): variable for variable in network.variables}
