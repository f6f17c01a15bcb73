"""Bootstrap of the binary metrics: this project's, against a loop over scikit-learn's functions.

Run from the project's folder: `python benchmarks/bootstrap.py [--quick]`. Both compute the same
metrics on the same resamples in one process, and the results are asserted to be equal. Where the
loop would take too long, it runs fewer replicates and its time is scaled up, marked with `~`.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sk

from experiment_cycle.metrics.bootstrap import bootstrap, replicate_weights
from experiment_cycle.metrics.catalogue import known_metrics
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units

NAMES = known_metrics("binary")
REPLICATES = 1000
SEED = 7

Floats = npt.NDArray[np.float64]


def main() -> None:
    """Print rows, units, seconds of both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and replicates")
    quick = parser.parse_args().quick
    cases = [(7_000, 7_000, 100), (7_000, 900, 100)] if quick else []
    if not quick:
        cases = [
            (7_000, 7_000, REPLICATES),
            (7_000, 900, REPLICATES),
            (150_000, 150_000, 20),
            (150_000, 20_000, 20),
        ]
    print(f"{REPLICATES} replicates of {len(NAMES)} metrics, CPU seconds, one thread")
    print(f"{'rows':>8} {'units':>8} {'loop':>9} {'ours':>7} {'ratio':>6} {'MiB':>5} {'differ':>8}")
    for rows, units, looped in cases:
        print(compare(rows, units, looped))


def compare(rows: int, groups: int, looped: int) -> str:
    """Run both on one sample; the loop for `looped` replicates only."""
    generator = np.random.default_rng(SEED)
    target = (generator.random(rows) < 0.25).astype(np.int64)
    probability = np.clip(generator.normal(0.35, 0.2, rows) + 0.15 * target, 0.0, 1.0)
    codes = np.arange(rows) if groups == rows else generator.integers(0, groups, rows)
    outcomes, units = Outcomes("binary", target, probability), Units.from_codes(codes)

    started = time.process_time()
    ours = bootstrap(NAMES, outcomes, units, REPLICATES, SEED)
    seconds = time.process_time() - started

    weights = replicate_weights(units, looped, SEED)
    started = time.process_time()
    theirs = loop(outcomes, weights)
    slow = (time.process_time() - started) * REPLICATES / looped

    worst = max(np.abs(theirs[name] - ours[name][:looped]).max() for name in theirs)
    assert worst < 1e-6, f"the two differ by {worst}"
    mark = "" if looped == REPLICATES else "~"
    memory = peak_memory(outcomes, units)
    return (
        f"{rows:>8,} {units.count:>8,} {mark + format(slow, '.1f'):>9} {seconds:>7.2f} "
        f"{slow / seconds:>5.0f}x {memory:>5.0f} {worst:>8.0e}"
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
            "roc_auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "log_loss": sk.log_loss(y, p),
            "brier": sk.brier_score_loss(y, p),
        }
        for name, value in values.items():
            found[name].append(float(value))
    return {name: np.array(values) for name, values in found.items()}


def peak_memory(outcomes: Outcomes, units: Units) -> float:
    """Measure what the bootstrap allocates at most at once, in MiB, in a run of its own."""
    tracemalloc.start()
    bootstrap(NAMES, outcomes, units, 20, SEED)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak) / 2**20


if __name__ == "__main__":
    main()
