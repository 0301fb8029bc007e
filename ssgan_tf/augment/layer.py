"""The base of the layers that change batches at training time."""

import keras


class BatchLayer(keras.layers.Layer):
    """A layer that changes batches in training, and passes them through otherwise.

    It takes and returns a dict with "images", float32 `(batch, height, width, 3)` in [0, 255], and
    perhaps "labels", one-hot `(batch, classes)`; entries that it does not change pass through.
    Subclasses implement `changes(batch)`, which returns the entries that they change.

    Args:
        seed: decides every draw.
    """

    def __init__(self, seed=None):
        super().__init__(dtype="float32")
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, batch, training=True):
        """Return the changed batch."""
        return {**batch, **self.changes(batch)} if training else batch

    def uniform(self, shape, low=0.0, high=1.0):
        """Return a draw from [low, high) of this shape."""
        return keras.random.uniform(shape, low, high, seed=self.generator)

    def integers(self, shape, low, high):
        """Return a draw from low, ..., high - 1 of this shape."""
        return keras.random.randint(shape, low, high, seed=self.generator)
