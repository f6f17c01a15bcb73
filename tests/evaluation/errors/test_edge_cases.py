"""Every estimator of the house passes every edge case; a model that breaks one is told so."""

from __future__ import annotations

import warnings
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.errors.edge_cases import try_edge_cases
from experiment_cycle.evaluation.errors.edge_records import EdgeCase, EdgeCases
from experiment_cycle.problem import Problem
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan

TASKS = {
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "ranking": "ranking",
}
FAST = {
    "mlp": {"epochs": 2},
    "random_forest": {"n_estimators": 10},
    "hist_gradient_boosting": {"n_estimators": 10},
    "lightgbm": {"n_estimators": 10},
    "xgboost": {"n_estimators": 10},
    "skorch": {"epochs": 2},
}


@cache
def table(kind: str) -> pd.DataFrame:
    """Numbers with gaps, whole ones, flags, text, categoricals, dates with and without a zone."""
    generator, rows = np.random.default_rng(3), 240
    number = generator.normal(size=rows)
    number[::9] = np.nan
    moments = pd.date_range("2021-03-01", periods=rows, freq="7h")
    found = pd.DataFrame(
        {
            "number": number,
            "whole": generator.integers(0, 40, rows),
            "flag": generator.random(rows) > 0.5,
            "word": generator.choice(["red", "green", "blue"], rows),
            "level": pd.Categorical(generator.choice(["low", "high"], rows)),
            "moment": moments,
            "instant": moments.tz_localize("UTC").tz_convert("Asia/Tokyo"),
            "query": np.arange(rows) // 6,
        },
        index=pd.RangeIndex(rows, name=ROW),
    )
    signal = np.nan_to_num(number) + found["flag"] + generator.normal(size=rows)
    cuts = {"binary": [0.5], "multiclass": [0.0, 1.0], "ranking": [0.5, 1.5]}
    found["goal"] = signal if kind == "regression" else np.digitize(signal, cuts[kind])
    return found


def columns(kind: str) -> Columns:
    if kind == "ranking":
        return Columns(target="goal", query="query")
    return Columns(target="goal", drop=("query",))


