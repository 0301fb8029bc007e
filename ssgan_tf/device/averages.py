"""Moving averages of weights, inside compiled functions."""

import tensorflow as tf

RAMP = 0.05  # a half-life in images is at most this share of the images seen


def decay_of(iteration, decay, batch_size=0, half_life=0):
    """Return the decay of an iteration: less at first, when there is little to average.

    Args:
        iteration: how many came before, a tensor.
        decay: at most.
        batch_size: images of an iteration.
        half_life: in images, at most; 0: as `decay` says.
    """
    done = tf.cast(iteration, tf.float32)
    if not half_life:
        return tf.minimum(decay, (1.0 + done) / (10.0 + done))
    images = tf.clip_by_value(RAMP * batch_size * done, 1e-8, float(half_life))
    return tf.minimum(decay, 2.0 ** (-batch_size / images))


def move(strategy, averages, weights, decay):
    """Move averages towards weights, on all replicas alike.

    Args:
        strategy: the distribution strategy that made them.
        averages: Keras variables.
        weights: as many.
        decay: what remains of the averages.
    """
    for average, weight in zip(averages, weights, strict=True):
        strategy.extended.update(
            average.value,
            lambda old, new: old.assign(decay * old + (1.0 - decay) * new),
            args=(weight.value,),
        )
