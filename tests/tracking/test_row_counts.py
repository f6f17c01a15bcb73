"""Rows counted on the way from the raw tables to the dataset, by real runners on real tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner
from kedro_datasets.pandas import ParquetDataset

from experiment_cycle.datasets.path import PathDataset
from experiment_cycle.datasets.pinned import PinnedDataset
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.tracking.row_count_hook import RowCountHook
from experiment_cycle.tracking.row_counts import (
    NodeRows,
    count_rows,
    first_sentence,
    is_table,
    read_steps,
    trace_rows,
    write_steps,
)

VISITS = pd.DataFrame({"person": [1, 1, 2, 3, 3, 3], "visits": [0, 2, 1, 5, 0, 0]})
PERSONS = pd.DataFrame({"person": [1, 2, 3, 4], "age": [40, 12, 70, 33]})


def adults(persons: pd.DataFrame) -> pd.DataFrame:
    """Leave out who is under 18. Children were asked other questions."""
    return persons[persons["age"] >= 18]


def join(visits: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Keep the visits of persons that are left."""
    return visits.merge(persons, on="person")


def take(raw_data: pd.DataFrame, folder: Path) -> Snapshot:
    """Take the table in."""
    raw_data.to_parquet(folder / "dataset.parquet")
    return Snapshot(folder / "dataset.parquet")


PREPARING = Pipeline(
    [
        Node(adults, "persons", "grown_up", name="adults"),
        Node(join, {"persons": "grown_up", "visits": "visits"}, "raw_data", name="join"),
    ],
    tags="data_preparation",
)
TAKING = Pipeline([Node(take, ["raw_data", "folder"], "dataset", name="take")])


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    return DataCatalog(
        {
            "visits": MemoryDataset(VISITS),
            "persons": MemoryDataset(PERSONS),
            "raw_data": ParquetDataset(filepath=str(tmp_path / "raw_data.parquet")),
            "folder": MemoryDataset(tmp_path),
            "dataset": MemoryDataset(copy_mode="assign"),
            "rows_by_node": PathDataset(filepath=str(tmp_path / "rows.json")),
        }
    )


@pytest.fixture
def run(catalog: DataCatalog) -> Iterator[Callable[..., None]]:
    """Run a pipeline as Kedro's session does, with our hook alone."""
    hook, manager = RowCountHook(), _create_hook_manager()
    manager.register(hook)
    module = pipelines._pipelines_module
    pipelines.configure(None)

    def call(
        pipeline: Pipeline,
        *,
        project: Pipeline = PREPARING + TAKING,
        missing: bool = False,
        runner: Any = SequentialRunner,
        catalog: DataCatalog = catalog,
    ) -> None:
        pipelines["__default__"] = project
        asked = {"only_missing_outputs": missing}
        hook.before_pipeline_run(run_params=asked, pipeline=pipeline, catalog=catalog)
        runner().run(pipeline, catalog, manager, only_missing_outputs=missing)

    yield call
    pipelines.configure(module)


def counted(tmp_path: Path) -> dict[str, NodeRows]:
    return read_steps(tmp_path / "rows.json")


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_every_table_in_and_out_is_counted_with_the_reason(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path, runner: Any
) -> None:
    run(PREPARING + TAKING, runner=runner)

    left = VISITS[VISITS["person"].isin(PERSONS.loc[PERSONS["age"] >= 18, "person"])]
    told = trace_rows(catalog.load("dataset"), tmp_path / "rows.json")
    assert told.dataset == len(left) == 5
    assert [step.model_dump() for step in told.steps] == [
        {
            "node": "adults",
            "reason": "Leave out who is under 18.",
            "reads": {"persons": 4},
            "makes": {"grown_up": 3},
        },
        {
            "node": "join",
            "reason": "Keep the visits of persons that are left.",
            "reads": {"grown_up": 3, "visits": 6},
            "makes": {"raw_data": 5},
        },
        {
            "node": "take",
            "reason": "Take the table in.",
            "reads": {"raw_data": 5},
            "makes": {"dataset": 5},
        },
    ]


