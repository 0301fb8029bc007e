"""Pyramid connections (SSGAN, section 3.2): feature maps meet others two levels away.

Both are linear in what they resample, so that they add a smooth copy of one scale to another. In
the generator that copy is interpolated, not deconvolved, which is what weakens the checkerboard.
"""

import keras
from keras import layers


class PyramidUp(keras.layers.Layer):
    """Carry a feature map of the generator to one `factor` times larger.

    A bottleneck (1×1 convolution to `width` channels, ReLU, 3×3 convolution to `channels`) runs at
    the small size, where it is cheap; bilinear interpolation then enlarges its result.

    Call with feature maps `(batch, height, width, any)`; returns
    `(batch, factor * height, factor * width, channels)`.

    Args:
        width: channels inside the bottleneck.
        channels: channels of the feature map that the result is added to.
        factor: enlargement, 4 for "two levels on".
        use_bias: give the result a bias; needless where batch normalisation follows.
    """

    def __init__(self, width, channels, factor=4, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.squeeze = layers.Conv2D(width, 1, activation="relu", name="squeeze")
        self.expand = layers.Conv2D(channels, 3, padding="same", use_bias=use_bias, name="expand")
        self.enlarge = layers.UpSampling2D(factor, interpolation="bilinear", name="enlarge")

    def call(self, feature_maps):
        """Return the enlarged projection of `feature_maps`."""
        return self.enlarge(self.expand(self.squeeze(feature_maps)))


class PyramidDown(keras.layers.Layer):
    """Carry a feature map of the critic to one `factor` times smaller.

    Average pooling, then a linear 1×1 projection.

    Call with feature maps `(batch, height, width, any)`; returns
    `(batch, height / factor, width / factor, channels)`.

    Args:
        channels: channels of the feature map that the result is added to.
        factor: reduction, 4 for "two levels on".
    """

    def __init__(self, channels, factor=4, **kwargs):
        super().__init__(**kwargs)
        self.shrink = layers.AveragePooling2D(factor, name="shrink")
        self.project = layers.Conv2D(channels, 1, name="project")

    def call(self, feature_maps):
        """Return the pooled projection of `feature_maps`."""
        return self.project(self.shrink(feature_maps))
