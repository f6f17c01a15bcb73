"""Weights & Biases as a tracker, through the real package: offline, and against a local server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("wandb")
pytest.importorskip("sweeps")

from tests.tracking.trackers.wandb_files import read_offline_runs
from tests.wandb_server import KEY, WandbServer

from experiment_cycle.errors import BackendError
from experiment_cycle.testing.trackers import (
    POINTS,
    RUN,
    Kept,
    MakeTracker,
    ReadBack,
    TrackerContract,
)
from experiment_cycle.tracking.entries import Parameters
from experiment_cycle.tracking.fan_out import FanOut
from experiment_cycle.tracking.options import TrackingOptions, WandbOptions
from experiment_cycle.tracking.syncing import sync
from experiment_cycle.tracking.trackers.wandb import TAG, WandbTracker

OWN = {"wandb-metadata.json", "wandb-summary.json", "config.yaml", "output.log", "requirements.txt"}
"""Files that W&B adds by itself."""
STATUSES = {0: "finished", 1: "failed", 137: "killed"}


@pytest.fixture
def server() -> Iterator[WandbServer]:
    server = WandbServer()
    yield server
    server.close()


def make(folder: Path, mode: str, server: WandbServer | None = None) -> WandbTracker:
    secrets = {"api_key": KEY, "base_url": server.url} if server else {}
    options = WandbOptions(mode=mode, project="visits").model_dump()  # type: ignore[arg-type]
    return WandbTracker(options, secrets, folder)


def kept(found: dict[str, Any]) -> Kept:
    config = {name: held for name, held in found["config"].items() if name != "_wandb"}
    metrics: dict[str, list[tuple[int, float]]] = {}
    for row in found["history"]:
        for name in sorted(each for each in row if each != "step" and not each.startswith("_")):
            metrics.setdefault(name, []).append((row["step"], row[name]))
    summary = {
        name: value
        for name, value in found["summary"].items()
        if name not in {"step", "status"} and not name.startswith("_")
    }
    for name, value in summary.items():
        metrics.setdefault(name, [(0, value)])
    return Kept(
        parameters={name: held for name, held in config.items() if not name.startswith(TAG)},
        metrics=metrics,
        tags={name.removeprefix(TAG): v for name, v in config.items() if name.startswith(TAG)},
        artifacts={name: held for name, held in found["files"].items() if name not in OWN},
        status=STATUSES[found["exit_code"]],  # type: ignore[arg-type]
        name=found["name"],
        description=found["notes"],
    )


def sent(server: WandbServer) -> Kept:
    run = server.runs[RUN.run_id]
    config = {
        name: held["value"] if isinstance(held, dict) else held for name, held in run.config.items()
    }
    found = {
        "config": config,
        "history": run.history,
        "summary": run.summary,
        "files": run.files,
        "exit_code": run.exit_code,
        "name": run.display_name,
        "notes": run.notes,
    }
    return kept(found)


class TestOffline(TrackerContract):
    @pytest.fixture
    def make_tracker(self, tmp_path: Path) -> MakeTracker:
        return lambda: make(tmp_path / "own", "auto")

    @pytest.fixture
    def read_back(self, tmp_path: Path) -> ReadBack:
        return lambda: kept(read_offline_runs(tmp_path / "own" / "wandb"))


class TestOnline(TrackerContract):
    @pytest.fixture
    def make_tracker(self, tmp_path: Path, server: WandbServer) -> MakeTracker:
        return lambda: make(tmp_path / "own", "auto", server)

    @pytest.fixture
    def read_back(self, server: WandbServer) -> ReadBack:
        return lambda: sent(server)


def test_what_was_kept_offline_is_uploaded_once(tmp_path: Path, server: WandbServer) -> None:
    tracker = make(tmp_path / "own", "offline")
    tracker.open(RUN, resumed=False)
    tracker.log_parameters({"seed": "1"})
    tracker.log_metrics(POINTS)
    file = tmp_path / "loss.json"
    file.write_text("{}")
    tracker.log_artifact(file, "training/loss.json")
    tracker.close("finished")
    assert tracker.offline
    with pytest.raises(BackendError, match="no key"):
        make(tmp_path / "own", "offline").upload(RUN)
    for _ in range(2):
        assert RUN.run_id in make(tmp_path / "own", "offline", server).upload(RUN)
    assert sent(server) == kept(read_offline_runs(tmp_path / "own" / "wandb"))


def test_online_without_a_key_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="WANDB_API_KEY"):
        make(tmp_path / "own", "online").open(RUN, resumed=False)


def test_what_an_earlier_command_kept_offline_is_uploaded_although_a_later_one_was_online(
    tmp_path: Path, server: WandbServer
) -> None:
    options = TrackingOptions(trackers=("mlflow", "wandb"), wandb=WandbOptions(project="visits"))
    key = {"wandb": {"api_key": KEY, "base_url": server.url}}

    def command(credentials: dict[str, Any], parameters: dict[str, str], moment: int) -> None:
        folder = tmp_path / "journals" / RUN.run_id
        fan = FanOut(folder, tmp_path, options, credentials, None)
        fan.begin(RUN, moment)
        fan.record(Parameters(values=parameters))
        fan.end("finished", moment + 1)

    command({}, {"first": "1"}, 1)
    command(key, {"second": "2"}, 3)
    assert "first" not in sent(server).parameters
    journals = tmp_path / "journals"
    states = [item.state for item in sync(journals, tmp_path, options, key, ["wandb"])]
    assert states == ["uploaded"]
    assert sent(server).parameters == {"first": "1", "second": "2"}
