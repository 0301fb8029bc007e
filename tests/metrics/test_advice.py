import json

import numpy as np
import pytest

from ssgan_tf.metrics.advice import (
    LEAVE_ONE_OUT_ERROR,
    TABLE_5,
    advise,
    largest_improvement,
    leave_one_out_errors,
    predicted_improvement,
)


@pytest.mark.parametrize(
    ("similarity", "percent"),
    [
        (79.92 / 202.74, 1),  # exponent 0
        (78.92 / 202.74, 1 / 0.94),  # exponent -1
        (0.1652, 17.68),  # flowers: 0.94 ^ -46.427 = e ^ (46.427 * 0.061875); measured 24.73
        (0.3834, 1.145),  # UTKFace; measured 2.41
    ],
)
def test_equation_4_by_hand(similarity, percent):
    assert predicted_improvement(similarity) == pytest.approx(percent, rel=0.003)


def errors_over_table_5(base):
    seen = np.array([[row.sup_sub_cls, row.improvement] for row in TABLE_5.values()])
    return base ** (202.74 * seen[:, 0] - 79.92) - seen[:, 1], seen[:, 1]


def test_what_the_docstrings_say_of_table_6():
    errors, measured = errors_over_table_5(0.9373)
    unexplained = (errors**2).sum() / ((measured - measured.mean()) ** 2).sum()
    assert 1 - unexplained == pytest.approx(0.8749, abs=1e-4)
    assert np.median(abs(errors)) == pytest.approx(4.7882, abs=0.03)
    errors, _ = errors_over_table_5(0.94)
    fit = advise(0.1, 0.1)["fit"]
    assert fit["mean_absolute_error_points"] == pytest.approx(abs(errors).mean())
    assert fit["mean_absolute_error_points"] == pytest.approx(7.44, abs=0.01)


def test_table_5_agrees_with_its_note():
    for row in TABLE_5.values():
        advice = advise(row.sup_sub_cls, row.merge_cls)
        assert advice["works"] == {"sup_sub_cls": row.works, "merge_cls": row.works}
        assert advice["inside_fit"]
        assert ("is likely to pay" if row.works else "is unlikely to pay") in advice["sentence"]
    assert advice["thresholds"] == {"sup_sub_cls": 0.1652, "merge_cls": 0.1319}


@pytest.mark.parametrize(
    ("sup_sub_cls", "merge_cls", "words"),
    [
        (0.1652, 0.1319, "is likely to pay"),
        (0.1653, 0.1319, "may or may not pay"),
        (0.1652, 0.1320, "may or may not pay"),
        (0.2624, 0.1000, "may or may not pay"),  # no data set of the paper lies in between
        (0.2625, 0.1000, "is unlikely to pay"),
    ],
)
def test_the_sentence_changes_across_thresholds(sup_sub_cls, merge_cls, words):
    sentence = advise(sup_sub_cls, merge_cls)["sentence"]
    assert words in sentence
    assert "a prediction from eight other data sets, not a measurement" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("sup_sub_cls", "inside"), [(0.0791, False), (0.0792, True), (0.3834, True), (0.3835, False)]
)
def test_outside_the_fit(sup_sub_cls, inside):
    advice = advise(sup_sub_cls, 0.1)
    assert advice["inside_fit"] is inside
    assert ("outside the fit's 0.0792 to 0.3834" in advice["sentence"]) is not inside


def test_advice_is_json_with_the_prediction():
    advice = json.loads(json.dumps(advise(0.1652, 0.12)))
    assert advice["predicted_improvement_percent"] == pytest.approx(17.68, abs=0.01)
    assert "about 18 %" in advice["sentence"]
    assert advice["fit"]["data_sets"] == 8
    assert advice["fit"]["range"] == [0.0792, 0.3834]


def test_a_data_set_left_out_is_missed_by_13_points():
    errors = leave_one_out_errors()
    # Reptiles and Amphibians have equal similarities: with one left out, the other decides.
    assert abs(errors).mean() == pytest.approx(12.7, abs=0.05)
    fit = advise(0.1, 0.1)["fit"]
    assert fit["leave_one_out_error_points"] == LEAVE_ONE_OUT_ERROR == abs(errors).mean()
    sentence = advise(0.1, 0.1)["sentence"]
    assert "13 points off on average for a set that was left out" in sentence
    assert " 7 points" not in sentence


def test_left_out_means_that_the_fit_is_to_the_others(monkeypatch):
    """On an exact curve of the form nothing is missed; a set off the curve is missed by that."""
    for name, row in TABLE_5.items():
        exact = row._replace(improvement=float(np.exp(5 - 13 * row.sup_sub_cls)))
        monkeypatch.setitem(TABLE_5, name, exact)
    np.testing.assert_allclose(leave_one_out_errors(), 0, atol=1e-5)
    flowers = TABLE_5["flowers"]
    off = flowers._replace(improvement=flowers.improvement - 8)
    monkeypatch.setitem(TABLE_5, "flowers", off)
    errors = dict(zip(TABLE_5, leave_one_out_errors(), strict=True))
    assert errors["flowers"] == pytest.approx(8, abs=1e-4)
    assert abs(errors["Fungi"]) > 0.01


@pytest.mark.parametrize(
    ("baseline", "percent"), [(1.0, 0), (0.5, 100), (0.8, 25), (0.912, 9.649), (0.2, 400)]
)
def test_what_is_left_to_gain_by_hand(baseline, percent):
    assert largest_improvement(baseline) == pytest.approx(percent, abs=5e-4)


@pytest.mark.parametrize("baseline", [0, -0.1, 1.01, 91.2, float("nan")])
def test_what_is_no_accuracy_is_refused(baseline):
    with pytest.raises(ValueError, match="an accuracy above 0, up to 1"):
        advise(0.1, 0.1, baseline)


def test_no_more_is_predicted_than_is_left_to_gain():
    """0.1016 predicts 39 %; from 0.912 that would be an accuracy of 1.27."""
    unknown = advise(0.1016, 0.1)
    assert unknown["predicted_improvement_percent"] == pytest.approx(39.2, abs=0.2)
    assert unknown["baseline_accuracy"] is unknown["largest_improvement_percent"] is None
    assert "what is left to gain may be less, see --baseline" in unknown["sentence"]
    known = advise(0.1016, 0.1, baseline=0.912)
    assert known["predicted_improvement_percent"] == pytest.approx(9.649, abs=5e-4)
    assert known["equation_4_percent"] == unknown["predicted_improvement_percent"]
    assert known["baseline_accuracy"] == 0.912
    assert "predicts about 10 % better" in known["sentence"]
    assert "Eq. 4 says 39 %, but from an accuracy of 0.912 no more is possible" in known["sentence"]
    poor = advise(0.1016, 0.1, baseline=0.5)
    assert poor["predicted_improvement_percent"] == poor["equation_4_percent"]
    assert "no more is possible" not in poor["sentence"]
    assert "cannot pay" in advise(0.1016, 0.1, baseline=1.0)["sentence"]


def test_the_sentence_says_what_the_experience_is_of():
    sentence = advise(0.1, 0.1)["sentence"]
    for words in ("imbalanced", "class-conditional StyleGAN2", "a classifier chose"):
        assert words in sentence
