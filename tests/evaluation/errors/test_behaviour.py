"""Expectations are tried on the rows they alter, and what breaks them is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from statsmodels.stats.proportion import proportion_confint

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import ConfigurationError, CycleError, DataError
from experiment_cycle.evaluation.errors.behaviour import try_behaviour
from experiment_cycle.evaluation.errors.behaviour_records import BehaviourResult
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.problem import Problem

COLUMNS = Columns(target="goal", group="house")
REGRESSION = Problem(type="regression")


class Formula:
    """A model that is a function of the raw rows."""

    def __init__(self, formula: Callable[[pd.DataFrame], Any]) -> None:
        self.formula = formula

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.formula(rows), dtype=float)

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.formula(rows), dtype=float)


def table(rows: int = 200) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "price": np.linspace(1.0, 2.0, rows),
            "rooms": np.arange(rows) % 5,
            "sex": np.array(["f", "m", "x"])[np.arange(rows) % 3],
            "since": pd.date_range("2020-01-01", periods=rows),
            "house": np.arange(rows) // 4,
            "goal": 0.0,
        },
        index=pd.RangeIndex(rows, name=ROW) * 2,
    )


def tried(
    formula: Callable[[pd.DataFrame], Any],
    problem: Problem = REGRESSION,
    data: pd.DataFrame | None = None,
    **test: Any,
) -> BehaviourResult:
    options = EvaluationOptions.model_validate({"behaviour": [{"name": "it", **test}]})
    rows = table() if data is None else data
    (result,) = try_behaviour(Formula(formula), rows, problem, COLUMNS, options, 1).tests
    return result


def _days(rows: pd.DataFrame) -> pd.Series:
    return (rows["since"] - pd.Timestamp("2020-01-01")).dt.days


@pytest.mark.parametrize(
    ("expect", "slope", "status"),
    [
        ("increase", 1.0, "passed"),
        ("increase", 0.0, "failed"),
        ("decrease", -1.0, "passed"),
        ("decrease", 1.0, "failed"),
        ("not_increase", 0.0, "passed"),
        ("not_increase", 1.0, "failed"),
        ("not_decrease", 0.0, "passed"),
        ("not_decrease", -1.0, "failed"),
    ],
)
def test_a_direction_is_held_against_how_the_prediction_moves(
    expect: str, slope: float, status: str
) -> None:
    found = tried(
        lambda rows: slope * rows["price"],
        type="directional",
        change={"price": {"multiply": 1.1}},
        expect=expect,
    )

    assert found.status == status
    assert found.share == (1.0 if status == "passed" else 0.0)
    assert (found.rows, found.units) == (200, 50)
    assert found.median_change == pytest.approx(0.15 * slope)
    assert len(found.violations) == (3 if status == "failed" else 0)


def test_the_worst_rows_are_named_one_of_each_unit() -> None:
    found = tried(
        lambda rows: rows["price"],
        type="directional",
        change={"price": {"multiply": 2}},
        expect="not_increase",
        max_change=1.5,
    )

    assert found.expected == "does not rise by more than 1.5"
    # prices rise by themselves, and the last hundred of them by more than 1.5
    assert found.share == pytest.approx(0.5)
    assert [violation.row for violation in found.violations] == [398, 390, 382]
    worst = found.violations[0]
    assert (worst.before, worst.after) == ({"price": 2.0}, {"price": 4.0})
    assert (worst.predicted, worst.predicted_after) == (2.0, 4.0)


def test_only_rows_that_the_change_alters_are_counted() -> None:
    found = tried(
        lambda rows: rows["sex"] == "f", type="invariance", change={"sex": "f"}, max_change=0.5
    )
    untouched = tried(
        lambda rows: rows["price"],
        data=table().assign(sex="f"),
        type="invariance",
        change={"sex": "f"},
        max_change=0.5,
    )

    assert (found.rows, found.share, found.status) == (133, 0.0, "failed")
    assert (untouched.rows, untouched.share) == (0, None)
    assert (untouched.status, untouched.note) == ("not_applicable", "The change alters no row.")


@pytest.mark.parametrize("kind", [str, "category", object])
def test_swapped_levels_take_each_others_place_and_others_are_left_out(kind: Any) -> None:
    data = table()
    data["sex"] = data["sex"].astype(kind)

    found = tried(
        lambda rows: (rows["sex"].astype(str) == "f") + 10.0 * (rows["sex"].astype(str) == "m"),
        data=data,
        type="invariance",
        change={"sex": {"swap": ["f", "m"]}},
        max_change=8.9,
        min_share=0.5,
    )

    assert (found.rows, found.share, found.median_change) == (134, 0.0, 9.0)
    assert found.change == "sex f and m swapped"


@pytest.mark.parametrize(
    ("change", "formula", "moved"),
    [
        ({"rooms": {"add": 2}}, lambda rows: rows["rooms"], 2.0),
        ({"rooms": 9}, lambda rows: rows["rooms"] * 0 + (rows["rooms"] == 9), 1.0),
        ({"price": {"missing": True}}, lambda rows: rows["price"].isna(), 1.0),
        ({"since": {"add": 30}}, _days, 30.0),
        (
            {"price": {"add": 1}, "rooms": {"add": 1}},
            lambda rows: rows["price"] + rows["rooms"],
            2.0,
        ),
    ],
)
def test_every_way_to_change_a_column(change: Any, formula: Any, moved: float) -> None:
    found = tried(formula, type="directional", change=change, expect="increase")

    assert found.status == "passed"
    assert found.median_change == pytest.approx(moved)


def test_the_interval_is_wilsons_where_rows_stand_alone() -> None:
    data = table().assign(house=np.arange(200))

    found = tried(
        lambda rows: rows["price"] * (1.0 - 2.0 * (rows["rooms"] == 0)),
        data=data,
        type="directional",
        change={"price": {"multiply": 1.1}},
        expect="increase",
        min_share=0.8,
    )

    assert found.share == pytest.approx(0.8)
    expected = proportion_confint(160, 200, method="wilson")
    assert (found.lower, found.upper) == pytest.approx(expected, abs=1e-3)
    assert found.status == "passed"


def test_of_several_classes_the_direction_is_that_of_one() -> None:
    problem = Problem(type="multiclass", classes=("bus", "car", "train"))

    def shares(rows: pd.DataFrame) -> np.ndarray:
        car = (rows["price"] / 10).to_numpy()
        return np.stack([0.5 - car, car, np.full(len(rows), 0.5)], axis=1)

    dearer = {"type": "directional", "change": {"price": {"multiply": 1.1}}}
    car = tried(shares, problem, **dearer, expect="increase", of_class="car")
    bus = tried(shares, problem, **dearer, expect="increase", of_class="bus")
    still = tried(
        shares,
        problem,
        type="invariance",
        change={"price": {"multiply": 1.1}},
        max_change=0.02,
    )

    assert (car.status, bus.status, still.status) == ("passed", "failed", "passed")
    assert bus.expected == "probability of bus rises"
    assert bus.violations[0].predicted == pytest.approx(0.3)
    with pytest.raises(ConfigurationError, match="needs of_class"):
        tried(shares, problem, **dearer, expect="increase", of_class="tram")


def test_without_expectations_nothing_is_asked_of_the_model() -> None:
    def refuse(rows: pd.DataFrame) -> Any:
        raise AssertionError

    found = try_behaviour(Formula(refuse), table(), REGRESSION, COLUMNS, EvaluationOptions(), 1)

    assert (found.tests, found.rows) == ((), 200)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"prise": {"add": 1}}, "which is no feature. Did you mean 'price'?"),
        ({"house": 1}, "'house', which is no feature"),
        ({"sex": {"multiply": 2}}, "add and multiply are for numbers"),
        ({"since": {"multiply": 2}}, "add for dates"),
    ],
)
def test_a_change_that_makes_no_sense_of_the_data_is_refused(change: Any, told: str) -> None:
    with pytest.raises(CycleError, match=r"evaluation\.behaviour") as raised:
        tried(lambda rows: rows["price"], type="invariance", change=change, max_change=1)

    assert told in str(raised.value)
    assert isinstance(raised.value, ConfigurationError | DataError)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ({"name": ""}, "at least 1 character"),
        ({"max_change": None}, "an invariance needs max_change"),
        ({"expect": "increase"}, "belong to directional tests"),
        ({"change": {}}, "at least 1 item"),
        ({"change": {"a": {"add": 1, "multiply": 2}}}, "exactly one of set, add"),
        ({"change": {"a": {"times": 2}}}, "Extra inputs"),
        ({"change": {"a": None}}, "exactly one of set, add"),
        ({"type": "directional"}, "needs expect"),
        ({"type": "directional", "expect": "increase"}, "no meaning beside expect: increase"),
        ({"min_share": 0}, "greater than 0"),
        ({"twice": True}, "Extra inputs"),
    ],
)
def test_what_is_written_wrong_is_found_before_anything_runs(
    test: dict[str, Any], told: str
) -> None:
    right = {"name": "it", "type": "invariance", "change": {"a": 1}, "max_change": 0.1}
    EvaluationOptions.model_validate({"behaviour": [right]})

    with pytest.raises(ValidationError, match=told):
        EvaluationOptions.model_validate({"behaviour": [right | test]})


def test_two_expectations_of_one_name_are_refused() -> None:
    right = {"name": "it", "type": "invariance", "change": {"a": 1}, "max_change": 0.1}

    with pytest.raises(ValidationError, match="more than one test is called 'it'"):
        EvaluationOptions.model_validate({"behaviour": [right, right]})


@settings(max_examples=25, deadline=None)
@given(
    slope=st.floats(-3, 3, allow_nan=False),
    room=st.floats(0, 2, allow_nan=False),
    factor=st.floats(1.01, 3),
)
def test_to_rise_within_bounds_is_the_mirror_of_falling_within_them(
    slope: float, room: float, factor: float
) -> None:
    asked = {"type": "directional", "change": {"price": {"multiply": factor}}, "max_change": room}
    up = tried(lambda rows: slope * rows["price"], expect="not_decrease", **asked)
    down = tried(lambda rows: -slope * rows["price"], expect="not_increase", **asked)

    assert up.share == down.share
    assert up.lower == down.lower
    assert [each.row for each in up.violations] == [each.row for each in down.violations]


def test_of_many_rows_some_are_drawn_by_the_seed() -> None:
    test = {"name": "it", "type": "invariance", "change": {"rooms": 9}, "max_change": 1}
    options = EvaluationOptions.model_validate({"behaviour": [test]})
    rows = table(30_000)

    def chance(data: pd.DataFrame) -> Any:
        return (data.index.to_numpy() % 7) * (data["rooms"] == 9)

    first, again, other = (
        try_behaviour(Formula(chance), rows, REGRESSION, COLUMNS, options, seed)
        for seed in (1, 1, 2)
    )

    assert first == again != other
    assert first.rows == 20_000
