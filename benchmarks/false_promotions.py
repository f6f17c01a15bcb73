"""How often two equally good models are called better: the project's bound, and what is common.

    python benchmarks/false_promotions.py [--repetitions 4000] [--quick]

Each repetition draws a test set and two models neither of which is better. "bound" is the lower
bound of the decision rule at a planned 5 %, by resampling unit; "ungrouped" is the same bound with
groups ignored; ">=" promotes whatever scores at least as well as the incumbent. The Monte Carlo
error of a rate p over n repetitions is sqrt(p (1 - p) / n): 0.34 points for 5 % over 4,000.

The models are exchangeable, but for "rarely far off": there the challenger is a little closer on
most rows and far off on one in fifty, with the same mean absolute error as the incumbent. A test
set that happens to hold few such rows shows neither how far off nor how uncertain it is, so that
the bound promotes more often than planned, the more so the fewer rows there are.

Groups of rows have the sizes that profiles have in a test split of the example data, about 400
groups worth about 80 equal ones, and as there a model says the same of all rows of a group. Queries
have 5 to 20 rows; grouped, there are three queries a person, whom a model knows well or badly.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.decision.criteria import improvement
from experiment_cycle.decision.intervals import measure_effect
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.metrics.outcomes import Outcomes

ALPHA = 0.05
DATA = Path(__file__).parents[1] / "data" / "01_raw" / "doctor_visits.parquet"
FAR_OFF = 0.02

Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scenario:
    """A shape of test set, and the share of an error that a unit's rows have in common."""

    name: str
    codes: Codes
    within: float
    draw: Callable[[Scenario, np.random.Generator], PairedPredictions]
    metrics: tuple[str, ...]
    query: Codes | None = None

    def noise(self, generator: np.random.Generator) -> Numbers:
        """Draw an error of every row, of variance 1."""
        shared, own = np.sqrt(self.within), np.sqrt(1.0 - self.within)
        by_unit = generator.normal(size=int(self.codes.max()) + 1)[self.codes]
        return shared * by_unit + own * generator.normal(size=len(self.codes))

    def pair(self, *models: Outcomes) -> PairedPredictions:
        """Put two models side by side."""
        named = dict(zip(("challenger", "incumbent"), models, strict=True))
        return PairedPredictions(np.arange(len(self.codes)), self.codes, named)


def draw_classes(scenario: Scenario, generator: np.random.Generator) -> PairedPredictions:
    """Draw targets and two models' probabilities, each wrong in its own way."""
    latent = 0.6 + scenario.noise(generator)
    target = (latent + generator.logistic(size=len(latent)) > 0.0).astype(np.int64)
    scores = (latent + 0.5 * scenario.noise(generator) for _ in range(2))
    return scenario.pair(
        *(Outcomes("binary", target, 1.0 / (1.0 + np.exp(-score))) for score in scores)
    )


def draw_numbers(scenario: Scenario, generator: np.random.Generator) -> PairedPredictions:
    """Draw skewed targets and two models whose errors are skewed too: a few rows weigh much."""
    target = np.exp(scenario.noise(generator))
    off = (0.7 * (np.exp(0.8 * scenario.noise(generator)) - 1.0) for _ in range(2))
    return scenario.pair(*(Outcomes("regression", target, target + each) for each in off))


def draw_far_off(scenario: Scenario, generator: np.random.Generator) -> PairedPredictions:
    """Draw a challenger that is closer on most rows, and as close on average."""
    rows = len(scenario.codes)
    target = generator.gamma(2.0, size=rows)
    off = generator.exponential(size=rows)
    # 0.9 on 98 of 100 rows, and on the others what brings the mean back to 1
    rest = (1.0 - 0.9 * (1.0 - FAR_OFF)) / FAR_OFF
    factor = np.where(generator.random(rows) < FAR_OFF, rest, 0.9)
    return scenario.pair(
        Outcomes("regression", target, target + factor * off),
        Outcomes("regression", target, target + off),
    )


