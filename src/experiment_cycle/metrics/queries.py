"""The metrics of ranked queries: one value a query, its rows of equal score in every order at once.

Each value is the mean over all orders of the rows that have equal scores, by the closed forms of
McSherry and Najork (Computing Information Retrieval Performance Measures Efficiently in the
Presence of Tied Scores, ECIR 2008).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import NO_ROWS, Sums, ratio

Integers = npt.NDArray[np.int64]
Score = Callable[[Outcomes], float]

NO_RELEVANT = "no query has a relevant row"
AT_K = re.compile(r"(?P<what>ndcg|map|precision|recall)_at_(?P<k>[1-9][0-9]{0,8})")
"""The metrics that look at the first K rows of a query, for any K."""


@dataclass(frozen=True, eq=False)
class Queries:
    """Rows by query and, within it, from the greatest score to the smallest.

    Rows of equal score in one query are a block. Shapes: `codes` (n,) in the order of the data,
    `starts` and `sizes` (queries,); the others (n,) in the order of the ranking.

    Attributes:
        codes: The query of each row, numbered from 0.
        starts: Where each query begins.
        sizes: How many rows it has.
        query: The query at each place.
        relevance: The relevance of the row there.
        position: The place within its query, from 0.
        before: How many rows of the query come before the block.
        tied: How many rows the block has.
        block: The block's number.
        block_starts: Where each block begins, shape (blocks,).
    """

    codes: Integers
    starts: Integers
    sizes: Integers
    query: Integers
    relevance: Floats
    position: Integers
    before: Integers
    tied: Integers
    block: Integers
    block_starts: Integers

    @classmethod
    def of(cls, outcomes: Outcomes) -> Queries:
        """Sort the rows; O(n log n). There is at least one."""
        codes = _numbered(outcomes.query)
        score = np.asarray(outcomes.prediction, dtype=np.float64)
        order = np.lexsort((-score, codes))
        query, score = codes[order], score[order]
        opens = np.ones(len(query), dtype=np.bool_)
        opens[1:] = query[1:] != query[:-1]
        starts, sizes = _stretches(opens)
        opens[1:] |= score[1:] != score[:-1]
        block_starts, block_sizes = _stretches(opens)
        block = np.cumsum(opens) - 1
        return cls(
            codes=codes,
            starts=starts,
            sizes=sizes,
            query=query,
            relevance=np.asarray(outcomes.target, dtype=np.float64)[order],
            position=np.arange(len(query)) - starts[query],
            before=block_starts[block] - starts[query],
            tied=block_sizes[block],
            block=block,
            block_starts=block_starts,
        )

    def total(self, values: Floats) -> Floats:
        """Add up within each query, shape (queries,)."""
        return np.asarray(np.add.reduceat(values, self.starts), dtype=np.float64)

    def shared(self, values: Floats) -> Floats:
        """Replace each row's value by the mean of its block, shape (n,)."""
        return (np.add.reduceat(values, self.block_starts))[self.block] / self.tied

    @property
    def relevant(self) -> Floats:
        """Mark relevant rows with 1."""
        return (self.relevance > 0).astype(np.float64)


def query_mean(name: str, outcomes: Outcomes, score: Score | None = None) -> Sums:
    """Lay out the mean over the queries that have a relevant row.

    A query's value is spread evenly over its rows, so that whole queries weigh alike.

    Args:
        name: A ranking metric.
        outcomes: Relevances, scores, and the query of each row.
        score: Tells the value of a query by its rows, as a regression has them; None: the
            metric's own.
    """
    if len(outcomes.target) == 0:
        return ratio(np.zeros(0), np.zeros(0), NO_ROWS)
    queries = _queries(outcomes)
    if score is None:
        values = _by_query(name, queries, outcomes)
    else:
        values = _by_score(score, queries, outcomes)
    judged = queries.total(queries.relevant) > 0
    share = (judged / queries.sizes)[queries.codes]
    left, all_of_them = int((~judged).sum()), len(judged)
    note = f"{left} of {all_of_them} queries are left out: they have no relevant row"
    spread = np.where(judged, values, 0.0)[queries.codes] * share
    return ratio(spread, share, NO_RELEVANT, note if 0 < left < all_of_them else None)


def query_values(name: str, outcomes: Outcomes) -> Floats:
    """Give each row the value of its query, shape (n,); nan where no row of it is relevant.

    Args:
        name: A ranking metric.
        outcomes: Relevances, scores, and the query of each row.
    """
    if len(outcomes.target) == 0:
        return np.zeros(0)
    queries = _queries(outcomes)
    return _by_query(name, queries, outcomes)[queries.codes]


def _queries(outcomes: Outcomes) -> Queries:
    """Sort the rows once for all metrics of the same outcomes."""
    if "queries" not in outcomes.memo:
        outcomes.memo["queries"] = Queries.of(outcomes)
    found: Queries = outcomes.memo["queries"]
    return found


