"""The project as `kedro cycle audit` needs it: catalog and typed parameters, without any hook."""

from __future__ import annotations

import os
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _NullPluginManager
from kedro.framework.project import pipelines, settings
from kedro.framework.startup import ProjectMetadata
from kedro.io import DatasetError
from omegaconf import OmegaConf

from experiment_cycle.audit.auditing import Subject
from experiment_cycle.audit.openings import read_events
from experiment_cycle.commands.project import read
from experiment_cycle.configuration import check_parameters
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.tracking.cycle import Cycle


def open_subject(
    metadata: ProjectMetadata,
    env: str | None,
    replaced: dict[str, Any],
    openings: str,
    cycle: str,
) -> Subject:
    """Read configuration and pipelines, as `kedro run` would; no tracking store is opened.

    Args:
        metadata: The project.
        env: The environment; None: the default one.
        replaced: Parameters given on the command line.
        openings: Where openings of the test set are recorded, in the project's folder.
        cycle: Where the state of the cycle is, in the project's folder.

    Raises:
        ConfigurationError: a file, a parameter or an entry of the catalog is missing or wrong.
    """
    folder = metadata.project_path
    environment = env or os.environ.get("KEDRO_ENV")
    loader = open_configuration(metadata, env, replaced)
    parameters = read(loader, "parameters")
    configuration = check_parameters(parameters, read_elsewhere=parameters, folders=[])
    state = Cycle(folder / cycle).load()
    return Subject(
        folder=folder,
        catalog=_catalog(metadata, loader, environment, replaced),
        pipeline=pipelines["__default__"],
        columns=configuration.columns,
        task=configuration.task,
        splitting=configuration.splitting,
        tuning=configuration.tuning,
        training=configuration.training,
        options=getattr(configuration.splitting, "audit", None) or AuditOptions(),
        seed=configuration.seed,
        pinned=configuration.data_versioning.pinned,
        events=read_events(folder / openings, "" if state is None else state.run_id),
    )


def open_configuration(
    metadata: ProjectMetadata, env: str | None, replaced: dict[str, Any]
) -> AbstractConfigLoader:
    """Find the configuration, as `kedro run` would; see `open_subject` for the arguments."""
    folder = metadata.project_path
    OmegaConf.register_new_resolver("project_path", lambda: str(folder), replace=True)
    loader: AbstractConfigLoader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(folder / settings.CONF_SOURCE),
        env=env or os.environ.get("KEDRO_ENV"),
        runtime_params=replaced,
        **settings.CONFIG_LOADER_ARGS,
    )
    return loader


def _catalog(
    metadata: ProjectMetadata,
    loader: AbstractConfigLoader,
    env: str | None,
    replaced: dict[str, Any],
) -> Any:
    arguments: dict[str, Any] = {
        "project_path": metadata.project_path,
        "config_loader": loader,
        "env": env,
        "package_name": metadata.package_name,
        "hook_manager": _NullPluginManager(),
        "runtime_params": replaced,
    }
    context = KedroContext(**arguments)
    try:
        return context.catalog
    except DatasetError as error:
        told = " ".join(str(error).split()).partition("Hint:")[0]
        raise ConfigurationError(
            f"The catalog cannot be used: {told} Next step: mend conf/base/catalog_*.yml."
        ) from error
