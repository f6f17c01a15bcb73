"""Searches on Adult, 48,842 people: what early stopping and a model of the space gain."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import psutil
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from benchmarks.tuning.running import Course, path, run
from experiment_cycle.columns import Columns
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.trainer import prepare, train_model
from experiment_cycle.tuning.contract import Trial
from experiment_cycle.tuning.objective import FitAndMeasure
from experiment_cycle.tuning.options import TuningOptions
from experiment_cycle.tuning.planning import plan_search
from experiment_cycle.tuning.search import search

COLUMNS = Columns(target="income", drop=("fnlwgt",))
SECONDS = 60.0
PLAIN, FLAML, AUTOGLUON = 0.9279, 0.9301, 0.9313
"""Published ROC AUC of plain boosting, and of the two after 60 s, on one 70/15/15 split."""
MOST_MEMORY = 0.6 * 927
"""MB: of AutoGluon's."""


def halving(folder: Path, estimator: str, seeds: int) -> None:
    """Print the epochs that Hyperband needs for random search's final value."""
    train, validation = _two_parts(folder)
    training = TrainingOptions.model_validate({"estimator": estimator})
    prepared = prepare(estimator, train, validation, COLUMNS, training, "classification")
    print(f"Adult, {len(train):,} rows, {estimator}, ROC AUC on validation: Hyperband against 12 ")
    print(f"random trials with as many epochs, {seeds} seeds")
    print(f"{'seed':>4}{'random':>9}{'hyperband':>11}{'gap':>9}{'share':>8}")
    rows = []
    for seed in range(seeds):
        rows.append(_race(prepared, training, seed))
        target, reached, share = rows[-1]
        print(
            f"{seed:4}{target:9.4f}{reached:11.4f}{target - reached:9.4f}{share:8.2f}", flush=True
        )
    share = statistics.median(share for _, _, share in rows)
    worst = max(target - reached for target, reached, _ in rows)
    print(f"median share {share:.2f} (bar 0.85), worst gap {worst:.4f} (bar 0.0010)", flush=True)


def _race(prepared: Prepared, training: TrainingOptions, seed: int) -> tuple[float, float, float]:
    """Run random search, then Hyperband for as many epochs; give both values, and its share."""
    found: dict[str, Course] = {}
    for method, trials in (("random", 12), ("hyperband", 60)):
        searched = _search(prepared, training, seed, method=method, trials=trials)
        found[method] = path(searched, lambda trial: trial.value or 0.0, least=False)
    budget, target = found["random"][-1]
    within = [worth for used, worth in found["hyperband"] if used <= budget]
    reached = [used for used, worth in found["hyperband"] if worth >= target]
    share = reached[0] / budget if reached else float("inf")
    return target, within[-1] if within else 0.0, share


def bayesian(folder: Path, seeds: int, trials: int = 30, rows: int = 8_000) -> None:
    """Print the best values of Bayesian search, and of random search with twice the trials."""
    train, validation = _two_parts(folder)
    train = train[:rows]
    training = TrainingOptions()
    prepared = prepare(training.estimator, train, validation, COLUMNS, training, "classification")
    print(
        f"Adult, {len(train):,} rows, {training.estimator}, ROC AUC on {len(validation):,} rows: "
    )
    print(f"the best of {trials} Bayesian trials, and of {2 * trials} random ones, {seeds} seeds")
    print(f"{'seed':>4}{'bayesian':>10}{'random':>9}")
    won = 0
    for seed in range(seeds):
        best = [
            max(trial.value or 0.0 for trial in searched)
            for searched in (
                _search(prepared, training, seed, method="bayesian", trials=trials),
                _search(prepared, training, seed, method="random", trials=2 * trials),
            )
        ]
        won += best[0] >= best[1]
        print(f"{seed:4}{best[0]:10.5f}{best[1]:9.5f}", flush=True)
    print(f"at least as good in {won} of {seeds} (bar {seeds / 2:g})", flush=True)


def _search(prepared: Prepared, training: TrainingOptions, seed: int, **asked: Any) -> list[Trial]:
    """Search without the configuration as the first trial, by two workers."""
    options = TuningOptions.model_validate({"metric": "roc_auc", "workers": 2, **asked})
    plan = plan_search(prepared, training, options, "classification", seed)
    objective = FitAndMeasure(prepared, training, "roc_auc", seed, shares=plan.shares)
    return run(replace(plan.study, first=None), objective)


