"""Tables with a feature of every kind, and models that were really trained on them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import train_model

COLUMNS = {
    "binary": Columns(target="goal", positive="yes"),
    "multiclass": Columns(target="goal"),
    "regression": Columns(target="goal"),
    "ranking": Columns(target="goal", query="trip"),
}
TASKS = {
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "ranking": "ranking",
}
FEATURES = {"number", "other", "flag", "colour", "when"}
QUICK = {
    "lightgbm": {"n_estimators": 12},
    "xgboost": {"n_estimators": 12},
    "hist_gradient_boosting": {"n_estimators": 5},
    "random_forest": {"n_estimators": 5},
    "sgd": {"epochs": 3},
    "mlp": {"epochs": 2},
}


@cache
def mixed(kind: str, rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Numbers with gaps, a flag, text with gaps, a date, and a target that depends on them."""
    draw = np.random.default_rng(seed)
    number, colour = draw.normal(size=rows), draw.choice(["red", "green", "blue"], rows)
    flag = draw.random(rows) < 0.4
    truth = number + 1.5 * (colour == "green") - flag + draw.normal(0, 0.7, rows)
    goal: Any = {
        "binary": np.where(truth > 0.3, "yes", "no"),
        "multiclass": np.array(["bus", "car", "train"])[np.digitize(truth, [-0.4, 0.8])],
        "regression": truth,
        "ranking": np.digitize(truth, [0.5, 1.5]),
    }[kind]
    gaps = draw.random(rows) < 0.15
    return pd.DataFrame(
        {
            "number": np.where(gaps, np.nan, number),
            "other": draw.normal(50, 20, rows),
            "flag": flag,
            "colour": pd.Series(colour).where(~gaps[::-1]),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 900, rows), "D"),
            "goal": goal,
            **({"trip": np.arange(rows) // 8} if kind == "ranking" else {}),
        },
        index=pd.RangeIndex(seed * 10_000, seed * 10_000 + rows, name=ROW),
    )


@cache
def trained(estimator: str, kind: str, options: str = "") -> Pipeline:
    """Train on 400 mixed rows; `options` names a further way to."""
    more: dict[str, Any] = {
        "": {},
        "target": {"preprocessing": {"categorical": {"encode": "target"}}},
        "indicator": {"preprocessing": {"numeric": {"impute": "median", "indicator": True}}},
    }[options]
    table = mixed(kind)
    cut = 320
    return train_model(
        *(estimator, QUICK.get(estimator, {}), table.iloc[:cut], table.iloc[cut:], COLUMNS[kind]),
        *(TrainingOptions.model_validate(more), TASKS[kind], 1),
    ).model
