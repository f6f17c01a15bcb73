from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from kedro.io import DataCatalog

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.intake import take_in
from experiment_cycle.errors import DataError

COLUMNS = Columns(target="truth", group="count")
ROWS = 3_000
DUCKDB = {"backend": "duckdb", "database": ":memory:"}


def table() -> pd.DataFrame:
    random = np.random.default_rng(3)
    missing = random.random(ROWS) < 0.1
    return pd.DataFrame(
        {
            "count": random.integers(-5, 5, ROWS),
            "number": np.where(missing, np.nan, random.normal(size=ROWS).round(3)),
            "word": pd.Series(random.choice(["a", "b, b", "ü", 'c "c"'], ROWS)).mask(missing),
            "truth": random.random(ROWS) < 0.5,
            "when": pd.Timestamp("2020-02-29 12:00:00.5").as_unit("us")
            + pd.to_timedelta(random.integers(0, 10**6, ROWS), unit="s"),
        }
    )


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    duckdb.connect().from_df(frame).write_csv(str(path))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One table as CSV and Parquet, in one file and in three, and in a DuckDB database."""
    folder = tmp_path_factory.mktemp("sources")
    frame = table()
    write_csv(frame, folder / "table.csv")
    frame.to_parquet(folder / "table.parquet", row_group_size=700)
    (folder / "many_parquet").mkdir()
    for name, rows in (("a", slice(0, 500)), ("b", slice(500, 1_500)), ("c", slice(1_500, None))):
        write_csv(frame[rows], folder / "many_csv" / f"{name}.csv")
        frame[rows].to_parquet(folder / "many_parquet" / f"{name}.parquet")
    with duckdb.connect(str(folder / "base.db")) as connection:
        connection.execute("CREATE TABLE kept AS FROM frame")
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    staged = take_in(table(), COLUMNS, tmp_path_factory.mktemp("plain") / "staged.parquet")
    return content_hash(staged).digest


ENTRIES: dict[str, dict[str, Any]] = {
    "pandas, CSV": {
        "type": "pandas.CSVDataset",
        "filepath": "table.csv",
        "load_args": {"parse_dates": ["when"]},
    },
    "pandas, Parquet": {"type": "pandas.ParquetDataset", "filepath": "table.parquet"},
    "Polars, CSV": {
        "type": "polars.EagerPolarsDataset",
        "filepath": "table.csv",
        "file_format": "csv",
        "load_args": {"try_parse_dates": True},
    },
    "Polars, Parquet": {
        "type": "polars.EagerPolarsDataset",
        "filepath": "table.parquet",
        "file_format": "parquet",
    },
    "lazy Polars, CSV": {
        "type": "polars.LazyPolarsDataset",
        "filepath": "table.csv",
        "file_format": "csv",
        "load_args": {"try_parse_dates": True},
    },
    "lazy Polars, Parquet": {
        "type": "polars.LazyPolarsDataset",
        "filepath": "table.parquet",
        "file_format": "parquet",
    },
    "lazy Polars, folder of CSV": {
        "type": "polars.LazyPolarsDataset",
        "filepath": "many_csv",
        "file_format": "csv",
        "load_args": {"try_parse_dates": True},
    },
    "lazy Polars, folder of Parquet": {
        "type": "polars.LazyPolarsDataset",
        "filepath": "many_parquet",
        "file_format": "parquet",
    },
    "DuckDB, CSV": {
        "type": "ibis.FileDataset",
        "filepath": "table.csv",
        "file_format": "csv",
        "connection": DUCKDB,
    },
    "DuckDB, Parquet": {
        "type": "ibis.FileDataset",
        "filepath": "table.parquet",
        "file_format": "parquet",
        "connection": DUCKDB,
    },
    "DuckDB, many CSV": {
        "type": "ibis.FileDataset",
        "filepath": "many_csv/*.csv",
        "file_format": "csv",
        "connection": DUCKDB,
    },
    "DuckDB, many Parquet": {
        "type": "ibis.FileDataset",
        "filepath": "many_parquet/*.parquet",
        "file_format": "parquet",
        "connection": DUCKDB,
    },
    "DuckDB, table": {
        "type": "ibis.TableDataset",
        "table_name": "kept",
        "connection": {"backend": "duckdb", "database": "base.db"},
    },
    "partitions of pandas CSV": {
        "type": "partitions.PartitionedDataset",
        "path": "many_csv",
        "filename_suffix": ".csv",
        "dataset": {"type": "pandas.CSVDataset", "load_args": {"parse_dates": ["when"]}},
    },
    "partitions of pandas Parquet": {
        "type": "partitions.PartitionedDataset",
        "path": "many_parquet",
        "dataset": "pandas.ParquetDataset",
    },
    "partitions of lazy Polars": {
        "type": "partitions.PartitionedDataset",
        "path": "many_parquet",
        "dataset": {"type": "polars.LazyPolarsDataset", "file_format": "parquet"},
    },
}


def load(entry: dict[str, Any], folder: Path) -> Any:
    entry = entry | {key: str(folder / entry[key]) for key in ("filepath", "path") if key in entry}
    if entry.get("connection", DUCKDB) != DUCKDB:
        entry["connection"] = entry["connection"] | {"database": str(folder / "base.db")}
    return DataCatalog.from_config({"raw_data": entry}).load("raw_data")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_every_entry_of_one_table_gives_the_same_content(
    entry: dict[str, Any], sources: Path, expected: str, tmp_path: Path
) -> None:
    snapshot = take_in(load(entry, sources), COLUMNS, tmp_path / "staged.parquet")

    assert content_hash(snapshot).digest == expected


@pytest.mark.parametrize(
    "door",
    [
        lambda file: pa.Table.from_pandas(table(), preserve_index=False),
        lambda file: pa.Table.from_pandas(table(), preserve_index=False).to_reader(7),
        ds.dataset,
        lambda file: duckdb.connect().read_parquet(str(file)),
        lambda file: duckdb.connect().from_df(table()),
    ],
    ids=[
        "Arrow table",
        "Arrow reader",
        "Arrow dataset",
        "relation on a file",
        "relation on pandas",
    ],
)
def test_tables_of_arrow_and_duckdb_give_the_same_content(
    door: Any, sources: Path, expected: str, tmp_path: Path
) -> None:
    raw = door(sources / "table.parquet")

    assert content_hash(take_in(raw, COLUMNS, tmp_path / "staged.parquet")).digest == expected


def test_an_ibis_expression_is_computed_also_on_a_table_in_memory(
    expected: str, tmp_path: Path
) -> None:
    import ibis

    held = ibis.memtable(table().rename(columns={"count": "kount"}))
    expression = held.rename(count="kount").select(list(table().columns))

    snapshot = take_in(expression, COLUMNS, tmp_path / "staged.parquet")

    assert content_hash(snapshot).digest == expected


def test_the_time_zone_of_the_machine_is_not_in_the_content(tmp_path: Path) -> None:
    digests = set()
    for zone in ("Asia/Tokyo", "UTC", "America/Lima"):
        connection = duckdb.connect()
        connection.execute(f"SET TimeZone = '{zone}'")
        relation = connection.sql(
            "SELECT i % 2 = 0 AS truth, i AS count, "
            "TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_hours(i::INTEGER) AS at FROM range(9) t(i)"
        )
        staged = take_in(relation, COLUMNS, tmp_path / "staged.parquet")
        digests.add(content_hash(staged).digest)

    assert len(digests) == 1


def partitions(folder: Path, dataset: Any = "pandas.CSVDataset") -> Any:
    entry = {"type": "partitions.PartitionedDataset", "path": str(folder), "dataset": dataset}
    return DataCatalog.from_config({"raw_data": entry}).load("raw_data")


def test_partitions_follow_one_another_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "c10", "a", "c9"):
        write_csv(pd.DataFrame({"truth": [True, False], "name": name}), tmp_path / f"{name}.csv")

    staged = take_in(partitions(tmp_path), Columns(target="truth"), tmp_path / "out" / "staged")

    assert list(staged.to_pandas()["name"]) == ["a", "a", "b", "b", "c10", "c10", "c9", "c9"]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (
            {"truth": [True], "x": [1.5]},
            "the column 'x' holds int64 in 'a.csv' and double in 'b.csv'",
        ),
        ({"truth": [True], "x": ["1a"]}, "the column 'x' holds int64 in 'a.csv' and"),
        ({"truth": [True]}, "'a.csv' has a column 'x', 'b.csv' has none"),
        ({"truth": [True], "x": [1], "y": [1]}, "'b.csv' has a column 'y', 'a.csv' has none"),
    ],
)
def test_files_that_differ_are_refused_with_file_and_column(
    second: dict[str, Any], told: str, tmp_path: Path
) -> None:
    write_csv(pd.DataFrame({"truth": [True, False], "x": [1, 2]}), tmp_path / "a.csv")
    write_csv(pd.DataFrame(second), tmp_path / "b.csv")
    staged = tmp_path / "out" / "staged.parquet"

    with pytest.raises(DataError, match=told):
        take_in(partitions(tmp_path), Columns(target="truth"), staged)

    assert list(staged.parent.iterdir()) == []


def test_files_may_have_their_columns_in_another_order_and_none_of_the_values(
    tmp_path: Path,
) -> None:
    write_csv(pd.DataFrame({"truth": [True, False], "x": ["u", "v"]}), tmp_path / "a.csv")
    write_csv(pd.DataFrame({"x": [None], "truth": [True]}), tmp_path / "b.csv")

    staged = take_in(partitions(tmp_path), Columns(target="truth"), tmp_path / "out" / "staged")

    back = staged.to_pandas()
    assert list(back.columns) == ["truth", "x"]
    assert back["x"].fillna("missing").tolist() == ["u", "v", "missing"]


@pytest.mark.parametrize("position", ["a", "z"])
def test_a_damaged_file_among_many_is_named(position: str, tmp_path: Path) -> None:
    pd.DataFrame({"truth": [True, False], "x": [1, 2]}).to_parquet(tmp_path / "m.parquet")
    (tmp_path / f"{position}.parquet").write_bytes(b"PAR1 nothing PAR1")

    def all_in() -> None:
        raw = partitions(tmp_path, "pandas.ParquetDataset")
        take_in(raw, Columns(target="truth"), tmp_path / "out" / "staged.parquet")

    with pytest.raises(DataError, match=rf"The file '{position}.parquet' of 'raw_data' cannot be"):
        all_in()
