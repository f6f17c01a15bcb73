"""The label-shuffle canary: quiet on clean pipelines, loud on leaking ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMRanker
from scipy import stats
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import ndcg_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from experiment_cycle.audit.label_shuffle import (
    Labels,
    Predicted,
    label_shuffle_finding,
    p_value,
    shuffle,
)
from experiment_cycle.audit.scores import score_labels

Fit = Callable[[pd.Series], Predicted]


def classes(target: pd.Series, groups: np.ndarray | None = None) -> Labels:
    return Labels(target, "classification", groups)


def split(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(rows)
    return order[rows // 4 :], np.sort(order[: rows // 4])


def table(rows: int, columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


def logistic(matrix: np.ndarray, seed: int, *, select: int | None = None) -> Fit:
    """A pipeline; with `select` it keeps the best columns of all rows, which leaks."""
    train, test = split(len(matrix), seed)

    def fit(target: pd.Series) -> Predicted:
        kept = matrix
        if select is not None:
            score, _ = f_classif(matrix, target)
            kept = matrix[:, np.argsort(-score)[:select]]
        model = LogisticRegression(C=0.1).fit(kept[train], target.iloc[train])
        return Predicted(test, {"model": model.predict_proba(kept[test])[:, 1]})

    return fit


def test_selection_on_all_rows_is_found() -> None:
    """25 of 10,000 columns of noise, as in scikit-learn's common pitfalls."""
    target = pd.Series(np.arange(200) % 2)

    found = label_shuffle_finding(
        logistic(table(200, 10_000, 0), 0, select=25), classes(target), seed=0
    )

    assert found.status == "failed"
    assert found.evidence["mean_score"]["model"] > 0.75
    assert "0.5" in found.message


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_pipeline_passes_even_if_it_predicts_well(seed: int) -> None:
    matrix = table(200, 5, seed)
    target = pd.Series((matrix[:, 0] > 0).astype(int))

    found = label_shuffle_finding(logistic(matrix, seed), classes(target), seed)

    assert found.status == "passed"


def test_encoding_by_the_target_of_all_rows_is_found() -> None:
    places = np.random.default_rng(0).integers(0, 150, 600)
    train, test = split(600, 0)

    def fit(target: pd.Series) -> Predicted:
        encoded = target.groupby(places).transform("mean").to_numpy()[:, None]
        model = LogisticRegression().fit(encoded[train], target.iloc[train])
        return Predicted(test, {"model": model.predict_proba(encoded[test])[:, 1]})

    assert label_shuffle_finding(fit, classes(pd.Series(np.arange(600) % 2)), 0).status == "failed"


def test_scaling_by_all_rows_is_not_found_because_it_tells_no_label() -> None:
    matrix = table(200, 6, 0)
    scaled = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)

    found = label_shuffle_finding(logistic(scaled, 0), classes(pd.Series(np.arange(200) % 2)), 0)

    assert found.status == "passed"


def test_three_classes_and_numbers_are_scored() -> None:
    matrix, (train, test) = table(300, 4, 0), split(300, 0)
    three = classes(pd.Series(np.arange(300) % 3))
    numbers = Labels(pd.Series(table(300, 1, 1)[:, 0]), "regression")

    def copying(target: pd.Series) -> Predicted:
        """It sees the labels of the test rows."""
        known = pd.get_dummies(target).to_numpy(dtype=float)
        return Predicted(test, {"model": known[test] * 0.8 + 0.1})

    def of_numbers(target: pd.Series) -> Predicted:
        model = Ridge().fit(matrix[train], target.iloc[train])
        return Predicted(test, {"model": model.predict(matrix[test])})

    def of_numbers_seen(target: pd.Series) -> Predicted:
        return Predicted(test, {"model": target.iloc[test].to_numpy() * 0.5})

    assert label_shuffle_finding(copying, three, 0).status == "failed"
    clean = label_shuffle_finding(of_numbers, numbers, 0)
    assert clean.status == "passed"
    assert clean.evidence["metric"] == "R²"
    assert clean.evidence["mean_score"]["model"] < 0
    assert label_shuffle_finding(of_numbers_seen, numbers, 0).status == "failed"


