"""Past cycles, found by what was decided, claimed and measured."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import mlflow
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from pydantic import AwareDatetime

from experiment_cycle.errors import ConfigurationError, DataError, IntegrityError, near_misses
from experiment_cycle.options import Record
from experiment_cycle.tracking.champions import CHAMPION, champion_version
from experiment_cycle.tracking.past_records import read_run
from experiment_cycle.tracking.translation import metric_name

CONDITION = re.compile(r"\s*(?P<name>.+?)\s*(?P<sign><=|>=|<|>)\s*(?P<value>[-+.\deE]+)\s*")
PAGE = 200
LATEST = "latest"
MODEL = "challenger."
"""Before a metric of the challenger on the test rows."""
OF_INTERVAL = ("lower", "upper", "standard_error")
FORCED = "promotion.forced"
"""The tag of a cycle whose decision a person overruled."""


class PastCycle(Record):
    """One cycle, in the words of a list; None where it did not come that far.

    `effect` is the primary metric's improvement over the incumbent, between `lower` and `upper`.
    `seconds` is from the start of its first stage to the end of its last, pauses included.
    """

    run_id: str
    name: str
    started: AwareDatetime
    seconds: float | None
    status: str
    hypothesis_id: str | None
    statement: str | None
    data_version: str | None
    decision: str | None
    forced: str | None
    """Which version the challenger became although that was not decided, and why."""
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
    decided: bool = False,
) -> Iterator[PastCycle]:
    """Find cycles, the newest first.

    Args:
        experiment_id: Of MLflow.
        decision: promote, iterate or abandon.
        hypothesis: The identifier of a hypothesis.
        metric: A condition on a metric of the challenger on the test rows, such as roc_auc>0.7.
        since: Started at this moment or later.
        until: Started before this moment.
        decided: Only those in which something was decided.

    Raises:
        ConfigurationError: the condition cannot be read, or is on a metric that no cycle has.
    """
    wanted = ["tags.cycle_id != ''"]
    if decision is not None:
        wanted.append(f"tags.`decision.decision` = '{decision}'")
    if hypothesis is not None:
        wanted.append(f"tags.hypothesis_id = '{_quoted(hypothesis)}'")
    if metric is not None:
        wanted.append(_condition(metric, experiment_id))
    if since is not None:
        wanted.append(f"attributes.start_time >= {int(since.timestamp() * 1000)}")
    if until is not None:
        wanted.append(f"attributes.start_time < {int(until.timestamp() * 1000)}")
    if decided:
        wanted.append("tags.`decision.decision` != ''")
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


def find_cycle(
    experiment_id: str, name: str, registered_model: str, *, decided: bool = False
) -> PastCycle:
    """Find one cycle by its id, the first characters of one, `latest` or `champion`.

    Args:
        experiment_id: Of MLflow.
        name: What it is called.
        registered_model: Whose champion's cycle `champion` is.
        decided: `latest` is the latest in which something was decided.

    Raises:
        DataError: there is none, or several.
    """
    if name == CHAMPION:
        return _cycle_of_champion(registered_model)
    if name == LATEST:
        found = list(islice(find_cycles(experiment_id, decided=decided), 1))
        if not found and decided:
            raise DataError(
                "No cycle has come to a decision yet. Next step: kedro run, the whole of it"
            )
    else:
        found = [cycle for cycle in find_cycles(experiment_id) if cycle.run_id.startswith(name)]
    if len(found) != 1:
        told = "no cycle is" if not found else f"{len(found)} cycles are"
        raise DataError(
            f"{told.capitalize()} recorded under '{name}'. Allowed: an id, enough of its first "
            "characters, latest, or champion. Next step: kedro cycle runs --all lists them."
        )
    return found[0]


def challenger_metrics(metrics: dict[str, float]) -> dict[str, float]:
    """Choose, of all numbers of a record, the challenger's metrics on the test rows."""
    return {
        name.removeprefix(MODEL): value
        for name, value in metrics.items()
        if name.startswith(MODEL) and not name.endswith(OF_INTERVAL)
    }


def _cycle_of_champion(registered_model: str) -> PastCycle:
    version = champion_version(registered_model)
    if version is None:
        raise DataError(
            f"No model of '{registered_model}' is champion yet. Next step: kedro cycle runs lists "
            "the cycles."
        )
    run_id = MlflowClient().get_model_version(registered_model, str(version)).run_id
    try:
        return _listed(read_run(str(run_id)))
    except mlflow.MlflowException as error:
        raise IntegrityError(
            f"The record {run_id}, which the champion (version {version} of '{registered_model}') "
            "comes from, is not there any more. Next step: name another cycle; kedro cycle runs "
            "lists them."
        ) from error


def _condition(asked: str, experiment_id: str) -> str:
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
    name, known = metric_name(found["name"]), _recorded_metrics(experiment_id)
    if known and name not in known:
        raise ConfigurationError(
            f"No cycle has a metric '{found['name']}'. {near_misses(name, known)}"
        )
    return f"metrics.`{MODEL}{name}` {found['sign']} {value!r}"


def _recorded_metrics(experiment_id: str) -> set[str]:
    """Name the metrics that the latest cycles have of a challenger; none where there is none."""
    latest = MlflowClient().search_runs(
        [experiment_id],
        "tags.cycle_id != ''",
        max_results=PAGE,
        order_by=["attributes.start_time DESC"],
    )
    return {name for run in latest for name in challenger_metrics(run.data.metrics)}


def _quoted(text: str) -> str:
    if "'" in text:
        raise ConfigurationError(f"A hypothesis has no identifier with a quote in it: {text}")
    return text


def _listed(run: Run) -> PastCycle:
    tags, metrics, info = run.data.tags, run.data.metrics, run.info
    look = json.loads(tags["decision.look"]) if "decision.look" in tags else None
    return PastCycle(
        run_id=info.run_id,
        name=info.run_name or "",
        started=datetime.fromtimestamp(info.start_time / 1000, UTC),
        seconds=(info.end_time - info.start_time) / 1000 if info.end_time else None,
        status=info.status,
        hypothesis_id=tags.get("hypothesis_id"),
        statement=tags.get("mlflow.note.content"),
        data_version=tags.get("dataset.id"),
        decision=tags.get("decision.decision"),
        forced=tags.get(FORCED),
        metric=run.data.params.get("hypothesis.success_criteria.primary.metric"),
        effect=metrics.get("comparison.primary.effect"),
        lower=metrics.get("comparison.primary.lower"),
        upper=metrics.get("comparison.primary.upper"),
        look=None if look is None else int(look["number"]),
    )
