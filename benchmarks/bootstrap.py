"""Metrics with their uncertainty on many rows: this project's, against scikit-learn and the naive.

Run from the project's folder: `python benchmarks/bootstrap.py [--quick]`.

1. Bootstrap of the binary metrics against a loop over scikit-learn's functions: the same metrics on
   the same resamples in one process. The results are asserted to be equal, and where predictions
   are binned (see `metrics.resampled.Binned`) to differ by no more than the bound that is stated.
   Where the loop would take too long it runs fewer replicates and its time is scaled up (`~`).
2. DeLong's standard error of a ROC AUC on a million rows, and against the naive formula.
3. All metrics of both models on a million test rows, with 1,000 resamples: its part of the stage.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
import tracemalloc

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import metrics as sk

from experiment_cycle.evaluation.both_models import estimate_metrics
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.bootstrap import MOST_ORDERED, bootstrap, replicate_weights
from experiment_cycle.metrics.catalogue import known_metrics
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.resampled import Binned
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem

NAMES = known_metrics("binary")
REPLICATES = 1000
SEED = 7
EXACT = 1e-6
BINNED = {"roc_auc": 1 / (2 * Binned.BINS), "average_precision": 2 / Binned.BINS}
"""By how much a binned metric may differ from the exact one."""
EDGES = np.arange(1, 15) / 15

Floats = npt.NDArray[np.float64]


def main() -> None:
    """Print rows, units, seconds of both, and their ratio; then DeLong's error and the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and replicates")
    quick = parser.parse_args().quick
    cases = [(7_000, 7_000, 100), (7_000, 900, 100), (30_000, 30_000, 20)]
    if not quick:
        cases = [
            (7_000, 7_000, REPLICATES),
            (7_000, 900, REPLICATES),
            (150_000, 150_000, 20),
            (150_000, 20_000, 20),
        ]
    print(f"{REPLICATES} replicates of {len(NAMES)} metrics, CPU seconds, one thread")
    print(f"{'rows':>9} {'units':>8} {'loop':>9} {'ours':>7} {'ratio':>6} {'MiB':>5} {'differ':>8}")
    for rows, units, looped in cases:
        print(compare(rows, units, looped))
    print(delong(100_000 if quick else 1_000_000))
    for kind in ("binary", "multiclass", "regression", "ranking"):
        print(stage(kind, 50_000 if quick else 1_000_000))


def sample(rows: int, groups: int) -> tuple[Outcomes, Units]:
    """Draw outcomes of two classes, in groups or alone."""
    generator = np.random.default_rng(SEED)
    target = (generator.random(rows) < 0.25).astype(np.int64)
    probability = np.clip(generator.normal(0.35, 0.2, rows) + 0.15 * target, 0.0, 1.0)
    codes = np.arange(rows) if groups == rows else generator.integers(0, groups, rows)
    return Outcomes("binary", target, probability), Units.from_codes(codes)


def compare(rows: int, groups: int, looped: int) -> str:
    """Run both on one sample; the loop for `looped` replicates only."""
    outcomes, units = sample(rows, groups)
    started = time.process_time()
    ours = bootstrap(NAMES, outcomes, units, REPLICATES, SEED)
    seconds = time.process_time() - started

    weights = replicate_weights(units, looped, SEED)
    started = time.process_time()
    theirs = loop(outcomes, weights)
    slow = (time.process_time() - started) * REPLICATES / looped

    worst = {name: float(np.abs(theirs[name] - ours[name][:looped]).max()) for name in theirs}
    allowed = BINNED if rows > MOST_ORDERED else {}
    for name, difference in worst.items():
        assert difference < allowed.get(name, EXACT), f"{name} differs by {difference}"
    mark = "" if looped == REPLICATES else "~"
    return (
        f"{rows:>9,} {units.count:>8,} {mark + format(slow, '.1f'):>9} {seconds:>7.2f} "
        f"{slow / seconds:>5.0f}x {peak_memory(outcomes, units):>5.0f} {max(worst.values()):>8.0e}"
    )


