"""New images between two of the same class: Mixup, SamplePairing and SMOTE.

All three mix within a class. An image set holds one class for each image, and only between two
images of one class is that class surely right.
"""

import numpy as np

from ssgan_tf.augment.turns import in_turn
from ssgan_tf.errors import UserError

#: Both parameters of the Beta distribution. 1 (uniform) is the Mixup paper's value for CIFAR-10;
#: with the 0.2 for ImageNet 58 % of the images would be at least 95 % one original.
MIXUP_ALPHA = 1.0

#: Neighbours that SMOTE chooses from (Chawla et al. 2002, and the library's default).
SMOTE_NEIGHBOURS = 5

#: SMOTE draws for all images at once, so it is asked for blocks of one size: the first images then
#: do not depend on how many are wanted.
SMOTE_BLOCK = 200


def mixup(images, count, rng):
    """Return weighted means of two random images, with a weight from Beta(alpha, alpha).

    Zhang et al. 2018, within one class. Its form with mixed labels is the training-time
    policy `mixup-online`.

    Args:
        images: uint8 `(n, height, width, 3)` of one class, n at least 2.
        count: how many to make; each image is the first of a pair once before any is again.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.

    Raises:
        UserError: there is only one image.
    """
    return _mix(images, count, rng, lambda: rng.beta(MIXUP_ALPHA, MIXUP_ALPHA))


def samplepairing(images, count, rng):
    """Return means of two random images, rounded to the nearest value.

    Inoue 2018 pairs an image with any of the training set and keeps the first label. Half of such
    an image contradicts its label; that paper therefore trains without pairs first, last and in
    between. A set that is made once can do none of this, so both images are of one class here.

    Args:
        images: uint8 `(n, height, width, 3)` of one class, n at least 2.
        count: how many to make; each image is the first of a pair once before any is again.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.

    Raises:
        UserError: there is only one image.
    """
    return _mix(images, count, rng, lambda: 0.5)


def smote(images, count, rng):
    """Return images at random positions between an image and one of its nearest neighbours.

    imbalanced-learn's SMOTE (Chawla et al. 2002) on pixels, by Euclidean distance.

    Args:
        images: uint8 `(n, height, width, 3)` of one class, n at least 2. With five or fewer, all
            the others are neighbours.
        count: how many to make.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.

    Raises:
        UserError: there is only one image.
    """
    from imblearn.over_sampling import SMOTE  # with scikit-learn it is slow to import

    _require_two(images)
    n = len(images)
    pixels = images.reshape(n, -1).astype(np.float32)
    # SMOTE asks for a second class. One black image is enough, and nothing is made from it.
    samples = np.concatenate([pixels, np.zeros_like(pixels[:1])])
    labels = np.repeat([0, 1], [n, 1])
    blocks = [np.empty((0, pixels.shape[1]), np.uint8)]
    for _ in range(0, count, SMOTE_BLOCK):
        sampler = SMOTE(
            sampling_strategy={0: n + SMOTE_BLOCK},
            k_neighbors=min(SMOTE_NEIGHBOURS, n - 1),
            random_state=int(rng.integers(2**31)),
        )
        made = sampler.fit_resample(samples, labels)[0][len(samples) :]
        blocks.append(np.rint(made).astype(np.uint8))
    return np.concatenate(blocks)[:count].reshape(count, *images.shape[1:])


def _mix(images, count, rng, draw_weight):
    """Return `weight * first + (1 - weight) * second` for pairs of two different images."""
    _require_two(images)
    mixed = np.empty((count, *images.shape[1:]), np.uint8)
    for number, first in enumerate(in_turn(len(images), count, rng)):
        second = (first + rng.integers(1, len(images))) % len(images)
        weight = draw_weight()
        mixed[number] = np.rint(weight * images[first] + (1 - weight) * images[second])
    return mixed


def _require_two(images):
    if len(images) < 2:
        raise UserError("mixing needs at least two images; add some, or use crop or geometric")