def _by_query(name: str, queries: Queries, outcomes: Outcomes) -> Floats:
    """Compute one value a query, shape (queries,); nan where none is relevant or a score is nan."""
    matched = AT_K.fullmatch(name)
    what, k = (matched["what"], int(matched["k"])) if matched else (name, len(queries.query))
    values = np.where(queries.total(queries.relevant) > 0, _VALUES[what](queries, k), np.nan)
    values[queries.codes[np.isnan(outcomes.prediction)]] = np.nan
    return values


def _by_score(score: Score, queries: Queries, outcomes: Outcomes) -> Floats:
    """Compute one value a query, shape (queries,); nan where none is relevant."""
    rows = np.split(np.argsort(queries.codes, kind="stable"), queries.starts[1:])
    relevant = queries.total(queries.relevant) > 0
    return np.array(
        [
            score(Outcomes("regression", outcomes.target[own], outcomes.prediction[own]))
            if judged
            else np.nan
            for own, judged in zip(rows, relevant, strict=True)
        ]
    )


def _ndcg(queries: Queries, k: int) -> Floats:
    """Discounted gains over the greatest there can be (Jarvelin and Kekalainen 2002)."""
    greatest = np.maximum.reduceat(queries.relevance, queries.starts)[queries.query]
    # divided by 2^greatest, which the ratio does not see, so that no gain is too large
    gains = np.exp2(queries.relevance - greatest) - np.exp2(-greatest)
    discounts = np.where(queries.position < k, 1.0 / np.log2(queries.position + 2.0), 0.0)
    best = gains[np.lexsort((-gains, queries.query))]
    ideal = queries.total(best * discounts)
    found = queries.total(queries.shared(gains) * discounts)
    return np.minimum(np.divide(found, ideal, out=np.zeros_like(found), where=ideal > 0), 1.0)


def _precision(queries: Queries, k: int) -> Floats:
    return queries.total(queries.shared(queries.relevant) * (queries.position < k)) / k


def _recall(queries: Queries, k: int) -> Floats:
    found = queries.total(queries.shared(queries.relevant) * (queries.position < k))
    return found / np.maximum(queries.total(queries.relevant), 1.0)


def _average_precision(queries: Queries, k: int) -> Floats:
    """Precision at each relevant row of the first k, over the most there can be of them."""
    share = queries.shared(queries.relevant)
    others = np.maximum(queries.tied - 1, 1)
    earlier = (queries.position - queries.before) * (share * queries.tied - 1.0) / others
    hits = _relevant_before(queries) + 1.0 + earlier
    precision = share * hits / (queries.position + 1.0)
    possible = np.clip(queries.total(queries.relevant), 1.0, k)
    return queries.total(precision * (queries.position < k)) / possible


def _reciprocal_rank(queries: Queries, _: int) -> Floats:
    """One over the rank of the first relevant row.

    It is in the first block that has a relevant one: of b rows, r of them relevant, the first is
    the j-th of the block in C(b - j, r - 1) of C(b, r) orders.
    """
    tied, rank = queries.tied, queries.position - queries.before + 1
    count = np.rint(queries.shared(queries.relevant) * tied)
    may = (count > 0) & (_relevant_before(queries) == 0) & (rank <= tied - count + 1)
    b, r, j = tied[may], count[may], rank[may]
    orders = gammaln(b - j + 1) - gammaln(r) - gammaln(b - j - r + 2)
    orders -= gammaln(b + 1) - gammaln(r + 1) - gammaln(b - r + 1)
    ranks = np.zeros(len(tied))
    ranks[may] = np.exp(orders) / (queries.position[may] + 1.0)
    return queries.total(ranks)


def _relevant_before(queries: Queries) -> Floats:
    """Count the relevant rows of the query before the row's block, shape (n,)."""
    running = np.concatenate([[0.0], np.cumsum(queries.relevant)])
    begin = queries.starts[queries.query]
    return np.asarray(running[begin + queries.before] - running[begin], dtype=np.float64)


_VALUES: dict[str, Callable[[Queries, int], Floats]] = {
    "ndcg": _ndcg,
    "mrr": _reciprocal_rank,
    "map": _average_precision,
    "precision": _precision,
    "recall": _recall,
}


def _numbered(query: Integers | None) -> Integers:
    """Number the queries from 0 without gaps, shape (n,)."""
    if query is None:
        raise ValueError("ranking metrics need the query of each row")
    changes = np.diff(query)
    if (changes >= 0).all():
        return np.concatenate([[0], np.cumsum(changes > 0)]).astype(np.int64)
    return np.unique(query, return_inverse=True)[1].astype(np.int64).reshape(-1)


def _stretches(opens: npt.NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Say where each stretch begins and how long it is, given where stretches open."""
    starts = np.flatnonzero(opens)
    return starts, np.diff(np.append(starts, len(opens)))
