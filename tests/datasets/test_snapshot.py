from __future__ import annotations

import datetime as dt
import decimal
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kedro.io import DatasetError

from experiment_cycle.columns import ROW
from experiment_cycle.datasets.parquet import ROW_GROUP_ROWS
from experiment_cycle.datasets.snapshot import SnapshotDataset


@pytest.fixture
def dataset(tmp_path: Path) -> SnapshotDataset:
    return SnapshotDataset(filepath=str(tmp_path / "folder" / "dataset.parquet"))


def bytes_of(dataset: SnapshotDataset) -> bytes:
    return Path(dataset._filepath).read_bytes()


def every_kind() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "float.with dot": [1.5, np.nan, -0.0],
            'text "quoted"': ["x", None, "ü, y"],
            "truth": [True, False, True],
            "truth or missing": pd.array([True, None, False], dtype="boolean"),
            "whole": np.array([1, 2, 3], dtype="int32"),
            "whole or missing": pd.array([1, None, 2**60], dtype="Int64"),
            "large": np.array([0, 1, 2**64 - 1], dtype="uint64"),
            "level": pd.Categorical(["b", None, "a"], categories=["b", "a", "unused"]),
            "ordered": pd.Categorical(
                ["low", "high", "low"], categories=["low", "high"], ordered=True
            ),
            "numbered level": pd.Categorical([3, 1, None], categories=[1, 3]),
            "time": pd.to_datetime(["2020-02-29 12:00:00.5", None, "1969-01-01 00:00:00.25"]),
            "zoned": pd.to_datetime(["2020-02-29", None, "1969-01-01"]).tz_localize(
                "Europe/Berlin"
            ),
            "day": [dt.date(2020, 2, 29), None, dt.date(1969, 1, 1)],
            "lasting": pd.to_timedelta([1, None, 3], unit="min"),
            "all missing": [None, None, None],
            "'; DROP TABLE dataset; --": [1, 2, 3],
        },
        index=[7, 7, 5],
    )


def test_a_pandas_frame_comes_back_as_it_went_in_without_its_index(
    dataset: SnapshotDataset,
) -> None:
    frame = every_kind()
    dataset.save(frame)

    back = dataset.load().to_pandas()

    expected = frame.set_axis(pd.RangeIndex(3, name=ROW), axis="index")
    pd.testing.assert_frame_equal(back, expected)


def test_some_columns_are_read_in_the_order_asked_for(dataset: SnapshotDataset) -> None:
    frame = every_kind()
    dataset.save(frame)
    wanted = ["truth", "numbered level", "float.with dot"]

    back = dataset.load().to_pandas(wanted)

    assert list(back.columns) == wanted
    assert list(back.dtypes) == list(frame[wanted].dtypes)


def test_the_snapshot_knows_its_rows_and_types_in_the_order_of_the_columns(
    dataset: SnapshotDataset,
) -> None:
    frame = every_kind()
    dataset.save(frame)
    snapshot = dataset.load()

    assert snapshot.rows == 3
    assert list(snapshot.types) == list(frame.columns)
    assert snapshot.types["truth"] == "BOOLEAN"
    assert snapshot.types["level"] == "VARCHAR"


def test_sql_sees_the_rows_in_their_order_under_their_position(dataset: SnapshotDataset) -> None:
    values = np.random.default_rng(1).permutation(2 * ROW_GROUP_ROWS + 17)
    dataset.save(pd.DataFrame({"x": values}))

    with dataset.load().connect() as connection:
        read = connection.execute(f"SELECT x, {ROW} FROM dataset ORDER BY {ROW}").fetchnumpy()

    assert np.array_equal(read["x"], values)
    assert np.array_equal(read[ROW], np.arange(len(values)))


def tables_of(frame: pd.DataFrame) -> dict[str, Any]:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pieces = table.to_batches(max_chunksize=777)
    return {
        "arrow": table,
        "chunked arrow": pa.Table.from_batches(pieces),
        "reader": pa.RecordBatchReader.from_batches(table.schema, pieces),
        "stranger": Stranger(table),
        "pandas again": frame,
    }


