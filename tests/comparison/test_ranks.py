import itertools
import json

import numpy as np
import pytest

from ssgan_tf.comparison.ranks import chance_of, compare_order, rankings


def as_well(papers, ours):
    """How many of all orders agree as well."""
    found = chance_of(papers, ours)
    assert found["exact"]
    assert found["p"] == pytest.approx(found["as_well"] / found["orders"])
    return found["as_well"], found["orders"]


def test_three_rows_stand_in_the_papers_order_in_one_case_of_six():
    assert as_well([1, 2, 3], [10, 20, 30]) == (1, 6)
    # The correlations of the six orders: 1, 0.5, 0.5, -0.5, -0.5, -1.
    assert as_well([1, 2, 3], [20, 10, 30]) == (3, 6)
    assert as_well([1, 2, 3], [20, 30, 10]) == (5, 6)
    assert chance_of([1, 2, 3], [30, 20, 10])["p"] == 1
    assert chance_of([1, 2], [10, 20])["p"] == 0.5


def test_four_rows_as_tables_of_spearman_have_them():
    """Zar, Biostatistical Analysis: P(rho >= 1) = 1/24, P(rho >= 0.8) = 4/24 of four ranks."""
    assert as_well([1, 2, 3, 4], [1, 2, 3, 4]) == (1, 24)
    # rho = 1 - 6 d / 60 with d the sum of squared differences: 2 for each of three exchanges.
    assert as_well([1, 2, 3, 4], [2, 1, 3, 4]) == (4, 24)


def test_rows_that_tie_share_their_rank():
    # Ranks 1.5, 1.5, 3 beside 1, 2, 3: the largest sum of products comes with 2 of 6 orders.
    assert as_well([1, 2, 3], [5, 5, 9]) == (2, 6)
    assert as_well([5, 5, 9], [1, 2, 3]) == (2, 6)


def test_of_many_rows_random_orders_are_drawn_by_a_fixed_seed():
    assert as_well(range(8), range(8)) == (1, 40320)
    perfect = chance_of(range(11), range(11))
    assert (perfect["exact"], perfect["orders"]) == (False, 100_000)
    assert perfect["p"] == pytest.approx((perfect["as_well"] + 1) / 100_001)
    assert perfect["p"] < 1e-4
    ours = np.array([1, 0, 3, 2, 8, 5, 6, 7, 4])
    assert chance_of(range(9), ours) == chance_of(range(9), ours)


def test_random_orders_agree_with_all_orders():
    ours = np.array([1, 0, 3, 2, 8, 5, 6, 7, 4])
    orders = np.array(list(itertools.permutations(range(9))))
    exact = np.mean(orders @ np.arange(9) >= ours @ np.arange(9))
    drawn = chance_of(range(9), ours)
    assert not drawn["exact"]
    assert drawn["p"] == pytest.approx(exact, abs=4 * np.sqrt(exact / 100_000))


def test_a_ranking_as_json():
    papers, ours = {"a": 1, "b": 2, "c": 3}, {"a": 0.1, "b": 0.2, "c": 0.3}
    record = compare_order(2, "FID", ours, papers, lower_is_better=True)
    assert record["chance"] == {
        "as_well": 1, "orders": 6, "exact": True, "p": pytest.approx(1 / 6)
    }  # fmt: skip
    assert (record["pairs"], record["correlation"]) == (3, 1)
    assert json.loads(json.dumps(record)) == record
    two = compare_order(2, "FID", {"a": 1, "b": 2}, papers, lower_is_better=True)
    assert (two["correlation"], two["chance"]["p"]) == (None, 0.5)
    tied = compare_order(2, "FID", {"a": 1, "b": 1, "c": 1}, papers, lower_is_better=True)
    assert tied["chance"] is None


def test_rankings_are_of_means_over_trainings(invented):
    results = invented.study({"ssgan": 9.0, "wgan": 10.0}, [2])
    assert rankings(results)[0]["ours"] == ["ssgan", "wgan"]
    invented.again(results, "ssgan", 13.0)  # a mean of 11
    assert rankings(results)[0]["ours"] == ["wgan", "ssgan"]
