"""What is found in new rows before the first one is scored, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.prediction.predict import predict

Change = Callable[[pd.DataFrame], Any]


@pytest.fixture
def ordered(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> Callable[..., Any]:
    """Predict changed rows, of any problem."""

    def call(
        change: Change, problem: str = "binary", suffix: str = "parquet", **options: Any
    ) -> Any:
        rows = change(new_rows)
        rows = new_rows if rows is None else rows
        file = tmp_path / f"rows.{suffix}"
        if suffix == "csv":
            rows.to_csv(file, index=False)
        else:
            rows.to_parquet(file, index=False)
        return predict(trained(problem).order(file, **options), tmp_path / "out.parquet")

    return call


def test_values_outside_of_the_training_range_are_counted(ordered: Any) -> None:
    def change(rows: pd.DataFrame) -> None:
        rows["amount"] = 0.5
        rows.loc[[4, 9], "amount"] = [50.0, 60.0]
        rows.loc[3, "count"] = -2
        rows.loc[7, "since"] = pd.Timestamp("2031-05-06")
        rows.loc[8, "seen"] = pd.Timestamp("2001-01-01", tz="UTC")

    found = ordered(change).checks.out_of_range
    assert set(found) == {"amount", "count", "since", "seen"}
    assert (found["amount"].rows, found["amount"].lowest, found["amount"].highest) == (2, 50, 60)
    assert (found["count"].rows, found["count"].lowest, found["count"].low) == (1, -2, 0)
    assert str(found["since"].lowest).startswith("2031-05-06")
    assert str(found["seen"].highest).startswith("2001-01-01")


def test_new_missing_values_are_counted(ordered: Any) -> None:
    def change(rows: pd.DataFrame) -> None:
        rows["count"] = rows["count"].astype(float)
        rows.loc[[1, 2], "count"] = np.nan
        rows.loc[5, "amount"] = np.nan  # was missing in training too
        rows.loc[6, "town"] = None
        rows.loc[7, "since"] = pd.NaT

    assert ordered(change).checks.missing_values == {"count": 2, "town": 1, "since": 1}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_unseen_levels_are_counted_to_the_last(ordered: Any, suffix: str) -> None:
    def change(rows: pd.DataFrame) -> None:
        rows.loc[:19, "town"] = [f"new {place % 8}" for place in range(20)]

    record = ordered(change, suffix=suffix)
    found = record.checks.unseen_levels["town"]
    assert (found.rows, found.levels) == (20, 8)
    assert found.frequent == {"new 0": 3, "new 1": 3, "new 2": 3, "new 3": 3, "new 4": 2}
    assert any(
        "8 levels that no training row has, in 20 of 120 rows" in line
        for line in record.checks.warnings()
    )


def test_columns_of_no_use_are_named(ordered: Any) -> None:
    assert ordered(lambda rows: rows.assign(note="x")).checks.extra_columns == ("note",)


def test_a_model_of_an_older_record_is_used_without_these_checks(
    trained: Any, new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    from dataclasses import replace

    file = tmp_path / "rows.parquet"
    new_rows.to_parquet(file)
    order = replace(trained("binary").order(file), known=None)
    record = predict(order, tmp_path / "out.parquet")
    assert "were not checked" in record.checks.warnings()[0]


def without(*names: str) -> Change:
    return lambda rows: rows.drop(columns=list(names))


def with_value(name: str, row: int, value: Any) -> Change:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        rows[name] = rows[name].astype(float if isinstance(value, float) else object)
        rows.loc[row, name] = value
        return rows

    return change


@pytest.mark.parametrize(
    ("change", "problem", "options", "told"),
    [
        (without("town", "count"), "binary", {}, r"no column 'count' \(and 1 more: town\)"),
        (lambda rows: rows.rename(columns={"town": "Town"}), "binary", {}, "mean 'Town'"),
        (lambda rows: rows.assign(amount="much"), "binary", {}, "'amount' .* holds .*string"),
        (lambda rows: rows.assign(town=3), "binary", {}, "'town' .* holds int64"),
        (lambda rows: rows.assign(since=20240101), "binary", {}, "'since' .* holds int64"),
        (with_value("amount", 7, np.inf), "binary", {}, "1 rows, first in row 7 .* such as inf"),
        (with_value("person", 9, "00002"), "binary", {}, "'00002' stands in 2 rows.* 2 and 9"),
        (with_value("person", 9, None), "binary", {}, "names each row, but is missing in 1 rows"),
        (with_value("query", 3, None), "ranking", {}, "each row's query, but is missing"),
        (without("query"), "ranking", {}, "no column 'query'"),
        (
            with_value("town", 3, "beech"),
            "binary",
            {"unseen_levels": "refuse"},
            "level 'beech' in 1 rows.*Known: ash, birch, cedar",
        ),
        (
            lambda rows: rows.assign(predicted_class=1),
            "binary",
            {"keep": True},
            "'predicted_class' .* called like a column of the predictions",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    ordered: Any, tmp_path: Path, change: Change, problem: str, options: Any, told: str
) -> None:
    with pytest.raises(DataError, match=told) as refused:
        ordered(change, problem, **options)
    assert "Next step:" in refused.value.message
    assert sorted(file.name for file in tmp_path.iterdir()) == ["rows.parquet"]


@pytest.mark.parametrize("name", ["amount", "since", "member"])
def test_a_value_that_is_none_in_a_csv_file_is_named(
    ordered: Any, tmp_path: Path, name: str
) -> None:
    with pytest.raises(DataError, match=rf"cannot be read: column '{name}' in row 11 .*'oops'"):
        ordered(with_value(name, 11, "oops"), suffix="csv")


def test_rows_without_an_identifier_are_numbered(
    trained: Any, new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "rows.parquet"
    new_rows.drop(columns="person").to_parquet(file)
    predict(trained("binary").order(file, batch_rows=50), tmp_path / "out.parquet")
    assert list(pd.read_parquet(tmp_path / "out.parquet")["row"]) == list(range(len(new_rows)))


def test_an_identifier_called_like_a_prediction_is_refused(
    trained: Any, new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "rows.parquet"
    new_rows.rename(columns={"person": "prediction"}).to_parquet(file)
    order = trained("regression").order(file, Columns(target="y", identifier="prediction"))
    with pytest.raises(DataError, match="called like a column of the predictions"):
        predict(order, tmp_path / "out.parquet")
