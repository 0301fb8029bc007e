"""Updates of weights by an optimiser, inside compiled functions."""

import keras
import tensorflow as tf


def apply_gradients(optimizer, gradients, weights):
    """Update weights as `optimizer.apply` does.

    In Keras 3.15 `apply` keeps the compiled function that it is traced in alive for ever, and with
    it all weights: some hundreds of MB for each network that a process trains. Where there is one
    device and no scaling of the loss, its inner step is enough, and does not.

    Args:
        optimizer: a built Keras optimiser without clipping, decay or averages.
        gradients: tensors, one for each weight.
        weights: Keras variables.
    """
    if tf.distribute.has_strategy() or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, weights)
        return
    rate = optimizer.learning_rate
    for gradient, weight in zip(gradients, weights, strict=True):
        optimizer.update_step(gradient, weight, rate)
        if weight.constraint is not None:
            weight.assign(weight.constraint(weight))
    optimizer.iterations.assign_add(1)
