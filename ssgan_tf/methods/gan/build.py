"""The networks of a GAN as they begin, their weights made."""

import tensorflow as tf


def build(method, classes=1):
    """Return a method's networks, their weights made, as `Networks`."""
    networks = method.build(classes)
    images = _make_weights(networks.generator, method.settings)
    if not method.judges_features:
        networks.critic(images, tf.zeros((1,), tf.int32))
    return networks


def build_generator(method, classes=1):
    """Return a method's generator, its weights made."""
    generator = method.build_generator(classes)
    _make_weights(generator, method.settings)
    return generator


def _make_weights(generator, settings):
    return generator(tf.zeros((1, settings.latent_dim)), tf.zeros((1,), tf.int32))


def follow(network, iteration):
    """Let a network that changes with the iteration, which has a `follow`, read it.

    Args:
        network: a generator or a critic.
        iteration: int64, how many iterations it has been trained for; a variable.
    """
    if hasattr(network, "follow"):
        network.follow(iteration)
