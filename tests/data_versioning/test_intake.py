from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DataCatalog, DatasetError

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.intake import take_in
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.errors import DataError
from experiment_cycle.hooks import CheckHook
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.tracking.hook import CycleMlflowHook

COLUMNS = Columns(target="y")
LINES = 50
DOORS: dict[str, dict[str, Any]] = {
    "pandas": {"type": "pandas.{kind}Dataset"},
    "Polars": {"type": "polars.LazyPolarsDataset", "file_format": "{lower}"},
    "DuckDB": {
        "type": "ibis.FileDataset",
        "file_format": "{lower}",
        "connection": {"backend": "duckdb", "database": ":memory:"},
    },
}
doors = pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    return tmp_path / "staging" / "dataset.parquet"


def entry(door: dict[str, Any], file: Path) -> DataCatalog:
    kind = {".csv": "CSV", ".parquet": "Parquet"}[file.suffix]
    texts = {
        key: value.format(kind=kind, lower=kind.lower())
        for key, value in door.items()
        if isinstance(value, str)
    }
    return DataCatalog.from_config({"raw_data": door | texts | {"filepath": str(file)}})


def refusal(catalog: DataCatalog, staging: Path) -> str:
    """Take the raw data in as a run does; the message that ends it, and nothing left behind."""
    with pytest.raises(DataError) as raised:  # noqa: PT012 the hook puts load errors into one line
        try:
            raw = catalog.load("raw_data")
        except DatasetError as error:
            CheckHook(CycleMlflowHook()).on_pipeline_error(error, catalog)
            raise
        take_in(raw, COLUMNS, staging)
    assert not staging.parent.exists() or list(staging.parent.iterdir()) == []
    assert "Next step: " in raised.value.message
    return raised.value.message


def good_lines(count: int = LINES) -> list[str]:
    return ["y,text,number", *(f"{row % 2},word,{row}.5" for row in range(count))]


