"""Comet as a tracker, through the real package: offline, and against a local server."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("comet_ml")

from tests.comet_server import KEY, CometServer

from experiment_cycle.errors import BackendError
from experiment_cycle.testing.trackers import (
    POINTS,
    RUN,
    Kept,
    MakeTracker,
    ReadBack,
    TrackerContract,
)
from experiment_cycle.tracking.options import CometOptions
from experiment_cycle.tracking.trackers.comet import (
    DESCRIPTION,
    LONGEST,
    STATUS,
    TAG,
    CometTracker,
)

OWN_METRICS, OWN_PARAMETERS = {"process duration"}, {"curr_step", "curr_epoch"}
"""What Comet adds by itself."""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what the tracker sets for its process, which this one is not."""
    for name in ("COMET_ERROR_TRACKING_ENABLE", "COMET_LOGGING_CONSOLE", "COMET_URL_OVERRIDE"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


@pytest.fixture
def server() -> Iterator[CometServer]:
    server = CometServer()
    yield server
    server.close()


def make(folder: Path, mode: str, server: CometServer | None = None) -> CometTracker:
    secrets = {"api_key": KEY, "base_url": server.url} if server else {}
    options = CometOptions(mode=mode, project="visits", workspace="ws")  # type: ignore[arg-type]
    return CometTracker(options.model_dump(), secrets, folder)


def kept(
    parameters: dict[str, Any],
    points: list[tuple[str, int, float]],
    others: dict[str, Any],
    assets: dict[str, bytes],
) -> Kept:
    metrics: dict[str, list[tuple[int, float]]] = {}
    for name, step, value in points:
        if name not in OWN_METRICS:
            metrics.setdefault(name, []).append((step, float(value)))
    return Kept(
        parameters={n: v for n, v in parameters.items() if n not in OWN_PARAMETERS},
        metrics={name: sorted(steps) for name, steps in metrics.items()},
        tags={n.removeprefix(TAG): v for n, v in others.items() if n.startswith(TAG)},
        artifacts=assets,
        status=others.get(STATUS),
        name=others["Name"],
        description=others[DESCRIPTION],
    )


def read_archives(folder: Path) -> Kept:
    parameters: dict[str, Any] = {}
    points: list[tuple[str, int, float]] = []
    others: dict[str, Any] = {}
    assets: dict[str, bytes] = {}
    for file in sorted(folder.glob("*.zip"), key=lambda path: path.stat().st_mtime):
        archive = zipfile.ZipFile(file)
        for line in archive.read("messages.json").decode().splitlines():
            message = json.loads(line)
            kind, told = message["type"], message["payload"]
            if kind == "parameter_msg":
                parameters[told["param"]["paramName"]] = told["param"]["paramValue"]
            elif kind == "metric_msg":
                point = told["metric"]
                points.append((point["metricName"], point["step"], point["metricValue"]))
            elif kind == "log_other":
                others[told["key"]] = told["value"]
            elif kind == "file_upload":
                name = told["additional_params"]["fileName"]
                assets[name] = archive.read(told["file_path"])
    return kept(parameters, points, others, assets)


def sent(server: CometServer) -> Kept:
    found = server.experiments[RUN.run_id]
    points = [(m["metricName"], m["step"], m["metricValue"]) for m in found.metrics]
    return kept(found.parameters, points, found.others, found.assets)


class TestOffline(TrackerContract):
    LONGEST = LONGEST

    @pytest.fixture
    def make_tracker(self, tmp_path: Path) -> MakeTracker:
        return lambda: make(tmp_path / "own", "auto")

    @pytest.fixture
    def read_back(self, tmp_path: Path) -> ReadBack:
        return lambda: read_archives(tmp_path / "own" / "offline")


class TestOnline(TrackerContract):
    LONGEST = LONGEST

    @pytest.fixture
    def make_tracker(self, tmp_path: Path, server: CometServer) -> MakeTracker:
        return lambda: make(tmp_path / "own", "auto", server)

    @pytest.fixture
    def read_back(self, server: CometServer) -> ReadBack:
        return lambda: sent(server)


def test_what_was_kept_offline_is_uploaded_once(tmp_path: Path, server: CometServer) -> None:
    file = tmp_path / "loss.json"
    file.write_text("{}")
    for resumed in (False, True):
        tracker = make(tmp_path / "own", "offline")
        tracker.open(RUN, resumed=resumed)
        tracker.log_parameters({"seed": "1"})
        tracker.log_metrics(POINTS)
        tracker.log_artifact(file, "training/loss.json")
        tracker.close("finished")
    assert tracker.offline
    with pytest.raises(BackendError, match="no key"):
        make(tmp_path / "own", "offline").upload(RUN)
    for _ in range(2):
        make(tmp_path / "own", "offline", server).upload(RUN)
    assert sent(server) == read_archives(tmp_path / "own" / "offline")
    assert len(server.experiments[RUN.run_id].handshakes) == 2


def test_an_upload_that_is_refused_is_told_and_can_be_repeated(
    tmp_path: Path, server: CometServer
) -> None:
    tracker = make(tmp_path / "own", "offline")
    tracker.open(RUN, resumed=False)
    tracker.log_tags({"a": "b"})
    tracker.close("finished")
    refused = make(tmp_path / "own", "offline", server)
    refused._key = KEY[::-1]
    with pytest.raises(BackendError, match="did not take it"):
        refused.upload(RUN)
    make(tmp_path / "own", "offline", server).upload(RUN)
    assert sent(server).tags == {"a": "b"}


def test_online_without_a_key_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="COMET_API_KEY"):
        make(tmp_path / "own", "online").open(RUN, resumed=False)


def test_a_parameter_that_is_too_long_says_that_it_is_cut(tmp_path: Path) -> None:
    tracker = make(tmp_path / "own", "offline")
    tracker.open(RUN, resumed=False)
    tracker.log_parameters({"long": "x" * 2 * LONGEST})
    tracker.close("finished")
    kept = read_archives(tmp_path / "own" / "offline").parameters["long"]
    assert len(kept) <= LONGEST
    assert kept.endswith("configuration.yml)")
