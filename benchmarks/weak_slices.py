"""Weak slices: how often one is reported where there is none, and how often a planted one is found.

Run from the project's folder: `python benchmarks/weak_slices.py [--quick]`. Tables of 4,000 test
rows with eight features, one of them planted on in the second part: 5 % of the rows have a higher
loss. Without a weak slice at most 5 % of the runs may confirm one; the run fails if more do than
chance explains. Found means: confirmed, and most of its rows are of the planted slice or the other
way round.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.weak_slices import find_weak_slices
from experiment_cycle.evaluation.options import EvaluationOptions, SliceOptions, WeakSliceOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import WeakSlices
from experiment_cycle.problem import Problem

ROWS = 4_000
ALPHA = 0.05
COLUMNS = Columns(target="target")
# every excess counts, however small: the level must hold without that filter
OPTIONS = EvaluationOptions(slices=SliceOptions(weak=WeakSliceOptions(min_excess=0.0)))
NULLS = ("binary", "binary, 400 groups", "binary, 40 to 1 groups", "heavy tails", "skewed groups")
PLANTED = ("single level", "pair of levels", "range of a number", "level, 1,000 groups")


def main() -> None:
    """Print the share of runs that report a slice without reason, and that find a planted one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 20 if parser.parse_args().quick else 400
    print(f"no weak slice, {runs} runs of {ROWS:,} rows: share of runs that confirm one")
    for name in NULLS:
        started = time.process_time()
        reported = sum(false_reports(name, seed) > 0 for seed in range(runs))
        seconds = (time.process_time() - started) / runs
        low, high = stats.binomtest(reported, runs).proportion_ci(0.95)
        print(f"  {name:<24} {reported / runs:6.1%}  ({low:.1%} to {high:.1%})  {seconds:.2f} s")
        chance = stats.binomtest(reported, runs, ALPHA, alternative="greater").pvalue
        assert chance > 0.01, f"{name}: more than {ALPHA:.0%} of the runs report a slice"
    print("a slice of 5 % of the rows with a higher loss: share of runs that find it")
    for name in PLANTED:
        found = sum(finds_planted(name, seed) for seed in range(runs // 4))
        print(f"  {name:<24} {found / (runs // 4):6.1%}")
        assert found > runs // 8, f"{name}: most runs miss it"


def false_reports(name: str, seed: int) -> int:
    """Count the slices confirmed on a table without a weak slice."""
    generator = np.random.default_rng([1, seed])
    unit = _units(name, generator)
    rows = _features(unit, generator)
    found = _search(rows, unit, _losses(name, unit, generator), seed)
    return sum(each.confirmed for each in found.slices)


def finds_planted(name: str, seed: int) -> bool:
    """Tell whether the slice that was planted is confirmed."""
    generator = np.random.default_rng([2, seed])
    unit = _units(name, generator)
    rows = _features(unit, generator)
    weak = {
        "single level": rows["town"] == "t0",
        "level, 1,000 groups": rows["town"] == "t0",
        "pair of levels": (rows["plan"] == "p0") & (rows["area"] == "a0"),
        "range of a number": rows["age"].between(40.0, 42.0),
    }[name].to_numpy()
    losses = _losses(name, unit, generator) * np.where(weak, 2.0, 1.0)
    found = _search(rows, unit, losses, seed)
    named = {
        "single level": {"town"},
        "level, 1,000 groups": {"town"},
        "pair of levels": {"plan", "area"},
        "range of a number": {"age"},
    }[name]
    return any(each.confirmed and set(each.columns) == named for each in found.slices)


def _units(name: str, generator: np.random.Generator) -> np.ndarray:
    if "40 to 1" in name:
        sizes = generator.integers(1, 41, ROWS)
        return np.repeat(np.arange(ROWS), sizes)[:ROWS]
    groups = 1_000 if "1,000" in name else 400
    return generator.integers(0, groups, ROWS) if "groups" in name else np.arange(ROWS)


def _features(unit: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
    """Features of the unit and of the row; one in 20 rows is of town t0, or of plan and area 0."""
    units = int(unit.max()) + 1
    shares = [0.05, *[0.95 / 9] * 9]
    rows = pd.DataFrame(
        {
            "town": generator.choice([f"t{at}" for at in range(10)], units, p=shares)[unit],
            "wealth": generator.lognormal(size=units)[unit],
            "born": generator.integers(0, 4, units)[unit],
            "plan": generator.choice(["p0", "p1", "p2", "p3", "p4"], ROWS),
            "area": generator.choice(["a0", "a1", "a2", "a3"], ROWS),
            "age": generator.uniform(20.0, 60.0, ROWS),
            "visits": generator.poisson(1.0, ROWS),
            "height": np.where(generator.random(ROWS) < 0.1, np.nan, generator.normal(size=ROWS)),
        },
        index=pd.RangeIndex(ROWS, name=ROW),
    )
    return rows.assign(target=0.0)


def _losses(name: str, unit: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw losses that no feature tells anything of; those of a unit are alike."""
    own, shared = generator.random(ROWS), generator.random(int(unit.max()) + 1)[unit]
    if name == "heavy tails":
        return stats.lognorm.ppf(own, 1.5)
    if name == "skewed groups":
        return stats.expon.ppf(own) * stats.lognorm.ppf(shared, 0.8)
    # log loss of calibrated probabilities, which are alike within a unit
    probability = np.clip(0.6 * shared + 0.4 * generator.random(ROWS), 0.02, 0.98)
    return -np.log(np.where(own < probability, probability, 1.0 - probability))


def _search(rows: pd.DataFrame, unit: np.ndarray, losses: np.ndarray, seed: int) -> WeakSlices:
    # a number that is off by the loss has this absolute error
    table = pd.DataFrame(
        {"unit": unit, "target": 0.0, "challenger": losses, "incumbent": 0.0}, index=rows.index
    )
    return find_weak_slices(
        rows, Predictions(table, Problem(type="regression")), COLUMNS, OPTIONS, seed
    )


if __name__ == "__main__":
    main()
