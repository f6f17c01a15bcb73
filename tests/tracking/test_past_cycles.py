"""Past cycles are found by their names, by what was decided, and by their metrics."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import ConfigurationError, DataError, IntegrityError
from experiment_cycle.tracking.champions import move_champion
from experiment_cycle.tracking.past_cycles import PastCycle, find_cycle, find_cycles
from experiment_cycle.tracking.past_records import reopened

MODEL = "m"


def experiment() -> str:
    found = MlflowClient().get_experiment_by_name("test")
    assert found is not None
    return str(found.experiment_id)


def cycle(start: int, decision: str | None = None, **metrics: float) -> str:
    """Record a cycle that started at a second and took three."""
    client = MlflowClient()
    tags = {"cycle_id": "x"} | ({} if decision is None else {"decision.decision": decision})
    run = client.create_run(experiment(), start_time=start * 1000, tags=tags).info.run_id
    for name, value in metrics.items():
        client.log_metric(run, f"challenger.{name}", value)
    client.set_terminated(run, end_time=(start + 3) * 1000)
    return str(run)


def found(name: str, *, decided: bool = False) -> PastCycle:
    return find_cycle(experiment(), name, MODEL, decided=decided)


def test_the_latest_is_the_latest_that_decided_something_where_that_is_asked_for(
    store: Path,
) -> None:
    with pytest.raises(DataError, match="No cycle has come to a decision yet"):
        found("latest", decided=True)
    old, decided, stage = cycle(1, "promote"), cycle(2, "iterate"), cycle(3)

    assert found("latest").run_id == stage
    assert found("latest", decided=True).run_id == decided
    assert found(old[:10]).run_id == old
    assert found(old[:10]).seconds == 3.0
    with pytest.raises(DataError, match="No cycle is recorded under 'nothing'"):
        found("nothing")


def test_the_champions_cycle_is_found_by_that_name(store: Path) -> None:
    with pytest.raises(DataError, match="No model of 'm' is champion yet"):
        found("champion")
    run, client = cycle(1, "promote"), MlflowClient()
    client.create_registered_model(MODEL)
    client.create_model_version(MODEL, source=str(store), run_id=run)
    move_champion(MODEL, 1, None, "decision", "")

    assert found("champion").run_id == run
    client.set_model_version_tag(MODEL, "1", "x", "y")
    client.create_model_version(MODEL, source=str(store), run_id="0" * 32)
    move_champion(MODEL, 2, 1, "force", "")
    with pytest.raises(IntegrityError, match="is not there any more"):
        found("champion")


def test_cycles_are_found_by_metrics_of_any_name(store: Path) -> None:
    cycle(1, "iterate", **{"roc_auc": 0.6, "roc_auc.lower": 0.5, "f1_of__50K": 0.4})
    better = cycle(2, "iterate", **{"roc_auc": 0.8, "f1_of__50K": 0.9})

    for condition in ("roc_auc>0.7", " roc_auc >= 0.8", "f1_of_>50K>0.5"):
        assert [each.run_id for each in find_cycles(experiment(), metric=condition)] == [better]
    assert not list(find_cycles(experiment(), metric="roc_auc < -1e-3"))


def test_a_metric_that_no_cycle_has_is_told_with_those_that_they_have(store: Path) -> None:
    assert not list(find_cycles(experiment(), metric="anything>1"))
    cycle(1, "iterate", **{"roc_auc": 0.6, "roc_auc.lower": 0.5})

    with pytest.raises(ConfigurationError) as told:
        list(find_cycles(experiment(), metric="roc_acu>0.7"))
    assert told.value.message == (
        "No cycle has a metric 'roc_acu'. Did you mean 'roc_auc'? Known: roc_auc."
    )


def test_writing_into_a_record_later_does_not_make_it_longer(store: Path) -> None:
    run = cycle(1, "iterate")
    MlflowClient().set_terminated(run, "FAILED", end_time=4000)

    with reopened(run):
        mlflow.set_tag("more", "yes")

    info = MlflowClient().get_run(run).info
    assert (info.status, info.end_time) == ("FAILED", 4000)
    assert MlflowClient().get_run(run).data.tags["more"] == "yes"