def trained(kind: str, estimator: str, **training: Any) -> tuple[Any, Problem]:
    given = {"estimator": estimator, "estimators": {estimator: FAST.get(estimator, {})}}
    options = TrainingOptions.model_validate(given | training)
    data = table(kind)
    plan = Plan(
        *(estimator, options.hyperparameters(estimator), data[:180], data[180:]),
        *(columns(kind), options, TASKS[kind], 7),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = run_plan(plan)
    return run.models[0], run.problem


def tried(kind: str, model: Any, problem: Problem) -> EdgeCases:
    return try_edge_cases(model, table(kind)[:180], problem, columns(kind), 7)


def failed(found: EdgeCases) -> list[EdgeCase]:
    return [case for case in found.cases if case.status == "failed"]


@pytest.mark.parametrize(
    ("kind", "estimator"),
    [
        *(("binary", name) for name in ("dummy", "linear", "mlp", "random_forest")),
        *((kind, "hist_gradient_boosting") for kind in ("binary", "regression")),
        *((kind, "lightgbm") for kind in ("binary", "multiclass", "ranking")),
    ],
)
def test_the_estimators_of_the_house_pass_every_case(kind: str, estimator: str) -> None:
    found = tried(kind, *trained(kind, estimator))

    assert failed(found) == []
    assert (found.columns, found.left_out) == (7, ())
    assert found.passed == len(found.cases) > 50


@pytest.mark.parametrize(("estimator", "module"), [("xgboost", "xgboost"), ("skorch", "skorch")])
def test_those_of_an_extra_do_too(estimator: str, module: str) -> None:
    pytest.importorskip(module)

    assert failed(tried("multiclass", *trained("multiclass", estimator))) == []


@pytest.mark.parametrize(
    "preprocessing",
    [
        {"numeric": {"scale": "quantile", "indicator": True}},
        {"numeric": {"scale": "robust"}, "categorical": {"encode": "target"}},
        {"numeric": {"impute": "zero"}, "categorical": {"encode": "ordinal", "min_rows": 1}},
    ],
)
def test_so_do_other_ways_of_preprocessing(preprocessing: dict[str, Any]) -> None:
    found = tried("binary", *trained("binary", "linear", preprocessing=preprocessing))

    assert failed(found) == []


def test_a_transformer_of_the_users_that_fails_is_refused_by_the_name_of_its_column() -> None:
    own = {
        "columns": {"number": {"transformer": "sklearn.preprocessing.PowerTransformer"}},
        "trusted_types": [],
    }

    found = tried("binary", *trained("binary", "lightgbm", preprocessing=own))

    text = next(c for c in found.cases if (c.case, c.column) == ("text for a number", "number"))
    assert (text.status, text.did) == ("passed", "refused")
    assert "PowerTransformer" in text.told
    assert not [case for case in failed(found) if case.did == "crashed"]


class Fragile:
    """A model of one column, that fails in the ways asked for."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        self.asked = 0

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        self.asked += 1
        if "order" in self.faults and rows.columns[0] != "number":
            return np.zeros(len(rows))
        if "crash" in self.faults and rows.get("number", rows.iloc[:, 0]).isna().any():
            raise ValueError("Input X contains NaN.")
        values = pd.to_numeric(rows.get("number", pd.Series(0.0, rows.index)), errors="coerce")
        found = values.fillna(0.0).to_numpy(dtype=float).clip(-1e6, 1e6)
        if "batch" in self.faults:
            found = found - found.mean()
        if "count" in self.faults:
            found = found + self.asked
        if "change" in self.faults:
            rows["number"] = 0.0
        if "vague" in self.faults and not len(rows.columns.intersection(["number"])):
            raise DataError("Something is missing.")
        return found


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("none", {"a missing column", "text for a number", "a date for a number"}),
        ("order", {"columns in another order"}),
        ("crash", {"every value missing", "a missing value"}),
        ("batch", {"a single row"}),
        ("count", {"the same again", "every row twice"}),
        ("change", {"training rows"}),
        ("vague", {"a missing column"}),
    ],
)
def test_a_model_that_breaks_a_case_is_told_which(fault: str, expected: set[str]) -> None:
    data = table("regression").assign(number=lambda rows: rows["number"].fillna(0.1))
    one = data[["number", "whole", "goal"]]

    found = try_edge_cases(
        Fragile(fault), one, Problem(type="regression"), Columns(target="goal"), 1
    )

    assert expected <= {case.case for case in failed(found)}
    assert found.failed == len(failed(found))
    if fault == "crash":
        crash = next(case for case in failed(found) if case.case == "a missing value")
        assert crash.did == "crashed"
        assert crash.told == "ValueError: Input X contains NaN."
    if fault == "vague":
        vague = next(case for case in failed(found) if case.case == "a missing column")
        assert vague.told == "Something is missing. (It does not name the column.)"
    if fault == "none":
        kinds = Counter(case.column for case in failed(found))
        assert kinds == {"number": 3, "whole": 3}


def test_a_prediction_out_of_range_is_refused_by_the_name_of_the_greatest_number() -> None:
    class Shouting(Fragile):
        def predict(self, rows: pd.DataFrame) -> np.ndarray:
            return np.where(super().predict(rows) > 1e5, np.inf, 0.0)

    one = table("regression").assign(number=lambda rows: rows["number"].fillna(0.1))

    found = try_edge_cases(
        Shouting(), one[["number", "goal"]], Problem(type="regression"), Columns(target="goal"), 1
    )

    huge = next(case for case in found.cases if case.case == "a huge number")
    assert (huge.status, huge.did) == ("passed", "refused")
    assert "The greatest number there is in column 'number': 1e+30." in huge.told


def test_a_model_that_cannot_read_training_rows_fails_at_once() -> None:
    class Broken:
        def predict(self, rows: pd.DataFrame) -> np.ndarray:
            raise RuntimeError("lost")

    found = try_edge_cases(
        Broken(), table("regression"), Problem(type="regression"), columns("regression"), 1
    )

    assert [case.told for case in found.cases] == ["RuntimeError: lost"]
    assert (found.passed, found.failed) == (0, 1)


def test_the_same_seed_tries_the_same() -> None:
    model, problem = trained("binary", "linear")

    assert tried("binary", model, problem) == tried("binary", model, problem)


def test_of_many_columns_the_first_are_tried_and_the_others_named() -> None:
    rows = pd.DataFrame({f"x{place}": np.arange(40.0) for place in range(34)})
    rows["goal"] = 1.0

    found = try_edge_cases(Fragile(), rows, Problem(type="regression"), Columns(target="goal"), 1)

    assert (found.columns, found.left_out) == (30, ("x30", "x31", "x32", "x33"))
