"""An agent of a W&B sweep: `python -m experiment_cycle.tuning.wandb_sweeps.agent_process FOLDER`.

It has a process of its own, because W&B's agent changes the environment, stops and starts W&B's
service for the whole process, prints, and stops a trial by throwing an exception into its thread.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from experiment_cycle.tuning.attempts import OVER, RunningTrial
from experiment_cycle.tuning.contract import Trial
from experiment_cycle.tuning.hand_over import read_work
from experiment_cycle.tuning.spaces import contains
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.tuning.wandb_sweeps import server
from experiment_cycle.tuning.wandb_sweeps.configuration import (
    parameters_read,
    parameters_written,
    sweep_configuration,
)
from experiment_cycle.tuning.wandb_sweeps.iterations import Iterations
from experiment_cycle.tuning.wandb_sweeps.wire import Assigned, Task, Wire

POLL = 0.1
"""Seconds between looks at whether a trial is over."""


def main(folder: Path) -> None:
    """Run an agent until the search wants no more trials, or the server has none."""
    task: Task = read_work(folder)
    home = task.folder / task.study.key
    wire = Wire()
    os.environ.update(WANDB_MODE="online", WANDB_SILENT="true", WANDB_DIR=str(home))
    try:
        Agent(task, wire).run()
    except Exception as error:
        wire.tell("broken", f"{type(error).__name__}: {error}")


class Agent:
    """Asks the server for one trial after the other, and runs them."""

    def __init__(self, task: Task, wire: Wire) -> None:
        self._task = task
        self._wire = wire
        self._store = StudyStore(task.folder, task.study)
        self._was_asked = False
        self._failure: Exception | None = None

    def run(self) -> None:
        """Run trials.

        Raises:
            Exception: what W&B raises where it cannot go on, or where a trial cannot be kept.
        """
        task = self._task
        self._wire.tell("ready")
        server.connect()
        prior = self._run_first() if task.with_first else []
        sweep = task.sweep
        if sweep is None:
            sweep = server.create_sweep(task.options, sweep_configuration(task.study), prior)
            self._wire.ask("created", sweep)
        while self._wire.ask("free"):
            self._was_asked = False
            server.run_agent(sweep, self._run_aside)
            if self._failure is not None:
                raise self._failure
            if not self._was_asked:
                self._wire.ask("ended")
                return

    def _run_first(self) -> list[str]:
        """Run the configuration itself; name its run, where the sweep is to know of it."""
        first, space = self._task.study.first, self._task.study.space
        assert first is not None  # noqa: S101
        is_inside = contains(space, first)
        written = parameters_written(first, space) if is_inside else first
        run = server.begin_run(self._task.options, config=written)
        self._run(run, first, Assigned(0, is_new=True), threading.Event())
        return [run.id] if is_inside else []

    def _run_aside(self) -> None:
        """Run a trial of the sweep; W&B's agent calls it, in a thread.

        Where the server stops a trial, the agent throws an exception into that thread. So the
        thread only waits here; the trial is told of it, and ends at its next step.
        """
        self._was_asked = True
        stopped, done = threading.Event(), threading.Event()
        threading.Thread(target=self._run_drawn, args=(stopped, done)).start()
        while not done.is_set():
            try:
                done.wait(POLL)
            except Exception:
                stopped.set()

    def _run_drawn(self, stopped: threading.Event, done: threading.Event) -> None:
        try:
            run = server.begin_run(self._task.options)
            values = {name: run.config[name] for name in self._task.study.space}
            parameters = parameters_read(values, self._task.study.space)
            self._run(run, parameters, Assigned(**self._wire.ask("drawn", values)), stopped)
        except Exception as error:
            self._failure = error
        finally:
            done.set()

    def _run(
        self, run: Any, parameters: dict[str, Any], assigned: Assigned, stopped: threading.Event
    ) -> None:
        """Run one trial, keep it, and close its run."""
        number = assigned.number
        if not assigned.is_new:
            (same,) = (trial for trial in self._store.finished() if trial.number == number)
            _close(run, same, self._task.study.metric)
            return
        watched = _Watched(run, self._task, self._wire, stopped)
        running = RunningTrial(number, parameters, watched.judge, self._store.keep_predictions)
        trial = running.run(self._task.objective)
        if trial is None:
            self._wire.ask("dropped", number)
            run.finish(exit_code=1)
            return
        self._store.keep(trial, self._task.clock.spent)
        self._wire.ask("kept", number)
        _close(run, trial, self._task.study.metric)


class _Watched:
    """Hands the steps of one trial on to W&B, and tells it where to stop."""

    def __init__(self, run: Any, task: Task, wire: Wire, stopped: threading.Event) -> None:
        halving = task.study.halving
        self._iterations = None if halving is None else Iterations(halving)
        self._metric = task.study.metric
        self._run = run
        self._wire = wire
        self._stopped = stopped

    def judge(self, running: RunningTrial) -> str | None:
        """Say why to stop after a step, or None; see `RunningTrial`."""
        step = len(running.curve)
        for iteration in self._taken_for(step):
            # committed, or it would be sent after the summary, and over its value
            self._run.log({self._metric: running.curve[-1]}, step=iteration, commit=True)
        if self._wire.is_over:
            return OVER
        if self._stopped.is_set():
            return f"After step {step} W&B's server stopped it."
        return None

    def _taken_for(self, step: int) -> range:
        """List the iterations that W&B is to take a step for; it halves by their number."""
        if self._iterations is None:
            return range(step, step + 1)
        return range(self._iterations.until(step - 1) + 1, self._iterations.until(step) + 1)


def _close(run: Any, trial: Trial, metric: str) -> None:
    if trial.value is not None:
        run.summary[metric] = trial.value
    run.summary.update({"trial": trial.number, "state": trial.state})
    run.finish(exit_code=1 if trial.state == "failed" else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
