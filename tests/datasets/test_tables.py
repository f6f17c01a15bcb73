from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from experiment_cycle.datasets.tables import column_names, opened, stream
from experiment_cycle.errors import DataError

FRAME = pd.DataFrame({"b": [1.5, np.nan, 3.0], "a": ["x", None, "y"]})

KINDS: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda folder: FRAME,
    "Polars": lambda folder: pl.from_pandas(FRAME),
    "lazy Polars": lambda folder: pl.from_pandas(FRAME).lazy().filter(pl.lit(True)),
    "Arrow table": lambda folder: pa.Table.from_pandas(FRAME),
    "Arrow reader": lambda folder: pa.Table.from_pandas(FRAME).to_reader(1),
    "Arrow dataset": lambda folder: (FRAME.to_parquet(folder / "t"), ds.dataset(folder / "t"))[1],
    "DuckDB": lambda folder: duckdb.connect().from_df(FRAME),
    "files": lambda folder: {"2": lambda: FRAME[1:], "1": lambda: FRAME[:1]},
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@kinds
def test_every_table_tells_its_columns_and_gives_its_rows_in_their_order(
    kind: Callable[[Path], Any], tmp_path: Path
) -> None:
    table = opened(kind(tmp_path))

    assert column_names(table) == ["b", "a"]
    assert stream(table).read_all().to_pydict() == {"b": [1.5, None, 3.0], "a": ["x", None, "y"]}


@kinds
def test_a_table_without_rows_keeps_its_columns_and_types(
    kind: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "FRAME", FRAME.iloc[:0])

    found = stream(opened(kind(tmp_path))).read_all()

    assert found.num_rows == 0
    assert found.schema.field("b").type == pa.float64()
    assert found.schema.field("a").type in {pa.string(), pa.large_string()}


def test_a_lazy_frame_is_computed_once_and_its_temporary_file_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    computed = []

    def compute(frame: pl.DataFrame) -> pl.DataFrame:
        computed.append(frame.height)
        return frame

    lazy = pl.LazyFrame({"x": range(200_000)}).map_batches(compute)
    reader = stream(lazy)
    assert computed == []

    assert next(iter(reader)).num_rows <= 65_536
    assert [file.is_dir() for file in tmp_path.iterdir()] == [True]
    assert sum(batch.num_rows for batch in reader) > 0

    assert computed == [200_000]
    assert list(tmp_path.iterdir()) == []


def test_a_lazy_frame_that_is_not_read_to_its_end_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    reader = stream(pl.LazyFrame({"x": range(200_000)}))
    next(iter(reader))
    del reader

    assert list(tmp_path.iterdir()) == []


def test_levels_of_polars_survive_in_many_batches() -> None:
    words = np.random.default_rng(0).integers(0, 5_000, 300_000).astype(str)
    lazy = pl.LazyFrame({"word": words}).cast({"word": pl.Categorical})

    assert stream(lazy).read_all().column("word").to_pylist() == words.tolist()


def test_batches_are_small_however_large_those_of_the_source_are() -> None:
    table = pa.table({"x": range(1_000_000)})

    sizes = [batch.num_rows for batch in stream(table)]

    assert sum(sizes) == 1_000_000
    assert max(sizes) <= 65_536


def test_an_error_of_the_library_is_not_taken_for_one_of_the_data() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        raise RuntimeError("a mistake in the code")
        yield

    reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.int64()}), batches())

    with pytest.raises(RuntimeError, match="a mistake in the code"):
        list(stream(reader))


@pytest.mark.parametrize("raw", [None, 7, {}, {"x": [1]}, [FRAME], "table.csv"])
def test_what_is_no_table_is_refused_with_what_is(raw: object) -> None:
    with pytest.raises(DataError, match=r"which is no table\. Allowed: a pandas or Polars frame"):
        stream(opened(raw))