def test_rows_of_a_group_on_both_sides_are_found_and_a_group_split_is_not() -> None:
    groups = np.repeat(np.arange(60), 5)
    matrix = table(60, 4, 0)[groups]
    target = pd.Series((table(60, 1, 2)[groups, 0] > 0).astype(int))
    by_rows = split(300, 0)
    tested = np.random.default_rng(0).permutation(60)[:15]
    by_groups = np.flatnonzero(~np.isin(groups, tested)), np.flatnonzero(np.isin(groups, tested))

    def neighbours(train: np.ndarray, test: np.ndarray) -> Fit:
        def fit(labels: pd.Series) -> Predicted:
            model = KNeighborsClassifier(3).fit(matrix[train], labels.iloc[train])
            return Predicted(test, {"model": model.predict_proba(matrix[test])[:, 1]})

        return fit

    leaking = label_shuffle_finding(neighbours(*by_rows), classes(target, groups), 0)
    clean = label_shuffle_finding(neighbours(*by_groups), classes(target, groups), 0)

    assert leaking.status == "failed"
    assert clean.status == "passed"


def ranked(queries: int, seed: int) -> tuple[pd.DataFrame, Labels]:
    """Queries of 2 to 9 rows of noise, the most relevant row of each first."""
    random = np.random.default_rng(seed)
    query = np.repeat(np.arange(queries), random.integers(2, 10, queries))
    frame = pd.DataFrame(random.normal(size=(len(query), 4)), columns=list("abcd"))
    place = frame.groupby(query).cumcount().to_numpy()
    target = pd.Series(np.maximum(2 - place, 0).astype(float))
    return frame.assign(query=query, y=target), Labels(target, "ranking", query)


def lambdamart(frame: pd.DataFrame, queries: int, *, items: np.ndarray | None = None) -> Fit:
    """LightGBM's own ranker on the first three quarters of the queries.

    With `items` each is encoded by its mean relevance in all rows, which leaks.
    """
    held = (frame["query"] >= queries * 3 // 4).to_numpy()
    sizes = frame["query"][~held].value_counts(sort=False)

    def fit(labels: pd.Series) -> Predicted:
        features = frame[list("abcd")]
        if items is not None:
            features = features.assign(a=labels.groupby(items).transform("mean"))
        ranker = LGBMRanker(n_estimators=10, min_child_samples=5, n_jobs=1, verbosity=-1)
        ranker.fit(features[~held], labels[~held], group=sizes)
        return Predicted(np.flatnonzero(held), {"ranker": ranker.predict(features[held])})

    return fit


def test_lambdamart_on_shuffled_relevances_is_not_accused() -> None:
    """At a level of 1 % more than 1 alarm in 5 has a probability of one in a thousand."""
    alarms = 0
    for seed in range(5):
        frame, labels = ranked(60, seed)
        found = label_shuffle_finding(lambdamart(frame, 60), labels, seed)
        assert found.evidence["metric"] == "NDCG"
        assert found.evidence["shuffles"] == 20
        alarms += found.status == "failed"

    assert stats.binom.sf(1, 5, 0.01) < 1e-3
    assert alarms <= 1


def test_encoding_items_by_the_relevances_of_all_rows_is_found() -> None:
    frame, labels = ranked(60, 0)
    items = np.random.default_rng(0).integers(0, 100, len(frame))

    found = label_shuffle_finding(lambdamart(frame, 60, items=items), labels, 0)

    assert found.status == "failed"
    assert "NDCG" in found.message


def test_a_query_keeps_its_rows_and_gets_relevances_of_one_query() -> None:
    names = ranked(40, 1)[0]["query"].to_numpy()

    drawn = shuffle(pd.Series(np.arange(len(names))), names, np.random.default_rng(0))

    assert len(drawn) == len(names)
    donors = pd.Series(names[drawn.to_numpy()])
    assert (donors.groupby(names).nunique() == 1).all()
    assert donors.groupby(names).first().nunique() > 10


def test_relevances_are_measured_as_by_scikit_learn() -> None:
    random = np.random.default_rng(0)
    query = np.repeat(np.arange(9), random.integers(2, 8, 9))
    relevance, scores = random.integers(0, 3, len(query)), random.normal(size=len(query))
    judged = [each for each in range(9) if relevance[query == each].any()]
    expected = np.mean(
        [ndcg_score([2.0 ** relevance[query == q] - 1], [scores[query == q]]) for q in judged]
    )

    (found,) = score_labels("ranking", [pd.Series(relevance)], scores, query=query)

    assert found == pytest.approx(expected)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 8), min_size=2, max_size=60))
