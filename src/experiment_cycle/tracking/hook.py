"""kedro-mlflow's hook, made to write one record a cycle."""

from __future__ import annotations

import atexit
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mlflow
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from mlflow.tracking import MlflowClient
from pydantic import BaseModel

from experiment_cycle.datasets.pinned import PinnedDataset
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.tracking.cycle import Cycle, PlannedNode, kept_nodes, rewrites
from experiment_cycle.tracking.record import (
    record_dataset_version,
    record_history,
    record_metrics,
    record_parameters,
    record_tags,
    record_validation,
)
from experiment_cycle.tracking.run_log import RunLog

# MLflow advises the authors of kedro-mlflow when it is imported, past any filter
with warnings.catch_warnings(record=True):
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

CYCLE_FILE = Path("data/08_reporting/cycle.json")
LOG_FILE = Path("data/08_reporting/run.log")
DECIDED = "promotion"
"""The dataset whose presence in a record says that the record's decision has been carried out."""


class CycleMlflowHook(MlflowHook):  # type: ignore[misc]
    """Open one MLflow run a cycle, and record in it what the catalog marks for the record."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Set MLflow up from `mlflow.yml`, and remember the plain parameters."""
        # its start-up messages tell a user nothing
        for name in ("alembic", "mlflow", "kedro_mlflow"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # it warns where pip is not installed in the environment
        logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
        super().after_context_created(context)
        self._parameters: dict[str, Any] = context.config_loader["parameters"]
        self._cycle = Cycle(context.project_path / CYCLE_FILE)
        self._log = RunLog(context.project_path / LOG_FILE)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Open the record: the present cycle's for a part of it, a new one else."""
        everything = self._plan(pipelines["__default__"])
        self._planned = {node.name: node for node in everything}
        asked = [self._planned[node.name] for node in pipeline.nodes if node.name in self._planned]
        skipped = [
            node for node in asked if run_params["only_missing_outputs"] and _made(node, catalog)
        ]
        planned = [node for node in asked if node not in skipped]
        state = self._cycle.load()
        kept = kept_nodes(planned, skipped, everything, state)
        resumed = bool(kept) and self._can_resume(state)
        resumed = resumed and not rewrites(planned, DECIDED, everything, state)
        self.mlflow_config.tracking.run.id = state.run_id if state and resumed else None
        if self.mlflow_config.tracking.run.name is None:
            self.mlflow_config.tracking.run.name = self._name()
        super().before_pipeline_run(run_params, pipeline, catalog)
        if not self._is_mlflow_enabled:
            return
        self._log.open()
        if not self._already_active_mlflow:
            # Kedro calls no hook on Ctrl-C, and MLflow would call the run finished
            atexit.register(self._end_killed)
        self._cycle.begin(str(self.run_id), self._parameters, kept)
        if not resumed:
            self._start_record(state.run_id if state and kept else None)
            self._carry_over(kept, catalog)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the log, and the record."""
        self._close_log("The run is finished.")
        super().after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the log with the error in it, and the record as failed."""
        self._close_log("The run failed.", error)
        super().on_pipeline_error(error, run_params, pipeline, catalog)

    def _close_log(self, ending: str, error: Exception | None = None) -> None:
        atexit.unregister(self._end_killed)
        if self._is_mlflow_enabled:
            self._log.close(str(self.run_id), ending, error)

    def _end_killed(self) -> None:
        """Close the record of a run that neither finished nor failed, when the process ends."""
        self._log.close(str(self.run_id), "The run was stopped.")
        mlflow.end_run("KILLED")

    def _name(self) -> str:
        """Name a record for a list of them: hypothesis and challenger."""
        challenger = self._parameters["training"]["estimator"]
        return f"{self._parameters['hypothesis']['id']} {challenger}"

    def _can_resume(self, state: Any) -> bool:
        """Tell whether the state's run is still there and its parameters are the present ones."""
        if state is None or state.parameters != fingerprint(self._parameters):
            return False
        found = MlflowClient().search_runs(
            [self.mlflow_config.tracking.experiment._experiment.experiment_id],
            f"attributes.run_id = '{state.run_id}'",
            max_results=1,
        )
        return bool(found)

    def _start_record(self, parent: str | None) -> None:
        hypothesis = Hypothesis.model_validate(self._parameters["hypothesis"])
        record_parameters(self._parameters)
        record_tags(
            {
                "cycle_id": self.run_id,
                "parent_cycle_id": parent,
                "hypothesis_id": hypothesis.id,
                "hypothesis_hash": fingerprint(hypothesis),
                "mlflow.note.content": hypothesis.statement,
            }
        )

    def _carry_over(self, kept: Iterable[str], catalog: DataCatalog) -> None:
        """Copy what the kept nodes made into a new record, so that each record is whole."""
        for name in kept:
            for output in sorted(self._planned[name].makes):
                dataset: Any = catalog.get(output)
                if hasattr(dataset, "artifact_path"):
                    mlflow.log_artifact(str(dataset._filepath), dataset.artifact_path)
                self._record_marked(output, dataset, None)

    @hook_impl
    def after_catalog_created(
        self,
        catalog: DataCatalog,
        conf_catalog: dict[str, Any],
        conf_creds: dict[str, Any],
        parameters: dict[str, Any],
        save_version: str,
        load_versions: dict[str, str],
    ) -> None:
        """Remember the catalog, whose entries say what is to be recorded of them."""
        super().after_catalog_created(
            catalog, conf_catalog, conf_creds, parameters, save_version, load_versions
        )
        self._catalog = catalog

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Record a saved dataset as its catalog entry says."""
        if self._is_mlflow_enabled and self.run_id is not None:
            self._record_marked(dataset_name, self._catalog.get(dataset_name), data)
        if dataset_name == node.outputs[-1]:  # they are saved in their order
            self._finish(node)

    def _record_marked(self, name: str, dataset: Any, data: Any) -> None:
        marks = (getattr(dataset, "metadata", None) or {}).get("experiment_cycle") or {}
        mark = marks.get("log")
        if mark is None:
            return
        data = dataset.load() if data is None else data
        if mark == "metrics":
            record_metrics(data, prefix="" if name == "metrics" else name)
        elif mark == "history":
            record_history(data)
        elif mark == "validation":
            record_validation(data)
        elif mark == "dataset":
            record_dataset_version(data)
        elif mark == "tags":
            record_tags({f"{name}.{key}": value for key, value in data.items()})

    @hook_impl
    def before_node_run(
        self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool
    ) -> None:
        """Make the record active in the thread that runs the node."""
        # it already is in the thread that opened it; the base class would open it once a node
        if mlflow.active_run() is None:
            super().before_node_run(node, catalog, inputs, is_async)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Note a node without outputs as done; Kedro saves those of the others only after this."""
        if not node.outputs:
            self._finish(node)

    def _finish(self, node: Node) -> None:
        """Note in the cycle's state that the node is done."""
        if node.name in self._planned and self._is_mlflow_enabled:
            self._cycle.finish(self._planned[node.name])

    def _log_param(self, name: str, value: Any) -> None:
        """Do nothing: all parameters are recorded at the start, flattened."""

    def _plan(self, pipeline: Pipeline) -> list[PlannedNode]:
        return [self._plan_node(node) for node in pipeline.nodes]

    def _is_pinned(self, name: str) -> bool:
        """Tell whether a kept version stands in for a dataset, which no node makes then."""
        return name in self._catalog and isinstance(self._catalog.get(name), PinnedDataset)

    def _plan_node(self, node: Node) -> PlannedNode:
        read = {name[len("params:") :] for name in node.inputs if name.startswith("params:")}
        return PlannedNode(
            name=node.name,
            stage=next(iter(sorted(node.tags & set(pipelines))), "your own"),
            parameters={name: _plain(self._parameters, name) for name in sorted(read)},
            needs=frozenset(
                name
                for name in node.inputs
                if not name.startswith("param") and not self._is_pinned(name)
            ),
            makes=frozenset(node.outputs),
        )


def _plain(parameters: dict[str, Any], path: str) -> Any:
    """Look a dotted path up; None where it is not there (Kedro will say so)."""
    value: Any = parameters
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _made(node: PlannedNode, catalog: DataCatalog) -> bool:
    return all(output in catalog and catalog.exists(output) for output in node.makes)
