"""The records of all cycles, for commands that look at them without starting a run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _NullPluginManager
from kedro.framework.project import settings
from kedro.framework.startup import ProjectMetadata
from omegaconf import OmegaConf

from experiment_cycle.commands.project import read
from experiment_cycle.configuration import Configuration, check_parameters, check_tracking
from experiment_cycle.tracking.hook import CycleMlflowHook
from experiment_cycle.tracking.options import TrackingOptions


@dataclass(frozen=True)
class RecordStore:
    """The project's folder and options, and its experiment in MLflow, which is set up."""

    folder: Path
    configuration: Configuration
    experiment_id: str
    tracking: TrackingOptions
    credentials: dict[str, Any]
    """Of the trackers, by their names."""

    @property
    def registered_model(self) -> str:
        """Name of the model in the registry."""
        return self.configuration.decision.registered_model


def open_store(metadata: ProjectMetadata, env: str | None) -> RecordStore:
    """Read the parameters and `mlflow.yml`, as `kedro run` would, and set MLflow up.

    Raises:
        ConfigurationError: a parameter is missing or wrong.
    """
    folder = metadata.project_path
    OmegaConf.register_new_resolver("project_path", lambda: str(folder), replace=True)
    environment = env or os.environ.get("KEDRO_ENV")
    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(folder / settings.CONF_SOURCE),
        env=environment,
        **settings.CONFIG_LOADER_ARGS,
    )
    parameters = read(loader, "parameters")
    configuration = check_parameters(
        parameters, read_elsewhere=parameters, folders=[], to_run=False
    )
    arguments: dict[str, Any] = {
        "project_path": folder,
        "config_loader": loader,
        "env": environment,
        "package_name": metadata.package_name,
        "hook_manager": _NullPluginManager(),
    }
    hook = CycleMlflowHook()
    hook.after_context_created(KedroContext(**arguments))
    experiment = hook.mlflow_config.tracking.experiment._experiment
    return RecordStore(
        folder,
        configuration,
        str(experiment.experiment_id),
        check_tracking(read(loader, "tracking")),
        dict(read(loader, "credentials").get("tracking") or {}),
    )
