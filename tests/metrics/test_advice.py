import json

import numpy as np
import pytest

from ssgan_tf.metrics.advice import TABLE_5, advise, predicted_improvement


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
