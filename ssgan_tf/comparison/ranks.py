"""Our order beside the paper's, in numbers."""

import functools
import itertools
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata, spearmanr

from ssgan_tf.published import CLASSIFICATION, QUALITY, SIZES

ALL_ORDERS = 8  # rows, up to which all n! orders are counted
DRAWN_ORDERS = 100_000  # random ones, of more rows


class Chance(NamedTuple):
    """How many orders of the rows agree with the paper's at least as well as ours does.

    Their share is the p value of a one-sided permutation test.
    """

    as_well: int
    orders: int
    exact: bool  # all orders, each once; else as many random ones

    @property
    def p(self):
        """The p value; with random orders ours is counted as well (Phipson and Smyth, 2010)."""
        if self.exact:
            return self.as_well / self.orders
        return (self.as_well + 1) / (self.orders + 1)


class Ranking(NamedTuple):
    """How one column of one of the paper's tables is ordered here and there, the best first."""

    table: int
    measure: str  # the column: "FID-768", "IS", "accuracy, + 400"
    papers: tuple[str, ...]
    ours: tuple[str, ...]
    firsts: tuple[str, ...]  # the best here; several where they tie
    reversed: tuple[tuple[str, str], ...]  # better in the paper, worse here
    correlation: float | None  # Spearman's; None for two rows, or where all tie
    chance: Chance | None  # of such a correlation; None where all tie

    @property
    def pairs(self):
        """How many pairs of rows there are."""
        return len(self.papers) * (len(self.papers) - 1) // 2

    def plain(self):
        """Return it for JSON, a dict."""
        lists = {key: list(getattr(self, key)) for key in ("papers", "ours", "firsts")}
        pairs = {"reversed": [list(pair) for pair in self.reversed], "pairs": self.pairs}
        chance = self.chance and self.chance._asdict() | {"p": self.chance.p}
        return self._asdict() | lists | pairs | {"chance": chance}


def compare_order(table, measure, ours, papers, lower_is_better=False):
    """Return the `Ranking` of what both have figures for, or None for fewer than two rows.

    A pair that ties on either side is not reversed.

    Args:
        table: the number of the paper's table.
        measure: the name of the column.
        ours: dict from the name of a row to our figure.
        papers: the same of the paper's.
        lower_is_better: whether the lowest figure is the best one.
    """
    sign = 1 if lower_is_better else -1
    here = {name: sign * value for name, value in ours.items() if name in papers}
    there = {name: sign * value for name, value in papers.items() if name in here}
    if len(here) < 2:
        return None
    by_paper = sorted(there, key=there.get)
    figures = [[side[name] for name in by_paper] for side in (there, here)]
    differ = all(len(set(side)) > 1 for side in figures)
    changed = [
        (better, worse) for better, worse in itertools.combinations(by_paper, 2)
        if there[better] < there[worse] and here[better] > here[worse]
    ]  # fmt: skip
    return Ranking(
        table, measure, tuple(by_paper), tuple(sorted(by_paper, key=here.get)),
        tuple(name for name in by_paper if here[name] == min(here.values())), tuple(changed),
        float(spearmanr(*figures)[0]) if len(here) > 2 and differ else None,
        chance_of(*figures) if differ else None,
    )  # fmt: skip


def chance_of(papers, ours):
    """Return the `Chance` of a rank correlation (Spearman's) as high as that of these figures."""
    # Twice the ranks, which are whole numbers where rows tie too.
    ranks = (2 * rankdata([papers, ours], axis=1)).astype(int).tolist()
    return _chance_of(*map(tuple, ranks))


@functools.cache  # the page, its tables and the terminal all ask
def _chance_of(papers, ours):
    # The correlation rises with the sum of products; means and variances are those of all orders.
    papers, ours = np.array(papers), np.array(ours)
    exact = len(ours) <= ALL_ORDERS
    if exact:
        orders = np.array(list(itertools.permutations(ours)))
    else:
        orders = np.random.default_rng(0).permuted(np.tile(ours, (DRAWN_ORDERS, 1)), axis=1)
    as_well = np.count_nonzero(orders @ papers >= ours @ papers)
    return Chance(int(as_well), len(orders), exact)


def rankings(results):
    """Return the `Ranking`s of FID, IS and the accuracy at each size, table by table."""
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
