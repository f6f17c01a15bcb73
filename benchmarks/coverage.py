"""How often intervals of 95 % hold the truth, on data of which the truth is known.

Run from the project's folder: `python benchmarks/coverage.py [--quick]`. Every line draws many test
sets, puts the interval of `evaluation.estimates` around the metric of each, and counts those that
hold the metric's value over all data. Between 93 and 97 % is asserted, give or take what the number
of test sets leaves open; beside it is shown what intervals that take the rows for independent hold.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy import signal, stats

from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.measures import limits_of
from experiment_cycle.evaluation.query_units import judged, query_units
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import Units

LEVEL = 0.95
TOLERANCE = 0.02
REPETITIONS = 2000
PERSISTENCE = 0.6
"""Of a series: how alike neighbours are."""
SHARED = 0.3
"""How much of the variance the rows of a group share."""
DOCUMENTS = 10
PARTS = 20
KNOWN = {
    "roc_auc": float(stats.norm.cdf(np.sqrt(0.5))),
    "rmse": 1.0,
    "median_absolute_error": float(stats.norm.ppf(0.75)),
    "accuracy": 0.8,
}
"""What the metrics are over all data, where a formula tells."""

Random = np.random.Generator
Draw = Callable[[Random, int], tuple[Outcomes, Units]]


@dataclass(frozen=True)
class Case:
    """A metric on data of a shape: `size` rows, groups, queries or moments."""

    metric: str
    shape: str
    size: int
    draw: Draw


def main() -> None:
    """Print the coverage of every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repetitions = 300 if parser.parse_args().quick else REPETITIONS
    error = np.sqrt(LEVEL * (1 - LEVEL) / repetitions)
    print(f"intervals of {LEVEL:.0%}, {repetitions} test sets a line, give or take {2 * error:.1%}")
    print(f"{'metric':<24} {'data':<34} {'truth':>7} {'held':>6} {'by row':>7}")
    missed = []
    for case in CASES:
        truth = true_value(case)
        held, by_row = coverage(case, truth, repetitions)
        print(f"{case.metric:<24} {described(case):<34} {truth:>7.4f} {held:>6.1%} {by_row:>7.1%}")
        if abs(held - LEVEL) > TOLERANCE + error:
            missed.append(f"{case.metric} on {described(case)}: {held:.1%}")
    assert not missed, missed


def coverage(case: Case, truth: float, repetitions: int) -> tuple[float, float]:
    """Tell which share of the intervals holds the truth: by units, and by rows."""
    held = np.zeros((repetitions, 2), dtype=bool)
    for at in range(repetitions):
        outcomes, units = case.draw(np.random.default_rng([at, case.size]), case.size)
        found = influence(case.metric, outcomes)
        if outcomes.query is not None:
            kept = judged(outcomes.query, outcomes.target)
            found = Influence(found.value, found.contributions[kept])
        alone = Units.from_codes(np.arange(len(found.contributions)))
        for side, each in enumerate((units, alone)):
            made = estimate(found, each, LEVEL, limits_of(case.metric))
            held[at, side] = made.lower is not None and made.lower <= truth <= made.upper
    return float(held[:, 0].mean()), float(held[:, 1].mean())


def true_value(case: Case) -> float:
    """Measure the metric on so many rows that its error is next to nothing."""
    if case.metric in KNOWN:
        return KNOWN[case.metric]
    values = [
        measure(case.metric, case.draw(np.random.default_rng([7, part]), 20_000)[0])
        for part in range(PARTS)
    ]
    return float(np.mean(values))


def described(case: Case) -> str:
    """Say what the data are."""
    return f"{case.size:,} {case.shape}"


def independent(random: Random, size: int) -> tuple[npt.NDArray[np.float64], Units]:
    """Draw twofold noise of rows that have nothing in common, shape (n, 2)."""
    return random.normal(size=(size, 2)), Units.from_codes(np.arange(size))


