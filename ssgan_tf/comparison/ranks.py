"""Our order beside the paper's, in numbers and in plain sentences."""

import functools
import itertools
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata, spearmanr

from ssgan_tf.comparison.scores import (
    accuracies,
    classifier_sizes,
    fid_name,
    fids,
    inception_scores,
    label,
    papers_size,
)
from ssgan_tf.published import CLASSIFICATION, QUALITY

CLAIM = "ssgan"  # what the paper is about, and has first in every table
ALL_ORDERS = 8  # rows, up to which all n! orders are counted
DRAWN_ORDERS = 100_000  # random ones, of more rows


class Chance(NamedTuple):
    """How many orders of the rows agree with the paper's at least as well as ours does.

    All orders are alike where the rows do not differ, so their share is the p value of a
    one-sided permutation test.
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
    spread = len(set(here.values())) > 1 and len(set(there.values())) > 1
    figures = [[side[name] for name in by_paper] for side in (there, here)]
    correlation = float(spearmanr(*figures)[0]) if len(here) > 2 and spread else None
    return Ranking(
        table,
        measure,
        tuple(by_paper),
        tuple(sorted(by_paper, key=here.get)),
        tuple(name for name in by_paper if here[name] == min(here.values())),
        tuple(
            (better, worse)
            for better, worse in itertools.combinations(by_paper, 2)
            if there[better] < there[worse] and here[better] > here[worse]
        ),
        correlation,
        chance_of(*figures) if spread else None,
    )


def chance_of(papers, ours):
    """Return the `Chance` of a rank correlation (Spearman's) at least as high as that of figures.

    Args:
        papers: figures of the paper, one for each row.
        ours: our figures of the same rows.
    """
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


def in_words(chance):
    """Return a `Chance` in words: "1 of the 6 possible orders agrees ... (p = 0.17)"."""
    agree = "agrees" if chance.as_well == 1 else "agree"
    orders = f"{chance.as_well:,} of {chance.orders:,} random"
    if chance.exact:
        orders = f"{chance.as_well:,} of the {chance.orders:,} possible"
    p = f"p = {chance.p:.2g}" if chance.p < 0.995 else "p = 1"
    return f"{orders} orders {agree} with the paper's at least as well ({p})"


def plain(ranking):
    """Return a `Ranking` as plain JSON, a dict."""
    chance, names = ranking.chance, ("papers", "ours", "firsts")
    return ranking._asdict() | {
        **{key: list(getattr(ranking, key)) for key in names},
        "reversed": [list(pair) for pair in ranking.reversed],
        "pairs": ranking.pairs,
        "chance": chance and chance._asdict() | {"p": chance.p},
    }


def rankings(results):
    """Return the `Ranking`s of a study: of FID and IS, and of the accuracy at each size."""
    found = []
    for number in results["tables"]:
        found += (_of_quality if number in QUALITY else _of_classifiers)(results, number)
    return [ranking for ranking in found if ranking]


def _of_quality(results, number):
    papers = QUALITY[number]
    scores = inception_scores(results, papers)
    yield compare_order(
        number, fid_name(results), fids(results, papers),
        {name: row.fid for name, row in papers.items()}, lower_is_better=True,
    )  # fmt: skip
    yield compare_order(
        number, "IS", {name: score["mean"] for name, score in scores.items()},
        {name: row.inception_score for name, row in papers.items()},
    )  # fmt: skip


def _of_classifiers(results, number):
    for size in classifier_sizes(results):
        rows, beside = CLASSIFICATION[number].items(), papers_size(size)
        papers = {name: of_size[beside].accuracy for name, of_size in rows}
        measure = f"accuracy, + {size}"
        if beside != size:
            measure += f" (the paper's, + {beside})"
        yield compare_order(number, measure, accuracies(results, size), papers)


def agreement(ranking):
    """Return "same" for the paper's order, "first" for only its first one, else "other"."""
    tied = ranking.correlation is not None and ranking.correlation < 1 - 1e-9
    if not ranking.reversed and not tied and len(ranking.firsts) == 1:
        return "same"
    return "first" if ranking.firsts == ranking.papers[:1] else "other"


def sentence(results, ranking):
    """Return what a ranking says, in plain words: who is first, which pairs stand reversed."""
    count, best = len(ranking.papers), ranking.papers[0]

    def named(names):
        return _join([label(results, name) for name in names])

    words = f"Table {ranking.table}, {ranking.measure}: "
    if agreement(ranking) == "same":
        words += f"the order of all {count} is the paper's." if count > 2 else (
            f"{named([best])} is better than {named(ranking.papers[1:])}, as in the paper."
        )  # fmt: skip
    elif agreement(ranking) == "first":
        words += f"{named([best])} is first of {count}, as in the paper."
    elif len(ranking.firsts) == 1:
        place = _ordinal(ranking.ours.index(best) + 1)
        words += (
            f"the paper has {named([best])} first; here {named(ranking.firsts)} is, and "
            f"{named([best])} is {place} of {count}."
        )
    else:
        words += f"the paper has {named([best])} first; here {named(ranking.firsts)} tie."
    ahead = [
        worse for better, worse in ranking.reversed
        if better == CLAIM and worse not in ranking.firsts
    ]  # fmt: skip
    if ahead:
        words += f" Also behind {named([CLAIM])} in the paper and ahead of it here: {named(ahead)}."
    if ranking.reversed and count > 2:
        words += f" {len(ranking.reversed)} of {ranking.pairs} pairs stand the other way round."
    if ranking.correlation is not None:
        words += f" Spearman's rank correlation with the paper is {ranking.correlation:z.2f}."
    if ranking.chance:
        words += f" {in_words(ranking.chance)}."
    return words


def _join(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ordinal(number):
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
