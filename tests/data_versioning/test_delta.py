from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import time as clock
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.delta.versioner import DeltaVersioner
from experiment_cycle.data_versioning.options import DeltaOptions
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.testing.versioners import FIRST, SECOND, MakeVersioner, VersionerContract

LOCATION = "data/02_intermediate/dataset_delta"
INT64_MAX = 2**63 - 1
Save = Callable[[Any], Snapshot]


def versions_in(root: Path, **credentials: Any) -> Versions:
    return Versions(DeltaVersioner(root, DeltaOptions(), credentials))


def commit(root: Path, snapshot: Snapshot, tag: str | None = None) -> DatasetVersion:
    return versions_in(root).commit(snapshot, content_hash(snapshot), {"hypothesis": "H001"}, tag)


def written(path: Path, table: pa.Table, **options: Any) -> Snapshot:
    pq.write_table(table, path, **options)
    return Snapshot(path)


def table_of(root: Path) -> DeltaTable:
    return DeltaTable(root / LOCATION)


class TestInAFolder(VersionerContract):
    @pytest.fixture
    def make_versioner(self, tmp_path: Path) -> MakeVersioner:
        return lambda: DeltaVersioner(tmp_path, DeltaOptions(), {})


def test_a_version_is_a_version_of_the_delta_table_that_any_reader_opens(
    tmp_path: Path, save: Save
) -> None:
    first, second = commit(tmp_path, save(FIRST)), commit(tmp_path, save(SECOND))

    assert (first.backend, first.id, second.id) == ("delta", "0", "1")
    assert first.pointer == LOCATION
    for version, frame in ((first, FIRST), (second, SECOND)):
        kept = DeltaTable(tmp_path / LOCATION, version=int(version.id)).to_pyarrow_table()
        rows = kept.sort_by("__row__").to_pandas()
        assert rows["__row__"].tolist() == list(range(2000))
        assert rows["row"].tolist() == frame["row"].tolist()
        assert rows["level"].tolist() == frame["level"].tolist()
        np.testing.assert_array_equal(rows["number"], frame["number"])


def test_looking_makes_no_table(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)

    assert list(versions.log()) == []
    assert list(tmp_path.iterdir()) == []


# Types


def nested() -> dict[str, pa.Array]:
    inner = pa.struct([("a", pa.uint8()), ("b c", pa.list_(pa.float16()))])
    return {
        "list": pa.array([[1], None, [2, None]], pa.list_(pa.uint64())),
        "large list": pa.array([["a"], None, []], pa.large_list(pa.large_string())),
        "list of moments": pa.array([[1], None, [1001]], pa.list_(pa.timestamp("ns", "UTC"))),
        "list of times": pa.array([[1], None, [1001]], pa.list_(pa.time32("ms"))),
        "struct": pa.array([{"a": 1, "b c": [0.5]}, None, {"a": None, "b c": None}], inner),
        "map": pa.array([[("a", 1)], None, [("b", None)]], pa.map_(pa.string(), pa.uint16())),
        "vector": pa.array([[1, 2], [3, 4], [5, None]], pa.list_(pa.float32(), 2)),
    }


def plain() -> dict[str, pa.Array]:
    return {
        "int8": pa.array([-128, None, 127], pa.int8()),
        "int64": pa.array([-INT64_MAX - 1, None, INT64_MAX]),
        "uint8": pa.array([0, None, 255], pa.uint8()),
        "uint16": pa.array([0, None, 2**16 - 1], pa.uint16()),
        "uint32": pa.array([0, None, 2**32 - 1], pa.uint32()),
        "uint64": pa.array([0, None, 2**64 - 1], pa.uint64()),
        "float16": pa.array([0.5, None, np.inf], pa.float16()),
        "float32": pa.array([0.1, None, -np.inf], pa.float32()),
        "float64": pa.array([0.1, None, -0.0]),
        "boolean": pa.array([True, None, False]),
        "text": pa.array(["", None, "\U0001f600"]),
        "large text": pa.array(["a", None, "b"], pa.large_string()),
        "bytes": pa.array([b"\xff\x00", None, b""]),
        "large bytes": pa.array([b"a", None, b"b"], pa.large_binary()),
        "two bytes": pa.array([b"ab", None, b"cd"], pa.binary(2)),
        "date": pa.array([-719_162, None, 2_932_896], pa.date32()),
        "date out of range": pa.array([-(2**31), None, 2**31 - 1], pa.date32()),
        "time": pa.array([clock(1, 2, 3, 4000), None, clock(23, 59)], pa.time64("us")),
        "time in ms": pa.array([1, None, 86_399_999], pa.time32("ms")),
        "time in ns": pa.array([1, None, 86_399_999_999_999], pa.time64("ns")),
        "duration": pa.array([timedelta(days=-1), None, timedelta(microseconds=1)]),
        "duration in ns": pa.array([-INT64_MAX, None, 1], pa.duration("ns")),
        "decimal": pa.array([Decimal("1.23"), None, Decimal("-9.99")]),
        "short decimal": pa.array([Decimal("1.2"), None, None], pa.decimal32(3, 1)),
        "long decimal": pa.array([Decimal("9" * 38), None, None], pa.decimal256(38, 0)),
        "nothing": pa.nulls(3),
        "uuid": pa.array([b"0" * 16, None, b"1" * 16], pa.uuid()),
    }