def grouped(random: Random, size: int) -> tuple[npt.NDArray[np.float64], Units]:
    """Draw twofold noise of groups of one to a dozen rows, shape (n, 2)."""
    group = np.repeat(np.arange(size), 1 + random.poisson(4, size))
    own, shared = random.normal(size=(len(group), 2)), random.normal(size=(size, 2))[group]
    return np.sqrt(1 - SHARED) * own + np.sqrt(SHARED) * shared, Units.from_codes(group)


def in_time(random: Random, size: int) -> tuple[npt.NDArray[np.float64], Units]:
    """Draw two series in which neighbours are alike, shape (n, 2)."""
    steps = random.normal(size=(size, 2)) * np.sqrt(1 - PERSISTENCE**2)
    steps[0] /= np.sqrt(1 - PERSISTENCE**2)
    noise = signal.lfilter([1.0], [1.0, -PERSISTENCE], steps, axis=0)
    return noise, Units.from_codes(np.arange(size), in_time=True)


Noise = Callable[[Random, int], tuple[npt.NDArray[np.float64], Units]]


def two_classes(noise: Noise) -> Draw:
    """Three of ten rows are positive, together as the noise is; they score higher by one."""

    def draw(random: Random, size: int) -> tuple[Outcomes, Units]:
        drawn, units = noise(random, size)
        target = (drawn[:, 1] > stats.norm.ppf(0.7)).astype(np.int64)
        return Outcomes("binary", target, stats.norm.cdf(target + drawn[:, 0] - 0.7)), units

    return draw


def numbers(noise: Noise) -> Draw:
    """Errors are the noise itself."""

    def draw(random: Random, size: int) -> tuple[Outcomes, Units]:
        drawn, units = noise(random, size)
        target = 10 + random.normal(size=len(drawn))
        return Outcomes("regression", target, target + drawn[:, 0]), units

    return draw


def calls(noise: Noise) -> Draw:
    """Eight of ten calls are right, wrong ones come together."""

    def draw(random: Random, size: int) -> tuple[Outcomes, Units]:
        drawn, units = noise(random, size)
        target = (random.random(len(drawn)) < 0.5).astype(np.int64)
        right = drawn[:, 0] < stats.norm.ppf(0.8)
        return Outcomes("binary", target, np.where(right, target, 1 - target).astype(float)), units

    return draw


def queries(users: bool) -> Draw:
    """Queries of ten documents; of a user's queries all are as hard."""

    def draw(random: Random, size: int) -> tuple[Outcomes, Units]:
        user = np.repeat(np.arange(size), 1 + random.poisson(4, size) if users else 1)
        hardness = np.exp(random.normal(0.0, 0.7, size))[user]
        rows = np.repeat(np.arange(len(user)), DOCUMENTS)
        relevance = random.choice(3, len(rows), p=[0.7, 0.2, 0.1]).astype(np.float64)
        score = relevance + random.normal(size=len(rows)) * hardness[rows]
        kept = judged(rows, relevance)
        units = query_units(user[rows][kept], rows[kept])
        return Outcomes("ranking", relevance, score, rows), units

    return draw


CASES = (
    *(
        Case(name, shape, size, two_classes(noise))
        for name in ("roc_auc", "f1", "mcc", "average_precision", "log_loss")
        for shape, size, noise in (
            ("rows", 500, independent),
            ("groups of 5 rows", 150, grouped),
        )
    ),
    *(
        Case(name, shape, size, numbers(noise))
        for name in ("rmse", "median_absolute_error")
        for shape, size, noise in (
            ("rows", 500, independent),
            ("groups of 5 rows", 150, grouped),
            ("moments, correlation 0.6", 500, in_time),
        )
    ),
    Case("accuracy", "moments, correlation 0.6", 500, calls(in_time)),
    Case("accuracy", "moments, correlation 0.6", 5000, calls(in_time)),
    Case("roc_auc", "moments, correlation 0.6", 1000, two_classes(in_time)),
    Case("ndcg_at_10", "queries", 150, queries(users=False)),
    Case("ndcg_at_10", "users of 5 queries", 150, queries(users=True)),
)

if __name__ == "__main__":
    main()
