"""W&B's own algorithms, run on this machine: what to try next, and what to stop."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.tuning.contract import Halving, Study, Trial
from experiment_cycle.tuning.spaces import contains
from experiment_cycle.tuning.stopping import Progress
from experiment_cycle.tuning.wandb_sweeps.configuration import (
    parameters_read,
    parameters_written,
    sweep_configuration,
)
from experiment_cycle.tuning.wandb_sweeps.iterations import Iterations

with warnings.catch_warnings():
    # it is written for an older pydantic, which does it no harm
    warnings.simplefilter("ignore")
    import sweeps
    from sweeps.config import schema_violations_from_proposed_config

STATES = {
    "complete": sweeps.RunState.finished,
    "pruned": sweeps.RunState.killed,
    "failed": sweeps.RunState.failed,
}


def check_configuration(configuration: dict[str, Any]) -> None:
    """Check a sweep's configuration by W&B's own schema.

    Raises:
        ConfigurationError: W&B would not take it.
    """
    # it fills in what is missing, in what it is given
    violations = schema_violations_from_proposed_config(configuration)
    if violations:
        raise ConfigurationError(
            f"W&B Sweeps does not take this search space: {' '.join(violations)} Next step: change "
            "tuning.spaces, or set tuning.backend to optuna."
        )


class SweepsChoice:
    """Asks W&B's algorithms for one trial after the other; see `tuning.choice.Choice`.

    They draw from the global generators of `random` and NumPy. These are seeded anew for each
    trial, by the study's seed and the trial's number, and put back as they were.
    """

    def __init__(self, study: Study) -> None:
        """Prepare to choose the trials of a study.

        Raises:
            ConfigurationError: W&B does not take its space.
        """
        self._study = study
        self._configuration = sweep_configuration(study)
        check_configuration(self._configuration)
        self._runs: dict[int, sweeps.SweepRun] = {}
        self._threads = ThreadpoolController()
        with self._drawing_for(0):
            # what is imported by the first call draws from the generators
            sweeps.next_run(self._configuration, [])
        self._points = self._grid() if study.method == "grid" else None

    def choose(self, number: int) -> dict[str, Any] | None:
        """Choose a trial's parameters; see `Choice.choose`."""
        study = self._study
        if number == 0 and study.first is not None:
            self._enter(number, study.first)
            return study.first
        if self._points is not None:
            place = number - (study.first is not None)
            return self._points[place] if place < len(self._points) else None
        with self._drawing_for(number):
            drawn = sweeps.next_run(self._configuration, self._known())
        parameters = parameters_read(_values(drawn), study.space)
        self._enter(number, parameters)
        return parameters

    def take_up(self, trial: Trial) -> None:
        """Take note of a finished trial; see `Choice.take_up`."""
        self._enter(trial.number, trial.parameters)

    def tell(self, trial: Trial) -> None:
        """Take in a trial's outcome; see `Choice.tell`."""
        # entered again, because another machine's arithmetic may have chosen differently
        self._enter(trial.number, trial.parameters)
        run = self._runs.get(trial.number)
        if run is None:
            return
        run.state = STATES[trial.state]
        if trial.value is not None:
            run.summary_metrics = {self._study.metric: trial.value}

    def _known(self) -> list[sweeps.SweepRun]:
        return [self._runs[number] for number in sorted(self._runs)]

    def _enter(self, number: int, parameters: dict[str, Any]) -> None:
        """Enter a trial as a run that is under way, where W&B has words for its parameters."""
        space = self._study.space
        self._runs.pop(number, None)
        if not contains(space, parameters):
            return
        values = parameters_written(parameters, space)
        self._runs[number] = sweeps.SweepRun(
            name=str(number),
            config={name: {"value": value} for name, value in values.items()},
            state=sweeps.RunState.running,
        )

    def _grid(self) -> list[dict[str, Any]]:
        """List W&B's grid in an order drawn by it, without repetitions and the first trial.

        Points that differ only in what does not hold are one point.
        """
        count = math.prod(len(one["values"]) for one in self._configuration["parameters"].values())
        with self._drawing_for(0):
            runs = sweeps.grid_search.grid_search_next_runs(
                [], self._configuration, n=count, randomize_order=True
            )
        points = [parameters_read(_values(run), self._study.space) for run in runs]
        different = {repr(point): point for point in points if point != self._study.first}
        return list(different.values())

    @contextmanager
    def _drawing_for(self, number: int) -> Iterator[None]:
        """Seed the generators that W&B's algorithms draw from, and silence what they say."""
        words = np.random.SeedSequence([self._study.seed, number]).generate_state(2)
        of_python, of_numpy = random.getstate(), np.random.get_state()
        random.seed(int(words[0]))
        np.random.seed(words[1])
        try:
            # the last digits of a Gaussian process depend on how many threads share the sums
            with warnings.catch_warnings(), self._threads.limit(limits=1):
                warnings.simplefilter("ignore")
                yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)


def _values(run: sweeps.SweepRun) -> dict[str, Any]:
    return {name: held["value"] for name, held in run.config.items()}


@dataclass(frozen=True)
class SweepsStopping:
    """Asks W&B's Hyperband which trials go on; see `tuning.stopping.EarlyStopping`.

    A trial goes on where its best value is at least as good as the one that a share of 1 / eta of
    the trials reach at the rung. One that ended before it is not among them.
    """

    halving: Halving
    greater_is_better: bool

    def is_rung(self, step: int) -> bool:
        """Tell whether trials are compared after a step."""
        return step in self.halving.rungs

    def reason(
        self, number: int, curve: Sequence[float], earlier: Sequence[Progress]
    ) -> str | None:
        """Say why a trial is to stop at a rung; see `EarlyStopping.reason`."""
        iterations = Iterations(self.halving)
        runs = [
            _with_history(each.number, iterations.history(each.curve))
            for each in (*earlier, Progress(number, tuple(curve)))
        ]
        own = runs[-1]
        own.state = sweeps.RunState.running
        configuration = {
            "metric": {"name": "value", "goal": self._goal},
            "early_terminate": iterations.early_terminate(),
        }
        if not sweeps.stop_runs(configuration, runs):
            return None
        told = own.early_terminate_info
        place = told["bands"].index(iterations.until(len(curve)))
        bound = told["thresholds"][place] * (-1.0 if self.greater_is_better else 1.0)
        return (
            f"After step {len(curve)} its best value was worse than {bound:.6g}, by which W&B's "
            f"Hyperband tells the best of {len(runs)}."
        )

    @property
    def _goal(self) -> str:
        return "maximize" if self.greater_is_better else "minimize"


def _with_history(number: int, values: Sequence[float]) -> sweeps.SweepRun:
    history = [{"value": value} for value in values]
    return sweeps.SweepRun(name=str(number), sampledHistory=history)
