"""Rows of every type of column, and models of every problem type fitted on them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.what_if.predictor import AskedModel
from experiment_cycle.problem import Problem

PROBLEMS = {
    "binary": Problem(type="binary", classes=("no", "yes")),
    "multiclass": Problem(type="multiclass", classes=("bus", "car", "train")),
    "regression": Problem(type="regression"),
    "ranking": Problem(type="ranking"),
}
FEATURES = ("age", "visits", "insured", "plan", "joined", "flag")
COLUMNS = Columns(target="goal", group="house", sensitive=("plan",))


class RowModel:
    """Says something smooth of rows, and checks that each column has the type it was made with."""

    def __init__(self, kind: str, types: dict[str, Any]) -> None:
        self.kind = kind
        self.types = types
        self.feature_names_in_ = np.asarray(FEATURES, dtype=object)

    def score(self, rows: pd.DataFrame) -> np.ndarray:
        assert {name: rows[name].dtype for name in FEATURES} == self.types
        found = rows["age"].fillna(40.0).to_numpy() / 10 - 4
        found = found + rows["visits"].to_numpy() * 0.4
        found = found + rows["insured"].fillna(False).to_numpy(dtype=float)
        found = found + rows["plan"].map({"a": 0.0, "b": 0.7, "c": -0.9}).astype(float).fillna(0)
        days = (rows["joined"] - pd.Timestamp("2020-01-01", tz="UTC")).dt.days.fillna(0)
        return np.asarray(found + days / 300, dtype=np.float64)

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self.score(rows)

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        score = self.score(rows)
        zero = np.zeros_like(score)
        odds = [zero, score] if self.kind == "binary" else [-score, zero + 0.5, score]
        powers = np.exp(np.column_stack(odds))
        return powers / powers.sum(axis=1, keepdims=True)


class Made(NamedTuple):
    rows: pd.DataFrame
    model: AskedModel
    own: RowModel


def frame(count: int = 300, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "age": np.where(random.random(count) < 0.1, np.nan, random.normal(40, 12, count)),
            "visits": random.integers(0, 5, count),
            "insured": pd.array(random.choice([True, False, None], count), dtype="boolean"),
            "plan": pd.Categorical(random.choice(["a", "b", "c"], count)),
            "joined": pd.Timestamp("2020-01-01", tz="UTC")
            + pd.to_timedelta(random.integers(0, 700, count), unit="D"),
            "flag": random.choice([True, False], count),
            "house": np.arange(count) // 2,
        },
        index=pd.RangeIndex(10, 10 + count, name=ROW),
    )
    rows.loc[rows.index[:4], "joined"] = pd.NaT
    return rows


def made(kind: str, count: int = 300, seed: int = 3) -> Made:
    rows = frame(count, seed)
    own = RowModel(kind, {name: rows[name].dtype for name in FEATURES})
    problem = PROBLEMS[kind]
    noise = np.random.default_rng(seed + 1).normal(0, 1.5, count)
    score = own.score(rows) + noise
    if kind == "binary":
        rows["goal"] = np.where(score > 0, "yes", "no")
    elif kind == "multiclass":
        rows["goal"] = np.asarray(["bus", "car", "train"])[np.digitize(score, [-0.5, 0.5])]
    elif kind == "regression":
        rows["goal"] = score
    else:
        rows["goal"] = np.digitize(score, [0.0, 1.0]).astype(float)
    threshold = 0.5 if kind == "binary" else None
    return Made(rows, AskedModel.of(own, problem, FEATURES, threshold), own)


@pytest.fixture(params=PROBLEMS)
def each_problem(request: pytest.FixtureRequest) -> Made:
    """Rows and a model, for every problem type."""
    return made(request.param)
