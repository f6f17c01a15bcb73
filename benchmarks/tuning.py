"""What the search costs beside its trials, what early stopping saves, what workers gain.

Run from the project's folder: `python -m benchmarks.tuning [--quick] [--adult FOLDER]`.

    overhead    200 trials of a trivial objective: ours against bare Optuna with the same storage (a
                journal file), at most 1.3 times, and with its SQLite, at most 0.35 times
    counting    counting ones (Falkner et al. 2018): random search's regret is known for a budget of
                epochs; Hyperband reaches it in a share of them, at most a third
    workers     trials of LightGBM by one worker and by two, one OpenMP thread each: the ratio of
                throughputs, at least 1.4
    adult       with --adult: the folder that holds adult_train.csv; Hyperband against random search
                on sgd and mlp: the share of epochs after which its best is random search's final
                value, at most 0.85 (median), and by how much its own final value falls short
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from benchmarks.training_loop import make_table
from experiment_cycle.columns import Columns
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.trainer import prepare
from experiment_cycle.tuning.contract import Attempt, Halving, Objective, Study, Trial
from experiment_cycle.tuning.halving import rungs_of
from experiment_cycle.tuning.objective import FitAndMeasure
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.optuna import OptunaTuner
from experiment_cycle.tuning.planning import plan_search
from experiment_cycle.tuning.spaces import SearchSpace

TRIALS = 200
EPOCHS = 81
CHOICES, NUMBERS = 8, 8
COUNTING: dict[str, SearchSpace] = {
    f"choice{place}": SearchSpace(type="categorical", choices=(0, 1)) for place in range(CHOICES)
} | {f"number{place}": SearchSpace(type="float", low=0.0, high=1.0) for place in range(NUMBERS)}
DRAWS = 10
"""Draws of each number an epoch."""
LINE = {"x": SearchSpace(type="float", low=-1.0, high=1.0)}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer seeds, fewer rows")
    parser.add_argument("--adult", type=Path)
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    _overhead(1 if asked.quick else 3)
    _counting(5 if asked.quick else 20)
    _workers(10_000 if asked.quick else 60_000)
    if asked.adult:
        _adult(asked.adult, 3 if asked.quick else 10)


def run(study: Study, objective: Objective) -> list[Trial]:
    """Run a study in an empty folder."""
    with TemporaryDirectory() as folder:
        searched = OptunaTuner(Path(folder)).run(study, objective, lambda trial: None)
    return list(searched.trials)


def _overhead(repeat: int) -> None:
    print(f"{TRIALS} trials of a trivial objective; CPU seconds, least of {repeat}")
    print(f"{'method':10}{'ours':>8}{'journal':>9}{'ratio':>7}{'sqlite':>8}{'ratio':>7}")
    for method in ("random", "bayesian"):
        study = Study("k", method, LINE, TRIALS, greater_is_better=False, seed=0)
        taken = [
            _least(work, repeat)
            for work in (
                lambda study=study: run(study, lambda attempt: attempt.parameters["x"] ** 2),
                lambda method=method: _bare(method, _journal),
                lambda method=method: _bare(method, _sqlite),
            )
        ]
        ours, journal, sqlite = taken
        print(
            f"{method:10}{ours:8.2f}{journal:9.2f}{ours / journal:7.2f}{sqlite:8.2f}"
            f"{ours / sqlite:7.2f}",
            flush=True,
        )


def _least(work: Callable[[], Any], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def _bare(method: str, storage: Callable[[Path], Any]) -> None:
    samplers = optuna.samplers
    sampler = samplers.RandomSampler(seed=0) if method == "random" else samplers.TPESampler(seed=0)
    with TemporaryDirectory() as folder:
        kept = storage(Path(folder))
        study = optuna.create_study(storage=kept, sampler=sampler)
        study.optimize(lambda trial: trial.suggest_float("x", -1.0, 1.0) ** 2, n_trials=TRIALS)
        if isinstance(kept, RDBStorage):
            kept.engine.dispose()


def _journal(folder: Path) -> JournalStorage:
    file = str(folder / "bare.journal")
    return JournalStorage(JournalFileBackend(file, lock_obj=JournalFileOpenLock(file)))


def _sqlite(folder: Path) -> RDBStorage:
    return RDBStorage(f"sqlite:///{folder / 'bare.db'}")


class CountingOnes:
    """Counts ones: choices as they are, numbers as the mean of draws, more of them each epoch."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, attempt: Attempt) -> float:
        """Draw epoch by epoch."""
        fixed = sum(attempt.parameters[f"choice{place}"] for place in range(CHOICES))
        chances = [attempt.parameters[f"number{place}"] for place in range(NUMBERS)]
        random = np.random.default_rng([self._seed, attempt.number])
        drawn = random.binomial(DRAWS, chances, (EPOCHS, NUMBERS)).cumsum(axis=0)
        values = fixed + (drawn / (DRAWS * np.arange(1, EPOCHS + 1)[:, None])).sum(axis=1)
        for step, value in enumerate(values, start=1):
            if attempt.report(step, float(value)):
                return float(value)
        return float(values[-1])


def _regret(trial: Trial) -> float:
    return CHOICES + NUMBERS - sum(float(value) for value in trial.parameters.values())


