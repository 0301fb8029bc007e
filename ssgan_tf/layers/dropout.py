"""Dropout whose random state can be saved, restored and kept on several replicas."""

import keras


class Dropout(keras.layers.Layer):
    """Set a random part of the input to 0 in training and divide the rest by what is kept.

    Keras's own `Dropout` makes its random state before it knows where it stands in a network, so
    that all of one network's states bear the same name and a checkpoint would keep one of them.
    This one makes it when it is built. Every replica draws the same mask for its share of a batch.

    Args:
        rate: the part that is set to 0, at least 0 and less than 1.
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, input_shape):
        """Make the random state: a seed (from `keras.utils.set_random_seed`) and a counter."""
        self.seeds = keras.random.SeedGenerator(name="seeds")

    def call(self, inputs, training=None):
        """Return `inputs`, thinned out in training."""
        if not training:
            return inputs
        return keras.random.dropout(inputs, self.rate, seed=self.seeds)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape
