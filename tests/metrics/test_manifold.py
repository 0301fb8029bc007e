import math

import numpy as np
import pytest

from ssgan_tf.metrics import distances
from ssgan_tf.metrics.manifold import ManifoldScores, manifold_scores


def plain_scores(real, generated, k):
    """The four definitions, image by image."""

    def radius(point, features):
        return sorted(math.dist(point, other) for other in features)[k]  # itself is the 0th

    real_balls = [(x, radius(x, real)) for x in real]
    generated_balls = [(y, radius(y, generated)) for y in generated]

    def balls_around(point, balls):
        return sum(math.dist(point, centre) < r for centre, r in balls)

    return ManifoldScores(
        precision=np.mean([balls_around(y, real_balls) > 0 for y in generated]),
        recall=np.mean([balls_around(x, generated_balls) > 0 for x in real]),
        density=sum(balls_around(y, real_balls) for y in generated) / (k * len(generated)),
        coverage=np.mean([any(math.dist(x, y) < r for y in generated) for x, r in real_balls]),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("block_rows", [16, 1024])
def test_image_by_image(monkeypatch, k, block_rows):
    monkeypatch.setattr(distances, "BLOCK_ROWS", block_rows)
    rng = np.random.default_rng(k)
    real, generated = rng.normal(size=(40, 3)), rng.normal(0.7, 0.8, size=(35, 3))
    assert manifold_scores(real, generated, k) == pytest.approx(plain_scores(real, generated, k))


def test_on_a_line_by_hand():
    # k = 1. Balls of the real: 0±1, 1±1, 3±2; of the generated: 0.5±0.25, 0.75±0.25, 9±8.25.
    scores = manifold_scores([[0.0], [1], [3]], [[0.5], [0.75], [9]], k=1)
    assert scores == (
        pytest.approx(2 / 3),  # all but 9
        pytest.approx(2 / 3),  # 1 and 3 in the ball of 9; 1 on the rim of 0.75's
        pytest.approx(4 / 3),  # two balls each for 0.5 and 0.75
        pytest.approx(2 / 3),  # 3±2 begins at 1
    )


@pytest.mark.parametrize("spread", [0, 0.01])
def test_a_collapsed_generator_is_precise_and_recalls_little(spread):
    rng = np.random.default_rng(0)
    real = rng.normal(size=(200, 16))
    in_the_middle = real[np.argmin(np.linalg.norm(real, axis=1))]
    scores = manifold_scores(real, in_the_middle + rng.normal(0, spread, (200, 16)))
    assert scores.precision == 1
    assert scores.recall < 0.02
    assert scores.density > 1  # they all lie where balls overlap
    assert scores.coverage < 0.3


def test_noise_all_about_recalls_all_and_is_seldom_precise():
    rng = np.random.default_rng(1)
    real, generated = rng.normal(size=(200, 4)), rng.normal(0, 6, size=(200, 4))
    scores = manifold_scores(real, generated)
    assert scores.precision < 0.2
    assert scores.recall > 0.9
    assert scores.density < 0.2


def test_sets_far_apart():
    rng = np.random.default_rng(2)
    assert manifold_scores(rng.normal(size=(30, 4)), rng.normal(50, 1, (30, 4))) == (0, 0, 0, 0)


def test_identical_sets():
    features = np.random.default_rng(3).normal(size=(60, 16))
    scores = manifold_scores(features, features)
    assert scores == (1, 1, pytest.approx(1), 1)  # density: itself and k - 1 within the rim


def test_one_distribution_gives_what_theory_says():
    # Naeem et al., Lemmas 1 and 2, for N real and M generated images.
    n, m, k, draws = 60, 45, 5, 200
    rng = np.random.default_rng(4)
    scores = np.array(
        [manifold_scores(rng.normal(size=(n, 8)), rng.normal(size=(m, 8)), k) for _ in range(draws)]
    )
    coverage = 1 - math.perm(n - 1, k) / math.perm(m + n - 1, k)
    expected = {2: 1.0, 3: coverage}
    for column, value in expected.items():
        error = scores[:, column].std() / math.sqrt(draws)
        assert error < 0.02
        assert scores[:, column].mean() == pytest.approx(value, abs=3 * error)


def test_float32_gives_what_float64_gives():
    real, generated = np.random.default_rng(6).normal(size=(2, 50, 8)).astype(np.float32)
    assert manifold_scores(real, generated) == pytest.approx(
        manifold_scores(np.float64(real), np.float64(generated)), rel=1e-6
    )


def test_refusals():
    features = np.random.default_rng(7).normal(size=(6, 3))
    manifold_scores(features, features, k=5)
    for wrong in (features[:5], features[:, :2], np.full((6, 3), np.nan)):
        with pytest.raises(ValueError):
            manifold_scores(features, wrong)
        with pytest.raises(ValueError):
            manifold_scores(wrong, features)
