"""200 trials of a trivial objective: ours, and bare Optuna's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from benchmarks.tuning.running import run
from experiment_cycle.tuning.contract import Study
from experiment_cycle.tuning.spaces import SearchSpace

TRIALS = 200
LINE = {"x": SearchSpace(type="float", low=-1.0, high=1.0)}


def overhead(repeat: int) -> None:
    """Print CPU seconds and ratios."""
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
