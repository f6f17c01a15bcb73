"""Ranking metrics: scikit-learn's query by query, and the mean over all orders of equal scores."""

import itertools

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.oracles import sample

from experiment_cycle.metrics.catalogue import known_metrics, measure
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes

NAMES = [
    *known_metrics("ranking"),
    *("ndcg", "ndcg_at_3", "map_at_2", "precision_at_3", "recall_at_2", "map_at_100"),
]

rows_of_a_query = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=5
).filter(lambda rows: any(relevance for relevance, _ in rows))


def one_order(name: str, relevance: np.ndarray) -> float:
    """Compute a metric of one query whose rows are in this order, by its definition."""
    what, _, k = name.partition("_at_")
    cut = int(k) if k else len(relevance)
    relevant = relevance > 0
    hits = np.cumsum(relevant)
    ranks = np.arange(1, len(relevance) + 1)
    if what == "mrr":
        return 1 / ranks[relevant][0]
    if what == "precision":
        return relevant[:cut].sum() / cut
    if what == "recall":
        return relevant[:cut].sum() / relevant.sum()
    if what == "map":
        return (relevant * hits / ranks)[:cut].sum() / min(relevant.sum(), cut)
    gains = (2.0**relevance - 1)[:cut] / np.log2(ranks[:cut] + 1)
    best = (2.0 ** np.sort(relevance)[::-1] - 1)[:cut] / np.log2(ranks[:cut] + 1)
    return gains.sum() / best.sum()


def all_orders(name: str, relevance: np.ndarray, score: np.ndarray) -> float:
    """Average over every order in which the scores do not rise."""
    orders = [
        list(order)
        for order in itertools.permutations(range(len(score)))
        if (np.diff(score[list(order)]) <= 0).all()
    ]
    return float(np.mean([one_order(name, relevance[order]) for order in orders]))


@given(rows=rows_of_a_query)
@settings(max_examples=60)
def test_equal_scores_give_the_mean_over_all_their_orders(rows: list[tuple[int, int]]) -> None:
    relevance, score = np.array(rows, dtype=np.float64).T
    outcomes = Outcomes("ranking", relevance, score, np.zeros(len(rows), np.int64))

    for name in NAMES:
        expected = all_orders(name, relevance, score)
        assert measure(name, outcomes) == pytest.approx(expected, abs=1e-12), name


@pytest.mark.parametrize("decimals", [0, 12], ids=["ties", "no ties"])
@pytest.mark.parametrize("k", [1, 3, 10, None])
def test_ndcg_is_the_mean_of_scikit_learns_over_the_queries(k: int | None, decimals: int) -> None:
    outcomes = sample("ranking", 500, decimals)
    expected = [
        sk.ndcg_score([2.0**relevance - 1], [score], k=k)
        for relevance, score in judged(outcomes)
        if len(relevance) > 1
    ]

    found = measure("ndcg" if k is None else f"ndcg_at_{k}", several_rows(outcomes))

    assert found == pytest.approx(np.mean(expected), abs=1e-12)


def test_map_is_the_mean_of_scikit_learns_average_precisions() -> None:
    outcomes = sample("ranking", 500, 12)
    expected = [
        sk.average_precision_score(relevance > 0, score) for relevance, score in judged(outcomes)
    ]

    assert measure("map", outcomes) == pytest.approx(np.mean(expected), abs=1e-12)


def test_map_at_k_reaches_1_where_there_are_more_relevant_rows_than_k() -> None:
    outcomes = Outcomes("ranking", np.ones(4), np.arange(4.0), np.zeros(4, np.int64))

    assert measure("map_at_2", outcomes) == 1
    assert measure("recall_at_2", outcomes) == 0.5
    assert measure("precision_at_5", outcomes) == 0.8


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_the_order_of_the_rows_changes_no_value(seed: int) -> None:
    outcomes = sample("ranking", 60, 0)
    order = np.random.default_rng(seed).permutation(60)
    assert outcomes.query is not None
    shuffled = Outcomes(
        "ranking", outcomes.target[order], outcomes.prediction[order], 7 - 3 * outcomes.query[order]
    )

    for name in NAMES:
        assert measure(name, shuffled) == pytest.approx(measure(name, outcomes), rel=1e-12)


def test_queries_without_a_relevant_row_are_left_out_and_told_of() -> None:
    target, score = np.array([0.0, 1, 0, 0]), np.array([2.0, 1, 5, 6])
    outcomes = Outcomes("ranking", target, score, np.array([8, 8, 3, 3]))

    found = influence("mrr", outcomes)

    assert found.value == 0.5
    assert found.note == "1 of 2 queries are left out: they have no relevant row"


def test_without_any_relevant_row_nothing_is_defined() -> None:
    outcomes = Outcomes("ranking", np.zeros(3), np.arange(3.0), np.array([0, 0, 1]))

    for name in NAMES:
        found = influence(name, outcomes)
        assert np.isnan(found.value)
        assert found.note == "no query has a relevant row"
        assert not found.contributions.any()


def test_a_score_that_is_no_number_leaves_nothing_defined() -> None:
    outcomes = Outcomes(
        "ranking", np.array([1.0, 0, 1]), np.array([0.1, np.nan, 0.2]), np.array([0, 0, 1])
    )

    found = influence("ndcg_at_10", outcomes)

    assert np.isnan(found.value)
    assert "not finite" in str(found.note)


def test_a_relevance_too_large_to_be_a_gain_is_measured_all_the_same() -> None:
    outcomes = Outcomes(
        "ranking", np.array([5000.0, 4999, 0]), np.array([1.0, 2, 0]), np.zeros(3, np.int64)
    )

    first, second = 1.0, 1 / np.log2(3)
    assert measure("ndcg", outcomes) == pytest.approx(
        (0.5 * first + second) / (first + 0.5 * second), rel=1e-12
    )


def test_a_ranking_without_queries_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="need the query"):
        measure("mrr", Outcomes("ranking", np.ones(2), np.ones(2)))


def judged(outcomes: Outcomes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut into queries, those without a relevant row left out."""
    cut = [outcomes.query == query for query in np.unique(outcomes.query)]
    return [
        (outcomes.target[rows], outcomes.prediction[rows])
        for rows in cut
        if outcomes.target[rows].any()
    ]


def several_rows(outcomes: Outcomes) -> Outcomes:
    """Leave out queries of one row, which scikit-learn's NDCG refuses."""
    query = outcomes.query
    assert query is not None
    kept = np.bincount(query)[query] > 1
    return Outcomes("ranking", outcomes.target[kept], outcomes.prediction[kept], query[kept])
