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

from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.tracking.command_record import CommandRecord, is_artifact
from experiment_cycle.tracking.cycle import Cycle, kept_nodes, rewrites
from experiment_cycle.tracking.entries import Status
from experiment_cycle.tracking.left_running import close_left_running
from experiment_cycle.tracking.planning import made, plan
from experiment_cycle.tracking.secrets import hide_in_logs, scrub
from experiment_cycle.tracking.settings import TrackingSettings

# MLflow advises the authors of kedro-mlflow when it is imported, past any filter
with warnings.catch_warnings(record=True):
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

CYCLE_FILE = Path("data/08_reporting/cycle.json")
DECIDED = "promotion"
"""The dataset whose presence in a record says that the record's decision has been carried out."""


class CycleMlflowHook(MlflowHook):  # type: ignore[misc]
    """Open one MLflow run a cycle, and record in it what the catalog marks for the record."""

    def __init__(self) -> None:
        super().__init__()
        self._run: CommandRecord | None = None
        self._typed: dict[str, Any] = {}
        self._settings = TrackingSettings()

    def configure(self, typed: dict[str, Any], settings: TrackingSettings) -> None:
        """Take what was checked before the run: all parameters with their defaults, and more."""
        self._typed = typed
        self._settings = settings

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Set MLflow up from `mlflow.yml`, and remember the plain parameters."""
        # its start-up messages tell a user nothing
        for name in ("alembic", "mlflow", "kedro_mlflow"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # it warns where pip is not installed in the environment
        logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
        hide_in_logs(self._settings.secrets)
        super().after_context_created(context)
        self._parameters: dict[str, Any] = context.config_loader["parameters"]
        self._cycle = Cycle(context.project_path / CYCLE_FILE)
        self._project = context.project_path

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Open the record: the present cycle's for a part of it, a new one else."""
        everything = plan(pipelines["__default__"], self._parameters, catalog)
        self._planned = {node.name: node for node in everything}
        asked = [self._planned[node.name] for node in pipeline.nodes if node.name in self._planned]
        if not asked:
            # predictions are no part of a cycle, and have a run of their own
            self._is_mlflow_enabled, self.run_id = False, None
            return
        skipped = [
            node for node in asked if run_params["only_missing_outputs"] and made(node, catalog)
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
        # Kedro calls no hook on Ctrl-C, and MLflow would call the run finished
        atexit.register(self._end_killed)
        run = self._run = self._open()
        _leave_recording_to_us(catalog)
        self._cycle.begin(run.run_id, self._parameters, kept)
        if not resumed:
            parent = state.run_id if state and kept else None
            run.record_configuration({**self._parameters, **self._typed}, parent)
            self._carry_over(run, kept, catalog)

    def _open(self) -> CommandRecord:
        info = MlflowClient().get_run(str(self.run_id)).info
        close_left_running(info.experiment_id)
        hypothesis = Hypothesis.model_validate(self._parameters["hypothesis"])
        experiment = self.mlflow_config.tracking.experiment.name
        return CommandRecord(info, experiment, hypothesis, self._project, self._settings)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the log, and the record."""
        self._end("The run is finished.", "finished")
        super().after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl(tryfirst=True)
    def on_node_error(self, error: Exception) -> None:
        """Hide secrets in an error before anybody writes it down."""
        scrub(error, self._settings.secrets)

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the log with the error in it, and the record as failed."""
        self._end("The run failed.", "failed", error)
        super().on_pipeline_error(error, run_params, pipeline, catalog)

    def _end(self, ending: str, status: Status, error: Exception | None = None) -> None:
        atexit.unregister(self._end_killed)
        run, self._run = self._run, None
        if run is not None:
            run.end(ending, status, error)

    def _end_killed(self) -> None:
        """Close the record of a run that neither finished nor failed, when the process ends."""
        self._end("The run was stopped.", "killed")
        if not self._already_active_mlflow:
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

    def _carry_over(self, run: CommandRecord, kept: Iterable[str], catalog: DataCatalog) -> None:
        """Copy what the kept nodes made into a new record, so that each record is whole."""
        for name in kept:
            for output in sorted(self._planned[name].makes):
                run.record_dataset(output, catalog.get(output))

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
        if self._run is not None:
            dataset = self._catalog.get(dataset_name)
            self._run.record_dataset(dataset_name, dataset, data)
        if dataset_name == node.outputs[-1]:  # they are saved in their order
            self._finish(node)

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


def _leave_recording_to_us(catalog: DataCatalog) -> None:
    """Keep artifacts from being recorded as they are saved: a store that is down would end the run.

    The base class takes it back at the end of the run.
    """
    for name in catalog:
        dataset: Any = catalog.get(name)
        if is_artifact(dataset):
            dataset._logging_activated = False
