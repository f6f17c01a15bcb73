"""Counterfactuals do what they claim, for every type of column and every problem type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.what_if.conftest import COLUMNS, FEATURES, made

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.evaluation.what_if.counterfactuals import search_counterfactuals
from experiment_cycle.evaluation.what_if.distance import Gower
from experiment_cycle.evaluation.what_if.goals import Sides
from experiment_cycle.evaluation.what_if.options import WhatIfOptions
from experiment_cycle.evaluation.what_if.records import Counterfactual, Counterfactuals

OTHER_SIDE = {"binary": None, "multiclass": None, "regression": 1.0}


def searched(kind: str, seed: int = 3, **options: Any) -> tuple[Counterfactuals, Any, Any, Any]:
    train, test = made(kind, 300, seed), made(kind, 120, seed + 50)
    found = search_counterfactuals(
        test.model,
        train.rows,
        test.rows,
        COLUMNS,
        WhatIfOptions(amount=OTHER_SIDE[kind], **options),
        seed=1,
    )
    return found, train.rows, test.rows, test.model


def changed(test: pd.DataFrame, train: pd.DataFrame, row: int, donor: int, names: Any) -> Any:
    asked = test.loc[[row]].copy()
    for name in names:
        asked[name] = pd.Series([train.at[donor, name]], index=asked.index, dtype=test[name].dtype)
    return asked


def side(sides: Sides, model: Any, rows: pd.DataFrame) -> str:
    return sides.names[sides.of(model.predict(rows))[0]]


def check(each: Counterfactual, train: Any, test: Any, model: Any, sides: Sides) -> None:
    names = [change.feature for change in each.changes]
    asked = changed(test, train, each.row, each.train_row, names)
    assert side(sides, model, test.loc[[each.row]]) == each.called != each.wanted
    assert side(sides, model, asked) == each.wanted
    for name in names:
        rest = [other for other in names if other != name]
        less = changed(test, train, each.row, each.train_row, rest)
        assert side(sides, model, less) != each.wanted, f"{name} is needless"
        assert test.at[each.row, name] is not train.at[each.train_row, name]
    assert 0 <= each.distance <= 1


@pytest.mark.parametrize("kind", OTHER_SIDE)
def test_the_changes_are_enough_and_none_is_needless(kind: str) -> None:
    found, train, test, model = searched(kind, counterfactuals=12)

    sides = Sides(model.problem, OTHER_SIDE[kind] or 0.5)
    assert len(found.found) == 12
    assert found.immutable == ("plan",)
    for each in found.found:
        check(each, train, test, model, sides)
        assert "plan" not in {change.feature for change in each.changes}
        if kind != "regression":
            assert each.target == test.at[each.row, "goal"] == each.wanted
    houses = [test.at[each.row, "house"] for each in found.found]
    assert len(set(houses)) == len(houses)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(OTHER_SIDE)))
def test_they_do_for_whatever_rows(seed: int, kind: str) -> None:
    found, train, test, model = searched(kind, seed, counterfactuals=3, immutable=())

    sides = Sides(model.problem, OTHER_SIDE[kind] or 0.5)
    assert found.not_found == 0, "all of a training row together is always enough"
    for each in found.found:
        check(each, train, test, model, sides)


def test_what_is_immutable_stays() -> None:
    names = tuple(name for name in FEATURES if name != "age")

    found, *_ = searched("binary", counterfactuals=20, immutable=names)

    assert {change.feature for each in found.found for change in each.changes} == {"age"}
    assert len(found.found) + found.not_found == 20
    everything, *_ = searched("binary", counterfactuals=5, immutable=FEATURES)
    assert (len(everything.found), everything.not_found) == (0, 5)


def test_the_donor_is_the_nearest_training_row_of_the_other_prediction() -> None:
    found, train, test, model = searched("binary", counterfactuals=6, immutable=())

    called = model.predict(train)[:, 0] >= 0.5
    for each in found.found:
        distances = Gower(train, test.loc[[each.row]], model.features).from_row(0)
        others = distances[called == (each.wanted == "yes")]
        assert each.distance == pytest.approx(others.min())


def test_the_distance_is_gowers() -> None:
    train, rows = made("binary", 60, 5).rows, made("binary", 8, 6).rows
    distances = Gower(train, rows, FEATURES)

    for place in range(len(rows)):
        expected = [naive(train, train.iloc[at], rows.iloc[place]) for at in range(len(train))]
        np.testing.assert_allclose(distances.from_row(place), expected, atol=1e-12)


def naive(train: pd.DataFrame, one: pd.Series, other: pd.Series) -> float:
    """Gower's distance, column by column."""
    total = 0.0
    for name in FEATURES:
        left, right = one[name], other[name]
        if pd.isna(left) or pd.isna(right):
            total += 0.0 if pd.isna(left) and pd.isna(right) else 1.0
        elif name in {"age", "visits", "joined"}:
            present = sorted(train[name].dropna())
            low = present[max(int(np.ceil(0.01 * len(present))) - 1, 0)]
            high = present[max(int(np.ceil(0.99 * len(present))) - 1, 0)]
            total += min(abs((left - right) / (high - low)), 1.0)
        else:
            total += float(left != right)
    return total / len(FEATURES)


@pytest.mark.parametrize(
    ("kind", "options", "why"),
    [
        ("ranking", {}, "no other side"),
        ("regression", {}, "evaluation.what_if.amount names one"),
        ("binary", {"counterfactuals": 0}, "evaluation.what_if.counterfactuals is 0"),
    ],
)
def test_why_there_are_none(kind: str, options: dict[str, Any], why: str) -> None:
    rows, model, _ = made(kind)

    found = search_counterfactuals(model, rows, rows, COLUMNS, WhatIfOptions(**options), seed=1)

    assert found.found == ()
    assert found.note is not None
    assert why in found.note


def test_an_unknown_immutable_column_is_named() -> None:
    rows, model, _ = made("binary")

    with pytest.raises(ConfigurationError, match=r"immutable names 'agee'.*Did you mean 'age'"):
        search_counterfactuals(
            model, rows, rows, COLUMNS, WhatIfOptions(immutable=("agee",)), seed=1
        )


def test_the_same_seed_gives_the_same_record() -> None:
    first, *_ = searched("multiclass")
    again, *_ = searched("multiclass")

    assert first == again
