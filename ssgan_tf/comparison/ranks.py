"""Our order beside the paper's, in numbers."""

import itertools
import math

import numpy as np
from scipy.stats import permutation_test, rankdata, spearmanr

from ssgan_tf.published import CLASSIFICATION, QUALITY, SIZES

ALL_ORDERS = 8  # rows, up to which all n! orders are counted
DRAWN_ORDERS = 100_000  # random ones, of more rows


def compare_order(table, measure, ours, papers, lower_is_better=False):
    """Return how a column of a table is ordered here and there; None for fewer than two rows.

    A pair that ties on either side is not reversed.

    Args:
        table: the number of the paper's table.
        measure: the name of the column: "FID-768", "IS", "accuracy, + 400".
        ours: dict from the name of a row to our figure.
        papers: the same of the paper's; the rows are those that both have.
        lower_is_better: whether the lowest figure is the best one.

    Returns:
        dict for JSON: `table`, `measure`; `papers` and `ours`, names of rows, the best first;
        `firsts`, the best here, several where they tie; `reversed`, the pairs that are better in
        the paper and worse here, of `pairs`; `correlation`, Spearman's, None for two rows or
        where all tie; `chance`, see `chance_of`, None where all tie.
    """
    sign = 1 if lower_is_better else -1
    here = {name: sign * value for name, value in ours.items() if name in papers}
    there = {name: sign * value for name, value in papers.items() if name in here}
    if len(here) < 2:
        return None
    by_paper = sorted(there, key=there.get)
    figures = [[side[name] for name in by_paper] for side in (there, here)]
    differ = all(len(set(side)) > 1 for side in figures)
    pairs = list(itertools.combinations(by_paper, 2))
    return {
        "table": table,
        "measure": measure,
        "papers": by_paper,
        "ours": sorted(by_paper, key=here.get),
        "firsts": [name for name in by_paper if here[name] == min(here.values())],
        "reversed": [
            [better, worse] for better, worse in pairs
            if there[better] < there[worse] and here[better] > here[worse]
        ],
        "pairs": len(pairs),
        "correlation": float(spearmanr(*figures)[0]) if len(here) > 2 and differ else None,
        "chance": chance_of(*figures) if differ else None,
    }  # fmt: skip


def chance_of(papers, ours):
    """Return how many orders of the rows agree with the paper's at least as well as ours does.

    That is by Spearman's rank correlation, one-sided.

    Args:
        papers: a figure for each row.
        ours: the same.

    Returns:
        dict: `as_well` of `orders`; `exact`, whether these are all orders, each once, or random
        ones; `p`, for which ours is one of the random ones (Phipson and Smyth, 2010).
    """
    # Twice the ranks, which are whole numbers where rows tie too. The correlation rises with the
    # sum of their products, since means and variances are those of all orders.
    papers, ours = (2 * rankdata([papers, ours], axis=1)).astype(int)
    exact = len(ours) <= ALL_ORDERS
    found = permutation_test(
        (ours,), lambda order, axis: (order * papers).sum(axis), permutation_type="pairings",
        vectorized=True, n_resamples=math.inf if exact else DRAWN_ORDERS, alternative="greater",
        random_state=np.random.default_rng(0),
    )  # fmt: skip
    as_well = int(np.count_nonzero(found.null_distribution >= found.statistic))
    orders = len(found.null_distribution)
    return {"as_well": as_well, "orders": orders, "exact": exact, "p": float(found.pvalue)}


def rankings(results):
    """Return `compare_order` of FID, IS and the accuracy at each size, table by table."""
    found = [
        compare_order(number, *column)
        for number in results["tables"]
        for column in (_quality if number in QUALITY else _accuracies)(results, number)
    ]
    return [ranking for ranking in found if ranking]


def papers_size(size):
    """Return the size of the paper's Tables 3 and 5 that ours stands beside."""
    return size if size in SIZES else SIZES[-1]


def _quality(results, number):
    """Yield name, our figures and the paper's of FID and IS, and whether the lowest is best."""
    papers = QUALITY[number]
    scores = {name: results.inception_score(name) for name in papers if name in results["members"]}
    ours = {name: score.mean for name, score in scores.items() if score}
    fids = {name: row.fid for name, row in papers.items()}
    yield results.fid_name, results.fids(papers), fids, True
    yield "IS", ours, {name: row.inception_score for name, row in papers.items()}, False


def _accuracies(results, number):
    """Yield name, our figures and the paper's of the accuracy at each size."""
    for size in results.classifier_sizes():
        beside = papers_size(size)
        other = "" if beside == size else f" (the paper's, + {beside})"
        papers = {name: row[beside].accuracy for name, row in CLASSIFICATION[number].items()}
        yield f"accuracy, + {size}{other}", results.accuracies(size), papers
