import warnings
from itertools import combinations

import numpy as np
import pytest

from ssgan_tf.augment.mixing import mixup, samplepairing, smote
from ssgan_tf.errors import UserError


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8)


def weights_between(image, images):
    """Return (first, second, weight) of the pair whose segment holds the image, or fail."""
    for first, second in combinations(range(len(images)), 2):
        a, b = images[first].astype(float), images[second].astype(float)
        weight = np.vdot(image - b, a - b) / np.vdot(a - b, a - b)
        if 0 <= weight <= 1 and np.abs(weight * a + (1 - weight) * b - image).max() <= 1.5:
            return first, second, weight
    raise AssertionError("on no segment between two images")


@pytest.mark.parametrize("make", [mixup, smote])
def test_images_lie_between_two(make, images):
    made = make(images, 150, np.random.default_rng(1))
    assert made.dtype == np.uint8 and made.shape == (150, 4, 4, 3)
    found = [weights_between(image, images) for image in made]
    weights = np.array([weight for _, _, weight in found])
    # Both draw the place uniformly; of 150, so many are expected in each third, within 3 sigma.
    assert 32 < np.sum((weights > 1 / 3) & (weights < 2 / 3)) < 68
    assert len({pair[:2] for pair in found}) > 10


def test_samplepairing_is_the_mean_of_two(images):
    means = {
        np.rint((images[a].astype(float) + images[b]) / 2).astype(np.uint8).tobytes()
        for a, b in combinations(range(6), 2)
    }
    made = samplepairing(images, 60, np.random.default_rng(2))
    found = {image.tobytes() for image in made}
    assert found <= means and len(found) > 10


def test_each_image_is_first_once_before_any_is_again():
    # Image i has bit i: the mean of two tells which they are.
    bits = (2 ** np.arange(1, 7, dtype=np.uint8)).reshape(6, 1, 1, 1) * np.ones((2, 2, 3), np.uint8)
    made = 2 * samplepairing(bits, 6, np.random.default_rng(0))[:, 0, 0, 0].astype(int)
    assert all(int(pair).bit_count() == 2 for pair in made)
    assert np.bitwise_or.reduce(made) == 0b1111110


def test_smote_keeps_to_near_neighbours():
    """Two clusters far apart: nothing is made between them."""
    rng = np.random.default_rng(0)
    dark, bright = rng.integers(0, 20, (8, 4, 4, 3)), rng.integers(230, 256, (8, 4, 4, 3))
    made = smote(np.concatenate([dark, bright]).astype(np.uint8), 100, rng)
    means = made.mean(axis=(1, 2, 3))
    assert np.all((means < 20) | (means > 230))
    assert np.any(means < 20) and np.any(means > 230)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_smote_of_few_images_takes_all_as_neighbours(images, size):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = smote(images[:size], 60, np.random.default_rng(0))
    pairs = {weights_between(image, images[:size])[:2] for image in made}
    assert len(pairs) == size * (size - 1) // 2


def test_smote_of_one_class_knows_nothing_of_the_black_images():
    bright = np.random.default_rng(0).integers(200, 256, (7, 4, 4, 3), np.uint8)
    assert smote(bright, 210, np.random.default_rng(0)).min() >= 200


@pytest.mark.parametrize("make", [mixup, samplepairing, smote])
def test_one_image_cannot_be_mixed(make, images):
    with pytest.raises(UserError, match="at least two images"):
        make(images[:1], 3, np.random.default_rng(0))