def moments() -> dict[str, pa.Array]:
    return {
        f"{unit} {zone} {ticks}": pa.array([ticks, None, -ticks], pa.timestamp(unit, zone))
        for unit in ("ms", "us", "ns")
        for zone in (None, "UTC", "Europe/Berlin", "+05:30")
        for ticks in (1, 1_000, INT64_MAX)
    }


def categories() -> dict[str, pa.Array]:
    def coded(codes: list[int | None], levels: pa.Array, ordered: bool = False) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), levels, ordered=ordered)

    return {
        "in an order of their own": coded([1, None, 0], pa.array(["z", "a"]), True),
        "with a level that no row has": coded([2, None, 0], pa.array(["z", "unused", "a"])),
        "none present": coded([None] * 3, pa.array(["z", "a"])),
        "no level at all": coded([None] * 3, pa.array([], pa.string())),
        "bytes": coded([1, None, 0], pa.array([b"\xff", b""])),
        "numbers": coded([1, None, 0], pa.array([7, 5])),
    }


@pytest.mark.parametrize("make", [plain, moments, nested, categories])
def test_every_type_comes_back_as_it_was(
    make: Callable[[], dict[str, pa.Array]], tmp_path: Path
) -> None:
    # Parquet has no seconds, views, 64-bit dates or numbers as levels: what it makes of them counts
    snapshot = written(tmp_path / "snapshot.parquet", pa.table(make()))
    version = commit(tmp_path, snapshot)

    back = versions_in(tmp_path).checkout(version, tmp_path / "back.parquet")

    expected, found = pq.read_table(snapshot.path), pq.read_table(back.path)
    assert found.schema.equals(expected.schema, check_metadata=True)
    for name in expected.column_names:
        assert found.column(name).equals(expected.column(name)), name


def test_dtypes_and_levels_of_pandas_come_back(tmp_path: Path, save: Save) -> None:
    frame = pd.DataFrame(
        {
            "text": pd.Categorical(["b", "a", None], categories=["c", "b", "a"], ordered=True),
            "numbers": pd.Categorical([3, 1, 3], categories=[1, 3]),
            "Int8": pd.array([1, None, 3], dtype="Int8"),
            "boolean": pd.array([True, None, False], dtype="boolean"),
            "period": pd.period_range("2024-01", periods=3, freq="M"),
            "interval": pd.interval_range(0, 3),
            "ns": pd.to_datetime([123_456_789, None, -1], unit="ns"),
            "s": pd.DatetimeIndex(["2024-01-01", None, "1500-01-01"]).as_unit("s"),
            "delta": pd.to_timedelta([1, None, 3], unit="ns"),
        }
    )
    snapshot = save(frame)
    expected = snapshot.to_pandas()

    back = versions_in(tmp_path).checkout(commit(tmp_path, snapshot), tmp_path / "back.parquet")

    pd.testing.assert_frame_equal(back.to_pandas(), expected)
    assert back.to_pandas()["text"].cat.categories.tolist() == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (pa.array([Decimal("1.23")], pa.decimal256(50, 2)), r"'x' \(decimal256\(50, 2\)\)"),
        (pa.array([["a"]], pa.list_(pa.dictionary(pa.int32(), pa.string()))), r"'x' \(list"),
        (pa.array([[None]], pa.list_(pa.null())), r"'x' \(list<element: null>\)"),
    ],
)
def test_what_delta_cannot_keep_is_refused_before_anything_is_written(
    array: pa.Array, told: str, tmp_path: Path
) -> None:
    snapshot = written(tmp_path / "snapshot.parquet", pa.table({"ok": [1], "x": array}))

    with pytest.raises(BackendError, match=rf"{told}.*Nothing was written.*Next step: convert"):
        commit(tmp_path, snapshot)
    assert not (tmp_path / LOCATION).exists()


