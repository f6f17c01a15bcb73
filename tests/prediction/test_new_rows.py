"""New rows go through the project's own preparation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.new_rows import place_files, repeated
from experiment_cycle.prediction.options import PredictionOptions


def clean(visits: pd.DataFrame, least: int) -> pd.DataFrame:
    """Leave out the young."""
    return visits[visits["age"] >= least]


def join(cleaned: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Add what is known of the person."""
    return cleaned.merge(persons, on="person")


def label(joined: pd.DataFrame) -> pd.DataFrame:
    """Make the target."""
    return joined.assign(ill=joined["visits"] > 0)


def preparation(*more: Node) -> Pipeline:
    return Pipeline(
        [
            Node(clean, ["visits", "params:least"], "cleaned", name="clean"),
            *(more or [Node(join, ["cleaned", "persons"], "raw_data", name="join")]),
            Node(clean, ["visits", "params:least"], "for_a_report", name="aside"),
        ],
        tags="data_preparation",
    )


def made(nodes: Pipeline, rows: str) -> Any:
    catalog = DataCatalog(
        {
            "visits_of_new_rows": MemoryDataset(
                pd.DataFrame({"person": [2, 1, 3], "age": [30, 9, 40]})
            ),
            "persons": MemoryDataset(pd.DataFrame({"person": [1, 2, 3], "town": ["a", "b", "c"]})),
            "params:least": MemoryDataset(18),
            "new_rows": MemoryDataset("rows"),
        }
    )
    return SequentialRunner().run(nodes, catalog)[rows].load()


def test_the_steps_are_repeated_beside_those_of_the_cycle() -> None:
    nodes, rows = repeated(preparation(), "visits")
    assert {node.name for node in nodes.nodes} == {"clean_of_new_rows", "join_of_new_rows"}
    assert nodes.inputs() == {"visits_of_new_rows", "persons", "params:least"}
    assert not any("data_preparation" in node.tags for node in nodes.nodes)
    assert made(nodes, rows)[["person", "town"]].to_numpy().tolist() == [[2, "b"], [3, "c"]]


def test_an_only_table_needs_no_name() -> None:
    nodes, rows = repeated(Pipeline([Node(clean, ["visits", "params:least"], "raw_data")]))
    assert nodes.inputs() == {"visits_of_new_rows", "params:least"}
    assert list(made(nodes, rows)["person"]) == [2, 3]


def test_without_a_preparation_new_rows_are_taken_as_they_are() -> None:
    assert repeated(Pipeline([]))[1] == "new_rows"
    aside = Pipeline([Node(clean, ["visits", "params:least"], "for_a_report")])
    assert repeated(aside)[1] == "new_rows"


@pytest.mark.parametrize("named", [None, "visit"])
def test_of_several_tables_one_has_to_be_named(named: str | None) -> None:
    nodes, rows = repeated(preparation(), named)
    with pytest.raises(ConfigurationError, match="NEW_ROWS_COME_AS") as refused:
        made(nodes, rows)
    assert "persons, visits" in refused.value.message


def test_a_step_that_needs_the_target_is_named() -> None:
    more = (
        Node(join, ["cleaned", "persons"], "joined"),
        Node(label, "joined", "raw_data", name="label"),
    )
    nodes, rows = repeated(preparation(*more), "visits")
    with pytest.raises(DataError, match=r"step 'label' of data_preparation.*KeyError: 'visits'"):
        made(nodes, rows)


ENTRIES = {
    "visits": {"type": "pandas.CSVDataset", "filepath": "raw.csv", "load_args": {"sep": ";"}},
    "persons": {"type": "pandas.CSVDataset", "filepath": "persons.csv"},
    "new_rows": {"type": "experiment_cycle.datasets.path.PathDataset", "filepath": "new.csv"},
    "predictions_file": {
        "type": "experiment_cycle.datasets.path.PathDataset",
        "filepath": "out.csv",
    },
}


def test_prepared_rows_are_read_as_their_table_is(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("person;age\n2;30\n")
    nodes, _ = repeated(preparation(), "visits")
    catalog = DataCatalog.from_config(ENTRIES)
    place_files(catalog, nodes, PredictionOptions(input="other.csv"), tmp_path)
    assert list(catalog.load("visits_of_new_rows")["age"]) == [30]
    assert "raw.csv" in str(catalog["visits"]._describe())


def test_files_that_are_named_take_the_place_of_those_of_the_catalog(tmp_path: Path) -> None:
    nodes = Pipeline([Node(lambda rows, out: None, ["new_rows", "predictions_file"], None)])
    for options, expected in (
        ({}, ["new.csv", "out.csv"]),
        ({"input": "a.csv", "output": str(tmp_path / "b.csv")}, ["a.csv", "b.csv"]),
    ):
        catalog = DataCatalog.from_config(ENTRIES)
        place_files(catalog, nodes, PredictionOptions(**options), tmp_path)
        found = [catalog.load(name) for name in ("new_rows", "predictions_file")]
        assert [path.name for path in found] == expected
        assert all(path.is_absolute() for path in found)
