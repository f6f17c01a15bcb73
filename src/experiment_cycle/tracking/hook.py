"""kedro-mlflow's hook, made to write one record a cycle."""

from __future__ import annotations

import atexit
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mlflow
import yaml
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
from experiment_cycle.live_metrics import listen, stop_listening
from experiment_cycle.options import fingerprint
from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.cycle import Cycle, PlannedNode, kept_nodes, rewrites
from experiment_cycle.tracking.entries import Metrics, Status
from experiment_cycle.tracking.fan_out import FanOut
from experiment_cycle.tracking.files import KeptArtifacts, content_of
from experiment_cycle.tracking.left_running import PROCESS, close_left_running, this_process
from experiment_cycle.tracking.live import LiveMetrics
from experiment_cycle.tracking.options import TrackingOptions
from experiment_cycle.tracking.record import name_dataset
from experiment_cycle.tracking.recorder import Recorder
from experiment_cycle.tracking.run_log import RunLog
from experiment_cycle.tracking.secrets import Secrets, hide_in_logs
from experiment_cycle.tracking.system_metrics import SystemMetrics
from experiment_cycle.tracking.translation import entry_of, parameters_of, tags_of

# MLflow advises the authors of kedro-mlflow when it is imported, past any filter
with warnings.catch_warnings(record=True):
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

logger = logging.getLogger(__name__)

CYCLE_FILE = Path("data/08_reporting/cycle.json")
LOG_FILE = Path("data/08_reporting/run.log")
CONFIGURATION_FILE = Path("data/08_reporting/configuration.yml")
JOURNALS = Path("data/08_reporting/tracking")
DECIDED = "promotion"
"""The dataset whose presence in a record says that the record's decision has been carried out."""


