import numpy as np
import pytest

from benchmarks import findings


def test_logits_make_the_accuracy():
    draws = np.random.default_rng(0).normal(findings.logit_of(0.7, 2.2), 2.2, 200_000)
    assert np.mean(1 / (1 + np.exp(-draws))) == pytest.approx(0.7, abs=0.003)
    assert findings.logit_of(0.5, 3.0) == pytest.approx(0, abs=1e-9)


def test_a_study_is_compared_with_original_and_with_the_baseline():
    right = findings.simulate(np.random.default_rng(0), 2, 3, 4, 50, 0.5)
    assert right.shape == (2, 4, 4, 50)
    contrasts = findings.contrasts_of(right)
    assert [one.row for one in contrasts] == [1, 2, 3, 2, 3]
    values = right.astype(int)
    np.testing.assert_array_equal(contrasts[3].values, values[:, 2] - values[:, 1])


def test_tables_have_a_line_for_each_case():
    assert len(findings.false_table(2, 0).rows) == 8
    assert len(findings.training_table(2, 0).rows) == 6
    assert len(findings.power_table(2, 0).rows) == 8
