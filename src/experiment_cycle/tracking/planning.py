"""A pipeline's nodes, as far as the record of the cycle cares."""

from __future__ import annotations

from typing import Any

from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel

from experiment_cycle.datasets.pinned import PinnedDataset
from experiment_cycle.tracking.cycle import PlannedNode


def plan(pipeline: Pipeline, parameters: dict[str, Any], catalog: DataCatalog) -> list[PlannedNode]:
    """Describe every node of a pipeline, in the order in which they run."""
    return [_plan_node(node, parameters, catalog) for node in pipeline.nodes]


def made(node: PlannedNode, catalog: DataCatalog) -> bool:
    """Tell whether everything that a node makes is there."""
    return all(output in catalog and catalog.exists(output) for output in node.makes)


def _plan_node(node: Node, parameters: dict[str, Any], catalog: DataCatalog) -> PlannedNode:
    read = {name[len("params:") :] for name in node.inputs if name.startswith("params:")}
    return PlannedNode(
        name=node.name,
        stage=next(iter(sorted(node.tags & set(pipelines))), "your own"),
        parameters={name: _plain(parameters, name) for name in sorted(read)},
        needs=frozenset(
            name
            for name in node.inputs
            if not name.startswith("param") and not _is_pinned(name, catalog)
        ),
        makes=frozenset(node.outputs),
    )


def _is_pinned(name: str, catalog: DataCatalog) -> bool:
    """Tell whether a kept version stands in for a dataset, which no node makes then."""
    return name in catalog and isinstance(catalog.get(name), PinnedDataset)


def _plain(parameters: dict[str, Any], path: str) -> Any:
    """Look a dotted path up; None where it is not there (Kedro will say so)."""
    value: Any = parameters
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
