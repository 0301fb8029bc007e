import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.metrics.tsne import embed, thin


def clusters(each=25, dimensions=80):
    """Two clusters far apart, with more dimensions than PCA leaves."""
    generator = np.random.default_rng(0)
    return generator.normal(size=(2 * each, dimensions)) + 20 * np.repeat([[0], [1]], each, axis=0)


def test_far_clusters_stay_apart():
    points = embed(clusters())
    assert points.shape == (50, 2)
    centres = points[:25].mean(axis=0), points[25:].mean(axis=0)
    to_own = np.linalg.norm(points - np.repeat(centres, 25, axis=0), axis=1)
    to_other = np.linalg.norm(points - np.repeat(centres[::-1], 25, axis=0), axis=1)
    assert np.all(to_own < to_other)
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * to_own.mean()


def test_the_seed_decides_the_points():
    features = clusters(each=6)
    np.testing.assert_array_equal(embed(features, seed=3), embed(features, seed=3))


@pytest.mark.parametrize("count", [4, 5, 7])
def test_few_points(count):
    points = embed(clusters()[:count].astype(np.float32))
    assert points.shape == (count, 2)
    assert np.all(np.isfinite(points))
    assert len(np.unique(points, axis=0)) == count


def test_too_few_points():
    with pytest.raises(UserError, match="at least four"):
        embed(clusters()[:3])


def test_thin():
    chosen = thin(1000, 50, seed=1)
    assert len(np.unique(chosen)) == 50
    assert np.all(np.diff(chosen) > 0) and chosen[0] >= 0 and chosen[-1] < 1000
    np.testing.assert_array_equal(chosen, thin(1000, 50, seed=1))
    assert not np.array_equal(chosen, thin(1000, 50, seed=2))
    np.testing.assert_array_equal(thin(5, 50), np.arange(5))


def test_images_that_are_all_alike_are_one_point():
    np.testing.assert_array_equal(embed(np.ones((8, 3))), np.zeros((8, 2)))