def test_a_stage_run_alone_leaves_the_counts_of_the_others(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    run(PREPARING)
    run(TAKING)

    assert set(counted(tmp_path)) == {"adults", "join", "take"}
    assert len(trace_rows(catalog.load("dataset"), tmp_path / "rows.json").steps) == 3


def test_a_node_that_fails_has_no_count_of_an_earlier_run(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    run(PREPARING)
    catalog["visits"] = MemoryDataset(VISITS.drop(columns="person"))
    with pytest.raises(KeyError):
        run(PREPARING)

    assert set(counted(tmp_path)) == {"adults"}


def test_a_node_that_is_no_more_is_forgotten(run: Callable[..., None], tmp_path: Path) -> None:
    run(PREPARING)
    left = PREPARING.filter(node_names=["adults"])
    run(left, project=left)

    assert set(counted(tmp_path)) == {"adults"}


def test_a_node_skipped_because_its_output_is_there_keeps_its_count(
    run: Callable[..., None], tmp_path: Path
) -> None:
    run(PREPARING + TAKING)
    before = counted(tmp_path)
    run(PREPARING + TAKING, missing=True)

    assert counted(tmp_path) == before


def test_other_nodes_are_not_counted(run: Callable[..., None], tmp_path: Path) -> None:
    run(Pipeline([Node(adults, "persons", "grown_up", name="untagged")]))

    assert counted(tmp_path) == {}
    assert not (tmp_path / "rows.json").exists()


def test_without_the_catalog_entry_nothing_is_counted(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    others = {name: catalog.get(name) for name in catalog if name != "rows_by_node"}
    run(PREPARING, catalog=DataCatalog(others))

    assert not (tmp_path / "rows.json").exists()


def test_a_node_that_changes_its_input_is_seen_to_lose_rows(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    def first(files: dict[str, pd.DataFrame]) -> pd.DataFrame:
        files.popitem()
        return files["a"]

    catalog["files"] = MemoryDataset({"a": PERSONS, "b": PERSONS})
    run(Pipeline([Node(first, "files", "raw_data", name="first")], tags="data_preparation"))

    step = counted(tmp_path)["first"]
    assert (step.reads, step.makes, step.reason) == ({"files": 8}, {"raw_data": 4}, "")


def test_the_pieces_of_a_generator_add_up_in_each_run(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    def pieces(persons: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Cut the table."""
        yield persons.head(1)
        yield persons.tail(2)

    pipeline = Pipeline([Node(pieces, "persons", "part", name="cut")], tags="data_preparation")
    run(pipeline)
    run(pipeline)

    assert counted(tmp_path)["cut"].makes == {"part": 3}


def test_transcoded_entries_are_one_table(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    file = str(tmp_path / "shared.parquet")
    catalog["shared@written"] = ParquetDataset(filepath=file)
    catalog["shared@read"] = ParquetDataset(filepath=file)
    run(
        Pipeline(
            [
                Node(adults, "persons", "shared@written", name="adults"),
                Node(adults, "shared@read", "raw_data", name="again"),
            ],
            tags="data_preparation",
        )
        + TAKING
    )

    told = trace_rows(catalog.load("dataset"), tmp_path / "rows.json")
    assert [step.node for step in told.steps] == ["adults", "again", "take"]


def test_a_version_that_takes_the_place_of_the_raw_data_ends_the_trace(
    run: Callable[..., None], catalog: DataCatalog, tmp_path: Path
) -> None:
    run(PREPARING)
    VISITS.to_parquet(tmp_path / "kept.parquet")
    catalog["raw_data"] = PinnedDataset(
        name="before-reform", checkout=lambda: Snapshot(tmp_path / "kept.parquet")
    )
    passing = Pipeline([Node(lambda kept: kept, "raw_data", "dataset", name="take")])
    run(passing, project=PREPARING + passing)

    (step,) = trace_rows(catalog.load("dataset"), tmp_path / "rows.json").steps
    assert step.reads == {"raw_data, version before-reform": 6}


def test_a_partial_is_explained_by_the_function_it_wraps(
    run: Callable[..., None], tmp_path: Path
) -> None:
    function = partial(join, VISITS)
    function.__name__ = "join"  # type: ignore[attr-defined]
    run(Pipeline([Node(function, "persons", "raw_data", name="join")], tags="data_preparation"))

    assert counted(tmp_path)["join"].reason == "Keep the visits of persons that are left."


COUNTED = {
    "pandas": (PERSONS, 4),
    "polars": (pl.DataFrame(PERSONS), 4),
    "arrow": (pa.table({"a": [1, 2]}), 2),
    "record batch": (pa.table({"a": [1, 2]}).to_batches()[0], 2),
    "files that were read": ({"a": PERSONS, "b": PERSONS.head(1)}, 5),
    "no rows": (PERSONS.head(0), 0),
    "a column named type": (PERSONS.assign(type="TABLE_RELATION"), 4),
}


@pytest.mark.parametrize("case", COUNTED)
def test_rows_of_what_is_in_memory_are_counted(case: str) -> None:
    table, rows = COUNTED[case]
    assert is_table(table)
    assert count_rows(table) == rows


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.register("registered", PERSONS)
        connection.execute("CREATE TABLE stored AS SELECT * FROM registered")
        yield connection


def test_rows_of_a_table_that_duckdb_stores_are_counted(
    database: duckdb.DuckDBPyConnection,
) -> None:
    assert count_rows(database.table("stored")) == 4


def test_rows_of_a_snapshot_are_counted(tmp_path: Path) -> None:
    PERSONS.to_parquet(tmp_path / "persons.parquet")
    assert count_rows(Snapshot(tmp_path / "persons.parquet")) == 4


def failing(*_: Any) -> Any:
    raise AssertionError("a lazy table was computed")


def test_lazy_tables_are_tables_whose_rows_stay_unknown(
    database: duckdb.DuckDBPyConnection,
) -> None:
    reader = pa.table({"a": [1, 2]}).to_reader()
    lazy = (
        pl.LazyFrame(PERSONS).map_batches(failing),
        reader,
        database.sql("SELECT error('a lazy table was computed') AS a FROM stored"),
        ibis.memtable(pa.table({"a": [1, 2]})),
        {"a": failing, "b": failing},
        {"a": PERSONS, "b": failing},
    )
    for table in lazy:
        assert is_table(table), type(table)
        assert count_rows(table) is None, type(table)
    assert reader.read_all().num_rows == 2


@pytest.mark.parametrize("data", [None, 3, "text", {}, {"a": 1}, [PERSONS], PERSONS["age"]])
def test_what_is_no_table_is_none(data: Any) -> None:
    assert not is_table(data)


def test_a_table_unknown_when_made_is_known_once_a_later_step_saw_it(tmp_path: Path) -> None:
    PERSONS.to_parquet(tmp_path / "dataset.parquet")
    steps = (
        NodeRows(node="a", reason="", reads={"raw": None}, makes={"middle": None, "aside": 3}),
        NodeRows(node="b", reason="", reads={"middle": 9}, makes={"raw_data": None}),
        NodeRows(node="c", reason="", reads={"raw_data": None}, makes={"dataset": None}),
        NodeRows(node="d", reason="", reads={"aside": 3}, makes={"elsewhere": 3}),
    )
    write_steps({step.node: step for step in reversed(steps)}, tmp_path / "rows.json")

    told = trace_rows(Snapshot(tmp_path / "dataset.parquet"), tmp_path / "rows.json")

    assert [step.node for step in told.steps] == ["a", "b", "c"]
    assert told.steps[0].makes == {"middle": 9, "aside": 3}
    assert told.steps[1].makes == {"raw_data": None}
    assert told.steps[2].makes == {"dataset": 4}


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"a": 1}', '{"a": {"node": "a"}}'])
def test_a_file_that_is_missing_or_damaged_counts_nothing(
    tmp_path: Path, content: str | None
) -> None:
    PERSONS.to_parquet(tmp_path / "dataset.parquet")
    file = tmp_path / "rows.json"
    if content is not None:
        file.write_text(content)

    assert trace_rows(Snapshot(tmp_path / "dataset.parquet"), file).steps == ()


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("Leave out children. They lie.", "Leave out children."),
        ("Leave out who is\n    under 18.\n\n    Args: x", "Leave out who is under 18."),
        ("Join, e.g. visits", "Join, e.g. visits"),
        ("Keep rows above 0.5 only! Others no.", "Keep rows above 0.5 only!"),
        (None, ""),
        ("  ", ""),
    ],
)
def test_the_reason_is_the_first_sentence(docstring: str | None, sentence: str) -> None:
    assert first_sentence(docstring) == sentence


def test_the_file_is_plain_json_by_node(tmp_path: Path) -> None:
    step = NodeRows(node="a", reason="Why.", reads={"x": None}, makes={"y": 1})
    write_steps({"a": step}, tmp_path / "rows.json")

    assert json.loads((tmp_path / "rows.json").read_text()) == {"a": step.model_dump()}
    assert [file.name for file in tmp_path.iterdir()] == ["rows.json"]
