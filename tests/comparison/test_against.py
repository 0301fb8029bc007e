import numpy as np
import pytest

from ssgan_tf.comparison.against import against_baseline, holm, mean_difference, points, verdict


def test_one_training_has_the_interval_of_its_classifiers():
    mean, half_width, p = mean_difference(np.array([[0.01, 0.03]]))
    assert mean == pytest.approx(0.02)
    assert half_width == pytest.approx(12.7062 * 0.01, rel=1e-4)  # t(1), standard error 0.01
    assert p == pytest.approx(0.2952, abs=1e-4)  # of t = 2: 1 - 2 atan(2) / pi
    assert mean_difference(np.array([[0.01], [0.03]])) == pytest.approx((mean, half_width, p))


def test_trainings_and_classifiers_both_have_their_part():
    # Trainings' means 0.01 and 0.03, seeds' means 0.00 and 0.04: variances 0.0002, 0.0008, each
    # halved; 0.0005² / (0.0001² + 0.0004²) = 25/17 degrees of freedom.
    mean, half_width, p = mean_difference(np.array([[-0.01, 0.03], [0.01, 0.05]]))
    assert mean == pytest.approx(0.02)
    from scipy import stats

    assert half_width == pytest.approx(stats.t.ppf(0.975, 25 / 17) * np.sqrt(0.0005))
    assert p == pytest.approx(2 * stats.t.sf(0.02 / np.sqrt(0.0005), 25 / 17))


def test_where_nothing_tells_of_chance_there_is_no_interval():
    assert mean_difference(np.array([[0.02]])) == (0.02, None, None)
    assert mean_difference(np.array([[0.25, 0.25]])) == (0.25, 0.0, 0.0)
    assert mean_difference(np.array([[0.0, 0.0]])) == (0.0, 0.0, 1.0)


def test_holm():
    # 0.01 · 4, 0.02 · 3, 0.03 · 2, then never less than before.
    assert holm([0.03, 0.01, None, 0.02, 0.5]) == pytest.approx([0.06, 0.04, None, 0.06, 0.5])
    assert holm([0.02, 0.02]) == pytest.approx([0.04, 0.04])
    assert holm([]) == []


ROWS = [
    ("original", None, [70, 72, 74]), ("crop", "400", [75, 77, 79]),
    ("flip-crop", None, [80, 82, 84]), ("ssgan", "400", [90, 92, 95]),
    ("wgan", "400", [81, 80, 86]), ("dcgan", "400", [70, 72, 74]),
]  # fmt: skip


@pytest.fixture
def study(invented):
    names = dict.fromkeys(["ssgan", "dcgan", "wgan"], 10.0)
    return invented.study(names, [3], classifiers=invented.classifiers(ROWS))


def test_members_are_compared_with_flips_and_crops_seed_by_seed(study):
    found = {one.name: one for one in against_baseline(study)}
    assert set(found) == {"ssgan", "dcgan", "wgan"}
    assert found["ssgan"].mean == pytest.approx((0.10 + 0.10 + 0.11) / 3)
    assert (found["ssgan"].finding, found["dcgan"].finding) == ("better", "worse")
    assert found["wgan"].finding == "no evidence"
    assert (found["ssgan"].trainings, found["ssgan"].seeds) == (1, 3)
    (words,) = verdict(study)
    assert words.startswith("Against flip-crop (flips and crops, anew each batch; accuracy 0.8200)")
    assert "better: SSGAN (+10.3 ± 1.4); worse: DCGAN (-10.0 ± 0.0); no evidence: WGAN" in words


def test_a_further_training_counts_with_its_own_classifiers(study, invented):
    rows = [*ROWS, ("ssgan-seed-1", "400", [72, 70, 72])]
    study["classifiers"] = invented.classifiers(rows)
    invented.again(study, "ssgan", 10.0)
    found = {one.name: one for one in against_baseline(study)}["ssgan"]
    assert (found.trainings, found.seeds) == (2, 3)
    assert found.mean == pytest.approx((0.31 / 3 - 0.32 / 3) / 2)
    assert found.finding == "no evidence"  # one training is better, the other worse
    assert found.half_width > 0.5
    assert points(found).startswith("-0.2 ± ")


def test_without_the_baseline_or_of_leaked_members_nothing_is_said(study, invented):
    study["classifiers"] = invented.classifiers([row for row in ROWS if row[0] != "flip-crop"])
    assert against_baseline(study) == verdict(study) == []
    study["classifiers"] = invented.classifiers(ROWS, {"ssgan": "LEAKED"})
    assert {one.name for one in against_baseline(study)} == {"dcgan", "wgan"}
    study["classifiers"] = None
    assert verdict(study) == []
