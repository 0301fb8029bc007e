import numpy as np
import pytest
from scipy import stats

from ssgan_tf.classify.intervals import mean_over_seeds, paired_difference


def test_the_interval_is_students():
    values = [0.71, 0.74, 0.69, 0.75, 0.70]
    found = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert found.mean == pytest.approx(0.718)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx(
        (low, high)
    )
    assert found.half_width == pytest.approx(2.776445 * np.std(values, ddof=1) / 5**0.5, rel=1e-6)


def test_one_seed_has_no_interval_and_is_no_evidence():
    assert mean_over_seeds([0.5]) == (0.5, None, 1)
    assert paired_difference({0: 0.9}, {0: 0.1}).finding == "no evidence"


def test_differences_are_taken_seed_by_seed():
    baseline = {0: 0.60, 1: 0.70, 2: 0.80}  # the seeds differ far more than the conditions
    better = {seed: value + gain for (seed, value), gain in zip(
        baseline.items(), (0.019, 0.020, 0.021), strict=True)}  # fmt: skip
    assert paired_difference(better, baseline).finding == "helps"
    assert paired_difference(baseline, better).finding == "hurts"
    assert paired_difference(better, baseline).mean == pytest.approx(0.02)
    shuffled = {0: better[1], 1: better[2], 2: better[0]}
    assert paired_difference(shuffled, baseline).finding == "no evidence"


def test_only_shared_seeds_count():
    found = paired_difference({0: 0.5, 1: 0.6, 7: 0.9}, {0: 0.4, 1: 0.5, 8: 0.1})
    assert (found.seeds, found.mean) == (2, pytest.approx(0.1))
    with pytest.raises(ValueError, match="share no seed"):
        paired_difference({0: 1.0}, {1: 1.0})


def test_the_interval_holds_the_truth_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(size=(2000, 3))
    held = [abs(mean) < half for mean, half, _ in map(mean_over_seeds, draws)]
    assert 0.93 < np.mean(held) < 0.97