def _counting(seeds: int) -> None:
    print(f"Counting ones, {EPOCHS} epochs a trial: share of random search's epochs, {seeds} seeds")
    print(f"{'random trials':>14}{'regret':>8}{'hyperband':>11}{'final regret':>14}{'bar':>6}")
    for trials in (20, 50):
        budget = trials * EPOCHS
        base = Study("k", "random", COUNTING, trials, greater_is_better=True, seed=0)
        halving = Halving(rungs_of(EPOCHS, None, 3), 3)
        stopping = replace(base, method="hyperband", trials=trials * 8, halving=halving)
        random, halved = [], []
        for seed in range(seeds):
            objective = CountingOnes(seed)
            random.append(_path(run(replace(base, seed=seed), objective), _regret, least=False))
            halved.append(_path(run(replace(stopping, seed=seed), objective), _regret, least=False))
        target = statistics.mean(_at(path, budget) for path in random)
        share = next(
            (
                share
                for share in np.arange(0.02, 1.001, 0.02)
                if statistics.mean(_at(path, share * budget) for path in halved) <= target
            ),
            float("nan"),
        )
        final = statistics.mean(_at(path, budget) for path in halved)
        print(f"{trials:14}{target:8.2f}{share:11.2f}{final:14.2f}{0.33:6.2f}", flush=True)


Course = list[tuple[int, float]]


def _path(trials: list[Trial], worth: Callable[[Trial], float], *, least: bool) -> Course:
    """Follow a search: epochs used so far, and what its best complete trial is worth."""
    path: Course = []
    used, best = 0, None
    sign = 1.0 if least else -1.0
    for trial in trials:
        used += len(trial.curve)
        if trial.state == "complete" and trial.value is not None:
            best = min(best or (sign * trial.value, trial), (sign * trial.value, trial), key=_first)
        if best is not None:
            path.append((used, worth(best[1])))
    return path


def _first(pair: tuple[float, Trial]) -> float:
    return pair[0]


def _at(path: Course, budget: float) -> float:
    """Look up what a search was worth when it had used its budget."""
    reached = [worth for used, worth in path if used <= budget]
    return reached[-1] if reached else float(CHOICES + NUMBERS)


def _workers(rows: int) -> None:
    frame = make_table(rows, 20)
    cut = rows * 4 // 5
    print(f"Trials a second by one worker and by two; {rows:,} rows; wall time, best of 3")
    print(f"{'estimator':12}{'one':>8}{'two':>8}{'ratio':>8}{'bar':>6}")
    settings = {"lightgbm": {"n_estimators": 100}, "mlp": {"epochs": 3}}
    for estimator, steps in settings.items():
        training = TrainingOptions.model_validate(
            {"estimator": estimator, "estimators": {estimator: steps}}
        )
        prepared = prepare(
            *(estimator, frame[:cut], frame[cut:], Columns(target="y"), training),
            "classification",
        )
        options = TuningOptions(method="random", trials=8)
        study = plan_search(prepared, training, options, "classification", 0).study
        taken: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(3):
            for workers in (1, 2):
                with TemporaryDirectory() as folder:
                    objective = FitAndMeasure(
                        *(prepared, training, "log_loss", 0), predictions_folder=Path(folder)
                    )
                    started = time.perf_counter()
                    run(replace(study, workers=workers), objective)
                    taken[workers].append(time.perf_counter() - started)
        one, two = (study.trials / min(taken[workers]) for workers in (1, 2))
        print(f"{estimator:12}{one:8.2f}{two:8.2f}{two / one:8.2f}{1.4:6.1f}", flush=True)


def _adult(folder: Path, seeds: int) -> None:
    frame = pd.read_csv(folder / "adult_train.csv")
    cut = len(frame) * 4 // 5
    print(f"Adult, {cut:,} rows, ROC AUC: hyperband against 12 random trials, {seeds} seeds")
    print(f"{'estimator':12}{'random':>9}{'hyperband':>11}{'worst gap':>11}{'share':>7}{'bar':>6}")
    for estimator in ("sgd", "mlp"):
        training = TrainingOptions.model_validate({"estimator": estimator})
        prepared = prepare(
            *(estimator, frame[:cut], frame[cut:], Columns(target="income"), training),
            "classification",
        )
        rows = [_race(prepared, training, seed) for seed in range(seeds)]
        random, halved, share = (statistics.median(column) for column in zip(*rows, strict=True))
        gap = max(theirs - ours for theirs, ours, _ in rows)
        print(
            f"{estimator:12}{random:9.4f}{halved:11.4f}{gap:11.4f}{share:7.2f}{0.85:6.2f}",
            flush=True,
        )


def _race(prepared: Any, training: TrainingOptions, seed: int) -> tuple[float, float, float]:
    """Run random search, then Hyperband for as many epochs; give both values, and its share."""
    found: dict[str, Course] = {}
    for method, trials in (("random", 12), ("hyperband", 60)):
        options = TuningOptions.model_validate(
            {"method": method, "trials": trials, "metric": "roc_auc"}
        )
        study = replace(
            plan_search(prepared, training, options, "classification", seed).study, first=None
        )
        with TemporaryDirectory() as folder:
            objective = FitAndMeasure(
                *(prepared, training, "roc_auc", seed), predictions_folder=Path(folder)
            )
            trials_of = run(study, objective)
        found[method] = _path(trials_of, lambda trial: trial.value or 0.0, least=False)
    budget, target = found["random"][-1]
    within = [worth for used, worth in found["hyperband"] if used <= budget]
    reached = [used for used, worth in found["hyperband"] if worth >= target]
    share = reached[0] / budget if reached else float("inf")
    return target, within[-1] if within else 0.0, share


if __name__ == "__main__":
    main()