class Stranger:
    """Any library's table: all it shows is the Arrow stream."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def test_the_bytes_depend_on_the_table_not_on_how_it_was_cut(dataset: SnapshotDataset) -> None:
    rows = ROW_GROUP_ROWS + 1_000
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": random.normal(size=rows),
            "text": random.integers(0, 9, rows).astype(str),
            "level": pd.Categorical(random.integers(0, 9, rows).astype(str)),
        }
    )
    dataset.save(frame)
    expected = bytes_of(dataset)

    for kind, table in tables_of(frame).items():
        dataset.save(table)
        assert bytes_of(dataset) == expected, kind


def test_a_duckdb_relation_is_written_in_its_order(dataset: SnapshotDataset) -> None:
    connection = duckdb.connect()
    relation = connection.sql(
        "SELECT 9 - i AS \"a b\", 'x' || i AS text, i % 2 = 0 AS even, 1.5 * i AS exact "
        "FROM range(10) t(i)"
    )
    dataset.save(relation)

    back = dataset.load().to_pandas()

    assert list(back["a b"]) == list(range(9, -1, -1))
    assert back["even"].dtype == bool
    assert back["text"].dtype == "str"
    assert back["exact"].dtype == np.float64
    assert back["exact"].iloc[3] == 4.5


@pytest.mark.parametrize("lazy", [False, True])
def test_text_and_levels_as_polars_exports_them_become_plain_ones(
    dataset: SnapshotDataset, lazy: bool
) -> None:
    frame = pl.DataFrame(
        {"word": ["a", None, "b"], "level": ["x", None, "y"]},
        schema_overrides={"level": pl.Categorical},
    )
    dataset.save(frame.lazy() if lazy else frame)

    back = dataset.load().to_pandas()

    assert back["word"].dtype == "str"
    assert isinstance(back["level"].dtype, pd.CategoricalDtype)
    assert back["level"].astype(object).fillna("missing").tolist() == ["x", "missing", "y"]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_a_float_that_is_not_a_number_is_missing_for_sql_too(
    dataset: SnapshotDataset, kind: pa.DataType
) -> None:
    dataset.save(pa.table({"x": pa.array([1.0, float("nan"), None, 2.0], kind)}))
    snapshot = dataset.load()

    with snapshot.connect() as connection:
        found = connection.execute("SELECT count(x), avg(x) FROM dataset").fetchall()

    assert found == [(2, 1.5)]
    assert snapshot.to_pandas()["x"].isna().tolist() == [False, True, True, False]


def test_decimal_numbers_are_kept_exactly_and_read_as_floats(dataset: SnapshotDataset) -> None:
    dataset.save(pd.DataFrame({"price": [decimal.Decimal("1.10"), None]}))
    snapshot = dataset.load()

    assert snapshot.types["price"].startswith("DECIMAL")
    assert snapshot.to_pandas()["price"].dtype == np.float64


def test_column_names_that_are_numbers_become_text(dataset: SnapshotDataset) -> None:
    dataset.save(pd.DataFrame([[1, 2]], columns=[0, 1]))

    assert list(dataset.load().to_pandas().columns) == ["0", "1"]


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.none() | st.text(max_size=5), min_size=1, max_size=20),
    name=st.text(min_size=1, max_size=8).filter(lambda name: name.lower() != "file_row_number"),
)
def test_any_text_under_any_name_survives(
    tmp_path_factory: pytest.TempPathFactory, values: list[str | None], name: str
) -> None:
    dataset = SnapshotDataset(filepath=str(tmp_path_factory.mktemp("any") / "dataset.parquet"))
    frame = pd.DataFrame({name: pd.Series(values, dtype="str")})
    dataset.save(frame)

    back = dataset.load().to_pandas()

    assert list(back.columns) == [name]
    assert [None if pd.isna(value) else value for value in back[name]] == values


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (pd.DataFrame({"ok": [1, 2], "mixed": [1, "a"]}), "column mixed"),
        (pd.DataFrame({"complex": [1j]}), "column complex"),
        ({"a": [1]}, r"builtins\.dict, which is no table.*pandas or Polars"),
        (pa.table({"x": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), "interval"),
    ],
)
def test_what_cannot_be_written_is_refused_and_the_older_file_stays(
    dataset: SnapshotDataset, table: object, told: str
) -> None:
    dataset.save(pd.DataFrame({"x": [1]}))
    before = bytes_of(dataset)

    with pytest.raises(DatasetError, match=told):
        dataset.save(table)

    assert bytes_of(dataset) == before
    assert [file.name for file in dataset._filepath.parent.iterdir()] == ["dataset.parquet"]


def test_a_missing_file_and_a_damaged_one_are_told_apart(dataset: SnapshotDataset) -> None:
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"does not exist.*kedro run --pipelines=data_version"):
        dataset.load()

    dataset.save(pd.DataFrame({"x": range(1_000)}))
    assert dataset.exists()
    dataset._filepath.write_bytes(bytes_of(dataset)[:-20])
    with pytest.raises(DatasetError, match="is damaged"):
        dataset.load()


def test_the_preview_shows_the_first_rows_as_json(dataset: SnapshotDataset) -> None:
    frame = pd.concat([every_kind()] * 10)
    dataset.save(frame)

    preview: Any = dataset.preview(nrows=2)

    shown = json.loads(json.dumps(preview, allow_nan=False))
    assert shown["columns"] == list(frame.columns)
    assert shown["index"] == [0, 1]
    assert len(shown["data"]) == 2
    second = dict(zip(shown["columns"], shown["data"][1], strict=True))
    assert second["float.with dot"] is None
    assert second["truth"] is False
    assert second["time"] is None


def test_the_preview_of_a_table_without_rows_is_empty(dataset: SnapshotDataset) -> None:
    dataset.save(pd.DataFrame({"x": pd.Series([], dtype="float64")}))

    assert dataset.preview() == {"index": [], "columns": ["x"], "data": []}


def test_metadata_are_kept(tmp_path: Path) -> None:
    metadata = {"kedro-viz": {"layer": "intermediate"}}

    assert SnapshotDataset(filepath=str(tmp_path / "x"), metadata=metadata).metadata == metadata