class CycleMlflowHook(MlflowHook):  # type: ignore[misc]
    """Open one MLflow run a cycle, and record in it what the catalog marks for the record."""

    def __init__(self) -> None:
        super().__init__()
        self._recorder: Recorder | None = None
        self._system: SystemMetrics | None = None
        self._typed: dict[str, Any] = {}
        self._options = TrackingOptions()
        self._credentials: dict[str, Any] = {}
        self._secrets = Secrets(())

    def configure(
        self, typed: dict[str, Any], options: TrackingOptions, credentials: dict[str, Any]
    ) -> None:
        """Take what was checked before the run.

        Args:
            typed: All parameters, with the defaults of what is not written down.
            options: `tracking.yml`.
            credentials: All blocks of `credentials.yml`; the trackers' are in `tracking`.
        """
        self._typed = typed
        self._options = options
        self._credentials = credentials
        self._secrets = Secrets.of(credentials)

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Set MLflow up from `mlflow.yml`, and remember the plain parameters."""
        # its start-up messages tell a user nothing
        for name in ("alembic", "mlflow", "kedro_mlflow"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # it warns where pip is not installed in the environment
        logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)
        hide_in_logs(self._secrets)
        super().after_context_created(context)
        self._parameters: dict[str, Any] = context.config_loader["parameters"]
        self._cycle = Cycle(context.project_path / CYCLE_FILE)
        self._log = RunLog(context.project_path / LOG_FILE, self._secrets)
        self._project = context.project_path

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
        # Kedro calls no hook on Ctrl-C, and MLflow would call the run finished
        atexit.register(self._end_killed)
        recorder = self._recorder = self._open_recorder()
        self._cycle.begin(str(self.run_id), self._parameters, kept)
        if not resumed:
            self._start_record(recorder, state.run_id if state and kept else None)
            self._carry_over(kept, catalog)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the log, and the record."""
        self._end("The run is finished.", "finished")
        super().after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the log with the error in it, and the record as failed."""
        self._end("The run failed.", "failed", error)
        super().on_pipeline_error(error, run_params, pipeline, catalog)

    def _open_recorder(self) -> Recorder:
        """Open the record, which MLflow has already, for all trackers."""
        run = MlflowClient().get_run(str(self.run_id)).info
        close_left_running(run.experiment_id)
        described = RunDescription(
            run_id=run.run_id,
            experiment=self.mlflow_config.tracking.experiment.name,
            name=str(run.run_name),
            description=self._parameters["hypothesis"]["statement"],
        )
        fan_out = FanOut(
            self._project / JOURNALS / run.run_id,
            self._project,
            self._options,
            self._credentials.get("tracking") or {},
            KeptArtifacts(artifacts=str(run.artifact_uri), store=mlflow.get_tracking_uri()),
        )
        recorder = Recorder(described, self._project, fan_out, self._secrets)
        recorder.record(tags_of({PROCESS: this_process()}))
        self._live = LiveMetrics(recorder.record)
        listen(self._live.take)
        seconds = self._options.system_metrics_seconds
        if seconds is not None:
            self._system = SystemMetrics(recorder.record, seconds, self._project)
            self._system.start()
        return recorder

    def _end(self, ending: str, status: Status, error: Exception | None = None) -> None:
        atexit.unregister(self._end_killed)
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        stop_listening(self._live.take)
        self._live.flush()
        if self._system is not None:
            self._system.stop()
            self._system = None
        kept = self._log.close(str(self.run_id), ending, error)
        if kept is not None:
            recorder.record_file(*kept, in_mlflow=True)
        for tracker, reference in recorder.end(status).items():
            logger.info("%s keeps the record: %s", tracker, reference)

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

    def _start_record(self, recorder: Recorder, parent: str | None) -> None:
        hypothesis = Hypothesis.model_validate(self._parameters["hypothesis"])
        plain = self._secrets.hide_in({**self._parameters, **self._typed})
        recorder.record(parameters_of(plain))
        file = self._project / CONFIGURATION_FILE
        with replacing(file) as unfinished:
            text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
            unfinished.write_text(text, encoding="utf-8")
        recorder.record_file(file, file.name)
        told = {
            "cycle_id": self.run_id,
            "parent_cycle_id": parent,
            "hypothesis_id": hypothesis.id,
            "hypothesis_hash": fingerprint(hypothesis),
            "configuration_hash": content_of(file),
            "mlflow.note.content": hypothesis.statement,
        }
        recorder.record(tags_of(told))

    def _carry_over(self, kept: Iterable[str], catalog: DataCatalog) -> None:
        """Copy what the kept nodes made into a new record, so that each record is whole."""
        for name in kept:
            for output in sorted(self._planned[name].makes):
                dataset: Any = catalog.get(output)
                self._record_file(dataset, in_mlflow=False)
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
        if self._recorder is not None:
            dataset = self._catalog.get(dataset_name)
            self._record_file(dataset, in_mlflow=True)
            self._record_marked(dataset_name, dataset, data)
        if dataset_name == node.outputs[-1]:  # they are saved in their order
            self._finish(node)

    def _record_file(self, dataset: Any, *, in_mlflow: bool) -> None:
        """Record the file of a dataset that is an artifact of the record."""
        if self._recorder is None or not hasattr(dataset, "artifact_path"):
            return
        file = Path(str(dataset._filepath))
        folder = dataset.artifact_path
        path = f"{folder}/{file.name}" if folder else file.name
        self._recorder.record_file(file, path, in_mlflow=in_mlflow)

    def _record_marked(self, name: str, dataset: Any, data: Any) -> None:
        marks = (getattr(dataset, "metadata", None) or {}).get("experiment_cycle") or {}
        mark = marks.get("log")
        if mark is None or self._recorder is None:
            return
        data = dataset.load() if data is None else data
        if mark == "dataset":
            name_dataset(data)
        entry = entry_of(mark, name, data)
        if mark == "history" and isinstance(entry, Metrics):
            entry = self._live.rest_of(entry)
        if entry is not None:
            self._recorder.record(entry)

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
