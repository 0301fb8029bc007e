"""Class-conditional batch normalisation: how a generator is told which class to draw.

H. de Vries et al.: "Modulating early visual processing by language" (2017), used in
generators by T. Miyato and M. Koyama: "cGANs with Projection Discriminator" (2018).
"""

from keras import layers, ops


class ConditionalBatchNormalization(layers.BatchNormalization):
    """Batch normalisation with a scale γ and a shift β for each class.

    The statistics are those of the whole batch, all classes together. γ begins as 1 and β as 0, so
    an untrained layer is plain batch normalisation.

    Call with feature maps `(batch, height, width, channels)` and their labels, int32 `(batch,)`,
    from 0 to `classes` - 1; returns as many maps.

    Args:
        classes: how many classes there are.
    """

    def __init__(self, classes, **kwargs):
        super().__init__(center=False, scale=False, epsilon=1e-5, **kwargs)
        self.classes = classes

    def build(self, maps_shape, labels_shape):
        """Make the statistics, and γ and β: `(classes, channels)`."""
        super().build(maps_shape)
        shape = (self.classes, maps_shape[-1])
        self.gammas = self.add_weight(shape=shape, initializer="ones", name="gammas")
        self.betas = self.add_weight(shape=shape, initializer="zeros", name="betas")

    def call(self, maps, labels, training=None):
        """Return the normalised maps, each scaled and shifted as its class wants."""
        # A product with one-hot rows, not a look-up: its gradient is a dense tensor like the rest.
        chosen = ops.one_hot(labels, self.classes, dtype=self.compute_dtype)
        gamma = ops.matmul(chosen, self.gammas)[:, None, None, :]
        beta = ops.matmul(chosen, self.betas)[:, None, None, :]
        return gamma * super().call(maps, training=training) + beta