def draw_lists(scenario: Scenario, generator: np.random.Generator) -> PairedPredictions:
    """Draw relevances of 0, 1 and 2, and two models' scores; some queries have nothing relevant."""
    rows = len(scenario.codes)
    relevance = generator.binomial(2, 0.15, size=rows).astype(np.float64)
    people = int(scenario.codes.max()) + 1
    gains = (1.0 + scenario.within * generator.normal(size=people)[scenario.codes] for _ in "ab")
    scores = (gain * relevance + generator.normal(size=rows) for gain in gains)
    return scenario.pair(
        *(Outcomes("ranking", relevance, score, scenario.query) for score in scores)
    )


def example_groups(generator: np.random.Generator) -> Codes:
    """Draw 15 % of the example's profiles, and number their rows."""
    sizes = pd.read_parquet(DATA, columns=["profile"])["profile"].value_counts().to_numpy()
    drawn = generator.permutation(sizes)[: round(0.15 * len(sizes))]
    return np.repeat(np.arange(len(drawn)), drawn)


def queries(count: int, generator: np.random.Generator) -> Codes:
    """Draw queries of 5 to 20 rows, and number their rows."""
    return np.repeat(np.arange(count), generator.integers(5, 21, size=count))


def list_scenarios(generator: np.random.Generator) -> list[Scenario]:
    """List the shapes of test sets."""
    classes = (draw_classes, ("accuracy", "roc_auc", "log_loss", "f1"))
    numbers = (draw_numbers, ("mae", "rmse"))
    groups = example_groups(generator)
    many, few, grouped = (queries(count, generator) for count in (500, 100, 450))
    ndcg = (draw_lists, ("ndcg_at_10",))
    return [
        Scenario("independent rows", np.arange(1000), 0.0, *classes),
        Scenario("independent rows", np.arange(200), 0.0, *classes),
        Scenario("the example's groups", groups, 1.0, *classes),
        Scenario("independent rows", np.arange(1000), 0.0, *numbers),
        Scenario("independent rows", np.arange(200), 0.0, *numbers),
        Scenario("the example's groups", groups, 1.0, *numbers),
        Scenario("rarely far off", np.arange(5000), 0.0, draw_far_off, ("mae",)),
        Scenario("rarely far off", np.arange(1000), 0.0, draw_far_off, ("mae",)),
        Scenario("queries", many, 0.0, *ndcg, many),
        Scenario("queries", few, 0.0, *ndcg, few),
        Scenario("queries by person", grouped // 3, 1.0, *ndcg, grouped),
    ]


def simulate(scenario: Scenario, repetitions: int, seed: int) -> pd.DataFrame:
    """Count how often each rule promotes, per metric."""
    generator = np.random.default_rng(seed)
    units = scenario.draw(scenario, generator).units
    promoted = np.zeros((len(scenario.metrics), 3))
    for _ in range(repetitions):
        paired = scenario.draw(scenario, generator)
        ungrouped = replace(paired, codes=paired.rows if scenario.query is None else scenario.query)
        for position, name in enumerate(scenario.metrics):
            criterion = improvement(name)
            effect = measure_effect(criterion, paired)
            promoted[position] += (
                (effect.bounds(ALPHA, ALPHA)[0] or 0.0) > 0.0,
                (measure_effect(criterion, ungrouped).bounds(ALPHA, ALPHA)[0] or 0.0) > 0.0,
                (effect.value or 0.0) >= 0.0,
            )
    rates = pd.DataFrame(100.0 * promoted / repetitions, columns=["bound", "ungrouped", ">="])
    head = {"test set": scenario.name, "rows": len(scenario.codes), "units": units.count}
    return rates.assign(**head, effective=units.effective, metric=scenario.metrics)[
        [*head, "effective", "metric", "bound", "ungrouped", ">="]
    ]


def main() -> None:
    """Print the false promotion rates of every scenario."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repetitions", type=int, default=4000)
    parser.add_argument("--quick", action="store_true", help="300 repetitions")
    arguments = parser.parse_args()
    repetitions = 300 if arguments.quick else arguments.repetitions
    scenarios = list_scenarios(np.random.default_rng(20))
    began = time.perf_counter()
    tables = [simulate(item, repetitions, seed) for seed, item in enumerate(scenarios)]
    print(f"False promotions in %, planned 5 %, over {repetitions:,} repetitions:\n")
    print(pd.concat(tables).to_string(index=False, float_format="{:.1f}".format))
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
