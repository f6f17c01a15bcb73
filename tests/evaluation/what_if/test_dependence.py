"""Curves over the values of a feature, against scikit-learn's and against models that are known."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.inspection import partial_dependence
from tests.evaluation.what_if.conftest import FEATURES, PROBLEMS, Made

from experiment_cycle.evaluation.plots.dependence import plot_dependence
from experiment_cycle.evaluation.what_if.dependence import (
    COLUMNS,
    compare_dependence,
    dependences,
    influences,
    tabulate,
)
from experiment_cycle.evaluation.what_if.grids import MOST_LEVELS, grid
from experiment_cycle.evaluation.what_if.options import WhatIfOptions
from experiment_cycle.evaluation.what_if.predictor import predictor

OPTIONS = WhatIfOptions(rows=100)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_curves_equal_those_of_scikit_learn(kind: str) -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(80, 3)), columns=["a", "b", "c"])
    truth = rows["a"] + rows["b"] ** 2
    if kind == "regression":
        model = GradientBoostingRegressor(n_estimators=20).fit(rows, truth)
    else:
        codes = np.digitize(truth, [0.5] if kind == "binary" else [0.0, 1.0])
        model = GradientBoostingClassifier(n_estimators=20).fit(rows, codes)

    found = dependences(
        {"own": predictor(model, PROBLEMS[kind])}, rows, list(rows.columns), most=3, seed=1
    )

    assert [each.grid.name for each in found][:2] == ["a", "b"]
    for each in found:
        values = each.grid.values.to_numpy()
        expected = partial_dependence(
            model, rows, [each.grid.name], custom_values={each.grid.name: values}, kind="both"
        )
        curves = each.curves["own"]
        outputs = slice(1, None) if kind == "binary" and len(expected.average) == 2 else slice(None)
        np.testing.assert_allclose(curves.mean(axis=1).T, expected.average[outputs], atol=1e-12)
        np.testing.assert_allclose(
            np.moveaxis(curves, 2, 0), np.moveaxis(expected.individual[outputs], 1, 2), atol=1e-12
        )


def test_every_type_of_column_is_tried_in_its_own_type(each_problem: Made) -> None:
    rows, model, _ = each_problem

    found = compare_dependence(
        {"challenger": model.predict, "incumbent": model.predict},
        model.problem,
        rows,
        model.features,
        OPTIONS,
        seed=1,
    )

    names = [each.grid.name for each in found]
    assert set(names) == set(FEATURES) - {"flag"}, "what moves nothing is left out"
    kinds = {each.grid.name: each.grid.kind for each in found}
    assert kinds == {
        "age": "number",
        "visits": "number",
        "insured": "category",
        "plan": "category",
        "joined": "date",
    }
    assert [each.influence for each in found] == sorted(
        (each.influence for each in found), reverse=True
    )
    table = tabulate(found, model.problem)
    assert tuple(table.columns) == COLUMNS
    assert (table["low"] <= table["mean"].clip(lower=table["low"])).all()
    assert set(table["rows"]) == {100}
    assert table["output"].nunique() == (3 if model.problem.type == "multiclass" else 1)
    figure = plot_dependence(found, model.problem)
    json.dumps(json.loads(figure.to_json()), allow_nan=False)
    assert figure.layout.title.text.startswith(f"Partial dependence: {names[0]} moves predictions")


def test_scores_that_rank_are_measured_in_their_own_deviations() -> None:
    from tests.evaluation.what_if.conftest import made

    rows, model, own = made("ranking")
    doubled = predictor(own, model.problem)

    found = compare_dependence(
        {"challenger": model.predict, "incumbent": lambda asked: 100 + 7 * doubled(asked)},
        model.problem,
        rows,
        model.features,
        OPTIONS,
        seed=1,
    )

    for each in found:
        np.testing.assert_allclose(each.curves["challenger"], each.curves["incumbent"], atol=1e-9)


def test_influence_is_the_mean_change_when_a_feature_is_shuffled() -> None:
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [5.0, 5.0, 5.0, 5.0]})

    found = influences(lambda asked: 2 * asked[["a"]].to_numpy(), rows, ["a", "b"], seed=4)

    order = np.random.default_rng([4, *b"influence"]).permutation(4)
    assert found == {"a": 2 * np.abs(order - np.arange(4)).mean(), "b": 0.0}


def test_many_features_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from experiment_cycle.evaluation.what_if import dependence

    rows = pd.DataFrame(np.random.default_rng(1).normal(size=(30, 7)), columns=list("abcdefg"))
    weights = np.arange(7.0)
    whole = influences(lambda asked: asked.to_numpy() @ weights[:, None], rows, list("abcdefg"), 2)
    monkeypatch.setattr(dependence, "MOST_ROWS", 60)
    sizes: list[int] = []

    def predict(asked: pd.DataFrame) -> np.ndarray:
        sizes.append(len(asked))
        return asked.to_numpy() @ weights[:, None]

    parts = influences(predict, rows, list("abcdefg"), 2)

    assert max(sizes) == 60
    assert parts == pytest.approx(whole)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=60),
        st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=60),
        st.lists(st.booleans(), max_size=60),
        st.lists(st.integers(-5, 40), max_size=60),
    )
)
def test_a_grid_has_only_values_that_rows_have(values: list[object]) -> None:
    column = pd.Series(values, dtype=None if values else float, name="x")

    found = grid(column, points=20)

    present = column.dropna()
    if found is None:
        assert present.nunique() <= 1
        return
    tried = found.values.tolist()
    assert found.values.dtype == column.dtype
    assert len(set(tried)) == len(tried)
    assert set(tried) <= set(present.tolist())
    assert 2 <= len(tried) <= max(20, MOST_LEVELS)
    if found.kind == "number":
        assert tried == sorted(tried)
    else:
        counts = present.value_counts()
        assert [counts[value] for value in tried] == sorted(
            (counts[value] for value in tried), reverse=True
        )


def test_without_a_feature_that_matters_there_is_a_sentence() -> None:
    figure = plot_dependence([], PROBLEMS["binary"])

    assert not figure.data
    assert "no feature moves" in figure.layout.title.text
