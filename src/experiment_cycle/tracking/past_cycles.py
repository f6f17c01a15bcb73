"""The records of past cycles: found by what was decided, claimed and measured, and read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from pydantic import AwareDatetime

from experiment_cycle.errors import ConfigurationError, DataError, IntegrityError
from experiment_cycle.options import Record

CONDITION = re.compile(r"\s*(?P<name>[\w.]+)\s*(?P<sign><=|>=|<|>)\s*(?P<value>[-+.\deE]+)\s*")
PAGE = 200


class PastCycle(Record):
    """One cycle, in the words of a list; None where it did not come that far.

    `effect` is the primary metric's improvement over the incumbent, between `lower` and `upper`.
    """

    run_id: str
    name: str
    started: AwareDatetime
    status: str
    hypothesis_id: str | None
    decision: str | None
    metric: str | None
    effect: float | None
    lower: float | None
    upper: float | None
    look: int | None


def find_cycles(
    experiment_id: str,
    *,
    decision: str | None = None,
    hypothesis: str | None = None,
    metric: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[PastCycle]:
    """Find cycles, the newest first.

    Args:
        experiment_id: Of MLflow.
        decision: promote, iterate or abandon.
        hypothesis: The identifier of a hypothesis.
        metric: A condition on a metric of the challenger on the test rows, such as roc_auc>0.7.
        since: Started at this moment or later.
        until: Started before this moment.

    Raises:
        ConfigurationError: the condition cannot be read.
    """
    wanted = ["tags.cycle_id != ''"]
    if decision is not None:
        wanted.append(f"tags.`decision.decision` = '{decision}'")
    if hypothesis is not None:
        wanted.append(f"tags.hypothesis_id = '{_quoted(hypothesis)}'")
    if metric is not None:
        wanted.append(_condition(metric))
    if since is not None:
        wanted.append(f"attributes.start_time >= {int(since.timestamp() * 1000)}")
    if until is not None:
        wanted.append(f"attributes.start_time < {int(until.timestamp() * 1000)}")
    token = None
    while True:
        found = MlflowClient().search_runs(
            [experiment_id],
            " and ".join(wanted),
            max_results=PAGE,
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        yield from map(_listed, found)
        token = found.token
        if not token:
            return


def find_cycle(experiment_id: str, name: str) -> PastCycle:
    """Find one cycle by its id, the first characters of one, or `latest`.

    Raises:
        DataError: there is none, or several.
    """
    cycles = find_cycles(experiment_id)
    if name == "latest":
        found = [cycle for _, cycle in zip(range(1), cycles, strict=False)]
    else:
        found = [cycle for cycle in cycles if cycle.run_id.startswith(name)]
    if len(found) != 1:
        told = "no cycle is" if not found else f"{len(found)} cycles are"
        raise DataError(
            f"{told.capitalize()} recorded under '{name}'. Allowed: an id, enough of its first "
            "characters, or latest. Next step: kedro cycle runs lists them."
        )
    return found[0]


@contextmanager
def reopened(run_id: str) -> Iterator[None]:
    """Write into the record of a past cycle while the block runs."""
    with mlflow.start_run(run_id=run_id):
        yield


def read_artifact(run_id: str, path: str, folder: Path) -> Path:
    """Fetch one artifact of a cycle.

    Args:
        run_id: Of the cycle.
        path: Inside the record, such as ``decision/decision.json``.
        folder: Where it is put.

    Raises:
        IntegrityError: the record does not have it, or does not give it back.
    """
    try:
        return Path(
            mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=path, dst_path=str(folder)
            )
        )
    except (mlflow.MlflowException, OSError) as error:
        raise IntegrityError(
            f"The record {run_id} does not give back '{path}': {' '.join(str(error).split())} Next "
            "step: choose another cycle; kedro cycle runs lists them."
        ) from error


def read_record(run_id: str, path: str, folder: Path) -> Any:
    """Read one JSON artifact of a cycle; see `read_artifact`."""
    return json.loads(read_artifact(run_id, path, folder).read_text())


def _condition(asked: str) -> str:
    found = CONDITION.fullmatch(asked)
    try:
        value = float(found["value"]) if found else None
    except ValueError:
        value = None
    if found is None or value is None:
        raise ConfigurationError(
            f"The condition '{asked}' cannot be read. Allowed: a metric, one of < <= > >=, and a "
            "number, such as 'roc_auc>0.7'."
        )
    return f"metrics.`challenger.{found['name']}` {found['sign']} {value!r}"


def _quoted(text: str) -> str:
    if "'" in text:
        raise ConfigurationError(f"A hypothesis has no identifier with a quote in it: {text}")
    return text


def _listed(run: Run) -> PastCycle:
    tags, metrics = run.data.tags, run.data.metrics
    look = json.loads(tags["decision.look"]) if "decision.look" in tags else None
    return PastCycle(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        started=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
        status=run.info.status,
        hypothesis_id=tags.get("hypothesis_id"),
        decision=tags.get("decision.decision"),
        metric=run.data.params.get("hypothesis.success_criteria.primary.metric"),
        effect=metrics.get("comparison.primary.effect"),
        lower=metrics.get("comparison.primary.lower"),
        upper=metrics.get("comparison.primary.upper"),
        look=None if look is None else int(look["number"]),
    )
