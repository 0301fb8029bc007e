import numpy as np
import pytest
from scipy import stats

from benchmarks.findings import contrasts_of, false_findings, false_findings_by_seeds, simulate
from ssgan_tf.statistics.intervals import (
    BOTH,
    IMAGES,
    TRAINING,
    Contrast,
    difference_of_images,
    estimates_of,
    holm,
    mean_over_images,
    mean_over_seeds,
)


def test_the_interval_is_students():
    values = [0.71, 0.74, 0.69, 0.75, 0.70]
    found = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert found.mean == pytest.approx(0.718)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx(
        (low, high)
    )
    assert found.half_width == pytest.approx(2.776445 * np.std(values, ddof=1) / 5**0.5, rel=1e-6)
    assert found.covers == TRAINING


def test_one_seed_has_no_interval():
    assert mean_over_seeds([0.5]) == (0.5, None, 1, None)
    assert mean_over_seeds([0.5], [[0, 1]]).half_width is None


def test_the_interval_holds_the_truth_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(size=(2000, 3))
    held = [abs(mean) < half for mean, half, *_ in map(mean_over_seeds, draws)]
    assert 0.93 < np.mean(held) < 0.97


def test_with_images_it_holds_the_truth_over_other_images_too():
    generator, held, held_by_seeds = np.random.default_rng(0), [], []
    for _ in range(400):
        # Each image is recognised always or never, half of them in truth.
        right = np.repeat(generator.random((1, 100)) < 0.5, 3, axis=0)
        right[:, :5] ^= generator.random((3, 5)) < 0.5
        means = right.mean(axis=1)
        both = mean_over_seeds(means, right)
        assert both.covers == BOTH
        held.append(abs(both.mean - 0.5) < both.half_width)
        held_by_seeds.append(abs(both.mean - 0.5) < mean_over_seeds(means).half_width)
    assert 0.93 < np.mean(held) < 0.98
    assert np.mean(held_by_seeds) < 0.75


def test_the_variance_of_equal_seeds_is_that_of_the_images():
    # 16 of 98 images got better in every seed; with one more each way, of 100 images: mean 0.16,
    # sum of squares 18, variance (18 - 100 · 0.16²) / 99 / 100 = 0.00155960; t(0.975, 99) is
    # 1.984217.
    values = np.zeros((3, 98))
    values[:, :16] = 1
    (found,) = estimates_of([Contrast(values, "accuracy", 0)])
    assert found.mean == pytest.approx(16 / 98)
    assert found.half_width == pytest.approx(1.984217 * 0.00155960**0.5, rel=1e-5)
    t = found.mean / 0.00155960**0.5
    assert found.p == found.adjusted_p == pytest.approx(2 * stats.t.sf(t, 99), rel=1e-3)


def test_the_two_parts_of_the_variance_are_put_together():
    # Rows: means 0.5, 0, -0.5, variance 1/4. Columns: means 0, 0; with 1 and -1: 0, 0, 1, -1.
    values = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    (found,) = estimates_of([Contrast(values, "accuracy", 0)])
    # Training (1/4) / 3; images (2/3) / 4. Left over: ±0.5 four times, squares sum to 1, over
    # 2 degrees of freedom and 6 cells: 1/12. Together 1/12 + 1/6 - 1/12 = 1/6.
    degrees = (1 / 6) ** 2 / ((1 / 12) ** 2 / 2 + (1 / 6) ** 2 / 3)
    assert found.mean == 0 and found.p == 1
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, degrees) * (1 / 6) ** 0.5)


def test_the_chance_of_training_is_the_larger_of_the_own_and_the_mean_one():
    def contrast(shift, row, measure="accuracy"):
        values = np.zeros((3, 1000))
        values[0, :shift] = 1
        values[1, :shift] = -1
        return Contrast(values, measure, row)

    alone = estimates_of([contrast(50, 0)])[0].half_width
    calm, wild = estimates_of([contrast(50, 0), contrast(400, 1)])
    assert calm.half_width > 2 * alone
    other_measure = estimates_of([contrast(50, 0), contrast(400, 1, "recall")])[0].half_width
    assert other_measure == alone
    assert (
        wild.half_width < estimates_of([contrast(400, 1)])[0].half_width
    )  # more degrees of freedom
    same_row = estimates_of([contrast(400, 1), contrast(400, 1)])[0].half_width
    assert same_row == pytest.approx(estimates_of([contrast(400, 1)])[0].half_width)


