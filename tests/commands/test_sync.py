"""`kedro cycle sync`: what was kept offline is uploaded, once, and by nobody who has no key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("wandb")
pytest.importorskip("sweeps")

from tests.conftest import Kedro
from tests.wandb_server import KEY, WandbServer

from experiment_cycle.testing.trackers import POINTS, RUN
from experiment_cycle.tracking.command_record import JOURNALS
from experiment_cycle.tracking.entries import Metrics, Parameters
from experiment_cycle.tracking.fan_out import FanOut
from experiment_cycle.tracking.options import TrackingOptions

TRACKERS = "trackers: [mlflow, local, wandb]\n"


@pytest.fixture
def server() -> Iterator[WandbServer]:
    server = WandbServer()
    yield server
    server.close()


@pytest.fixture
def recorded(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the record of a run that W&B has offline, and plain files not at all."""
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    local = project / "conf" / "local"
    local.mkdir(exist_ok=True)
    (local / "tracking.yml").write_text(TRACKERS)
    options = TrackingOptions(trackers=("mlflow", "wandb"))
    fan = FanOut(project / JOURNALS / RUN.run_id, project, options, {}, None)
    fan.begin(RUN, 1)
    fan.record(Parameters(values={"seed": "1"}))
    fan.record(Metrics(points=POINTS))
    fan.end("finished", 2)
    return project


def states(output: str) -> dict[str, str]:
    listed = json.loads(output[output.index("[\n") :])
    return {item["tracker"]: item["state"] for item in listed}


def test_what_is_missing_is_delivered_once_and_uploaded_with_a_key(
    recorded: Path, kedro: Kedro, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = kedro(recorded, "cycle", "sync", "--json")
    assert done.exit_code == 1, done.output
    assert states(done.output) == {"local": "brought up to date", "wandb": "offline"}
    assert "WANDB_API_KEY" in done.output

    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    done = kedro(recorded, "cycle", "sync", "--json")
    assert done.exit_code == 0, done.output
    assert states(done.output) == {"local": "complete", "wandb": "uploaded"}
    assert server.runs[RUN.run_id].exit_code == 0
    sent = len(server.operations)

    done = kedro(recorded, "cycle", "sync", "--json")
    assert states(done.output) == {"local": "complete", "wandb": "complete"}
    assert len(server.operations) == sent
    for file in (recorded / "data").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_a_tracker_that_is_not_used_is_refused(recorded: Path, kedro: Kedro) -> None:
    done = kedro(recorded, "cycle", "sync", "--tracker=wandbb")
    assert done.exit_code == 2
    assert "Did you mean 'wandb'?" in done.output


def test_without_records_there_is_nothing_to_deliver(project: Path, kedro: Kedro) -> None:
    done = kedro(project, "cycle", "sync")
    assert (done.exit_code, "nothing to deliver" in done.output) == (0, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trackers: [mlflow, wandbb]", "Did you mean 'wandb'?"),
        ("trackers: [local]", "'mlflow' must be among the trackers"),
        ("trackers: [mlflow, local, local]", "named twice"),
        ("patience: 3", "patience_seconds"),
        ("patience_seconds: -1", "greater than or equal to 0"),
        ("wandb: {mode: offlin}", "Did you mean 'offline'?"),
    ],
)
def test_a_mistake_in_tracking_yml_is_one_clear_error(
    project: Path, kedro: Kedro, text: str, told: str
) -> None:
    (project / "conf" / "local").mkdir(exist_ok=True)
    (project / "conf" / "local" / "tracking.yml").write_text(text)
    done = kedro(project, "run", "--pipelines=data_versioning")
    assert done.exit_code == 1
    plain = " ".join(done.output.split())
    assert told in plain
    assert "tracking.yml cannot be used; nothing was run." in plain
    assert "Traceback" not in done.output
