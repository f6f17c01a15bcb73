"""New rows to predictions: the same as asking the model itself, whatever the file and the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.prediction.predict import predict
from experiment_cycle.training.predicting import predict_outputs

PROBLEMS = ["binary", "multiclass", "regression", "ranking"]


def save(rows: pd.DataFrame, file: Path) -> Path:
    if file.suffix == ".csv":
        rows.to_csv(file, index=False)
    else:
        rows.to_parquet(file, index=False, row_group_size=50)
    return file


def read(file: Path) -> pd.DataFrame:
    if file.suffix == ".csv":
        return pd.read_csv(file, dtype={"person": str})
    return pd.read_parquet(file)


def asked(model: Any, rows: pd.DataFrame) -> np.ndarray:
    return predict_outputs(model.model, rows[list(model.record.features)], model.record.problem)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(("source", "to"), [("parquet", "csv"), ("csv", "parquet")])
def test_predictions_are_those_of_the_model(
    problem: str,
    source: str,
    to: str,
    trained: Callable[..., Any],
    new_rows: pd.DataFrame,
    tmp_path: Path,
) -> None:
    model = trained(problem)
    file = save(new_rows, tmp_path / f"rows.{source}")
    out = tmp_path / f"out.{to}"
    record = predict(model.order(file, batch_rows=37), out)
    found, outputs = read(out), asked(model, new_rows)
    assert record.rows == len(found) == len(new_rows)
    assert list(found["person"]) == list(new_rows["person"])
    assert set(record.checks.out_of_range) == {"amount"}
    if problem == "binary":
        np.testing.assert_allclose(found["probability_yes"], outputs, rtol=1e-12)
        called = np.where(outputs >= model.record.threshold.value, "yes", "no")
        assert list(found["predicted_class"]) == list(called)
    elif problem == "multiclass":
        for place in range(3):
            np.testing.assert_allclose(found[f"probability_{place}"], outputs[:, place], rtol=1e-12)
        assert list(found["predicted_class"]) == list(outputs.argmax(axis=1))
    elif problem == "regression":
        np.testing.assert_allclose(found["prediction"], outputs, rtol=1e-12)
    else:
        np.testing.assert_allclose(found["score"], outputs, rtol=1e-12)
        ranks = pd.Series(outputs).groupby(new_rows["query"]).rank(method="first", ascending=False)
        assert list(found["rank"]) == list(ranks.astype(int))


@pytest.mark.parametrize("estimator", ["linear", "random_forest", "hist_gradient_boosting"])
def test_other_estimators_read_the_same_columns(
    estimator: str, trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    model = trained("binary", estimator)
    out = tmp_path / "out.parquet"
    predict(model.order(save(new_rows, tmp_path / "rows.csv"), batch_rows=50), out)
    np.testing.assert_allclose(read(out)["probability_yes"], asked(model, new_rows), rtol=1e-9)
