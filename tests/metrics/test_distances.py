import numpy as np
import pytest

from ssgan_tf.metrics import distances
from ssgan_tf.metrics.distances import blocks, feature_pair, nearest


@pytest.fixture(params=[7, 1024])
def block_rows(request, monkeypatch):
    """With 20 queries, three blocks of which the last is smaller, or one."""
    monkeypatch.setattr(distances, "BLOCK_ROWS", request.param)
    return request.param


def plain_distances(queries, references):
    return np.array([[np.linalg.norm(q - r) for r in references] for q in queries])


def test_blocks_hold_all_distances(block_rows):
    rng = np.random.default_rng(0)
    queries, references = rng.normal(3, 1, (20, 4)), rng.normal(3, 1, (15, 4))
    parts = list(blocks(queries, references))
    assert all(len(part) == rows.stop - rows.start <= block_rows for rows, part in parts)
    assert [rows.start for rows, _ in parts] == list(range(0, 20, block_rows))
    np.testing.assert_allclose(
        np.concatenate([part for _, part in parts]), plain_distances(queries, references)
    )


def test_by_hand():
    _, part = next(blocks(np.array([[0, 0], [3, 0]]), np.array([[3, 4], [0, 0], [3, 0]])))
    np.testing.assert_allclose(part, [[5, 0, 3], [4, 3, 0]])


@pytest.mark.parametrize("offset", [0, 1e4])
def test_a_copy_is_at_distance_nought_and_near_ones_are_not(offset):
    references = np.random.default_rng(1).normal(offset, 1, (50, 2048))
    queries = references.copy()
    queries[0, 0] += 1e-3
    found, places = nearest(queries, references)
    assert found[0, 0] == pytest.approx(1e-3, rel=0.01)
    np.testing.assert_array_equal(found[1:], 0)
    np.testing.assert_array_equal(places[:, 0], np.arange(50))


def test_float32_gives_what_float64_gives():
    queries, references = np.random.default_rng(2).normal(size=(2, 30, 8)).astype(np.float32)
    found, places = nearest(queries, references, 3)
    expected, expected_places = nearest(np.float64(queries), np.float64(references), 3)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(places, expected_places)


@pytest.mark.parametrize("themselves", [False, True])
def test_nearest(block_rows, themselves):
    references = np.random.default_rng(3).normal(size=(20, 3))
    all_distances = plain_distances(references, references)
    if themselves:
        np.fill_diagonal(all_distances, np.inf)
    found, places = nearest(references, references, 4, themselves=themselves)
    np.testing.assert_array_equal(places, np.argsort(all_distances, axis=1)[:, :4])
    np.testing.assert_allclose(found, np.sort(all_distances, axis=1)[:, :4], atol=1e-12)


def test_of_themselves_a_copy_is_a_neighbour():
    found, places = nearest(np.ones((2, 3)), np.ones((2, 3)), themselves=True)
    np.testing.assert_array_equal(found, [[0], [0]])
    np.testing.assert_array_equal(places, [[1], [0]])


def test_too_few_references():
    features = np.eye(3)
    assert nearest(features, features, 3)[0].shape == (3, 3)
    with pytest.raises(ValueError, match="4 neighbours of 3"):
        nearest(features, features, 4)
    with pytest.raises(ValueError, match="3 neighbours of 3"):
        nearest(features, features, 3, themselves=True)


def test_a_pair_of_features():
    real, generated = feature_pair(np.ones((3, 2), np.float16), [[1, 2]] * 4, at_least=3)
    assert real.dtype == generated.dtype == np.float64
    assert (real.shape, generated.shape) == ((3, 2), (4, 2))


@pytest.mark.parametrize(
    ("generated", "message"),
    [
        (np.ones((1, 2)), "1 images, where at least 2"),
        (np.ones((3, 4)), "widths 2 and 4"),
        (np.ones(3), "shape"),
        ([[1, np.nan], [1, 1]], "not finite"),
        ([[1, np.inf], [1, 1]], "not finite"),
    ],
)
def test_pairs_that_are_refused(generated, message):
    with pytest.raises(ValueError, match=message):
        feature_pair(np.ones((3, 2)), generated, at_least=2)
