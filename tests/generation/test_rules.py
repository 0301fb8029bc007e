"""McNemar's test by hand, and which classifiers each rule lets through."""

import numpy as np
import pytest
from scipy.stats import binom

from ssgan_tf.errors import UserError
from ssgan_tf.generation.rules import LEVEL, Rule, mcnemar


def predictions(rights):
    """Labels and predictions of two classes, from (label, was right, is right, how many)."""
    rows = [row[:3] for row in rights for _ in range(row[3])]
    labels, was, now = np.array(rows).T
    return labels, np.where(was, labels, 1 - labels), np.where(now, labels, 1 - labels)


def compare(rights, **options):
    return Rule(**options).compare(*predictions(rights), ("a", "b"))


def test_the_p_value_is_a_binomial_tail():
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 0) == pytest.approx(1 / 2**5)
    assert mcnemar(0, 5) == 1
    assert mcnemar(3, 1) == pytest.approx((4 + 1) / 2**4)
    assert mcnemar(10, 2) == pytest.approx((66 + 12 + 1) / 2**12)
    assert mcnemar(20, 10) == pytest.approx(binom.sf(19, 30, 0.5))


def test_an_equally_good_classifier_passes_less_often_than_the_level():
    for discordant in (1, 5, 12, 30, 61):
        passes = [
            binom.pmf(gained, discordant, 0.5)
            for gained in range(discordant + 1)
            if mcnemar(gained, discordant - gained) <= LEVEL
        ]
        assert sum(passes) <= LEVEL


def test_the_default_rule_wants_evidence_and_the_papers_a_gain():
    # 300 images, 30 judged differently: 19 to 11 are 2.7 points, 20 to 10 are 3.3.
    rest = [(0, 1, 1, 120), (1, 1, 1, 120), (0, 0, 0, 15), (1, 0, 0, 15)]
    few = compare([*rest, (0, 0, 1, 10), (1, 0, 1, 9), (0, 1, 0, 5), (1, 1, 0, 6)])
    assert few["discordant"] == {"gained": 19, "lost": 11}
    assert few["p"] == pytest.approx(0.100244, abs=1e-6)
    assert few["kept"] is False
    enough = [*rest, (0, 0, 1, 10), (1, 0, 1, 10), (0, 1, 0, 5), (1, 1, 0, 5)]
    found = compare(enough)
    assert found == {
        "validation_accuracy": pytest.approx(260 / 300),
        "discordant": {"gained": 20, "lost": 10},
        "p": pytest.approx(0.049369, abs=1e-6),
        "rule": "mcnemar",
        "kept": True,
    }
    assert compare(enough, name="paper", tolerance=0.034)["kept"] is False
    assert compare(enough, name="paper", tolerance=0.033)["kept"] is True
    one_more = [(0, 1, 1, 75), (1, 1, 1, 75), (0, 0, 1, 1), (1, 0, 0, 1)]
    found = compare(one_more, name="paper")  # 1/152 is above 0.005, and nothing but chance
    assert (found["kept"], found["p"], found["rule"]) == (True, 0.5, "paper")
    assert compare(one_more)["kept"] is False


def test_a_large_class_does_not_pass_at_the_cost_of_a_small_one():
    # 10 of 40 gained and 2 of 2 lost: p = 79 / 4096, yet the mean recall falls.
    found = compare([(0, 1, 1, 30), (0, 0, 1, 10), (1, 1, 0, 2)])
    assert found["p"] < 0.02
    assert found["validation_accuracy"] == 0.5
    assert found["kept"] is False


def test_the_first_classifier_is_compared_with_none():
    labels, was, _ = predictions([(0, 1, 1, 3), (1, 0, 0, 1), (1, 1, 1, 3)])
    assert Rule().compare(labels, None, was, ("a", "b")) == {
        "validation_accuracy": pytest.approx(0.875), "discordant": None, "p": None, "rule": None,
        "kept": True,
    }  # fmt: skip


def test_the_record_names_the_rule_and_its_bound():
    assert Rule().record() == {"rule": "mcnemar", "level": 0.05}
    assert Rule("paper").record() == {"rule": "paper", "tolerance": 0.005}
    assert Rule("paper", 0.02).record() == {"rule": "paper", "tolerance": 0.02}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "better"}, "--filter_rule is 'better'; choose one of mcnemar, paper"),
        ({"tolerance": 0.01}, "--filter_tolerance belongs to --filter_rule paper; leave it out"),
        ({"name": "paper", "tolerance": 1.0}, "--filter_tolerance is 1.0; it must be from 0 to"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        Rule(**options)
