"""Self-attention between the positions of a feature map.

H. Zhang, I. Goodfellow, D. Metaxas, A. Odena: "Self-Attention Generative Adversarial Networks"
(2019), section 3.
"""

import keras
from keras import layers, ops

from ssgan_tf.layers.spectral import SpectralNormalization

REDUCTION = 8  # channels of the map over those inside the attention (SAGAN, section 3)


class SelfAttention(keras.layers.Layer):
    """Add to each position of a feature map what it attends to elsewhere (SAGAN, Eq. 1-3).

    Position j looks at position i with the weight β_ji = softmax over i of f(x_i)ᵀ g(x_j); it gets
    y_j = γ v(Σ_i β_ji h(x_i)) + x_j. f, g, h and v are 1×1 convolutions without bias, spectrally
    normalised. γ is a learnt scalar that starts at 0: the layer begins as the identity and first
    relies on what is near.

    Call with feature maps `(batch, height, width, channels)`; returns the same shape. Memory grows
    with (height · width)².
    """

    def build(self, input_shape):
        """Make the four convolutions for maps of the shape given, and γ."""
        channels = input_shape[-1]
        inside = max(channels // REDUCTION, 1)
        self.key = self._conv(inside, "key")  # f
        self.query = self._conv(inside, "query")  # g
        self.value = self._conv(inside, "value")  # h
        self.project = self._conv(channels, "project")  # v
        for conv in (self.key, self.query, self.value):
            conv.build(input_shape)
        self.project.build((*input_shape[:-1], inside))
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def call(self, x, training=None):
        """Return γ o + x."""
        weights = ops.cast(self.attention_map(x, training), self.compute_dtype)
        values = ops.matmul(weights, _positions(self.value(x, training=training)))
        values = ops.reshape(values, (-1, *x.shape[1:-1], values.shape[-1]))
        return self.gamma * self.project(values, training=training) + x

    def attention_map(self, x, training=None):
        """Return β: float32 `(batch, positions, positions)`, rows j that sum to 1 over i.

        Positions are counted row by row: (row, column) is row · width + column.
        """
        queries = _positions(ops.cast(self.query(x, training=training), "float32"))
        keys = _positions(ops.cast(self.key(x, training=training), "float32"))
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))  # f(x_i)ᵀ g(x_j) at [j, i]
        return ops.softmax(scores, axis=-1)

    def _conv(self, filters, name):
        return SpectralNormalization(layers.Conv2D(filters, 1, use_bias=False, name=name))


def _positions(maps):
    """Return `(batch, height, width, channels)` as `(batch, height * width, channels)`."""
    _, height, width, channels = maps.shape
    return ops.reshape(maps, (-1, height * width, channels))
