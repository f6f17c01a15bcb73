from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.profile import profile
from experiment_cycle.snapshot import Snapshot

Save = Callable[[Any], Snapshot]


def test_numbers_of_the_example_are_those_of_pandas(save: Save, raw_file: Path) -> None:
    frame = pd.read_parquet(raw_file)
    snapshot = save(frame)

    found = profile(snapshot, Columns(target="any_visit"), top_values=10)

    assert found.rows == len(frame)
    assert found.content_hash == content_hash(snapshot)
    assert found.target == {"true": 13882, "false": 6308}
    for name in frame.select_dtypes("number"):
        column = found.columns[name]
        assert column.mean == pytest.approx(frame[name].mean(), rel=1e-12)
        assert column.standard_deviation == pytest.approx(frame[name].std(), rel=1e-9)
        assert column.quantiles is not None
        expected = frame[name].quantile([0, 0.25, 0.5, 0.75, 1])
        assert list(column.quantiles.values()) == pytest.approx(expected.tolist(), rel=1e-12)
        assert column.distinct == frame[name].nunique()
        assert column.missing == 0
        assert [count for _, count in column.top] == frame[name].value_counts().head(10).tolist()


def test_missing_values_are_counted_and_left_out_of_the_rest(save: Save) -> None:
    frame = pd.DataFrame(
        {
            "y": [True, False, True, False],
            "number": [1.0, np.nan, 3.0, np.nan],
            "word": ["b", None, "a", "b"],
            "nothing": [None] * 4,
        }
    )

    columns = profile(save(frame), Columns(target="y"), top_values=10).columns

    assert (columns["number"].missing, columns["number"].distinct) == (2, 2)
    assert columns["number"].mean == 2
    assert (columns["word"].missing, columns["word"].distinct) == (1, 2)
    assert columns["word"].top == (("b", 2), ("a", 1))
    assert columns["word"].mean is columns["word"].quantiles is None
    assert (columns["nothing"].missing, columns["nothing"].distinct) == (4, 0)
    assert columns["nothing"].top == ()


def test_a_float_that_is_not_a_number_is_missing_and_infinity_has_no_mean(save: Save) -> None:
    table = pa.table(
        {"y": [0, 1, 1], "x": [1.0, float("nan"), 2.0], "inf": [1.0, float("inf"), 2.0]}
    )

    found = profile(save(table), Columns(target="y"), top_values=3)

    assert (found.columns["x"].missing, found.columns["x"].mean) == (1, 1.5)
    assert found.columns["inf"].missing == 0
    assert found.columns["inf"].mean is found.columns["inf"].quantiles is None
    json.loads(json.dumps(found.model_dump(mode="json"), allow_nan=False))


def test_only_the_most_frequent_values_are_kept_and_ties_are_in_order(save: Save) -> None:
    frame = pd.DataFrame({"y": [0, 1] * 5, "word": list("ccbbaaefgh")})

    top = profile(save(frame), Columns(target="y"), top_values=4).columns["word"].top

    assert top == (("a", 2), ("b", 2), ("c", 2), ("e", 1))


def test_odd_names_and_types_are_described(save: Save) -> None:
    frame = pd.DataFrame(
        {
            "y": [0, 1],
            'quo"ted': [1, 2],
            "when": pd.to_datetime(["2020-01-01", "2020-06-01"]).tz_localize("Europe/Berlin"),
            "level": pd.Categorical(["u", "v"]),
            "n": [5, 6],
            "value": [7, 7],
            "dataset": ["a", "b"],
        }
    )

    columns = profile(save(frame), Columns(target="y"), top_values=1).columns

    assert columns['quo"ted'].mean == 1.5
    assert columns["level"].type == "VARCHAR"
    assert columns["when"].top == (("2019-12-31 23:00:00+00", 1),)
    assert columns["when"].mean is None
    assert [columns[name].distinct for name in ("level", "n", "value", "dataset")] == [2, 2, 1, 2]


def test_two_profiles_are_equal_to_the_last_digit(save: Save) -> None:
    values = np.random.default_rng(0).lognormal(0, 5, size=300_000)
    snapshot = save(pd.DataFrame({"y": values > 1, "x": values}))
    columns = Columns(target="y")

    first, second = (profile(snapshot, columns, top_values=1) for _ in range(2))

    assert first.model_dump_json() == second.model_dump_json()
