"""A run that is stopped, by `kill -9` or Ctrl-C: the next one ends as if nothing had happened."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL"),
]

# slow learning, whose best round is the last one, and a checkpoint every few rounds
SLOWLY = {
    "tuning.method": "none",
    "training.checkpoints.every": 5,
    "training.early_stopping.patience": 1000,
    "training.estimators.lightgbm.n_estimators": 180,
    "training.estimators.lightgbm.learning_rate": 0.002,
}
RUN = [
    "run",
    "--env=test",
    "--pipelines=training",
    "--params=" + ",".join(f"{key}={value}" for key, value in SLOWLY.items()),
]
PATIENCE = 120
"""Seconds that a run may take to write a checkpoint."""


def start(project: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kedro", *RUN]
    return subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def checkpoints(project: Path) -> set[str]:
    return {file.name for file in (project / "data/06_models/checkpoints").rglob("*.ckpt")}


def wait_until(there: Callable[[], bool], *running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while not there():
        ended = [process for process in running if process.poll() is not None]
        assert not ended, ended[0].communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.002)


def read(project: Path, name: str) -> bytes:
    return (project / "data/06_models" / name).read_bytes()


def identity(project: Path) -> str:
    return str(json.loads(read(project, "challenger_record.json"))["identity"])


def statuses(project: Path) -> list[str]:
    client = MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return [run.info.status for run in client.search_runs(experiments)]


@pytest.fixture
def alike(
    project: Path, finished_project: Path, kedro: Any, migrated_store: Path, tmp_path_factory: Any
) -> list[Path]:
    """Three projects in which all is there that training needs, each with a store of its own."""
    shutil.copytree(finished_project / "data", project / "data", dirs_exist_ok=True)
    tuned = kedro(project, *(argument.replace("=training", "=tuning") for argument in RUN))
    assert tuned.exit_code == 0, tuned.output
    copies = [tmp_path_factory.mktemp(name) for name in ("killed", "interrupted")]
    for copy in copies:
        recorded = shutil.ignore_patterns("mlflow.db", "mlartifacts")
        shutil.copytree(project, copy, ignore=recorded, dirs_exist_ok=True)
        shutil.copy(migrated_store, copy / "mlflow.db")
    return [project, *copies]


def test_stopped_runs_end_as_one_that_was_not(alike: list[Path], kedro: Any) -> None:
    whole, killed, interrupted = alike

    # both at once, because most of their time goes into imports
    signals = {killed: signal.SIGKILL, interrupted: signal.SIGINT}
    processes = {project: start(project) for project in signals}
    waiting = set(signals)
    while waiting:
        wait_until(lambda: any(map(checkpoints, waiting)), *(processes[each] for each in waiting))
        for project in [each for each in waiting if checkpoints(each)]:
            processes[project].send_signal(signals[project])
            waiting.remove(project)
    output = {project: process.communicate()[0] for project, process in processes.items()}

    assert processes[killed].returncode == -signal.SIGKILL
    assert statuses(killed) == ["RUNNING"]
    assert processes[interrupted].returncode == 1
    assert "Stopped after step" in " ".join(output[interrupted].split())
    assert "Traceback" not in output[interrupted]
    assert statuses(interrupted) == ["KILLED"]

    # once more, at any moment after it has gone on
    known = checkpoints(killed)
    process = start(killed)
    wait_until(lambda: bool(checkpoints(killed) - known), process)
    time.sleep(np.random.default_rng(11).uniform(0, 0.5))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL

    for project in alike:
        done = kedro(project, *RUN)
        assert done.exit_code == 0, done.output
        assert statuses(project) == ["FINISHED"]
        assert checkpoints(project) == set()
    for project in (killed, interrupted):
        assert identity(project) == identity(whole)
        history = "training_history.json"
        assert read(project, history) == read(whole, history)
