"""The library's Kedro hooks: checks before a run, its record, its summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from omegaconf import OmegaConf

from experiment_cycle.errors import ConfigurationError, CycleError, DataError
from experiment_cycle.sealed import check_may_read, check_sealed
from experiment_cycle.tracking.hook import CycleMlflowHook

RAW = "raw_data"


class CheckHook:
    """Refuse what cannot end well, before any work is lost."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Check the parameters, and give `mlflow.yml` the project's folder."""
        from experiment_cycle.configuration import check_parameters  # noqa: PLC0415

        project = str(context.project_path)
        OmegaConf.register_new_resolver("project_path", lambda: project, replace=True)
        loader = context.config_loader
        check_parameters(
            loader["parameters"],
            read_elsewhere={
                name.removeprefix("params:").split(".")[0]
                for name in pipelines["__default__"].inputs()
                if name.startswith("params:")
            },
            folders=[Path(loader.conf_source) / (env or "") for env in _environments(loader)],
        )

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
        check_sealed(pipeline.nodes)
        if RAW in pipeline.inputs() and not catalog.exists(RAW):
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
    def on_pipeline_error(self, error: Exception) -> None:
        """Put a dataset that cannot be read or written into one line."""
        if not isinstance(error, DatasetError):
            return
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
            if isinstance(cause, CycleError):
                raise cause from error
        name, _, rest = str(error).strip().partition(":")
        raise DataError(
            f"The dataset '{name}' cannot be loaded or saved. {cause if cause.args else rest}\n"
            "Next step: check that its file is whole and that its catalog entry in conf/ fits it."
        ) from error


class SummaryHook:
    """Say at the end of a run what was decided, and why."""

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print the summary if the run decided something."""
        if "promotion" not in pipeline.all_outputs():
            return
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


def _environments(loader: Any) -> list[str]:
    return [loader.env or loader.default_run_env, loader.base_env]


HOOKS = (CheckHook(), CycleMlflowHook(), SummaryHook())