def quality(folder: Path, seeds: int) -> None:
    """Print test ROC AUC after 60 s of tuning; a seed is a split into 70, 15 and 15 %."""
    frame = pd.concat(
        [pd.read_csv(folder / f"adult_{part}.csv") for part in ("train", "test")],
        ignore_index=True,
    )
    print(
        f"Adult, {len(frame):,} rows, {SECONDS:g} s of default tuning by two workers, test ROC AUC"
    )
    print(f"{'seed':>4}{'trials':>8}{'ours':>9}{'plain':>9}{'gain':>9}{'error':>9}{'MB':>7}")
    found = []
    for seed in range(seeds):
        found.append(_one_split(frame, seed))
        trials, ours, plain, error, peak = found[-1]
        print(
            f"{seed:4}{trials:8}{ours:9.4f}{plain:9.4f}{ours - plain:9.4f}{error:9.4f}{peak:7.0f}",
            flush=True,
        )
    ours, plain = (statistics.mean(row[place] for row in found) for place in (1, 2))
    print(f"mean: ours {ours:.4f}, plain boosting on the same rows {plain:.4f}")
    for name, theirs, slack in (("FLAML", FLAML, 0.002), ("AutoGluon", AUTOGLUON, 0.003)):
        print(
            f"{name}: published {theirs:.4f} (bar {theirs - slack:.4f}), its gain over plain "
            f"boosting {theirs - PLAIN:+.4f} (bar {theirs - slack - PLAIN:+.4f}); ours "
            f"{ours - plain:+.4f}"
        )
    print(f"memory {max(row[-1] for row in found):.0f} MB (bar {MOST_MEMORY:.0f})", flush=True)


def _one_split(frame: pd.DataFrame, seed: int) -> tuple[int, float, float, float, float]:
    """Tune and train on one split; give trials, both areas, the error of their gain, and MB."""
    stratum = frame["income"]
    learned, test = train_test_split(frame, test_size=0.15, random_state=seed, stratify=stratum)
    train, validation = train_test_split(
        learned, test_size=0.15 / 0.85, random_state=seed, stratify=learned["income"]
    )
    training, task = TrainingOptions(), "classification"
    options = TuningOptions(seconds=SECONDS, trials=10_000, workers=2)
    with TemporaryDirectory() as studies, _peak_memory() as peak:
        found = search(train, validation, COLUMNS, training, options, task, seed, Path(studies))
        trained = train_model(
            *(training.estimator, found.hyperparameters, train, validation, COLUMNS),
            *(training, task, seed),
        )
    target = (test["income"] == trained.problem.classes[1]).to_numpy()
    ours = trained.model.predict_proba(test)[:, 1]
    plain = _plain_boosting(train, test)
    parts = [
        influence("roc_auc", Outcomes("binary", target.astype(int), prediction)).contributions
        for prediction in (ours, plain)
    ]
    error = float(np.sqrt(((parts[0] - parts[1]) ** 2).sum()))
    areas = [float(roc_auc_score(target, prediction)) for prediction in (ours, plain)]
    return len(found.trials), *areas, error, peak[0]


def _plain_boosting(train: pd.DataFrame, test: pd.DataFrame) -> Any:
    """Predict as scikit-learn's boosting does, 300 rounds, with what it calls the second class."""
    features = [name for name in train if name not in {"income", "fnlwgt"}]
    texts = [name for name in features if not pd.api.types.is_numeric_dtype(train[name])]
    levels = {name: pd.CategoricalDtype(sorted(train[name].dropna().unique())) for name in texts}
    plain = HistGradientBoostingClassifier(
        max_iter=300, categorical_features="from_dtype", random_state=0
    ).fit(train[features].astype(levels), train["income"])
    return plain.predict_proba(test[features].astype(levels))[:, 1]


def _two_parts(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = pd.read_csv(folder / "adult_train.csv")
    cut = len(frame) * 4 // 5
    return frame[:cut], frame[cut:]


@contextmanager
def _peak_memory() -> Iterator[list[float]]:
    """Watch the memory of this process and its children, MB; what they share counts once."""
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.3):
            own = psutil.Process()
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, FileNotFoundError):
                    continue
            peak[0] = max(peak[0], total / 1e6)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