def test_more_levels_than_the_log_should_hold_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    levels = pa.array([rng.bytes(16).hex() for _ in range(60_000)])
    column = pa.DictionaryArray.from_arrays(pa.array(range(60_000)), levels)
    snapshot = written(tmp_path / "snapshot.parquet", pa.table({"many": column}))

    with pytest.raises(BackendError, match=r"levels of 'many' are too many.*Next step"):
        commit(tmp_path, snapshot)
    assert not (tmp_path / LOCATION).exists()


def test_types_may_change_from_version_to_version(tmp_path: Path, save: Save) -> None:
    frames = [
        pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}),
        pd.DataFrame({"x": pd.to_datetime(["2024-01-01", None]), "z": [0.5, 1.5]}),
        pd.DataFrame({"x": ["one", None]}),
    ]
    made = [commit(tmp_path, save(frame), f"v{n}") for n, frame in enumerate(frames)]

    versions = versions_in(tmp_path)
    for version, frame in zip(made, frames, strict=True):
        back = versions.checkout(version, tmp_path / "back.parquet").to_pandas()
        pd.testing.assert_frame_equal(back.reset_index(drop=True), frame)
    assert [each.tags for each in versions.log()] == [("v0",), ("v1",), ("v2",)]


# The order of the rows, and what others do to the table


@pytest.fixture
def long(tmp_path: Path) -> tuple[DatasetVersion, pa.Table]:
    """A version of so many rows that Delta writes them in several pieces."""
    rng = np.random.default_rng(0)
    table = pa.table({"number": rng.normal(size=400_000), "code": rng.integers(0, 9, 400_000)})
    snapshot = written(tmp_path / "long.parquet", table, row_group_size=50_000)
    return commit(tmp_path, snapshot), table


def assert_comes_back(root: Path, version: DatasetVersion, table: pa.Table) -> None:
    back = versions_in(root).checkout(version, root / "back.parquet")
    assert pq.read_table(back.path).equals(table)


def test_rows_come_back_in_their_order_though_the_table_has_them_in_another(
    tmp_path: Path, long: tuple[DatasetVersion, pa.Table]
) -> None:
    version, table = long
    reversed_rows = table_of(tmp_path).to_pyarrow_table().sort_by([("__row__", "descending")])
    (name,) = table_of(tmp_path).file_uris()
    pq.write_table(reversed_rows, tmp_path / "reversed.parquet")
    size = Path(name).stat().st_size
    log = tmp_path / LOCATION / "_delta_log" / f"{0:020}.json"
    new = (tmp_path / "reversed.parquet").stat().st_size
    log.write_text(log.read_text().replace(f'"size":{size}', f'"size":{new}'))
    Path(name).write_bytes((tmp_path / "reversed.parquet").read_bytes())

    assert_comes_back(tmp_path, version, table)


def test_a_version_survives_that_its_table_is_optimised_and_vacuumed(
    tmp_path: Path, long: tuple[DatasetVersion, pa.Table]
) -> None:
    version, table = long
    table_of(tmp_path).optimize.z_order(["code"])
    assert table_of(tmp_path).history()[0]["operation"] == "OPTIMIZE"
    assert_comes_back(tmp_path, version, table)
    deleted = table_of(tmp_path).vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False
    )
    assert deleted

    assert [each.version for each in versions_in(tmp_path).log()] == [version]
    kept = table_of(tmp_path).to_pyarrow_table()["__row__"].to_numpy()
    assert not np.array_equal(kept, np.arange(400_000))
    assert_comes_back(tmp_path, version, table)


def test_a_plain_vacuum_deletes_no_version(tmp_path: Path, save: Save) -> None:
    first, second = commit(tmp_path, save(FIRST)), commit(tmp_path, save(SECOND))
    aged = time.time() - 400 * 24 * 3600
    for file in (tmp_path / LOCATION).glob("*.parquet"):
        os.utime(file, (aged, aged))

    assert table_of(tmp_path).vacuum(dry_run=False) == []
    table_of(tmp_path).cleanup_metadata()

    versions = versions_in(tmp_path)
    assert [each.version for each in versions.log()] == [first, second]
    versions.verify(first)


def test_vacuumed_files_are_told_with_the_reason_and_committed_anew(
    tmp_path: Path, save: Save
) -> None:
    first, second = commit(tmp_path, save(FIRST)), commit(tmp_path, save(SECOND))
    table_of(tmp_path).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    versions = versions_in(tmp_path)

    with pytest.raises(IntegrityError, match=r"1 of 1 files are gone.*vacuum.*Next step"):
        versions.verify(first)
    versions.verify(second)

    again = commit(tmp_path, save(FIRST))
    assert int(again.id) > int(second.id)
    versions.verify(again)


