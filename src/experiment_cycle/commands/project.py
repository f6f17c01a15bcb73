"""What commands need of the project, read without starting a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kedro.config import AbstractConfigLoader, MissingConfigException
from kedro.framework.project import settings
from kedro.framework.startup import ProjectMetadata
from kedro.io import DataCatalog, DatasetError

from experiment_cycle.columns import Columns
from experiment_cycle.configuration import check_parameters
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.versioning import Versions, open_versions
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.yaml_size import check_size

ENTRIES = ("dataset", "dataset_version", "project_folder", "versioning_credentials")
PATHS = frozenset({"filepath", "path", "filename"})


@dataclass(frozen=True)
class Project:
    """The folder, the typed options and the catalog entries that concern data versions."""

    folder: Path
    columns: Columns
    options: DataVersioningOptions
    catalog: DataCatalog

    def credentials(self) -> Mapping[str, Any]:
        """Give the block of credentials.yml that concerns data versions."""
        return dict(self._load("versioning_credentials"))

    def versions(self) -> Versions:
        """Open the versions of the dataset in the backend the options name."""
        return open_versions(
            self.options, self._load("project_folder"), self._load("versioning_credentials")
        )

    def last_used(self) -> str | None:
        """Name the version the last run used; None if it used none of this backend."""
        if not self.catalog.exists("dataset_version"):
            return None
        recorded = self._load("dataset_version")
        ours = recorded.get("backend") == self.options.backend
        return str(recorded["id"]) if ours else None

    def pinned(self, versions: Versions) -> str | None:
        """Name the version that `data_versioning.version` names, if there is one of this name."""
        if not self.options.pinned:
            return None
        try:
            return versions.find(self.options.version).version.id
        except DataError:
            return None

    def dataset_file(self) -> Path:
        """Name the file of the catalog entry `dataset`."""
        dataset: Any = self.catalog.get("dataset")
        return Path(dataset._filepath).absolute()

    def columns_in(self, snapshot: Snapshot) -> Columns:
        """Give the roles of the columns as far as a version has these columns.

        Without the target, which every set of roles names, the first column stands in for it.
        """
        if self.columns.target in snapshot.types:
            return self.columns
        return Columns(target=next(iter(snapshot.types)))

    def _load(self, name: str) -> Any:
        dataset: Any = self.catalog.get(name)
        # not catalog.load, which logs to the stream that scripts read
        return dataset.load()


def open_project(metadata: ProjectMetadata, env: str | None) -> Project:
    """Read parameters and catalog, as `kedro run` would, and check them.

    No session is started: no hook runs, no tracking store is opened.

    Raises:
        ConfigurationError: a file, a parameter or an entry of the catalog is missing or wrong.
    """
    folder = metadata.project_path
    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(folder / settings.CONF_SOURCE),
        env=env or os.environ.get("KEDRO_ENV"),
        **settings.CONFIG_LOADER_ARGS,
    )
    parameters = read(loader, "parameters")
    environments = (loader.env or loader.default_run_env, loader.base_env)
    configuration = check_parameters(
        dict(parameters),
        read_elsewhere=parameters,
        folders=[Path(loader.conf_source) / (name or "") for name in environments],
        to_run=False,
    )
    return Project(
        folder=folder,
        columns=configuration.columns,
        options=configuration.data_versioning,
        catalog=_catalog(loader, folder),
    )


def read(loader: AbstractConfigLoader, kind: str) -> dict[str, Any]:
    """Read one kind of configuration: parameters, catalog or credentials.

    Raises:
        ConfigurationError: it is not there, or it is no YAML.
    """
    ours: Any = loader
    environments = (loader.env or ours.default_run_env, ours.base_env)
    check_size(Path(loader.conf_source) / name for name in environments if name)
    try:
        return dict(loader[kind])
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"{' '.join(str(error).split())} Next step: mend the YAML there, or on the line before."
        ) from error
    except MissingConfigException as error:
        told = " ".join(str(error).split())
        raise ConfigurationError(
            f"The {kind} of the project cannot be read: {told} Next step: check --env and conf/."
        ) from error


def _catalog(loader: AbstractConfigLoader, folder: Path) -> DataCatalog:
    described = read(loader, "catalog")
    missing = [name for name in ENTRIES if name not in described]
    if missing:
        raise ConfigurationError(
            f"The catalog has no entry '{missing[0]}', which the commands read. Next step: take it "
            "over from the template's conf/base/catalog_data_versioning.yml."
        )
    entries = {name: _from_folder(described[name], folder) for name in ENTRIES}
    try:
        catalog = DataCatalog.from_config(entries, read(loader, "credentials"))
        for name in ENTRIES:
            catalog.get(name)
    except (DatasetError, KeyError) as error:
        told = " ".join(str(error).split()).partition("Hint:")[0]
        raise ConfigurationError(
            f"The catalog cannot be used: {told} Next step: mend conf/base/catalog_*.yml."
        ) from error
    return catalog


def _from_folder(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Let relative paths start at the project's folder, wherever the command was typed."""
    found: dict[str, Any] = {}
    for key, value in entry.items():
        if isinstance(value, Mapping):
            found[key] = _from_folder(value, folder)
        elif key in PATHS and isinstance(value, str) and "://" not in value:
            found[key] = (folder / value).as_posix()
        else:
            found[key] = value
    return found
