"""One recorded run made again from its record alone, and what it is beside the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.tracking import MlflowClient

from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.options import Record
from experiment_cycle.reproducing.catalog_marks import catalog_marks
from experiment_cycle.reproducing.comparing import (
    ON_THE_WAY,
    Compared,
    compare_artifacts,
    compare_metrics,
    first_stage,
    measured_metrics,
)
from experiment_cycle.reproducing.environments import EnvironmentCheck, compare_environments
from experiment_cycle.reproducing.furnishing import STORE, place_data, write_configuration
from experiment_cycle.reproducing.rerun import (
    STAGES,
    own_pipelines,
    run_again,
    stages_until,
)
from experiment_cycle.reproducing.worktree import checked_out, unrecorded_changes
from experiment_cycle.tracking.hook import CYCLE_FILE
from experiment_cycle.training.environment import LOCK_FILE
from experiment_cycle.training.records import Environment

EXPERIMENT = "reproduction"


@dataclass(frozen=True, eq=False)
class Recorded:
    """What the record of a run has to be made again from.

    Attributes:
        run_id: Of the run.
        env: The environment of the configuration that it had.
        configuration: All parameters.
        dataset_version: A `DatasetVersion`.
        environment: Of machine and code.
        diff: The uncommitted changes.
        metrics: Every number, by name.
        champion: The version that was champion then; None: there was none.
        artifacts: A folder with the artifacts of the stages that can be compared.
    """

    run_id: str
    env: str
    configuration: dict[str, Any]
    dataset_version: dict[str, Any]
    environment: Environment
    diff: str
    metrics: Mapping[str, float]
    champion: int | None
    artifacts: Path


@dataclass(frozen=True, eq=False)
class Home:
    """Where a run is made again from.

    Attributes:
        project: The user's folder, which is read only.
        package: Name of its Python package.
        pipelines: Names of its pipelines.
        versioning: The present options of the data versions.
        credentials: The block `data_versioning` of credentials.yml.
        registry: Address of the model registry.
        trusted_types: Types that models may hold, as the present configuration names them.
    """

    project: Path
    package: str
    pipelines: Sequence[str]
    versioning: DataVersioningOptions
    credentials: Mapping[str, Any]
    registry: str
    trusted_types: Sequence[str]


class Reproduction(Record):
    """What came of making a run again."""

    run_id: str
    commit: str
    stages: tuple[str, ...]
    """Those that were run and compared."""
    same: bool
    first_stage: str | None
    """The first of which something differs."""
    artifacts: tuple[Compared, ...]
    metrics_same: int
    metric_differences: tuple[tuple[str, str, str], ...]
    """Of each: name, recorded, made."""
    environment: EnvironmentCheck
    notes: tuple[str, ...]


def reproduce(
    recorded: Recorded, home: Home, until: str, tell: Callable[[str], None]
) -> Reproduction:
    """Check code and data of a run out, run it again in a fresh process, and compare.

    The stages that decide are left out: no look is taken, no ledger is written, nothing is
    registered. It takes as long as the run did.

    Args:
        recorded: The run.
        home: Where it is made again from.
        until: The last stage that is run.
        tell: Is told what is being done.

    Raises:
        CycleError: code, data or environment are not to be had, or the run fails.
    """
    stages = _stages(recorded, until)
    commit = str(recorded.environment.git_commit)[:12]
    changed = " with the recorded changes on it" if recorded.diff else ""
    tell(f"Checking out commit {commit}{changed} …")
    with checked_out(home.project, recorded.environment, recorded.diff) as folder:
        environment = compare_environments(recorded.environment, home.project, folder / LOCK_FILE)
        tell(environment.told())
        tell(f"Checking out data version {recorded.dataset_version['id'][:12]} …")
        _furnish(folder, recorded, home)
        own = own_pipelines(folder, home.package, home.pipelines) if until == STAGES[-1] else ()
        tell(f"Running {', '.join(stages)} again …")
        run_again(folder, recorded.env, [*stages, *own], recorded.champion)
        tell("Comparing …")
        return _compare(recorded, home, folder, stages, environment)


def _stages(recorded: Recorded, until: str) -> tuple[str, ...]:
    """Leave out the stages that the run did not come to."""
    reached = [
        stage
        for stage in stages_until(until)
        if any(
            file.relative_to(recorded.artifacts).as_posix() not in ON_THE_WAY
            for file in (recorded.artifacts / stage).rglob("*")
            if file.is_file()
        )
    ]
    return stages_until(reached[-1])


def _furnish(folder: Path, recorded: Recorded, home: Home) -> None:
    known = {
        "dataset_version": recorded.dataset_version,
        "configuration": recorded.configuration,
    }
    block = place_data(folder, home.project, known, home.versioning, home.credentials)
    parameters = {**recorded.configuration, "data_versioning": block}
    write_configuration(folder, recorded.env, parameters, EXPERIMENT, home.registry)


def _compare(
    recorded: Recorded,
    home: Home,
    folder: Path,
    stages: Sequence[str],
    environment: EnvironmentCheck,
) -> Reproduction:
    run_id = json.loads((folder / CYCLE_FILE).read_text("utf-8"))["run_id"]
    made = MlflowClient(tracking_uri=f"sqlite:///{folder / STORE}").get_run(run_id)
    entries = catalog_marks(folder, recorded.env)
    marks = {path: mark.marks for path, mark in entries.items()}
    names = {path: mark.entry for path, mark in entries.items()}
    compared = compare_artifacts(
        recorded.artifacts,
        folder / "mlartifacts" / run_id / "artifacts",
        stages,
        marks,
        home.trusted_types,
    )
    same, differing = compare_metrics(
        recorded.metrics, made.data.metrics, measured_metrics(marks, names)
    )
    equal = not differing and all(each.status != "differs" for each in compared)
    return Reproduction(
        run_id=recorded.run_id,
        commit=str(recorded.environment.git_commit),
        stages=tuple(stages),
        same=equal,
        first_stage=first_stage(compared),
        artifacts=tuple(compared),
        metrics_same=same,
        metric_differences=tuple((each.dataset, each.stored, each.made) for each in differing),
        environment=environment,
        notes=tuple(_notes(recorded)),
    )


def _notes(recorded: Recorded) -> list[str]:
    return [
        f"The record names a change that it does not have: {line.rstrip('.')}."
        for line in unrecorded_changes(recorded.diff)
    ]