def loop(outcomes: Outcomes, weights: npt.NDArray[np.int32]) -> dict[str, Floats]:
    """Compute the metrics one resample after the other, what can be shared being shared."""
    rows = np.arange(len(outcomes.target))
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for counts in weights:
        drawn = np.repeat(rows, counts)
        y, p = outcomes.target[drawn], outcomes.prediction[drawn]
        called = p >= 0.5
        precision, recall, f1, _ = sk.precision_recall_fscore_support(
            y, called, average="binary", zero_division=np.nan
        )
        values = {
            "accuracy": sk.accuracy_score(y, called),
            "balanced_accuracy": sk.balanced_accuracy_score(y, called),
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "mcc": sk.matthews_corrcoef(y, called),
            "roc_auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "log_loss": sk.log_loss(y, p),
            "brier": sk.brier_score_loss(y, p),
            "ece": calibration_error(y, p),
        }
        for name, value in values.items():
            found[name].append(float(value))
    return {name: np.array(values) for name, values in found.items()}


def calibration_error(target: npt.NDArray[np.int64], probability: Floats) -> float:
    """Compute the expected calibration error in 15 bins; scikit-learn has none."""
    gaps = np.bincount(np.searchsorted(EDGES, probability, "right"), target - probability, 15)
    return float(np.abs(gaps).sum() / len(target))


def delong(rows: int) -> str:
    """Time DeLong's standard error, and compare it with the formula over all pairs on 400 rows."""
    outcomes, units = sample(rows, rows)
    started = time.process_time()
    units.standard_error(influence("roc_auc", outcomes).contributions)
    seconds = time.process_time() - started

    few, alone = sample(400, 400)
    contributions = influence("roc_auc", few).contributions
    positive, negative = (few.prediction[few.target == code] for code in (1, 0))
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    naive = wins.mean(axis=1).var() / len(positive) + wins.mean(axis=0).var() / len(negative)
    ours = alone.standard_error(contributions) ** 2 * (alone.count - 1) / alone.count
    assert abs(ours - naive) < 1e-12
    return f"DeLong on {rows:,} rows: {seconds:.2f} CPU s; naive variance - ours {ours - naive:.0e}"


def stage(kind: str, rows: int) -> str:
    """Measure all metrics of both models, with 1,000 resamples of rows that stand alone."""
    predictions = both_models(kind, rows)
    started = time.process_time(), time.perf_counter()
    estimate_metrics(predictions, EvaluationOptions(bootstrap_replicates=REPLICATES), SEED)
    cpu, wall = time.process_time() - started[0], time.perf_counter() - started[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return f"{kind}, both models, {rows:,} rows: {cpu:.1f} CPU s, {wall:.1f} s, {peak:,.0f} MiB"


def both_models(kind: str, rows: int) -> Predictions:
    """Draw what two models say of rows of a problem."""
    generator = np.random.default_rng(SEED)
    truth = generator.normal(size=rows)
    table: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]] = {"unit": np.arange(rows)}
    if kind == "ranking":
        table["query"] = table["unit"] = np.arange(rows) // 10
    cuts = {"binary": [0.5], "multiclass": [-0.5, 0.7], "ranking": [0.5, 1.5]}
    table["target"] = truth if kind == "regression" else np.digitize(truth, cuts[kind])
    classes = {"binary": ("no", "yes"), "multiclass": ("bus", "car", "train")}.get(kind, ())
    for model, noise in (("challenger", 0.8), ("incumbent", 1.2)):
        score = truth + generator.normal(0.0, noise, rows)
        if kind == "multiclass":
            odds = np.exp(-((score[:, None] - np.array([-1.2, 0.1, 1.4])) ** 2))
            for code, share in enumerate((odds / odds.sum(axis=1, keepdims=True)).T):
                table[f"{model}_{code}"] = share
        else:
            table[model] = 1.0 / (1.0 + np.exp(1.0 - 2.0 * score)) if kind == "binary" else score
    return Predictions(pd.DataFrame(table), Problem(type=kind, classes=classes))


def peak_memory(outcomes: Outcomes, units: Units) -> float:
    """Measure what the bootstrap allocates at most at once, in MiB, in a run of its own."""
    tracemalloc.start()
    bootstrap(NAMES, outcomes, units, 200, SEED)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak) / 2**20


if __name__ == "__main__":
    main()
