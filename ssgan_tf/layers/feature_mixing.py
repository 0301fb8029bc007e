"""Random projections of a pretrained network's features, mixed across channels and scales.

A. Sauer, K. Chitta, J. Müller, A. Geiger: "Projected GANs Converge Faster" (2021), section 3.2. A
critic that sees features as they are looks at some of their channels alone; what has been mixed at
random it must take as a whole.
"""

import keras
import numpy as np
from keras import layers, ops


class FeatureMixing(layers.Layer):
    """Cross-channel and cross-scale mixing by 1×1 convolutions that are drawn once.

    Cross-channel: each level is divided by its scale and convolved. Cross-scale: from the smallest
    map to the largest, what a level has become is convolved, enlarged bilinearly and added to the
    next. Nothing of it is ever trained. Other than in the authors' code, the maps are not enlarged
    once more in the end, and a map is convolved before it is enlarged, which is the same and takes
    a quarter of the work.

    Call with a list of maps `(batch, side, side, any)`, each with half the side of the one before;
    returns a list of `(batch, side, side, width)`.

    Args:
        widths: channels of each level's result.
        seed: decides the convolutions.

    Attributes:
        scales: one for each level; 1 at first.
    """

    def __init__(self, widths, seed, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.widths, self.seed = widths, seed
        self.enlarge = layers.UpSampling2D(2, interpolation="bilinear", name="enlarge")

    def build(self, shapes):
        """Draw the convolutions, with He's variance."""
        seeds = iter(np.random.SeedSequence(self.seed).generate_state(2 * len(shapes)) // 2)

        def kernel(name, channels, width):
            return self.add_weight(
                shape=(1, 1, channels, width),
                initializer=keras.initializers.HeNormal(seed=int(next(seeds))),
                trainable=False,
                name=name,
            )

        self.across_channels = [
            kernel(f"channels_{level}", shape[-1], width)
            for level, (shape, width) in enumerate(zip(shapes, self.widths, strict=True))
        ]
        self.across_scales = [
            kernel(f"scales_{level}", *pair)
            for level, pair in enumerate(zip(self.widths[1:], self.widths[:-1], strict=True))
        ]
        self.scales = self.add_weight(
            shape=(len(shapes),), initializer="ones", trainable=False, autocast=False, name="scales"
        )

    def call(self, maps):
        """Return the mixed maps."""
        mixed = [None] * len(maps)
        for level in reversed(range(len(maps))):
            scale = ops.cast(self.scales[level], self.compute_dtype)
            mixed[level] = ops.conv(maps[level], self.across_channels[level] / scale)
            if level + 1 < len(maps):
                smaller = ops.conv(
                    mixed[level + 1], ops.convert_to_tensor(self.across_scales[level])
                )
                mixed[level] += self.enlarge(smaller)
        return mixed