def test_commits_of_others_are_no_versions(tmp_path: Path, save: Save) -> None:
    first = commit(tmp_path, save(FIRST), "first")
    write_deltalake(
        tmp_path / LOCATION, pa.table({"theirs": [1]}), mode="overwrite", schema_mode="overwrite"
    )
    table_of(tmp_path).delete("theirs = 1")
    second = commit(tmp_path, save(SECOND))

    versions = versions_in(tmp_path)
    assert [each.version for each in versions.log()] == [first, second]
    assert versions.find("first").version == first
    versions.verify(first)
    versions.verify(second)
    foreign = first.model_copy(update={"id": str(int(first.id) + 2)})
    with pytest.raises(IntegrityError, match="has no data version 2"):
        versions.verify(foreign)


def test_the_table_of_somebody_else_is_not_written_over(tmp_path: Path, save: Save) -> None:
    write_deltalake(tmp_path / LOCATION, pa.table({"theirs": [1]}))

    with pytest.raises(BackendError, match=r"not one of data versions.*Next step"):
        commit(tmp_path, save(FIRST))
    assert table_of(tmp_path).to_pyarrow_table().to_pydict() == {"theirs": [1]}


# Damage


@pytest.mark.parametrize("identity", ["7", "-1", "latest", "99999999999999999999"])
def test_an_unknown_version_is_told(identity: str, tmp_path: Path, save: Save) -> None:
    version = commit(tmp_path, save(FIRST)).model_copy(update={"id": identity})
    versions = versions_in(tmp_path)

    for ask in (versions.verify, versions.versioner.use):
        with pytest.raises(IntegrityError, match=rf"no data version {identity}.*Next step"):
            ask(version)
    with pytest.raises(IntegrityError, match=r"is not there.*Next step"):
        versions_in(tmp_path / "elsewhere").verify(version)


def test_an_altered_file_is_found_whether_or_not_its_size_changed(
    tmp_path: Path, save: Save
) -> None:
    version = commit(tmp_path, save(FIRST))
    versions = versions_in(tmp_path)
    (name,) = table_of(tmp_path).file_uris()
    content = Path(name).read_bytes()

    Path(name).write_bytes(content[:100] + bytes(64) + content[164:])
    with pytest.raises(IntegrityError, match=r"data version 0 .*Next step"):
        versions.verify(version)

    Path(name).write_bytes(content[:-1])
    for ask in (versions.verify, versions.versioner.use):
        with pytest.raises(IntegrityError, match=r"has another size than it had.*Next step"):
            ask(version)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([0, 1, 3], "row 0 or one soon after it is missing, or there twice"),
        ([0, 1, 1, 2], "missing, or there twice"),
        ([0, 1], "2 rows came back instead of 3"),
    ],
)
def test_a_missing_or_doubled_row_is_found(
    rows: list[int], told: str, tmp_path: Path, save: Save
) -> None:
    version = commit(tmp_path, save(pd.DataFrame({"x": [1, 2, 3]})))
    (name,) = table_of(tmp_path).file_uris()
    size = Path(name).stat().st_size
    pq.write_table(pa.table({"__row__": rows, "x": [1] * len(rows)}), name)
    log = tmp_path / LOCATION / "_delta_log" / f"{0:020}.json"
    new = Path(name).stat().st_size
    log.write_text(log.read_text().replace(f'"size":{size}', f'"size":{new}'))

    with pytest.raises(IntegrityError, match=told):
        versions_in(tmp_path).verify(version)


@pytest.mark.parametrize("content", ['{"add', "", '{"commitInfo": 1}\n'])
def test_a_damaged_log_ends_in_one_message(content: str, tmp_path: Path, save: Save) -> None:
    commit(tmp_path, save(FIRST))
    (tmp_path / LOCATION / "_delta_log" / f"{0:020}.json").write_text(content)

    with pytest.raises(IntegrityError, match=r"is damaged.*Next step: restore") as told:
        versions_in(tmp_path).log()
    assert len(told.value.message.splitlines()) == 1


def test_a_damaged_note_in_the_log_is_told_with_its_commit(tmp_path: Path, save: Save) -> None:
    commit(tmp_path, save(FIRST))
    log = tmp_path / LOCATION / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace("content_hash", "content_has"))

    with pytest.raises(IntegrityError, match=r"commit 0 .*damaged.*Next step"):
        versions_in(tmp_path).log()


