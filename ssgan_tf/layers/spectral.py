"""Spectral normalisation: a layer's weights divided by their largest singular value.

T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida: "Spectral Normalization for Generative Adversarial
Networks" (2018), Eq. 8 and Algorithm 1.

Keras has a wrapper of this name that is not used, for it writes W / σ back over W at each call.
Then the optimiser moves the normalised weights, its gradient knows nothing of σ (Miyato's Eq. 10
to 12), and the inner layer no longer owns the weights that it was given.
"""

import keras
from keras import layers, ops


class SpectralNormalization(keras.layers.Wrapper):
    """A linear layer whose kernel has the spectral norm 1.

    The kernel is taken as a matrix W of one row per output channel. σ(W) = uᵀ W v, where u and v
    come from the power method: one iteration a call, begun from the u of the call before, which is
    enough while W changes slowly (section 2.1). Only calls in training keep the new u. u and v
    count as constants, σ does not, so gradients flow through W / σ(W). All of this is float32,
    whatever the layer computes in. The inner layer keeps W itself, and its bias is not touched.

    Args:
        layer: a `Dense`, `Conv2D` or `Conv2DTranspose`, or a subclass of one. The wrapper bears
            its name.
    """

    def __init__(self, layer, **kwargs):
        kwargs.setdefault("name", layer.name)
        # Without `autocast` the kernel is read as the float32 that it is kept in.
        super().__init__(layer, autocast=False, **kwargs)

    def build(self, input_shape):
        """Build the layer, and a random u (Algorithm 1)."""
        super().build(input_shape)
        self.u = self.add_weight(
            shape=self._matrix().shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
            # Every replica finds the same u, since all of them hold the same kernel.
            aggregation="only_first_replica",
            name="u",
        )

    def call(self, inputs, training=None):
        """Return what the layer with its kernel divided by σ makes of `inputs`."""
        sigma, u = self._power_iteration()
        if training:
            self.u.assign(u)
        kernel = self.layer.kernel
        with keras.StatelessScope([(kernel, kernel / sigma)]):
            return self.layer(inputs)

    def normalized_kernel(self):
        """Return W / σ(W) as the next call would use it, float32, in the kernel's shape."""
        sigma, _ = self._power_iteration()
        return self.layer.kernel / sigma

    def compute_output_shape(self, input_shape):
        """Return the layer's."""
        return self.layer.compute_output_shape(input_shape)

    def _matrix(self):
        """Return Wᵀ: `(all else, output channels)`."""
        kernel = self.layer.kernel
        if isinstance(self.layer, layers.Conv2DTranspose):  # (height, width, out, in)
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def _power_iteration(self):
        """Return σ and the next u."""
        matrix = self._matrix()
        v = ops.normalize(ops.stop_gradient(ops.matmul(matrix, self.u)))
        product = ops.matmul(v, matrix)  # W v
        u = ops.normalize(ops.stop_gradient(product))
        return ops.maximum(ops.sum(u * product), 1e-12), u
