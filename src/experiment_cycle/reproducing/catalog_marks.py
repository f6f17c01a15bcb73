"""What the catalog says of the artifacts of a record. Knows Kedro."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml
from kedro.config import OmegaConfigLoader
from omegaconf.errors import OmegaConfBaseException

from experiment_cycle.audit.recomputing import file_of
from experiment_cycle.errors import IntegrityError

KEY = "experiment_cycle"


class CatalogMark(NamedTuple):
    """The entry of an artifact, and its block `metadata.experiment_cycle`."""

    entry: str
    marks: dict[str, Any]


def catalog_marks(folder: Path, env: str) -> dict[str, CatalogMark]:
    """Read the catalog of a project: its entries by the paths of their artifacts.

    Args:
        folder: The project.
        env: Its environment.

    Raises:
        IntegrityError: the catalog cannot be read.
    """
    loader = OmegaConfigLoader(
        str(folder / "conf"), env=env, base_env="base", default_run_env="local"
    )
    try:
        catalog: Mapping[str, Any] = loader["catalog"]
    except (yaml.YAMLError, OmegaConfBaseException, ValueError) as error:
        raise IntegrityError(
            f"The catalog of the recorded code cannot be read: {' '.join(str(error).split())} Next "
            "step: see whether the commit and the changes on it are those of a project that runs."
        ) from error
    found = {}
    for name, entry in catalog.items():
        if not isinstance(entry, Mapping) or "artifact_path" not in entry:
            continue
        file = file_of(entry)
        if file is not None:
            path = PurePosixPath(entry["artifact_path"] or "") / file.name
            marks = dict((entry.get("metadata") or {}).get(KEY) or {})
            found[path.as_posix()] = CatalogMark(name, marks)
    return found