@doors
@pytest.mark.parametrize("rows", [LINES, 200_000], ids=["early", "late"])
def test_a_row_with_too_many_fields_is_refused_with_its_line(
    door: dict[str, Any], rows: int, tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "ragged.csv"
    file.write_text("\n".join([*good_lines(rows), "1,2,3,4", *good_lines()[1:]]))

    told = refusal(entry(door, file), staging)

    assert re.search(rf"line:? {rows + 2}\b", told, re.IGNORECASE), told
    assert "ragged.csv" in told
    assert told.count("\n") <= 2


@pytest.mark.parametrize("rows", [LINES, 200_000], ids=["early", "late"])
def test_duckdb_refuses_a_row_with_too_few_fields_with_its_line(
    rows: int, tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "short.csv"
    file.write_text("\n".join([*good_lines(rows), "1,2", *good_lines()[1:]]))

    assert re.search(rf"line:? {rows + 2}\b", refusal(entry(DOORS["DuckDB"], file), staging), re.I)


@doors
def test_a_truncated_parquet_file_is_refused(
    door: dict[str, Any], tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "cut.parquet"
    pd.DataFrame({"y": [0, 1] * 500, "x": range(1_000)}).to_parquet(file)
    file.write_bytes(file.read_bytes()[:-40])

    told = refusal(entry(door, file), staging)

    assert "cut.parquet" in told or "cannot be read" in told


@doors
def test_a_parquet_file_that_is_damaged_inside_is_refused(
    door: dict[str, Any], tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "bad.parquet"
    frame = pd.DataFrame({"y": [0, 1] * 200_000, "x": np.random.default_rng(0).random(400_000)})
    frame.to_parquet(file, row_group_size=100_000)
    content = bytearray(file.read_bytes())
    middle = pq.read_metadata(file).row_group(2).column(1).data_page_offset
    content[middle : middle + 64] = b"\xff" * 64
    file.write_bytes(content)

    refusal(entry(door, file), staging)


@pytest.mark.parametrize("door", [DOORS["Polars"], DOORS["DuckDB"]], ids=["Polars", "DuckDB"])
def test_a_name_given_twice_in_the_header_is_refused(
    door: dict[str, Any], tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("y,a,a\n1,2,3\n0,4,5\n")

    assert "more than one column named 'a'" in refusal(entry(door, file), staging)


def test_names_that_only_look_like_given_twice_pass(tmp_path: Path, staging: Path) -> None:
    file = tmp_path / "once.csv"
    file.write_text("y,a,a_1\n1,2,3\n0,4,5\n")

    raw = entry(DOORS["DuckDB"], file).load("raw_data")

    assert list(take_in(raw, COLUMNS, staging).types) == ["y", "a", "a_1"]


def test_pandas_renames_a_name_given_twice_and_the_log_says_so(
    tmp_path: Path, staging: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("y,a,a\n1,2,3\n0,4,5\n")

    with caplog.at_level(logging.WARNING):
        take_in(entry(DOORS["pandas"], file).load("raw_data"), COLUMNS, staging)

    assert "'a' and 'a.1'" in caplog.text


def test_names_given_twice_in_tables_are_refused(staging: Path) -> None:
    columns = [pa.array([0, 1]), pa.array([1, 2]), pa.array([3, 4])]
    table = pa.Table.from_arrays(columns, names=["y", "a", "a"])

    for raw in (table, table.to_reader(), table.to_pandas()):
        with pytest.raises(DataError, match="more than one column named 'a'"):
            take_in(raw, COLUMNS, staging)
    assert not staging.exists()


@doors
def test_a_column_that_turns_from_numbers_to_text_is_refused_by_name(
    door: dict[str, Any], tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "mixed.csv"
    file.write_text("\n".join(["y,x", *("1,2" for _ in range(600_000)), "0,word"]))

    told = refusal(entry(door, file), staging)

    assert re.search(r"column:? ['\"]?x\b", told), told


@doors
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_without_rows_is_refused(
    door: dict[str, Any], kind: str, tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / f"empty.{kind}"
    if kind == "csv":
        file.write_text("y,x\n")
    else:
        pd.DataFrame({"y": pd.Series([], dtype="int64"), "x": 1.0}).to_parquet(file)

    assert "'raw_data' has no rows" in refusal(entry(door, file), staging)


@doors
def test_a_file_without_a_header_is_refused(
    door: dict[str, Any], tmp_path: Path, staging: Path
) -> None:
    file = tmp_path / "nothing.csv"
    file.write_text("")

    refusal(entry(door, file), staging)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs rights that this user does not have")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def large() -> pd.DataFrame:
    random = np.random.default_rng(0).random(1_000_000)
    return pd.DataFrame({"y": random > 0.5, "x": random})


def test_a_full_disk_leaves_nothing_half_written(small_disk: Path) -> None:
    with pytest.raises(DataError) as raised:
        take_in(large(), COLUMNS, small_disk / "staging" / "dataset.parquet")

    assert "No space left on device" in raised.value.message
    assert str(small_disk / "staging") in raised.value.message
    assert "free some space" in raised.value.message
    assert list((small_disk / "staging").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    for folder in (small_disk, small_disk / "new"):
        with pytest.raises(DataError) as raised:
            take_in(large(), COLUMNS, folder / "dataset.parquet")
        assert f"the folder {folder}: Read-only file system" in raised.value.message
        assert "writable" in raised.value.message
    assert list(small_disk.iterdir()) == []


def test_a_full_folder_for_temporary_files_is_named(
    small_disk: Path, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))

    with pytest.raises(DataError, match="No space left on device") as raised:
        take_in(pl.from_pandas(large()).lazy(), COLUMNS, staging)

    assert f"free some space in {small_disk}" in raised.value.message
    assert list(small_disk.iterdir()) == list(staging.parent.iterdir()) == []


def test_an_older_snapshot_outlives_a_disk_that_gets_full(small_disk: Path, staging: Path) -> None:
    kept = SnapshotDataset(filepath=str(small_disk / "dataset.parquet"))
    kept.save(pd.DataFrame({"y": [0, 1]}))
    before = (small_disk / "dataset.parquet").read_bytes()
    staged = take_in(large(), COLUMNS, staging)

    for data in (large(), staged, Snapshot(staged.path)):
        with pytest.raises(DatasetError, match="No space left on device"):
            kept.save(data)

    assert (small_disk / "dataset.parquet").read_bytes() == before
    assert [file.name for file in small_disk.iterdir()] == ["dataset.parquet"]
    assert staged.path.is_file()


def test_a_staged_snapshot_moves_across_file_systems(small_disk: Path, staging: Path) -> None:
    staged = take_in(pd.DataFrame({"y": [0, 1], "x": [2, 3]}), COLUMNS, staging)
    content = staged.path.read_bytes()

    SnapshotDataset(filepath=str(small_disk / "dataset.parquet")).save(staged)

    assert (small_disk / "dataset.parquet").read_bytes() == content
    assert not staging.exists()


def test_a_temporary_snapshot_is_moved_into_place(tmp_path: Path, staging: Path) -> None:
    staged = take_in(pd.DataFrame({"y": [0, 1], "x": [2, 3]}), COLUMNS, staging)
    assert staged == Snapshot(staging, temporary=True)
    number = staging.stat().st_ino

    dataset = SnapshotDataset(filepath=str(tmp_path / "new" / "dataset.parquet"))
    dataset.save(staged)

    kept = dataset.load()
    assert kept.path.stat().st_ino == number
    assert not kept.temporary
    assert not staging.exists()


def test_a_snapshot_that_is_kept_elsewhere_is_copied(tmp_path: Path, staging: Path) -> None:
    kept = Snapshot(take_in(pd.DataFrame({"y": [0, 1], "x": [2, 3]}), COLUMNS, staging).path)

    dataset = SnapshotDataset(filepath=str(tmp_path / "dataset.parquet"))
    dataset.save(kept)
    dataset.save(kept)

    assert content_hash(dataset.load()) == content_hash(kept)
    assert staging.is_file()


@pytest.mark.parametrize("temporary", [True, False])
def test_a_snapshot_saved_where_it_lies_stays(temporary: bool, staging: Path) -> None:
    path = take_in(pd.DataFrame({"y": [0, 1], "x": [2, 3]}), COLUMNS, staging).path
    content = path.read_bytes()

    SnapshotDataset(filepath=str(path)).save(Snapshot(path, temporary=temporary))

    assert path.read_bytes() == content


def test_a_kept_version_is_checked_and_passed_on(tmp_path: Path, staging: Path) -> None:
    kept = Snapshot(take_in(pd.DataFrame({"y": [0, 1], "x": [2, 3]}), COLUMNS, staging).path)
    unused = tmp_path / "unused.parquet"

    assert take_in(kept, COLUMNS, unused) is kept
    with pytest.raises(DataError, match=r"'columns\.target'.*names it"):
        take_in(kept, Columns(target="z"), unused)
    frame = pd.DataFrame({"y": [0, 1], "g": [2, 2], "x": [0, 1]})
    SnapshotDataset(filepath=str(tmp_path / "other.parquet")).save(frame)
    with pytest.raises(DataError, match="a single group, "):
        take_in(Snapshot(tmp_path / "other.parquet"), Columns(target="y", group="g"), unused)
    assert staging.is_file()
    assert not unused.exists()


@pytest.mark.parametrize("columns", [Columns(target="z"), Columns(target="x", positive=9)])
def test_a_version_that_was_checked_out_for_the_run_goes_if_it_cannot_be_used(
    columns: Columns, staging: Path
) -> None:
    checked_out = take_in(pd.DataFrame({"y": [0, 1], "x": [2, 3]}), COLUMNS, staging)

    with pytest.raises(DataError, match="'columns"):
        take_in(checked_out, columns, staging)

    assert list(staging.parent.iterdir()) == []


def test_the_source_is_read_once(staging: Path) -> None:
    read = []

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, 1_000, 100):
            read.append(start)
            rows = range(start, start + 100)
            yield pa.RecordBatch.from_pydict({"y": [row % 2 for row in rows], "x": list(rows)})

    schema = pa.schema({"y": pa.int64(), "x": pa.int64()})
    staged = take_in(pa.RecordBatchReader.from_batches(schema, batches()), COLUMNS, staging)

    assert staged.rows == 1_000
    assert read == list(range(0, 1_000, 100))


def test_names_are_checked_before_a_row_is_read(staging: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        raise AssertionError("a row was read")
        yield

    reader = pa.RecordBatchReader.from_batches(pa.schema({"x": pa.int64()}), batches())

    with pytest.raises(DataError, match="There is no column 'y'"):
        take_in(reader, COLUMNS, staging)
    assert not staging.parent.exists()


def test_an_error_of_the_database_is_told_in_one_line(staging: Path) -> None:
    relation = duckdb.sql("SELECT i % 2 AS y, (9 - i)::VARCHAR || 'z' AS x FROM range(9) t(i)")

    with pytest.raises(DataError, match=r"cannot be read: .*Could not convert string '9z'") as told:
        take_in(relation.project("y, x::INTEGER AS x"), COLUMNS, staging)

    assert "\n" not in told.value.message
    assert not staging.exists()