@pytest.mark.parametrize("worse", range(7))
def test_a_handful_of_images_is_no_evidence_however_equal_the_seeds(worse):
    values = np.zeros((3, 300))
    values[:, :worse] = -1
    (found,) = estimates_of([Contrast(values, "accuracy", 0)])
    assert found.half_width > 0.006
    exact = stats.binomtest(worse, worse, 0.5).pvalue if worse else 1  # the sign test
    assert (found.p < 0.05) == (exact < 0.05) == (worse == 6)


def test_holm_against_worked_values():
    # Of 0.01, 0.02, 0.03, 0.04: 4 · 0.01, 3 · 0.02, 2 · 0.03, and no less than before.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([[0.9, 0.8], [0.001, 0.5]]) == pytest.approx(np.array([[1, 1], [0.002, 0.5]]))
    assert estimates_of([]) == []


@pytest.mark.parametrize("spread", [0.4, 0.6, 0.8])
def test_equal_classifiers_are_found_different_in_few_studies(spread):
    contrasts = contrasts_of(
        simulate(np.random.default_rng(0), 300, conditions=3, seeds=5, images=200, spread=spread)
    )
    assert false_findings(contrasts).mean() <= 0.06
    # Each contrast on its own, by seeds alone, as it was done before.
    assert false_findings_by_seeds(contrasts).mean() > 0.15


def test_a_condition_that_is_truly_better_is_found():
    right = simulate(np.random.default_rng(0), 100, 3, 5, 500, spread=0.4, gain=0.08)
    assert np.mean(right[:, -1]) - np.mean(right[:, 0]) == pytest.approx(0.08, abs=0.01)
    better = estimates_of(contrasts_of(right))[2]
    assert np.mean(better.adjusted_p < 0.05) > 0.9


def test_each_study_of_many_is_judged_on_its_own():
    contrasts = contrasts_of(simulate(np.random.default_rng(1), 4, 2, 3, 50, spread=0.5))
    together = estimates_of(contrasts)
    for study in range(4):
        alone = estimates_of([one._replace(values=one.values[study]) for one in contrasts])
        for ours, theirs in zip(alone, together, strict=True):
            assert ours == pytest.approx([part[study] for part in theirs])


def test_the_interval_of_one_seed_is_that_of_the_choice_of_images():
    # 49 of 98 images; with one more right and one more wrong, 50 of 100: variance 25 / 99 / 100.
    values = np.arange(98)[None] < 49
    found = mean_over_images(values)
    assert (found.mean, found.seeds, found.covers) == (0.5, 1, IMAGES)
    assert found.half_width == pytest.approx(1.984217 * (25 / 9900) ** 0.5, rel=1e-6)
    several = np.repeat(values, 3, axis=0)
    assert mean_over_images(several) == mean_over_seeds([0.5] * 3, several)


def test_a_difference_of_images_has_the_variance_of_both():
    # 49 and 29 of 98 images: with the two more of each, variances 25 / 9900 and 21 / 9900.
    found = difference_of_images(np.arange(98)[None] < 49, np.arange(98)[None] < 29)
    assert found.mean == pytest.approx(20 / 98)
    degrees = 46**2 / (25**2 + 21**2) * 99
    expected = stats.t.ppf(0.975, degrees) * (46 / 9900) ** 0.5
    assert found.half_width == pytest.approx(expected, rel=1e-6)
    assert found.covers == IMAGES


def test_the_interval_of_a_difference_of_images_holds_the_truth():
    generator, held = np.random.default_rng(0), []
    for _ in range(400):
        # Images are easy or hard, and seeds are good or bad at all images.
        sides = [
            generator.random((3, count))
            < np.where(generator.random((1, count)) < 0.5, 0.95, 0.45)
            + generator.normal(0, 0.02, (3, 1))
            for count in (150, 60)
        ]
        found = difference_of_images(*sides)
        held.append(abs(found.mean) < found.half_width)
        assert found.covers == BOTH
    assert 0.92 < np.mean(held) < 0.99
