"""What a record must hold is what the catalog declares of the nodes that have finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from experiment_cycle.datasets.computed import ComputedDataset
from experiment_cycle.tracking import declared
from experiment_cycle.tracking.cycle import Cycle, PlannedNode


def artifact(file: Path, folder: str | None) -> dict[str, Any]:
    return {
        "type": "kedro_mlflow.io.artifacts.MlflowArtifactDataset",
        "dataset": {"type": "json.JSONDataset", "filepath": str(file)},
        "artifact_path": folder,
    }


def test_artifacts_of_finished_nodes_are_declared_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {"type": "json.JSONDataset", "filepath": str(tmp_path / "plain.json")}
    catalog = DataCatalog.from_config(
        {
            "one": artifact(tmp_path / "one.json", "evaluation/plots"),
            "two": artifact(tmp_path / "two.json", None),
            "plain": plain,
            "later": artifact(tmp_path / "later.json", "decision"),
        }
    )
    nodes = [
        Node(lambda: (1, 2, 3, 4), None, ["one", "two", "plain", "in_memory"], name="first"),
        Node(lambda one: one, "one", "later", name="second"),
    ]
    monkeypatch.setattr(declared, "pipelines", {"__default__": Pipeline(nodes)})
    cycle = Cycle(tmp_path / "cycle.json")
    dataset = ComputedDataset(
        compute=lambda: declared.declared_artifacts(catalog, tmp_path, Path("cycle.json"))
    )
    assert dataset.load() == {}

    cycle.begin("run", {}, {})
    cycle.finish(PlannedNode("first", "stage", {}, frozenset(), frozenset({"one", "two"})))
    configuration = tmp_path / "data" / "08_reporting" / "configuration.yml"
    assert dataset.load() == {
        "configuration.yml": configuration,
        "evaluation/plots/one.json": tmp_path / "one.json",
        "two.json": tmp_path / "two.json",
    }
    cycle.finish(PlannedNode("second", "stage", {}, frozenset({"one"}), frozenset({"later"})))
    assert "decision/later.json" in dataset.load()
