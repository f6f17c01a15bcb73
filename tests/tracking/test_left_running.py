"""A run that was killed does not count as running for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mlflow

from experiment_cycle.tracking.left_running import PROCESS, close_left_running, this_process


def running(process: str | None) -> str:
    client = mlflow.MlflowClient()
    (experiment,) = client.search_experiments(filter_string="name = 'test'")
    tags = {} if process is None else {PROCESS: process}
    return str(client.create_run(experiment.experiment_id, tags=tags).info.run_id)


def status(run_id: str) -> str:
    return str(mlflow.MlflowClient().get_run(run_id).info.status)


def test_only_runs_of_a_process_of_this_machine_that_is_gone_are_closed(store: Path) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from experiment_cycle.tracking.left_running import this_process;print(this_process())",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    mine = this_process()
    # the number was given to this process after the other had ended
    reused = mine.rpartition(":")[0] + ":1"
    runs = {
        "gone": running(told),
        "reused": running(reused),
        "mine": running(mine),
        "elsewhere": running("another-machine:1:1"),
        "unknown": running(None),
    }
    experiment = mlflow.MlflowClient().get_run(runs["gone"]).info.experiment_id
    assert set(close_left_running(experiment)) == {runs["gone"], runs["reused"]}
    assert {name: status(run_id) for name, run_id in runs.items()} == {
        "gone": "KILLED",
        "reused": "KILLED",
        "mine": "RUNNING",
        "elsewhere": "RUNNING",
        "unknown": "RUNNING",
    }
    assert close_left_running(experiment) == []
