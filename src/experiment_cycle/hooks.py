"""The library's Kedro hooks: checks before a run, its record, its summary."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import configure_logging, pipelines
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from omegaconf import OmegaConf

from experiment_cycle.audit.openings_hook import OpeningsHook
from experiment_cycle.commands.run_command import run_command
from experiment_cycle.datasets.computed import ComputedDataset
from experiment_cycle.errors import ConfigurationError, CycleError, DataError, near_misses
from experiment_cycle.new_rows import place_files
from experiment_cycle.pinning import check_not_made, pin
from experiment_cycle.quiet_exit import mute_native_exit
from experiment_cycle.run_checks import (
    RAW,
    check_mark,
    check_pipeline_names,
    check_readable,
    check_validators,
    environments,
    is_there,
    warn_of_neptune,
)
from experiment_cycle.sealed import check_may_read, check_sealed
from experiment_cycle.tracking.declared import declared_artifacts
from experiment_cycle.tracking.hook import CYCLE_FILE, CycleMlflowHook
from experiment_cycle.tracking.project_lock_hook import ProjectLockHook
from experiment_cycle.tracking.row_count_hook import RowCountHook
from experiment_cycle.tracking.settings import TrackingSettings

PREDICTION = "prediction"


class CheckHook:
    """Refuse what cannot end well, before any work is lost."""

    def __init__(self, record: CycleMlflowHook) -> None:
        self._record = record

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Check the parameters, and give `mlflow.yml` the project's folder."""
        from experiment_cycle.configuration import check_parameters, check_tracking  # noqa: PLC0415

        mute_native_exit()
        project = str(context.project_path)
        OmegaConf.register_new_resolver("project_path", lambda: project, replace=True)
        _configure_logging(context.project_path)
        loader: Any = context.config_loader
        check_readable(loader)
        check_pipeline_names()
        configuration = check_parameters(
            loader["parameters"],
            read_elsewhere={
                name.removeprefix("params:").split(".")[0]
                for name in pipelines["__default__"].inputs()
                if name.startswith("params:")
            },
            folders=[Path(loader.conf_source) / (env or "") for env in environments(loader)],
        )
        credentials = _tree(loader, "credentials")
        folders = [Path(loader.conf_source) / (env or "") for env in environments(loader)]
        tracking = check_tracking(_tree(loader, "tracking"), credentials, folders)
        warn_of_neptune(tracking.trackers)
        self._record.configure(
            configuration.model_dump(mode="json"),
            TrackingSettings.of(tracking, credentials, loader["parameters"]),
        )
        self._command = run_command(
            context.env,
            loader.default_run_env,
            context._runtime_params or {},
            Path(loader.conf_source),
        )
        self._project = context.project_path
        self._versioning = configuration.data_versioning
        self._trusted_types = configuration.training.trusted_types
        self._prediction = configuration.prediction
        self._project = context.project_path

    @hook_impl(tryfirst=True)
    def after_catalog_created(self, catalog: DataCatalog) -> None:
        """Check every entry of the catalog, also those that the run would reach last.

        Models may hold the types that the options trust; the report names the command. Where the
        options name a data version, it takes the place of the raw data.
        """
        for name in catalog:
            try:
                dataset: Any = catalog.get(name)
                if hasattr(dataset, "trust"):
                    dataset.trust(self._trusted_types)
                check_mark(name, dataset)
            except DatasetError as error:
                told = " ".join(str(error).split()).partition("Hint:")[0]
                raise ConfigurationError(
                    f"The catalog entry '{name}' cannot be used: {told} Next step: mend its type "
                    "and arguments in conf/base/catalog_*.yml."
                ) from error
        catalog["run_command"] = MemoryDataset(self._command)
        declared = partial(declared_artifacts, catalog, self._project, CYCLE_FILE)
        catalog["declared_artifacts"] = ComputedDataset(compute=declared)
        if self._versioning.pinned:
            pin(catalog, RAW, self._versioning)
        if PREDICTION in pipelines:
            place_files(catalog, pipelines[PREDICTION], self._prediction, self._project)

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Check runner, seal and raw data."""
        if "ParallelRunner" in str(run_params["runner"]):
            raise ConfigurationError(
                "The parallel runner cannot be used: datasets recorded in MLflow cannot be sent to "
                "another process. Next step: leave --runner out, or use --runner=ThreadRunner."
            )
        check_sealed(pipeline.nodes, pipelines["__default__"].nodes)
        check_not_made(pipeline, RAW, self._versioning)
        check_validators(pipeline, catalog)
        if RAW in pipeline.inputs() and RAW not in list(catalog):
            raise ConfigurationError(
                f"The catalog has no entry '{RAW}'. {near_misses(RAW, list(catalog))} Next step: "
                f"name the entry of your table '{RAW}' in conf/base/catalog_data_versioning.yml."
            )
        if RAW in pipeline.inputs() and not is_there(catalog):
            where = getattr(catalog.get(RAW), "_filepath", "the source of its catalog entry")
            raise DataError(
                f"The dataset '{RAW}' is not there: {where} does not exist. Next step: put the "
                f"file there, or edit the entry '{RAW}' in conf/base/catalog_data_versioning.yml."
            )

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str, node: Node) -> None:
        """Hold the seal also for a pipeline that was changed while it ran."""
        check_may_read(node, dataset_name)

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception, catalog: DataCatalog) -> None:
        """Put a dataset that cannot be read or written into one line."""
        from experiment_cycle.datasets.source_errors import told  # noqa: PLC0415

        if not isinstance(error, DatasetError):
            return
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
            if isinstance(cause, CycleError):
                raise cause from error
        name, _, rest = str(error).strip().partition(":")
        dataset: Any = catalog.get(name)
        file = getattr(dataset, "_filepath", "no file")
        raise DataError(
            f"The dataset '{name}' ({file}) cannot be loaded or saved. "
            f"{told(cause) if cause.args else ' '.join(rest.split())}. Next step: check that its "
            "file is whole and that its entry in conf/base/catalog_*.yml fits it."
        ) from error


class SummaryHook:
    """Say at the end of a run what was decided, and why."""

    def __init__(self) -> None:
        self._decided = False

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Note that a decision was made in this run, and is not one found on the disk."""
        self._decided = self._decided or "promotion" in node.outputs

    @hook_impl(trylast=True)
    def after_pipeline_run(self, catalog: DataCatalog) -> None:
        """Print the summary if the run decided something."""
        if not self._decided:
            return
        self._decided = False
        from rich.console import Console  # noqa: PLC0415

        from experiment_cycle.reporting.summary import summarise  # noqa: PLC0415

        report: Any = catalog.get("report_html")
        Console().print(
            summarise(
                catalog.load("decision"),
                catalog.load("comparison"),
                catalog.load("gates"),
                catalog.load("promotion"),
                Path(str(report._filepath)),
            )
        )


def _configure_logging(project: Path) -> None:
    """Take the project's `conf/logging.yml`, which Kedro finds from the project's folder only."""
    file = project / "conf" / "logging.yml"
    if "KEDRO_LOGGING_CONFIG" not in os.environ and file.exists() and Path.cwd() != project:
        configure_logging(yaml.safe_load(file.read_text()))


def _tree(loader: Any, kind: str) -> dict[str, Any]:
    """Read one kind of configuration; the empty dict where there is none."""
    try:
        return dict(loader[kind])
    except MissingConfigException:
        return {}


_RECORD = CycleMlflowHook()
HOOKS = (
    ProjectLockHook(),
    CheckHook(_RECORD),
    _RECORD,
    RowCountHook(),
    OpeningsHook(CYCLE_FILE),
    SummaryHook(),
)