@settings(deadline=None)
def test_a_group_gets_the_labels_of_one_group(seed: int, groups: list[int]) -> None:
    codes = pd.factorize(np.array(groups))[0].astype(np.int64)
    target = pd.Series(codes * 100)

    shuffled = shuffle(target, codes, np.random.default_rng(seed))

    assert shuffled.index.equals(target.index)
    assert (shuffled.groupby(codes).nunique() == 1).all()
    assert shuffled.isin(target).all()


@given(st.integers(0, 10_000))
def test_without_groups_labels_change_places_only(seed: int) -> None:
    target = pd.Series(np.arange(30) % 4)

    shuffled = shuffle(target, None, np.random.default_rng(seed))

    assert sorted(shuffled) == sorted(target)


def test_the_p_value_is_that_of_scipy() -> None:
    gains = np.random.default_rng(0).normal(0.01, 0.05, 20)

    expected = stats.ttest_1samp(gains, 0, alternative="greater").pvalue

    assert p_value(gains) == pytest.approx(expected)
    assert p_value([0.0] * 20) == 1.0
    assert p_value([0.5] * 20) == 0.0


def test_two_classes_are_measured_by_the_second_one() -> None:
    labels = pd.Series(["no", "yes", "yes", "no"])

    scores = np.array([0.1, 0.9, 0.8, 0.2])
    for order, expected in ((["no", "yes"], 1.0), (["yes", "no"], 0.0), ([None, "yes"], 1.0)):
        assert score_labels("classification", [labels], scores, order) == [expected]


@given(st.integers(0, 10_000), st.integers(2, 4))
@settings(deadline=None)
def test_classes_are_measured_as_by_scikit_learn(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    labels = pd.Series(np.append(np.arange(count), random.integers(0, count, 30)))
    scores = random.integers(1, 9, size=(len(labels), count)) / 10
    scores /= scores.sum(axis=1, keepdims=True)
    if count == 2:
        scores = scores[:, 1]
    expected = roc_auc_score(labels, scores, multi_class="ovr")

    found = score_labels("classification", [labels], scores, range(count))

    assert found == [pytest.approx(expected)]


def test_shuffles_that_end_in_errors_do_not_pass() -> None:
    def fit(target: pd.Series) -> Predicted:
        raise ValueError("one class only")

    found = label_shuffle_finding(fit, classes(pd.Series(np.arange(40) % 2)), 0)

    assert found.status == "warning"
    assert "ValueError: one class only" in found.message
    assert found.evidence["failed_shuffles"] == 60


def test_alarms_on_clean_pipelines_are_rare() -> None:
    """At a level of 1 % more than 4 alarms in 60 have a probability below one in two thousand."""
    target = pd.Series(np.arange(80) % 2)
    alarms = 0
    for seed in range(60):
        matrix, (train, test) = table(80, 3, seed), split(80, seed)

        def fit(
            labels: pd.Series,
            matrix: np.ndarray = matrix,
            train: np.ndarray = train,
            test: np.ndarray = test,
        ) -> Predicted:
            towards = matrix[train].T @ (labels.iloc[train] - 0.5)
            return Predicted(test, {"model": matrix[test] @ towards})

        alarms += label_shuffle_finding(fit, classes(target), seed).status == "failed"

    assert stats.binom.sf(4, 60, 0.01) < 5e-4
    assert alarms <= 4
