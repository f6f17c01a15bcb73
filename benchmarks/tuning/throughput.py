"""Trials a second by one worker and by two."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.training_loop import make_table
from benchmarks.tuning.running import run
from experiment_cycle.columns import Columns
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import prepare
from experiment_cycle.tuning.objective import FitAndMeasure
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.planning import plan_search

TRIALS = 24
SETTINGS = {"lightgbm": {"n_estimators": 100}, "mlp": {"epochs": 6}}


def throughput(rows: int, repeat: int, *, loaded: bool) -> None:
    """Print trials a second; runs by one worker and by two alternate."""
    where = ", while two other processes are busy" if loaded else ""
    bar = 1.0 if loaded else 1.4
    print(
        f"{TRIALS} trials on {rows * 4 // 5:,} rows by one worker and by two, one thread a fit"
        f"{where}; wall time, the start of processes included, median of {repeat}; least CPU time"
    )
    print(f"{'estimator':12}{'one /s':>8}{'two /s':>8}{'ratio':>8}{'bar':>6}", end="")
    print(f"{'CPU s, one':>12}{'two':>8}")
    for estimator in SETTINGS:
        with _busy(2 if loaded else 0):
            taken = _measured(estimator, rows, repeat)
        one, two = (
            TRIALS / statistics.median(wall for wall, _ in taken[workers]) for workers in (1, 2)
        )
        least = [min(used for _, used in taken[workers]) for workers in (1, 2)]
        print(
            f"{estimator:12}{one:8.2f}{two:8.2f}{two / one:8.2f}{bar:6.1f}{least[0]:12.1f}"
            f"{least[1]:8.1f}",
            flush=True,
        )


def _measured(estimator: str, rows: int, repeat: int) -> dict[int, list[tuple[float, float]]]:
    """Give wall time and the processors' time of each run, children included."""
    frame = make_table(rows, 20)
    cut = rows * 4 // 5
    training = TrainingOptions.model_validate(
        {"estimator": estimator, "estimators": {estimator: SETTINGS[estimator]}}
    )
    prepared = prepare(
        *(estimator, frame[:cut], frame[cut:], Columns(target="y"), training), "classification"
    )
    options = TuningOptions(method="random", trials=TRIALS)
    study = plan_search(prepared, training, options, "classification", 0).study
    taken: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(repeat):
        for workers in (1, 2):
            objective = FitAndMeasure(prepared, training, "log_loss", 0)
            started, used = time.perf_counter(), _processor_time()
            run(replace(study, workers=workers), objective)
            taken[workers].append((time.perf_counter() - started, _processor_time() - used))
    return taken


def _processor_time() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    """Keep so many cores busy while the block runs."""
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command, env=dict(os.environ)) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
