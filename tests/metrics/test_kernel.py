import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf import tfgan
from ssgan_tf.metrics import kernel
from ssgan_tf.metrics.kernel import KernelDistance, kernel_distance


def plain_estimate(real, generated):
    """The unbiased estimate of MMD², pair by pair."""

    def k(x, y):
        return (np.dot(x, y) / len(x) + 1) ** 3

    def within(features):
        pairs = [k(x, y) for i, x in enumerate(features) for j, y in enumerate(features) if i != j]
        return np.mean(pairs)

    across = np.mean([k(x, y) for x in real for y in generated])
    return within(real) + within(generated) - 2 * across


@pytest.fixture
def known_subsets(monkeypatch):
    """Let the first subset hold images 0, 1, 2, ..., and the next begin one further on."""

    def subsets_in_order(rng, count, subsets, size):
        members = np.zeros((count, subsets))
        for number in range(subsets):
            members[number : number + size, number] = 1
        return members

    monkeypatch.setattr(kernel, "_random_subsets", subsets_in_order)


@pytest.mark.parametrize("block_rows", [4, 1024])
def test_pair_by_pair(known_subsets, monkeypatch, block_rows):
    monkeypatch.setattr(kernel, "BLOCK_ROWS", block_rows)
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(11, 3)), rng.normal(0.5, 2, size=(14, 3))
    expected = [plain_estimate(real[i : i + 5], generated[i : i + 5]) for i in range(3)]
    one = kernel_distance(real, generated, subsets=1)
    assert one == (pytest.approx(expected[0], rel=1e-12), 0, 1, 5)
    three = kernel_distance(real, generated, subsets=3)
    assert three == (pytest.approx(np.mean(expected)), pytest.approx(np.std(expected)), 3, 5)


def test_tensorflow_gan_agrees(known_subsets):
    rng = np.random.default_rng(1)
    real, generated = rng.normal(size=(60, 20)), rng.normal(0.2, 1, size=(60, 20))
    theirs = tfgan.eval.kernel_classifier_distance_from_activations(
        tf.constant(real[:30]), tf.constant(generated[:30])
    )
    assert kernel_distance(real, generated, subsets=1).mean == pytest.approx(float(theirs))


def test_unbiased():
    rng = np.random.default_rng(2)
    draws = [
        kernel_distance(*rng.normal(size=(2, 20, 4)), subsets=5, seed=seed).mean
        for seed in range(300)
    ]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / np.sqrt(len(draws))
    assert min(draws) < 0
    # Were the diagonals left in, all draws would lie above 0.
    assert np.mean(np.array(draws) < 0) > 0.3


def test_another_distribution_is_further_off():
    rng = np.random.default_rng(3)
    real, same, shifted = (
        rng.normal(size=(100, 8)),
        rng.normal(size=(100, 8)),
        rng.normal(1, 1, (100, 8)),
    )
    distance = kernel_distance(real, shifted)
    assert distance.mean > 5 * distance.std
    assert distance.mean > 10 * abs(kernel_distance(real, same).mean)


def test_subsets():
    real, generated = np.random.default_rng(4).normal(size=(2, 50, 2))
    assert kernel_distance(real, generated, subsets=7)[2:] == (7, 25)
    assert kernel_distance(real, generated[:9])[2:] == (100, 4)
    assert kernel_distance(real, generated, subset_size=10).subset_size == 10
    assert kernel_distance(real, generated).std > 0


def test_subsets_are_drawn_without_replacement():
    members = kernel._random_subsets(np.random.default_rng(0), 10, 200, 4)
    np.testing.assert_array_equal(members.sum(axis=0), 4)
    assert set(np.unique(members)) == {0, 1}
    assert 50 < members.sum(axis=1).min() <= members.sum(axis=1).max() < 110  # each image: about 80


def test_repeatable():
    real, generated = np.random.default_rng(5).normal(size=(2, 40, 3))
    first = kernel_distance(real, generated)
    assert isinstance(first, KernelDistance)
    assert (
        first
        == kernel_distance(real, generated, seed=0)
        != kernel_distance(real, generated, seed=1)
    )


def test_float32_gives_what_float64_gives():
    real, generated = np.random.default_rng(6).normal(size=(2, 40, 8)).astype(np.float32)
    assert kernel_distance(real, generated) == pytest.approx(
        kernel_distance(np.float64(real), np.float64(generated)), rel=1e-6
    )


def test_refusals():
    features = np.ones((4, 3))
    assert kernel_distance(features, features).subset_size == 2
    for wrong in (features[:3], np.ones((4, 2)), np.full((4, 3), np.inf)):
        with pytest.raises(ValueError):
            kernel_distance(features, wrong)
