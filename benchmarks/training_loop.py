"""The epoch loop against the libraries' own loops, and the memory of a large training.

Run from the project's folder: `python -m benchmarks.training_loop [--rows N] [--quick]`. Both sides
of a pair get the same matrices and do the same work: the loss and the watched metric on train and
validation after every round or epoch. They take turns; the ratio is that of the least CPU seconds.

    lightgbm    our fit against `lightgbm.train` with its own recording and early stopping
    sgd         our fit against a bare loop of `partial_fit` over the same shuffled mini-batches
    mlp         the same with one call of `partial_fit` an epoch, which makes mini-batches itself

Memory: a process of its own loads a table of 1,000,000 rows x 20 columns and trains; its greatest
resident memory while it trains, the table included, above what it had before is told as a multiple
of the table's.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import psutil
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from experiment_cycle.columns import Columns
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.trainer import check_hyperparameters, fit, prepare, train_model

ROWS, QUICK_ROWS = 100_000, 20_000
MEMORY_ROWS, MEMORY_COLUMNS = 1_000_000, 20
SEED = 0
COLUMNS = Columns(target="y")
WATCHED = ("log_loss", "roc_auc")
OPTIONS = TrainingOptions.model_validate({"metrics": ["roc_auc"], "checkpoints": {"every": None}})


def main() -> None:
    """Print ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_ROWS:,} rows, once, no memory"
    )
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        _train_large(asked.memory)
        return
    rows, repeat = (QUICK_ROWS, 1) if asked.quick else (asked.rows, asked.repeat)
    frame = make_table(rows, MEMORY_COLUMNS)
    cut = rows * 4 // 5
    print(f"{rows:,} rows; CPU seconds, least of {repeat}")
    print(f"{'estimator':12}{'ours':>9}{'library':>9}{'ratio':>8}{'bar':>7}")
    for estimator, bar in (("lightgbm", 1.10), ("sgd", 1.15), ("mlp", 1.15)):
        prepared = prepare(estimator, frame[:cut], frame[cut:], COLUMNS, OPTIONS, "classification")
        ours, theirs = _pair(estimator, prepared)
        own, other = _least(ours, theirs, repeat)
        print(f"{estimator:12}{own:9.2f}{other:9.2f}{own / other:8.2f}{bar:7.2f}", flush=True)
    if not asked.quick:
        _measure_memory()


def make_table(rows: int, columns: int) -> pd.DataFrame:
    """Draw a table of numbers with a target of two classes that depends on some of them."""
    random = np.random.default_rng(SEED)
    frame = pd.DataFrame(
        random.normal(size=(rows, columns - 1)), columns=[f"x{i}" for i in range(columns - 1)]
    )
    signal = frame["x0"] + frame["x1"] * frame["x2"] - 0.5 * frame["x3"] ** 2
    return frame.assign(y=(signal + random.logistic(size=rows) > 0).astype(int))


def _pair(estimator: str, prepared: Prepared) -> tuple[Callable[[], Any], Callable[[], Any]]:
    steps = {"lightgbm": {"n_estimators": 100}, "sgd": {"epochs": 10}, "mlp": {"epochs": 5}}
    chosen = check_hyperparameters(estimator, steps[estimator], OPTIONS)
    bare = {"lightgbm": _lightgbm, "sgd": _sgd, "mlp": _mlp}[estimator]

    def ours() -> Any:
        return fit(estimator, prepared, chosen, OPTIONS, SEED)

    def theirs() -> Any:
        return bare(prepared, chosen)

    return ours, theirs


def _lightgbm(prepared: Prepared, chosen: dict[str, Any]) -> Any:
    parameters = {name: chosen[name] for name in chosen if name != "n_estimators"} | {
        "objective": "binary",
        "metric": ["binary_logloss", "auc"],
        "num_threads": 1,
        "verbosity": -1,
        "deterministic": True,
        "force_row_wise": True,
        "subsample_freq": 1,
    }
    train = lightgbm.Dataset(prepared.train, prepared.train_target)
    validation = lightgbm.Dataset(prepared.validation, prepared.validation_target, reference=train)
    return lightgbm.train(
        parameters,
        train,
        num_boost_round=chosen["n_estimators"],
        valid_sets=[train, validation],
        valid_names=["train", "validation"],
        callbacks=[
            lightgbm.record_evaluation({}),
            lightgbm.early_stopping(50, first_metric_only=True, verbose=False),
        ],
    )


def _sgd(prepared: Prepared, chosen: dict[str, Any]) -> Any:
    names = ("alpha", "penalty", "l1_ratio", "learning_rate", "eta0", "power_t")
    model = SGDClassifier(
        loss="log_loss", random_state=SEED, **{name: chosen[name] for name in names}
    )
    return _bare_loop(model, prepared, chosen)


def _mlp(prepared: Prepared, chosen: dict[str, Any]) -> Any:
    model = MLPClassifier(
        hidden_layer_sizes=chosen["hidden_layers"],
        activation=chosen["activation"],
        alpha=chosen["alpha"],
        learning_rate_init=chosen["learning_rate"],
        batch_size=chosen["batch_size"],
        random_state=SEED,
    )
    return _bare_loop(model, prepared, chosen | {"batch_size": len(prepared.train_target)})


def _bare_loop(model: Any, prepared: Prepared, chosen: dict[str, Any]) -> Any:
    rows, size = len(prepared.train_target), chosen["batch_size"]
    for epoch in range(chosen["epochs"]):
        order = np.random.default_rng([SEED, epoch]).permutation(rows)
        for start in range(0, rows, size):
            batch = order[start : start + size]
            model.partial_fit(prepared.train[batch], prepared.train_target[batch], classes=[0, 1])
        for matrix, target in (
            (prepared.train, prepared.train_target),
            (prepared.validation, prepared.validation_target),
        ):
            outcomes = Outcomes("binary", target, model.predict_proba(matrix)[:, 1])
            for name in WATCHED:
                measure(name, outcomes)
    return model


def _least(ours: Callable[[], Any], theirs: Callable[[], Any], repeat: int) -> tuple[float, float]:
    taken: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(repeat):
        for name, work in (("ours", ours), ("theirs", theirs)):
            started = time.process_time()
            work()
            taken[name].append(time.process_time() - started)
    return min(taken["ours"]), min(taken["theirs"])


def _measure_memory() -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "large.parquet"
        make_table(MEMORY_ROWS, MEMORY_COLUMNS).to_parquet(file)
        command = [sys.executable, "-m", "benchmarks.training_loop", "--memory", str(file)]
        subprocess.run(command, check=True)


def _train_large(file: Path) -> None:
    # everything that is imported on the way is there before
    _train(make_table(1_000, MEMORY_COLUMNS))
    before = psutil.Process().memory_info().rss / 2**20
    frame = pd.read_parquet(file)
    peak = _train(frame) - before
    size = frame.memory_usage(deep=True).sum() / 2**20
    print(
        f"{len(frame):,} rows x {len(frame.columns)}: table {size:.0f} MiB, peak with it "
        f"{peak:.0f} MiB, {peak / size:.2f} times the table (bar 2.5)"
    )


def _train(frame: pd.DataFrame) -> float:
    """Train, and give the greatest resident memory of the process meanwhile, in MiB."""
    cut = len(frame) * 17 // 20
    hyperparameters = OPTIONS.hyperparameters("lightgbm") | {"n_estimators": 20}
    trained = train_model(
        *("lightgbm", hyperparameters, frame[:cut], frame[cut:], COLUMNS),
        *(OPTIONS, "classification", SEED),
    )
    return trained.resources.peak_memory_mib


if __name__ == "__main__":
    main()
