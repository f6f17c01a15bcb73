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


def shuffled(rows: int) -> pd.DataFrame:
    """Numbers of every kind of spread: all different, tied, skewed, sorted, alternating."""
    random = np.random.default_rng(5)
    skewed = random.lognormal(0, 5, rows)
    skewed[random.random(rows) < 0.2] = np.nan
    return pd.DataFrame(
        {
            "y": random.random(rows) < 0.5,
            "normal": random.normal(size=rows),
            "skewed": skewed,
            "zeros": np.where(random.random(rows) < 0.7, 0.0, random.normal(size=rows)),
            "coin": random.integers(0, 2, rows),
            "sorted": np.arange(rows) * 3 - 7,
            "tenths": random.integers(-99, 99, rows) / 10,
            "same": np.full(rows, 2.5),
        }
    )


@pytest.mark.parametrize("rows", [1_000, 200_000])
@pytest.mark.parametrize("sample", [1, 300, 65_536])
def test_quantiles_of_many_numbers_are_exact_whatever_the_sample_said(
    save: Save, monkeypatch: pytest.MonkeyPatch, rows: int, sample: int
) -> None:
    frame = shuffled(rows)
    monkeypatch.setattr("experiment_cycle.data_versioning.quantiles.IN_MEMORY", 10)
    monkeypatch.setattr("experiment_cycle.data_versioning.quantiles.SAMPLED", sample)

    columns = profile(save(frame), Columns(target="y"), top_values=1).columns

    for name in frame.columns.drop("y"):
        expected = frame[name].quantile([0, 0.25, 0.5, 0.75, 1]).tolist()
        found = columns[name].quantiles
        assert found is not None
        assert list(found.values()) == pytest.approx(expected, rel=1e-12, abs=1e-300), name


def test_bins_hold_what_pandas_counts_between_their_edges(save: Save) -> None:
    frame = shuffled(20_000)

    columns = profile(save(frame), Columns(target="y"), top_values=1).columns

    for name in frame.columns.drop(["y", "same"]):
        edges, counts = columns[name].bin_edges, columns[name].bin_counts
        low, high = frame[name].min(), frame[name].max()
        assert edges == pytest.approx(np.linspace(low, high, 21), rel=1e-12, abs=1e-12)
        cut = pd.cut(frame[name], list(edges), include_lowest=True)
        assert list(counts) == cut.value_counts(sort=False).tolist(), name
        assert sum(counts) == frame[name].count()
    assert columns["same"].bin_edges == (2.5, 2.5)
    assert columns["same"].bin_counts == (20_000,)
    assert columns["y"].bin_edges == columns["y"].bin_counts == ()


@pytest.mark.parametrize(
    "values",
    [[1.0, np.nextafter(1.0, 2.0)], [5e-324, 0.0], [-1.7e308, 1.7e308], [1e300, -1e-300, 0.1]],
)
def test_bins_of_extreme_numbers_lose_none_of_them(save: Save, values: list[float]) -> None:
    found = profile(
        save(pd.DataFrame({"y": [0, 1], "x": values[:2]})), Columns(target="y"), top_values=1
    ).columns["x"]

    assert sum(found.bin_counts) in {0, 2}
    assert len(found.bin_edges) in {0, len(found.bin_counts) + 1}
    json.loads(json.dumps(found.model_dump(mode="json"), allow_nan=False))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_have_bins_whose_edges_are_iso_texts(save: Save, unit: str, zone: str | None) -> None:
    times = pd.Series(
        pd.to_datetime(["1969-12-31 23:00:00", "2020-01-01 00:00:01", None, "2021-06-01 00:00:00"])
    )
    times = times.dt.tz_localize(zone).astype(f"datetime64[{unit}{f', {zone}' if zone else ''}]")
    frame = pd.DataFrame({"y": [0, 1, 0, 1], "at": times})

    found = profile(save(frame), Columns(target="y"), top_values=1).columns["at"]

    edges = pd.to_datetime(pd.Series(found.bin_edges), format="ISO8601")
    instants = times if zone is None else times.dt.tz_convert("UTC").dt.tz_localize(None)
    assert edges.iloc[0] == instants.min()
    assert edges.iloc[-1] == instants.max()
    assert edges.is_monotonic_increasing
    assert sum(found.bin_counts) == 3
    assert found.bin_counts[0] == 1
    assert found.mean is found.quantiles is None


def test_dates_have_bins(save: Save) -> None:
    days = pa.array([0, 10, None, 20], pa.date32())

    found = profile(save(pa.table({"y": [0, 1, 0, 1], "day": days})), Columns(target="y"), 1)

    assert found.columns["day"].bin_edges[0] == "1970-01-01T00:00:00"
    assert found.columns["day"].bin_edges[-1] == "1970-01-21T00:00:00"
    assert sum(found.columns["day"].bin_counts) == 3


def test_of_very_many_different_values_number_and_ranking_are_estimates_and_marked(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(2)
    often = random.random(300_000) < 0.1
    frame = pd.DataFrame(
        {
            "y": random.random(300_000) < 0.5,
            "id": np.arange(300_000),
            "visits": np.where(often, random.integers(0, 5, 300_000), np.arange(300_000) + 10),
            "few": random.integers(0, 99, 300_000),
        }
    )
    monkeypatch.setattr("experiment_cycle.data_versioning.column_profile.EXACT_DISTINCT", 1_000)

    columns = profile(save(frame), Columns(target="y"), top_values=3).columns

    assert columns["id"].estimated == columns["visits"].estimated == ("distinct", "top")
    assert columns["id"].distinct == pytest.approx(300_000, rel=0.05)
    assert columns["id"].top == ()
    expected = frame["visits"].value_counts().head(3)
    assert columns["visits"].top == tuple((str(k), int(n)) for k, n in expected.items())
    assert columns["few"].estimated == columns["y"].estimated == ()
    assert columns["few"].distinct == 99
    assert columns["id"].mean == frame["id"].mean()


def test_the_profile_does_not_depend_on_the_number_of_threads(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = save(shuffled(300_000))
    found = set()

    for workers in (1, 2, 8):
        monkeypatch.setattr("experiment_cycle.data_versioning.profile.WORKERS", workers)
        monkeypatch.setattr("os.cpu_count", lambda count=workers: count)
        found.add(profile(snapshot, Columns(target="y"), top_values=5).model_dump_json())

    assert len(found) == 1


def test_what_does_not_fit_in_memory_is_spilled_and_cleared_away(
    save: Save, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = np.random.default_rng(0).permutation(400_000).astype(str)
    frame = pd.DataFrame(
        {"y": np.arange(400_000) % 2, "word": "a long beginning of " + pd.Series(words)}
    )
    monkeypatch.setattr("experiment_cycle.data_versioning.profile.MEMORY_MB", 32)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    found = profile(save(frame), Columns(target="y"), top_values=1).columns["word"]

    assert found.distinct == 400_000
    assert found.estimated == ()
    assert list(tmp_path.iterdir()) == []
