import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from ssgan_tf.errors import UserError
from ssgan_tf.metrics.memorisation import mann_whitney_z, memorisation


def draw(count, seed, dimensions=6):
    return np.random.default_rng(seed).normal(size=(count, dimensions))


@pytest.fixture
def training():
    return draw(300, seed=1)


@pytest.fixture
def held_out():
    return draw(150, seed=2)


def test_exact_copies(training, held_out):
    found = memorisation(training[:200], training, held_out)
    assert found.finding == "copies"
    assert found.verdict.startswith("Copies:") and "100%" in found.verdict
    np.testing.assert_allclose(found.distances, 0, atol=1e-5)
    np.testing.assert_array_equal(found.neighbours[:, 0], np.arange(200))
    assert found.near_count == 200 and found.share_near == 1
    # U is 0, all generated distances lie below all others; ties make z more extreme still.
    assert found.z <= -(200 * 150 / 2) / np.sqrt(200 * 150 * 351 / 12)


@pytest.mark.parametrize("with_held_out", [True, False])
def test_near_copies(training, held_out, with_held_out):
    generated = training[100:200] + 0.02 * draw(100, seed=3)
    found = memorisation(generated, training, held_out if with_held_out else None)
    assert found.finding == "copies"
    assert found.z < -10
    assert found.median < 0.1 < found.reference_median


def test_a_tenth_of_copies_is_suspicious(training, held_out):
    generated = np.concatenate([training[:30], draw(270, seed=4)])
    found = memorisation(generated, training, held_out)
    assert found.finding == "close"
    assert found.verdict.startswith("Suspiciously close:")
    assert 30 <= found.near_count <= 40


def test_nearer_as_a_whole_is_suspicious(training, held_out):
    generated = 0.75 * draw(400, seed=5)  # all inside the cloud, none a copy
    found = memorisation(generated, training, held_out)
    assert found.z < -5
    assert found.share_near < 0.05
    assert found.finding == "close"


@pytest.mark.parametrize("with_held_out", [True, False])
@pytest.mark.parametrize("seed", range(10, 15))
def test_fresh_samples_show_no_copying(training, held_out, with_held_out, seed):
    found = memorisation(draw(200, seed), training, held_out if with_held_out else None)
    assert abs(found.z) < 3.5
    assert found.finding == "none"
    assert found.verdict.startswith("No sign of copying:")
    assert "so few" not in found.verdict


def test_noise_is_far(training, held_out):
    found = memorisation(20 + draw(100, seed=6), training, held_out)
    assert found.z > 10
    assert found.finding == "far"
    assert "says nothing about copying" in found.verdict


def test_copies_count_even_beside_far_ones(training, held_out):
    generated = np.concatenate([training[:40], 20 + draw(160, seed=7)])
    found = memorisation(generated, training, held_out)
    assert found.z > 5
    assert found.finding == "close"


def test_few_images():
    training, held_out = draw(12, seed=1), draw(10, seed=2)
    assert memorisation(training[:8], training, held_out).finding == "copies"  # z cannot reach -5
    fresh = memorisation(draw(8, seed=3), training, held_out)
    assert fresh.finding == "none"
    assert "With so few images, only plain copies would show." in fresh.verdict
    # One or two nearer than all ten are a large share, and yet what chance does.
    one = memorisation(np.concatenate([training[:1], draw(7, seed=3)]), training, held_out)
    assert one.share_near > 0.05
    assert one.finding == "none"
    # Two generated and two real distances: both generated below with chance 2!2!/4!.
    two = memorisation(training[:2], training, held_out[:2])
    assert two.near_p_value == pytest.approx(1 / 6)


def test_leave_one_out_counts_pairs_once():
    """The nearest two of few training images share a distance, and it is a small one."""
    alarms = 0
    for seed in range(60):
        found = memorisation(draw(400, 2 * seed, 16), draw(50, 2 * seed + 1, 16))
        alarms += found.finding != "none"
    assert alarms == 0
    # 7 training images: 3 pairs; one generated image below the smallest with chance 1 in 4.
    training = draw(7, seed=1)
    assert memorisation(training[:1], training).near_p_value == pytest.approx(1 / 4)


def test_leave_one_out_without_held_out_images(training):
    found = memorisation(draw(20, seed=8), training)
    assert found.reference == "training images, each without itself"
    assert found.reference in found.verdict
    apart = np.linalg.norm(training[:, None] - training, axis=2)
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_allclose(found.reference_distances, apart.min(axis=1))


def test_neighbours_by_brute_force(training, held_out):
    generated = draw(25, seed=9)
    found = memorisation(generated, training, held_out)
    apart = np.linalg.norm(generated[:, None] - training, axis=2)
    np.testing.assert_array_equal(found.neighbours, np.argsort(apart, axis=1)[:, :3])
    np.testing.assert_allclose(found.neighbour_distances, np.sort(apart, axis=1)[:, :3])
    np.testing.assert_array_equal(found.distances, found.neighbour_distances[:, 0])
    apart = np.linalg.norm(held_out[:, None] - training, axis=2).min(axis=1)
    np.testing.assert_allclose(found.reference_distances, apart)
    assert found.reference == "held-out real images"
    assert found.median == np.median(found.distances)
    assert found.reference_median == np.median(found.reference_distances)
    assert found.near_distance == np.sort(found.reference_distances)[1]  # second of 150
    assert found.near_count == (found.distances < found.near_distance).sum()


def test_z_by_hand():
    # Ranks 1 + 2 of 4: U = 0, mean 2, variance 2 * 2 * 5 / 12.
    assert mann_whitney_z([1, 2], [3, 4]) == pytest.approx(-2 / np.sqrt(20 / 12))
    assert mann_whitney_z([3, 4], [1, 2]) == pytest.approx(2 / np.sqrt(20 / 12))
    assert mann_whitney_z([5, 5], [5, 5]) == 0


def test_z_agrees_with_scipy_with_ties():
    generator = np.random.default_rng(0)
    first, second = generator.integers(0, 9, 40), generator.integers(1, 10, 60)
    p_value = mannwhitneyu(
        first, second, alternative="less", method="asymptotic", use_continuity=False
    ).pvalue
    assert norm.cdf(mann_whitney_z(first, second)) == pytest.approx(p_value)


def test_too_few_images(training):
    for arguments in [
        (training[:5], training[:2]),
        (training[:0], training),
        (training[:5], training, training[:0]),
    ]:
        with pytest.raises(UserError, match="3 training images"):
            memorisation(*arguments)


def test_one_class_is_compared_with_its_own_spread():
    """A tight and a wide class, both generated perfectly: neither is close or far."""
    generator = np.random.default_rng(0)
    tight, wide = generator.normal(size=(2, 400, 8)) * np.array([1, 5])[:, None, None]
    training = np.concatenate([tight[:200], 50 + wide[:200]])
    for fresh, own in ((tight[200:], np.arange(200)), (50 + wide[200:], np.arange(200, 400))):
        assert abs(memorisation(fresh, training, own=own).z) < 4
        assert abs(memorisation(fresh, training).z) > 5  # what it would be with all classes
