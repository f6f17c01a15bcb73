"""What can be known to be wrong with a project before it is run: each in one clear error."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.config import MissingConfigException
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline
from kedro.validation import resolve_validator

from experiment_cycle.errors import ConfigurationError, CycleError, near_misses
from experiment_cycle.tracking.command_record import MARKS
from experiment_cycle.yaml_size import check_size

logger = logging.getLogger(__name__)

RAW = "raw_data"


def environments(loader: Any) -> list[str]:
    """Name the folders of `conf/` that are read, the one that wins first."""
    return [loader.env or loader.default_run_env, loader.base_env]


def check_mark(name: str, dataset: Any) -> None:
    """Refuse a mark that would record nothing."""
    marks = (getattr(dataset, "metadata", None) or {}).get("experiment_cycle") or {}
    mark = marks.get("log")
    if mark is not None and mark not in MARKS:
        raise ConfigurationError(
            f"The catalog entry '{name}' is marked log: {mark}, which there is not. "
            f"{near_misses(str(mark), MARKS)} Next step: mend metadata.experiment_cycle.log of the "
            "entry in conf/base/catalog_*.yml."
        )


def warn_of_neptune(trackers: Sequence[str]) -> None:
    """Say that what is given to Neptune can be sent nowhere."""
    if "neptune" in trackers:
        logger.warning(
            "Neptune ended its service on 5 March 2026: its client writes to files in "
            "data/08_reporting/tracking, which nothing can upload. Next step: name local or mlflow "
            "in tracking.yml in its place."
        )


def check_readable(loader: Any) -> None:
    """Refuse YAML that cannot be read, is read twice, or stands for far more than it says."""
    check_size(Path(loader.conf_source) / name for name in environments(loader))
    for kind in ("parameters", "catalog", "tracking", "credentials"):
        try:
            loader[kind]
        except yaml.YAMLError as error:
            raise ConfigurationError(
                f"{' '.join(str(error).split())} Next step: mend the YAML there, or on the line "
                "before."
            ) from error
        except ValueError as error:
            raise ConfigurationError(
                f"{' '.join(str(error).split())}. Next step: keep it in one of them, or give "
                "another environment a folder of its own (kedro run --env=NAME)."
            ) from error
        except MissingConfigException:
            continue


def is_there(catalog: DataCatalog) -> bool:
    """Look for the raw data; a pattern of names, and what cannot be asked, counts as there."""
    if any(sign in str(getattr(catalog.get(RAW), "_filepath", "")) for sign in "*?["):
        return True
    try:
        return bool(catalog.exists(RAW))
    except DatasetError:
        return True


def check_validators(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Find out whether the validators of what the run loads can be used."""
    for name in sorted(pipeline.inputs() & set(catalog.validator_specs)):
        try:
            resolve_validator(catalog.validator_specs[name])
        except DatasetError as error:
            if isinstance(error.__cause__, CycleError):
                raise error.__cause__ from error
            raise ConfigurationError(
                f"The validator of the catalog entry '{name}' cannot be used: "
                f"{' '.join(str(error).split())} Next step: mend the key `validator` of the entry "
                "in conf/base/catalog_*.yml."
            ) from error


def check_pipeline_names() -> None:
    """Refuse names given with --pipelines that there are not, and pipelines without nodes."""
    command = click.get_current_context(silent=True)
    asked = command.params.get("pipelines") if command is not None else None
    for name in asked or ():
        if name not in pipelines:
            raise ConfigurationError(
                f"There is no pipeline '{name}'. {near_misses(name, pipelines.keys())}"
            )
    if asked and not any(pipelines[name].nodes for name in asked):
        raise ConfigurationError(
            f"The pipeline '{asked[0]}' has no nodes, so that there is nothing to run. Next step: "
            f"write nodes in pipelines/{asked[0]}/pipeline.py, or leave it out."
        )
