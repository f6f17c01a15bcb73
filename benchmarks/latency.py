"""Bounds of a median latency: how often they are wrong, and what real pairs of calls are like.

Run from the project's folder: `python -m benchmarks.latency [--quick]`. In the first part pairs are
drawn whose log ratios follow each other with a correlation, or whose clock is throttled half-way,
and bounds of their median are taken at 5 %: by the order statistics of independent values, by the
t interval of the medians of 20 blocks, and as the project does. A wrong bound is one that excludes
the true median; the run fails if the project's are wrong more often. Power is how often a ratio of
1.2 is told to be beyond 1.1. In the second part models are timed against copies of themselves.
"""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.signal import lfilter
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from experiment_cycle.evaluation.median_in_time import MedianInTime
from experiment_cycle.evaluation.prediction_cost import time_in_turns

Numbers = npt.NDArray[np.float64]
Bound = Callable[[Numbers], float]

LEVEL = 0.05
COUNTS = (10, 60, 200)
CORRELATIONS = (0.0, 0.3, 0.6)
SPREAD = 0.25
"""Standard deviation of a log ratio that is drawn, as measured on a machine with work to do."""
TRUE_RATIO, MARGIN = 1.2, 1.1
BLOCKS = 20
LAGS = (1, 2, 3, 5, 10)
FEWEST_FOR_LAGS = 30


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs, windows = (300, 3) if parser.parse_args().quick else (2_000, 20)
    print(f"wrong bounds of {2 * runs:,} at {LEVEL:.0%}, and power for {TRUE_RATIO} over {MARGIN}")
    print(f"  {'log ratios':<26}{'pairs':>6}" + "".join(f"{name:>22}" for name in BOUNDS))
    for name, draw in drawings():
        for count in COUNTS:
            rates = [_rates(bound, draw, count, runs) for bound in BOUNDS.values()]
            cells = "".join(f"{wrong:>13.1%} {power:>7.0%} " for wrong, power in rates)
            print(f"  {name:<26}{count:>6}{cells}", flush=True)
            chance = stats.binomtest(
                round(2 * runs * rates[-1][0]), 2 * runs, LEVEL, alternative="greater"
            ).pvalue
            assert chance > 0.001, f"{name}, {count} pairs: bounds are wrong too often"
    time_copies(windows)


def drawings() -> Iterator[tuple[str, Callable[[np.random.Generator, int], Numbers]]]:
    """Give draws of log ratios around 0, in the order of time."""
    for correlation in CORRELATIONS:
        yield f"skewed, correlation {correlation}", _skewed(correlation)
    for correlation in CORRELATIONS[1:]:
        yield f"long tails, correlation {correlation}", _long_tailed(correlation)
    yield "clock throttled half-way", _throttled


def by_order(values: Numbers) -> float:
    """Bound the median of independent values from below (Thompson 1936)."""
    rank = int(stats.binom.ppf(LEVEL, len(values), 0.5))
    return float(np.sort(values)[rank - 1]) if rank else -np.inf


def by_blocks(values: Numbers) -> float:
    """Bound the mean of block medians from below, by Student's t."""
    medians = np.array([np.median(block) for block in np.array_split(values, BLOCKS) if len(block)])
    error = medians.std(ddof=1) / np.sqrt(len(medians))
    return float(medians.mean() - stats.t.isf(LEVEL, len(medians) - 1) * error)


def by_signs(values: Numbers) -> float:
    """Bound the median from below, as the project does."""
    bound = MedianInTime.of(values).bounds(LEVEL, LEVEL)[0]
    return -np.inf if bound is None else bound


BOUNDS: dict[str, Bound] = {
    "order statistics": by_order,
    f"{BLOCKS} blocks, t": by_blocks,
    "the project": by_signs,
}


