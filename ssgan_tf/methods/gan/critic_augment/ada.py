"""ADA: augmentation whose probability follows how much the critic overfits.

T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila: "Training Generative
Adversarial Networks with Limited Data" (2020), sections 2 and 3 and appendix B; the pipeline of
pixel blitting, geometric and colour transformations ("bgc"), which they found best for small sets.
"""

import math

import keras
import numpy as np
from keras import ops

from ssgan_tf.layers.warp import rotation, scaling, translation, warp

TARGET = 0.6  # of the overfitting heuristic r_t = E[sign(D(real))]
INTERVAL = 4  # batches between adjustments of the probability
ADJUSTMENT = 500_000  # images in which the probability can rise from 0 to 1
BLIT_TRANSLATION, TRANSLATION = 0.125, 0.125  # of the side: at most; standard deviation
SCALE, BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.2, 0.5, 1.0  # standard deviations (log2 but one's)
GREY = np.full(3, 3**-0.5, np.float32)  # the luma axis v, of length 1
#: What is drawn for an image: a number that decides whether, and one that decides how much.
STEPS = (
    "flip", "quarter", "blit_x", "blit_y", "scale", "before", "stretch", "after", "x", "y",
    "brightness", "contrast", "luma", "hue", "saturation",
)  # fmt: skip
TOGETHER = {"blit_y": "blit_x", "y": "x"}  # happens where the other happens


class ADA:
    """Changes images with a probability that rises while the critic recognises real images.

    Each of the transformations happens to an image with the probability p, which begins at 0 and
    moves, every fourth batch, towards where the critic's scores of real images are positive in 80 %
    of the cases. (For a critic without a zero that means something, such as WGAN's, the sign is
    taken about 0 all the same.) See `CriticAugment`.
    """

    draws = 2 * len(STEPS)

    def __init__(self):
        def variable(name):
            # Each replica observes its share of a batch.
            return keras.Variable(0.0, trainable=False, aggregation="mean", name=name)

        self.probability = variable("probability")
        self.signs = variable("signs")  # since the probability was adjusted, as the others
        self.images = variable("images")
        self.batches = variable("batches")

    def variables(self):
        """Return the probability, and what has been observed since it was adjusted."""
        return {
            "probability": self.probability, "signs": self.signs, "images": self.images,
            "batches": self.batches,
        }  # fmt: skip

    def __call__(self, images, uniforms):
        """Return the images changed; see `CriticAugment`."""
        happens, amounts = {}, {}
        for place, step in enumerate(STEPS):
            chance = 2 * STEPS.index(TOGETHER.get(step, step))
            probability = self.probability
            if step in ("before", "after"):  # so that either happens with probability p
                probability = 1 - ops.sqrt(1 - ops.clip(self.probability, 0, 1))
            happens[step] = uniforms[:, chance] < probability
            amounts[step] = uniforms[:, 2 * place + 1]
        return recolour(warp(images, to_source(images.shape[1], happens, amounts)),
                        *colour_maps(happens, amounts))  # fmt: skip

    def observe(self, real_scores):
        """Adjust the probability by the signs of the last four batches' scores (Eq. 1)."""
        self.signs.assign(self.signs + ops.sum(ops.sign(ops.cast(real_scores, "float32"))))
        self.images.assign(self.images + float(real_scores.shape[0]))
        self.batches.assign(self.batches + 1)
        due = ops.equal(ops.mod(self.batches, INTERVAL), 0)
        overfitting = self.signs / self.images - TARGET
        moved = self.probability + ops.sign(overfitting) * self.images / ADJUSTMENT
        self.probability.assign(ops.where(due, ops.clip(moved, 0, 1), self.probability))
        for kept in (self.signs, self.images):
            kept.assign(ops.where(due, 0.0, kept))

    def report(self):
        """Return the probability, as `augment_probability`."""
        return {"augment_probability": 1.0 * self.probability}


def to_source(size, happens, amounts):
    """Return the maps `(batch, 2, 3)` from results to sources, for `warp`.

    Args:
        size: of the images, in pixels.
        happens: dict from a step to booleans `(batch,)`.
        amounts: dict from a step to numbers in [0, 1) `(batch,)`, how much.
    """

    def where(step, value, otherwise=0.0):
        return ops.where(happens[step], value, otherwise)

    def normal(step):
        return _normal(amounts[step])

    def turned(step):
        return rotation(-where(step, math.pi * (2 * amounts[step] - 1)))

    flip = where("flip", 1.0 - 2.0 * ops.floor(2 * amounts["flip"]), 1.0)
    quarters = where("quarter", ops.floor(4 * amounts["quarter"]))
    blits = [
        where(step, ops.round((2 * amounts[step] - 1) * BLIT_TRANSLATION * size))
        for step in ("blit_x", "blit_y")
    ]
    scale = where("scale", ops.exp2(-SCALE * normal("scale")), 1.0)
    stretch = where("stretch", ops.exp2(SCALE * normal("stretch")), 1.0)
    moves = [where(step, -TRANSLATION * size * normal(step)) for step in ("x", "y")]
    # Each is the inverse of what happens to the image, so the first of them is applied last.
    matrix = scaling(flip, ops.ones_like(flip))
    for inverse in (
        rotation(-math.pi / 2 * quarters), translation(*blits), scaling(scale, scale),
        turned("before"), scaling(1 / stretch, stretch), turned("after"), translation(*moves),
    ):  # fmt: skip
        matrix = ops.matmul(matrix, inverse)
    return matrix[:, :2]


def colour_maps(happens, amounts):
    """Return matrices `(batch, 3, 3)` and shifts `(batch, 3)` of the colours of images.

    Args:
        happens: see `to_source`.
        amounts: likewise.
    """

    def where(step, value, otherwise=0.0):
        return ops.where(happens[step], value, otherwise)[:, None, None]

    def normal(step):
        return _normal(amounts[step])

    along = np.outer(GREY, GREY)
    across = np.eye(3, dtype=np.float32) - along
    cross = np.array(
        [[0, -GREY[2], GREY[1]], [GREY[2], 0, -GREY[0]], [-GREY[1], GREY[0], 0]], np.float32
    )
    contrast = where("contrast", ops.exp2(CONTRAST * normal("contrast")), 1.0)
    luma = where("luma", ops.floor(2 * amounts["luma"]))
    angle = where("hue", math.pi * (2 * amounts["hue"] - 1))
    saturation = where("saturation", ops.exp2(SATURATION * normal("saturation")), 1.0)
    hue = along + ops.cos(angle) * across + ops.sin(angle) * cross  # Rodrigues' formula
    linear = contrast * np.eye(3, dtype=np.float32)
    linear = ops.matmul(np.eye(3, dtype=np.float32) - 2 * luma * along, linear)
    linear = ops.matmul(along + saturation * across, ops.matmul(hue, linear))
    shift = where("brightness", BRIGHTNESS * normal("brightness")) * np.ones((3, 1), np.float32)
    return linear, ops.matmul(linear, shift)[..., 0]  # brightness comes first


def _normal(uniforms):
    """Return numbers of N(0, 1) for numbers of U(0, 1)."""
    return math.sqrt(2) * ops.erfinv(ops.clip(2 * uniforms - 1, -0.999999, 0.999999))


def recolour(images, linear, shift):
    """Return images whose colours c have become `linear` c + `shift`, an affine map for each."""
    return ops.einsum("bij,bhwj->bhwi", linear, images) + shift[:, None, None, :]
