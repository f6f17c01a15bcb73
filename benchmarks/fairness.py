"""Group metrics and their intervals: this project's counts against Fairlearn's `MetricFrame`.

Run from the project's folder: `python benchmarks/fairness.py [--quick]`. Both compute the same six
metrics by group, with differences and ratios, of the same rows in one process, and the results are
asserted to be equal. Fairlearn's bootstrap is compared on a small table; it would take hours on
large ones, and its time is scaled up from few replicates, marked with `~`.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.fairness import compare_groups
from experiment_cycle.evaluation.errors.group_counts import GroupCounts, group_rates
from experiment_cycle.evaluation.errors.groupings import groupings
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem

METRICS = {
    "selection_rate": fl.selection_rate,
    "true_positive_rate": fl.true_positive_rate,
    "false_positive_rate": fl.false_positive_rate,
    "true_negative_rate": fl.true_negative_rate,
    "false_negative_rate": fl.false_negative_rate,
    "accuracy": accuracy_score,
}
COLUMNS = Columns(target="ill", sensitive=("origin",))
OPTIONS = EvaluationOptions()
LEAST_RATIO = 50
REPLICATES = 1000
SEED = 7


def main() -> None:
    """Print seconds of both and their ratio: values, then intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and replicates")
    quick = parser.parse_args().quick
    print("six metrics by group, differences and ratios, CPU seconds")
    print(f"{'rows':>9} {'Fairlearn':>10} {'ours':>8} {'ratio':>6}")
    for rows in (10_000,) if quick else (10_000, 150_000, 1_000_000):
        print(compare_values(rows))
    print(f"\nintervals of the differences, {REPLICATES} resamples, CPU seconds")
    print(f"{'rows':>9} {'units':>9} {'Fairlearn':>10} {'ours':>8} {'ratio':>7}")
    for rows, looped in ((1_000, 20 if quick else 400), (10_000, 5)):
        print(compare_intervals(rows, looped))
    if not quick:
        print("\nthe whole comparison of one column, with AUC, log loss and all intervals, ours")
        for units in (None, 15_000, 60_000):
            print(whole(150_000, units))


def make(rows: int) -> tuple[pd.DataFrame, Outcomes]:
    """Draw rows of four groups whose rates differ."""
    generator = np.random.default_rng(SEED)
    group = generator.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])
    target = (generator.random(rows) < 0.3).astype(np.int64)
    prediction = np.clip(generator.normal(0.35, 0.2, rows) + 0.2 * target + 0.05 * group, 0, 1)
    frame = pd.DataFrame(
        {"ill": target, "origin": np.array(["a", "b", "c", "d"])[group]},
        index=pd.RangeIndex(rows, name=ROW),
    )
    return frame, Outcomes("binary", target, prediction)


def compare_values(rows: int) -> str:
    """Compute values by both, from the columns as they are; they must be equal."""
    frame, outcomes = make(rows)
    called = (outcomes.prediction >= outcomes.threshold).astype(np.int64)
    started = time.process_time()
    theirs = fl.MetricFrame(
        metrics=METRICS,
        y_true=outcomes.target,
        y_pred=called,
        sensitive_features=frame["origin"],
    )
    sides = (theirs.by_group, theirs.difference(), theirs.ratio())
    slow = time.process_time() - started

    started = time.process_time()
    (grouping,) = groupings(frame, COLUMNS, OPTIONS)
    rates = group_rates(GroupCounts.of(grouping.codes, len(grouping.labels), outcomes).counts)
    spread = {name: (np.ptp(each), each.min() / each.max()) for name, each in rates.items()}
    fast = time.process_time() - started

    for name in METRICS:
        np.testing.assert_allclose(rates[name], sides[0][name].to_numpy(float), rtol=1e-12)
        np.testing.assert_allclose(spread[name][0], sides[1][name], rtol=1e-9)
        np.testing.assert_allclose(spread[name][1], sides[2][name], rtol=1e-9)
    ratio = slow / max(fast, 1e-6)
    if rows >= 150_000:
        assert ratio >= LEAST_RATIO, f"only {ratio:.0f} times faster"
    return f"{rows:>9,} {slow:>10.2f} {fast:>8.4f} {ratio:>5.0f}x"


def compare_intervals(rows: int, looped: int) -> str:
    """Compute intervals by both; with enough replicates they must agree but for chance."""
    frame, outcomes = make(rows)
    started = time.process_time()
    theirs = fl.MetricFrame(
        metrics=METRICS,
        y_true=outcomes.target,
        y_pred=(outcomes.prediction >= outcomes.threshold).astype(np.int64),
        sensitive_features=frame["origin"],
        n_boot=looped,
        ci_quantiles=[0.025, 0.975],
        random_state=SEED,
    ).difference_ci()
    slow = (time.process_time() - started) * REPLICATES / looped

    started = time.process_time()
    (grouping,) = groupings(frame, COLUMNS, OPTIONS)
    counted = GroupCounts.of(grouping.codes, len(grouping.labels), outcomes)
    rates = group_rates(counted.resampled(Units.from_codes(np.arange(rows)), REPLICATES, SEED))
    spread: dict[str, Floats] = {name: np.ptp(each, axis=1) for name, each in rates.items()}
    found = {name: np.quantile(each, [0.025, 0.975]) for name, each in spread.items()}
    fast = time.process_time() - started

    if looped >= 400:
        for name in METRICS:
            # a quantile near the end of 400 replicates has an error of about 0.14 deviations
            allowed = 0.6 * spread[name].std()
            both = np.array([float(side[name]) for side in theirs])
            np.testing.assert_allclose(found[name], both, atol=allowed)
    return (
        f"{rows:>9,} {rows:>9,} {'~' + format(slow, '.0f'):>10} {fast:>8.4f} {slow / fast:>6.0f}x"
    )


def whole(rows: int, units: int | None) -> str:
    """Time the comparison as the stage makes it."""
    frame, outcomes = make(rows)
    codes = np.arange(rows) if units is None else np.random.default_rng(1).integers(0, units, rows)
    table = pd.DataFrame(
        {"unit": codes, "target": outcomes.target, "challenger": outcomes.prediction},
        index=frame.index,
    ).assign(incumbent=0.5)
    problem = Problem(type="binary", classes=(0, 1))
    predictions = Predictions(table, problem, {"challenger": 0.5, "incumbent": 0.5})
    started = time.process_time()
    compare_groups(frame, predictions, COLUMNS, OPTIONS, SEED)
    seconds = time.process_time() - started
    return f"{rows:>9,} {predictions.units.count:>9,} {'':>10} {seconds:>8.2f}"


if __name__ == "__main__":
    main()
