"""Two commands that write into one project: the second is told whose end to wait for."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.tracking.project_lock import HOLDER, WAIT, ProjectLock

STAGE = ["run", "--env=test", "--pipelines=data_versioning"]
PATIENCE = 120


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_second_run_is_refused_until_the_first_has_ended_or_died(
    project: Path, kedro: Any
) -> None:
    first = subprocess.Popen(
        [sys.executable, "-m", "kedro", *STAGE],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + PATIENCE
    while not (project / HOLDER).exists():
        assert first.poll() is None
        assert time.monotonic() < until
        time.sleep(0.002)
    first.send_signal(signal.SIGSTOP)

    second = kedro(project, *STAGE)
    cleaning = kedro(project, "cycle", "clean", "--env=test", "--yes")
    predicting = kedro(project, "run", "--env=test", "--pipelines=prediction")

    for refused in (second, cleaning):
        told = " ".join(refused.output.split())
        assert refused.exit_code == 1
        assert f"(kedro run, process {first.pid}, since 20" in told
        assert "wait for its end" in told
        assert "Traceback" not in told
    # no part of a cycle: it ends because there is no champion yet
    assert predicting.exit_code == 1
    assert "none was promoted" in " ".join(predicting.output.split())
    first.send_signal(signal.SIGKILL)
    first.wait()

    third = kedro(project, *STAGE)

    assert third.exit_code == 0, third.output
    assert not (project / HOLDER).exists()


@pytest.mark.slow
def test_a_run_that_was_refused_by_another_check_does_not_stand_in_the_way(
    project: Path, kedro: Any
) -> None:
    raw = project / "data/01_raw/doctor_visits.parquet"
    raw.rename(raw.with_suffix(".away"))

    refused = kedro(project, *STAGE)

    assert refused.exit_code == 1
    assert "'raw_data' is not there" in " ".join(refused.output.split())
    lock = ProjectLock(project)
    lock.acquire("another command")
    lock.release()


def test_a_command_waits_as_long_as_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    taken, order = threading.Event(), []

    def hold() -> None:
        first.acquire("first")
        taken.set()
        time.sleep(0.5)
        order.append("first ended")
        first.release()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    monkeypatch.setenv(WAIT, "0.1")
    with pytest.raises(ConfigurationError, match=r"Another command .*\(first, process \d+, since"):
        second.acquire("second")
    monkeypatch.setenv(WAIT, "60")
    second.acquire("second")
    order.append("second began")
    second.release()
    thread.join()

    assert order == ["first ended", "second began"]


def test_who_died_is_not_named(tmp_path: Path) -> None:
    lock = ProjectLock(tmp_path)
    lock.acquire("first")
    held = lock.holder()
    assert held is not None
    machine, pid, start = held.process.split(":")
    died = held.model_copy(update={"process": f"{machine}:{pid}:{int(start) - 1}"})
    (tmp_path / HOLDER).write_text(died.model_dump_json())

    assert lock.holder() is None
    lock.release()


@pytest.mark.parametrize("seconds", ["soon", "-1", "inf", "nan"])
def test_only_a_number_of_seconds_can_be_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setenv(WAIT, seconds)

    with pytest.raises(ConfigurationError, match=f"{WAIT} is '{seconds}'"):
        ProjectLock(tmp_path).acquire("first")