def time_copies(windows: int) -> None:
    """Time models against copies of themselves, whose ratio is 1, and print how pairs correlate."""
    rows, target = make_classification(4_000, 20, random_state=0)
    table = pd.DataFrame(rows, columns=[f"x{place}" for place in range(rows.shape[1])])
    print(
        f"a model and its copy, timed {windows} times: autocorrelation of the ratio's signs about"
    )
    print("their median, and of the model's own time at lag 1")
    print(
        f"  {'model':<34}{'pairs':>6}" + "".join(f"{f'lag {lag}':>8}" for lag in LAGS) + "    own"
    )
    wrong, drifted, told = 0, 0, 0
    for estimator in (
        LogisticRegression(),
        RandomForestClassifier(30, max_depth=6, random_state=0),
        HistGradientBoostingClassifier(max_iter=50, random_state=0),
    ):
        model = make_pipeline(StandardScaler(), estimator).fit(table, target)
        for size in (1, 1_000):
            calls = [each.predict_proba for each in (model, copy.deepcopy(model))]
            timed = [time_in_turns(calls, [table.head(size)] * 2) for _ in range(windows)]
            ratios = [np.log(pairs[:, 0] / pairs[:, 1]) for pairs in timed]
            wrong += sum(by_signs(each) > 0.0 for signed in ratios for each in (signed, -signed))
            own_times = [np.log(pairs[:, 0]) for pairs in timed]
            middle = np.median(np.concatenate(own_times))
            away = [times - middle for times in own_times]
            drifted += sum(by_signs(each) > 0.0 for signed in away for each in (signed, -signed))
            told += 2 * len(ratios)
            cells = "".join(f"{_correlation(ratios, lag):>8.2f}" for lag in LAGS)
            own = _correlation(own_times, 1)
            name = f"{type(estimator).__name__}, {size:,}"
            pairs = int(np.median([len(each) for each in ratios]))
            print(f"  {name:<34}{pairs:>6}{cells}{own:>7.2f}", flush=True)
    print(f"  bounds at {LEVEL:.0%} that exclude a ratio of 1: {wrong} of {told}")
    print(f"  that exclude the median time of a call over all {windows} times: {drifted} of {told}")


def _rates(
    bound: Bound, draw: Callable[[np.random.Generator, int], Numbers], count: int, runs: int
) -> tuple[float, float]:
    """Tell the share of wrong bounds of both sides, and how often a greater ratio is told."""
    generator = np.random.default_rng(count)
    wrong, told = 0, 0
    for _ in range(runs):
        values = draw(generator, count)
        wrong += (bound(values) > 0.0) + (bound(-values) > 0.0)
        told += bound(values + np.log(TRUE_RATIO / MARGIN)) > 0.0
    return wrong / (2 * runs), told / runs


def _series(generator: np.random.Generator, count: int, correlation: float) -> Numbers:
    noise = generator.standard_normal(count + 60)
    steps: Numbers = lfilter([np.sqrt(1 - correlation**2)], [1, -correlation], noise)[60:]
    return steps


def _skewed(correlation: float) -> Callable[[np.random.Generator, int], Numbers]:
    return lambda generator, count: SPREAD * np.expm1(_series(generator, count, correlation))


def _long_tailed(correlation: float) -> Callable[[np.random.Generator, int], Numbers]:
    def draw(generator: np.random.Generator, count: int) -> Numbers:
        shares = stats.norm.cdf(_series(generator, count, correlation))
        return np.asarray(0.6 * SPREAD * stats.t.ppf(shares, 2))

    return draw


def _throttled(generator: np.random.Generator, count: int) -> Numbers:
    """Draw calls of two equal models on a clock that halves, in the order ABBA, and slowly on."""
    clock = np.linspace(0.0, 0.2, 2 * count) + np.log(2.0) * (np.arange(2 * count) >= count)
    calls = clock + SPREAD / np.sqrt(2.0) * generator.standard_normal(2 * count)
    pairs = calls.reshape(count, 2)
    order = np.where(np.arange(count) % 2, 1.0, -1.0)
    return np.asarray(order * (pairs[:, 0] - pairs[:, 1]))


def _correlation(windows: list[Numbers], lag: int) -> float:
    """Average the autocorrelation of signs about the median, its bias by 1 / n taken back."""
    found = []
    for values in windows:
        if len(values) >= FEWEST_FOR_LAGS:
            signs = np.sign(values - np.median(values))
            found.append((signs[lag:] * signs[:-lag]).sum() / (signs**2).sum() + 1 / len(values))
    return float(np.mean(found)) if found else float("nan")


if __name__ == "__main__":
    main()