def test_the_temporary_copy_is_gone_afterwards(
    tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    version = commit(tmp_path, save(FIRST))

    with versions_in(tmp_path).opened(version) as snapshot:
        assert snapshot.path.is_relative_to(place)
        assert snapshot.temporary
    assert not list(place.rglob("*.parquet"))

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(BackendError, match=r"cannot be written.*Next step: make room"):
        versions_in(tmp_path).verify(version)


# Several at once, and none at the end

COMMIT = """
import sys
from pathlib import Path
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.delta.versioner import DeltaVersioner
from experiment_cycle.data_versioning.options import DeltaOptions
from experiment_cycle.snapshot import Snapshot
root, file = Path(sys.argv[1]), Path(sys.argv[2])
versioner = DeltaVersioner(root, DeltaOptions(), {})
snapshot = Snapshot(file)
content = content_hash(snapshot)
print("ready", flush=True)
sys.stdin.readline()
version = versioner.commit(snapshot, content, {})
versioner.tag(version, "t" + file.stem)
print(version.id, flush=True)
"""


def start(root: Path, file: Path, before: str = "") -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", before + COMMIT, str(root), str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def go(started: subprocess.Popen[str]) -> None:
    assert started.stdin is not None
    started.stdin.write("\n")
    started.stdin.flush()


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [True, False])
def test_two_processes_that_commit_at_once_both_get_through(fresh: bool, tmp_path: Path) -> None:
    if not fresh:
        commit(tmp_path, written(tmp_path / "before.parquet", pa.table({"x": [0]})))
    processes = []
    for number in (1, 2, 3):
        table = pa.table({"x": np.full(200_000, number), f"only {number}": ["a"] * 200_000})
        written(tmp_path / f"{number}.parquet", table)
        processes.append(start(tmp_path, tmp_path / f"{number}.parquet"))
    for process in processes:
        go(process)
    ended = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], ended
    ids = [told.strip() for told, _ in ended]
    versions = versions_in(tmp_path)
    listed = {each.version.id: each for each in versions.log()}
    assert len(listed) == 3 + (not fresh)
    for number, identity in enumerate(ids, start=1):
        assert listed[identity].tags == (f"t{number}",)
        back = versions.checkout(listed[identity].version, tmp_path / "back.parquet")
        assert set(pq.read_table(back.path)["x"].to_pylist()) == {number}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("size", [0, 1, 10_000_000, 30_000_000])
def test_a_commit_that_is_killed_leaves_no_version_and_the_next_one_works(
    size: int, tmp_path: Path, save: Save
) -> None:
    first = commit(tmp_path, save(FIRST))
    rng = np.random.default_rng(0)
    table = pa.table({f"x{column}": rng.normal(size=1_000_000) for column in range(8)})
    snapshot = written(tmp_path / "large.parquet", table)
    process = start(tmp_path, snapshot.path)
    before = set((tmp_path / LOCATION).glob("part-*"))
    go(process)
    while size > sum(
        each.stat().st_size for each in set((tmp_path / LOCATION).glob("part-*")) - before
    ):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    told, _ = process.communicate(timeout=60)

    versions = versions_in(tmp_path)
    assert told == ""
    assert [each.version for each in versions.log()] == [first]
    second = commit(tmp_path, snapshot)
    assert [each.version for each in versions.log()] == [first, second]
    versions.verify(first)
    versions.verify(second)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_is_full_leaves_no_version_and_nothing_half_written(
    tmp_path: Path, save: Save
) -> None:
    first = commit(tmp_path, save(FIRST))
    before = sorted((tmp_path / LOCATION).rglob("*"))
    rng = np.random.default_rng(0)
    table = pa.table({f"x{column}": rng.normal(size=300_000) for column in range(4)})
    snapshot = written(tmp_path / "large.parquet", table)
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
    )
    process = start(tmp_path, snapshot.path, limit)
    go(process)
    _, told = process.communicate(timeout=60)

    last = told.strip().splitlines()[-1]
    assert "BackendError: The Delta table" in last
    assert "File too large" in last
    assert "Next step: see that the folder can be written to and its disk has room" in last
    assert [each.version for each in versions_in(tmp_path).log()] == [first]
    assert sorted((tmp_path / LOCATION).rglob("*")) == before
    versions_in(tmp_path).verify(commit(tmp_path, snapshot))


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path, save: Save) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")

    with pytest.raises(BackendError, match=r"cannot be used.*Next step: see that the folder"):
        commit(tmp_path, save(FIRST))
