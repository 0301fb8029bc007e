"""The trained models of a class, and images of them."""

import numpy as np
import tensorflow as tf

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.methods.singan.levels import apart, draw_images, make_level, reconstruct
from ssgan_tf.methods.singan.networks import build_generator, named
from ssgan_tf.methods.singan.scales import scales_of
from ssgan_tf.runs.state import assign

BLOCK = 32  # models computed together


def of_models(arrays, places):
    """Return the share of some models in a pack's arrays, whose last axis is the models'.

    Args:
        arrays: by name, `(..., M·c)`; "amplitude" has one value a model.
        places: of the models wanted.
    """
    count = arrays["scale-0/amplitude"].shape[0]
    return {
        name: array.reshape(*array.shape[:-1], count, -1)[..., places, :].reshape(
            *array.shape[:-1], -1
        )
        for name, array in arrays.items()
    }


class Models:
    """All models of a class, in float32.

    Args:
        settings: the `Settings`.
        arrays: what the phase `Collection` left, by name.

    Attributes:
        sources: the hashes of the images that they were made of, in their order.
        blocks: the models some at a time, each a list of `Level`s.

    Raises:
        UserError: the arrays are those of other settings.
    """

    def __init__(self, settings, arrays):
        self.sources = [bytes(digest).hex() for digest in arrays["sources"]]
        weights = {name: arrays[name] for name in arrays if name not in ("sources", "iteration")}
        self.blocks = [
            _levels(settings, of_models(weights, range(first, min(first + BLOCK, len(self)))))
            for first in range(0, len(self), BLOCK)
        ]

    def __len__(self):
        return len(self.sources)

    def draw(self, variants, seed, start=0):
        """Return images in about [-1, 1], `(variants, K, size, size, 3)`.

        Args:
            variants: images of each model.
            seed: two integers.
            start: coarsest scale with random noise.
        """
        return self._of_blocks(
            lambda levels, block: draw_images(levels, variants, _fold(seed, block), start)
        )

    def reconstructions(self):
        """Return what each model makes of z*, `(K, size, size, 3)` in about [-1, 1]."""
        return self._of_blocks(lambda levels, _: reconstruct(levels))[0]

    def levels_of(self, place):
        """Return the `Level`s that a model is in, and its place among their models."""
        return self.blocks[place // BLOCK], place % BLOCK

    def _of_blocks(self, make):
        made = [apart(make(levels, block)).numpy() for block, levels in enumerate(self.blocks)]
        return np.concatenate(made, 1)


def _fold(seed, number):
    return tf.random.experimental.stateless_fold_in(seed, number, alg="philox")


def _levels(settings, arrays):
    levels, models = [], arrays["scale-0/amplitude"].shape[0]
    for scale in scales_of(settings):
        with dtype_policy("float32"):
            generator = build_generator(models, scale.channels, settings)
        prefix = f"scale-{scale.number}/"
        assign({prefix + name: weight for name, weight in named(generator).items()}, arrays)
        levels.append(
            make_level(
                scale,
                levels[-1] if levels else None,
                settings,
                models,
                generator,
                tf.constant(arrays[prefix + "amplitude"]),
                None if levels else tf.constant(arrays["fixed_noise"]),
            )
        )
    return levels
