import math

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf
from threadpoolctl import threadpool_limits

from ssgan_tf import tfgan
from ssgan_tf.metrics.frechet import _covariance_factor, frechet_distance, halves_distance


def standard_features(width):
    """Return `(width + 1, width)` of sample mean 0 and sample covariance I, to rounding.

    A reflection that turns the first axis into the all-ones direction; the other axes' images are
    orthonormal, and orthogonal to it.
    """
    count = width + 1
    mirror = np.full(count, count**-0.5)
    mirror[0] -= 1
    mirror /= np.linalg.norm(mirror)
    return math.sqrt(count - 1) * (np.eye(count) - 2 * np.outer(mirror, mirror))[:, 1:]


def textbook_distance(real, generated):
    """Eq. 8 as it is written, with covariances and a matrix root."""
    sigma_r, sigma_g = np.cov(real.T), np.cov(generated.T)
    root = scipy.linalg.sqrtm(sigma_r @ sigma_g)
    means = np.square(real.mean(axis=0) - generated.mean(axis=0)).sum()
    return means + np.trace(sigma_r + sigma_g - 2 * root.real)


def test_unit_gaussians_a_step_apart_in_each_of_2048_features():
    features = standard_features(2048)
    with threadpool_limits(1):  # where the cores are busy, threads mostly wait for each other
        distance = frechet_distance(features, features + 1)
    assert distance == pytest.approx(2048, rel=1e-6)


@pytest.mark.parametrize("copies", [1, 3])
def test_gaussians_of_known_scale(copies):
    # Repeating the set c times makes the covariance c(n-1)/(cn-1) I.
    features = standard_features(16)
    generated = np.tile(features, (copies, 1))
    scale = copies * 16 / (copies * 17 - 1)
    expected = 16 * (0.5**2 + (1 - 3 * math.sqrt(scale)) ** 2)
    assert frechet_distance(features, 3 * generated + 0.5) == pytest.approx(expected)
    assert frechet_distance(3 * generated + 0.5, features) == pytest.approx(expected)


def test_the_case_of_compare_gan():
    real = np.ones((100, 2))
    real[:50, 0] = 2
    generated = np.full((100, 2), 9.0)
    generated[50:, 0] = 2
    assert frechet_distance(real, generated) == pytest.approx(89.0909, abs=5e-5)


@pytest.mark.parametrize(("count", "other"), [(60, 90), (90, 13), (12, 60), (12, 12), (13, 14)])
def test_the_nuclear_norm_is_the_textbooks_trace(count, other):
    rng = np.random.default_rng(count)
    real = rng.normal(size=(count, 12)) @ rng.normal(size=(12, 12))
    generated = rng.normal(1, 2, size=(other, 12))
    expected = textbook_distance(real, generated)
    assert frechet_distance(real, generated) == pytest.approx(expected, rel=1e-5)
    if min(count, other) > 12:
        theirs = tfgan.eval.frechet_classifier_distance_from_activations(
            tf.constant(real), tf.constant(generated)
        )
        assert frechet_distance(real, generated) == pytest.approx(float(theirs), rel=1e-5)


def test_fewer_images_than_features_without_common_directions():
    rng = np.random.default_rng(0)
    real, generated = np.zeros((2, 10, 2048))
    real[:, :1000], generated[:, 1000:] = rng.normal(2, 1, (10, 1000)), rng.normal(size=(10, 1048))
    means = np.square(real.mean(axis=0) - generated.mean(axis=0)).sum()
    traces = real.var(axis=0, ddof=1).sum() + generated.var(axis=0, ddof=1).sum()
    assert frechet_distance(real, generated) == pytest.approx(means + traces, rel=1e-12)


def test_fewer_images_than_features_and_twice_as_large():
    features = np.random.default_rng(1).normal(3, 1, (10, 2048))
    # Σ_g = 4 Σ_r and μ_g = 2 μ_r: |μ_r|² + Tr(Σ_r + 4 Σ_r - 2·2 Σ_r).
    expected = np.square(features.mean(axis=0)).sum() + features.var(axis=0, ddof=1).sum()
    assert frechet_distance(features, 2 * features) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", [(2, 50), (20, 50), (50, 50), (51, 50), (200, 50), (200, 1)])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_identical_sets_are_at_nought(shape, scale):
    features = np.random.default_rng(2).normal(1, scale, shape)
    for other in (features, features[::-1]):
        distance = frechet_distance(features, other)
        assert type(distance) is float
        assert 0 <= distance <= 1e-12 * np.square(features).sum()


def test_constant_features():
    constant = np.full((5, 30), 0.1)
    assert frechet_distance(constant, constant) == 0
    assert frechet_distance(constant, constant + 2) == pytest.approx(30 * 4)


def test_float32_gives_what_float64_gives():
    real, generated = np.random.default_rng(3).normal(size=(2, 30, 8)).astype(np.float32)
    assert frechet_distance(real, generated) == pytest.approx(
        frechet_distance(np.float64(real), np.float64(generated)), rel=1e-6
    )


def test_refusals():
    features = np.ones((4, 3))
    for wrong in (features[:1], features[:, :2], np.full((4, 3), np.nan), np.ones(4)):
        with pytest.raises(ValueError):
            frechet_distance(features, wrong)
        with pytest.raises(ValueError):
            frechet_distance(wrong, features)


def test_halves():
    features = np.random.default_rng(4).normal(size=(41, 6))
    floor = halves_distance(features)
    assert floor == halves_distance(features, seed=0) != halves_distance(features, seed=1)
    assert 0 < floor < frechet_distance(features, features + 1)


def test_halves_are_random_and_share_no_image():
    sorted_features = np.repeat([[0.0], [10.0]], 50, axis=0)
    assert halves_distance(sorted_features) < 10  # first half against second half: 100
    # Of 0, 1, 3, 7 any two halves have means and variances of their own.
    assert halves_distance(np.array([[0.0], [1], [3], [7]])) > 0
    with pytest.raises(ValueError):
        halves_distance(np.ones((3, 2)))


def test_many_images_are_reduced_to_as_many_rows_as_features():
    features = np.random.default_rng(5).normal(size=(200, 6))
    factor = _covariance_factor(features)
    assert factor.shape == (6, 6)
    np.testing.assert_allclose(factor.T @ factor, np.cov(features.T), atol=1e-12)
    assert _covariance_factor(features[:4]).shape == (4, 6)
