"""How often an equal challenger is promoted, and a better one: the project, and what is common.

    python -m benchmarks.decision.false_promotions [--repetitions 10000] [--metric mae] [--quick]

Every repetition draws a test set and goes through `compare` and `decide` with `planned_looks: 1`,
no guardrails, and every gate passed. Next to it, on the same predictions: `>=`, fixed margins,
`mlflow.validate_evaluation_results`, and the best test known.

"power" is that of a challenger that is better. The best test's power is also told at the size that
the project's own has on equal models ("at size"), since a test that errs more often finds more.
The Monte Carlo error of 5 % over 10,000 repetitions is 0.22 points, of 60 % over 2,000 1.1.
"""

from __future__ import annotations

import argparse
import logging
import time

import numpy as np
import pandas as pd

from benchmarks.decision.draws import MAIN, Scenario, list_scenarios
from benchmarks.decision.judging import Judge
from benchmarks.decision.rivals import COMMON, best_test
from experiment_cycle.decision.records import Verdict

ALPHA = 0.05


def simulate(
    scenario: Scenario, repetitions: int, advantage: float, seed: int
) -> tuple[pd.DataFrame, str]:
    """Compare again and again.

    Returns:
        A row for each comparison: whether each rule promotes, and the p-values of both tests;
        and the name of the other test.
    """
    generator, drawn = (np.random.default_rng([seed, stream]) for stream in range(2))
    judge = Judge(scenario.problem, scenario.metric, len(scenario.codes), expected=0.02)
    name, test = best_test(scenario) or ("", None)
    rows = []
    for _ in range(repetitions):
        table = scenario.table(generator, advantage)
        comparison, decision = judge.judge(table)
        verdict = comparison.primary
        assert isinstance(verdict, Verdict)
        row = {"promoted": decision.decision == "promote", "p": verdict.p_value}
        row |= {rule: promotes(verdict) for rule, promotes in COMMON.items()}
        rows.append(row | ({} if test is None else {"best": test(scenario, table, drawn)}))
    return pd.DataFrame(rows), name


def at_size(null: pd.DataFrame, other: pd.DataFrame) -> float:
    """Give the power of the best test, its level such that it errs as often as the project."""
    size = float(null["promoted"].mean())
    level = float(np.quantile(null["best"], size))
    return float((other["best"] <= level).mean())


def measure(scenario: Scenario, repetitions: int, power: int, seed: int) -> dict[str, object]:
    """Measure size and power of one scenario, in percent."""
    null, name = simulate(scenario, repetitions, 0.0, seed)
    found: dict[str, object] = {"metric": scenario.metric, "test set": scenario.name}
    rules = ["promoted", *COMMON]
    found |= {rule: 100.0 * null[rule].mean() for rule in rules}
    if not power or "best" not in null:
        return found
    better, _ = simulate(scenario, power, scenario.advantage, seed + 1000)
    return found | {
        "best test": name,
        "its size": 100.0 * (null["best"] < ALPHA).mean(),
        "power": 100.0 * better["promoted"].mean(),
        "its power": 100.0 * (better["best"] < ALPHA).mean(),
        "at size": 100.0 * at_size(null, better),
    }


def main() -> None:
    """Print a line for every scenario, as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repetitions", type=int, default=10_000)
    parser.add_argument("--power", type=int, default=2000, help="comparisons of a better one")
    parser.add_argument("--metric", help="only the scenarios of this metric")
    parser.add_argument("--quick", action="store_true", help="300 of each, seven scenarios")
    arguments = parser.parse_args()
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    repetitions, power = arguments.repetitions, arguments.power
    scenarios = list_scenarios()
    if arguments.quick:
        repetitions, power, scenarios = 300, 300, scenarios[:MAIN]
    wanted = [
        (seed, each)
        for seed, each in enumerate(scenarios)
        if arguments.metric in {None, each.metric}
    ]
    began = time.perf_counter()
    print(f"In %, alpha 5 %, {repetitions:,} equal challengers, {power:,} better ones:\n")
    for seed, scenario in wanted:
        found = measure(scenario, repetitions, power, seed)
        told = (f"{key} {v:.1f}" if isinstance(v, float) else str(v) for key, v in found.items())
        print(" | ".join(told), f"| {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
