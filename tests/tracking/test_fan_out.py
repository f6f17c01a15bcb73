"""Trackers are fed in processes of their own, and none of them is in the run's way."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.testing.trackers import POINTS, RUN
from experiment_cycle.tracking.entries import Metrics, Parameters, Tags
from experiment_cycle.tracking.fan_out import FanOut, journals, start_delivery, unless_written
from experiment_cycle.tracking.files import artifact_of
from experiment_cycle.tracking.options import LocalOptions, TrackingOptions
from experiment_cycle.tracking.run_log import LOG_FILE

SECRET = "hunter2-hunter2"


def fan_out(project: Path, patience: float = 30.0, folder: str = "kept") -> FanOut:
    options = TrackingOptions(
        trackers=("mlflow", "local"),
        patience_seconds=patience,
        local=LocalOptions(folder=folder),
    )
    return FanOut(project / "journals" / RUN.run_id, project, options, {}, None)


def kept(project: Path, name: str) -> dict[str, str]:
    return json.loads((project / "kept" / RUN.run_id / name).read_text())


def record_some(fan: FanOut, project: Path) -> None:
    file = project / "loss.json"
    file.write_text("{}")
    fan.record(Parameters(values={"seed": "1"}))
    fan.record(Metrics(points=POINTS))
    fan.record(artifact_of(file, project, "training/loss.json"))


def test_everything_is_with_the_tracker_at_the_end(tmp_path: Path) -> None:
    fan = fan_out(tmp_path)
    fan.begin(RUN, 1)
    record_some(fan, tmp_path)
    fan.end("failed", 2)
    folder = tmp_path / "kept" / RUN.run_id
    assert kept(tmp_path, "parameters.json") == {"seed": "1"}
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == len(POINTS)
    assert (folder / "artifacts" / "training" / "loss.json").read_text() == "{}"
    assert kept(tmp_path, "status.json") == {"status": "failed"}
    assert fan.references() == {"local": f"kept/{RUN.run_id}"}
    assert fan.journal.has_all("local")


def test_a_tracker_that_fails_is_told_once_and_gets_the_rest_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    fan = fan_out(tmp_path)
    with caplog.at_level(logging.WARNING):
        fan.begin(RUN, 1)
        record_some(fan, tmp_path)
        fan.end("finished", 2)
    (told,) = [record.getMessage() for record in caplog.records]
    assert "'local' takes no more" in told
    assert "kedro cycle sync" in told
    assert not fan.journal.has_all("local")
    (tmp_path / "kept").unlink()
    process = start_delivery(fan._order("local"))
    process.communicate()
    assert process.returncode == 0
    assert fan.journal.has_all("local")
    assert kept(tmp_path, "status.json") == {"status": "finished"}


def test_a_file_that_was_written_over_is_not_delivered_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    fan = fan_out(tmp_path)
    fan.begin(RUN, 1)
    record_some(fan, tmp_path)
    fan.end("finished", 2)
    (tmp_path / "kept").unlink()
    (tmp_path / "loss.json").write_text("of a later run")
    start_delivery(fan._order("local")).communicate()
    assert fan.journal.receipt("local").missing == ("training/loss.json",)
    assert not (tmp_path / "kept" / RUN.run_id / "artifacts").exists()
    assert fan.journal.has_all("local")


def test_a_slow_tracker_does_not_hold_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fan = fan_out(tmp_path, patience=0.0)
    fan.begin(RUN, 1)
    fan.record(Tags(values={"a": "b"}))
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        fan.end("finished", 2)
    assert time.monotonic() - begun < 5.0
    assert "had not taken all" in caplog.text


def test_a_run_that_is_killed_is_closed_as_killed_by_its_delivery(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests_of_fan_out import fan_out, record_some, RUN\n"
        "project = Path(sys.argv[1]); fan = fan_out(project); fan.begin(RUN, 1)\n"
        "record_some(fan, project); print('ready', flush=True); time.sleep(600)\n"
    )
    log = tmp_path / LOG_FILE
    log.parent.mkdir(parents=True)
    log.write_text("said before the end")
    (tmp_path / "tests_of_fan_out.py").write_text(Path(__file__).read_text(encoding="utf-8"))
    run = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"ready\n"
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    status = tmp_path / "kept" / RUN.run_id / "status.json"
    deadline = time.monotonic() + 60.0
    while not status.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert kept(tmp_path, "status.json") == {"status": "killed"}
    assert kept(tmp_path, "parameters.json") == {"seed": "1"}
    said = tmp_path / "kept" / RUN.run_id / "artifacts" / "logs" / "killed.log"
    assert said.read_text() == "said before the end"


def test_a_record_is_written_by_one_command_at_a_time(tmp_path: Path) -> None:
    fan = fan_out(tmp_path)
    fan.begin(RUN, 1)
    with pytest.raises(ConfigurationError, match="Another command"):
        fan_out(tmp_path).begin(RUN, 2)
    with unless_written(fan.journal) as free:
        assert not free
    fan.end("finished", 3)
    with unless_written(fan.journal) as free:
        assert free
    assert [journal.folder.name for journal in journals(tmp_path / "journals")] == [RUN.run_id]
