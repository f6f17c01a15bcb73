"""Test sets drawn anew, with two models neither of which is better, or one is by as much as told.

Without an advantage the models are exchangeable, but for "rarely far off": there the challenger is
a little closer on most rows and far off on one in fifty, with the same mean absolute error.

Groups of rows have the sizes that profiles have in a test split of the example data, about 400
groups worth about 80 equal ones, and as there a model says the same of all rows of a group. Queries
have 5 to 20 rows. By time the absolute errors follow each other with an autocorrelation of 0.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from experiment_cycle.problem import ProblemType

DATA = Path(__file__).parents[2] / "data" / "01_raw" / "doctor_visits.parquet"
FAR_OFF = 0.02
ALIKE = 0.6
"""Autocorrelation of what follows each other in time."""

Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Scenario:
    """A shape of test set and a metric.

    `advantage` is how much better the challenger is made where power is measured, in the terms of
    `draw`. `within` is the share of an error that the rows of a unit have in common.
    """

    name: str
    metric: str
    problem: ProblemType
    codes: Codes
    draw: Callable[[Scenario, np.random.Generator, float], Columns]
    advantage: float
    within: float = 0.0
    query: Codes | None = None
    in_time: bool = False

    def table(self, generator: np.random.Generator, advantage: float = 0.0) -> pd.DataFrame:
        """Draw a table of test predictions, as the decision reads it."""
        columns: Columns = {"unit": self.codes}
        if self.in_time:
            columns["moment"] = self.codes
        if self.query is not None:
            columns["query"] = self.query
        drawn = columns | self.draw(self, generator, advantage)
        return pd.DataFrame(drawn, index=pd.RangeIndex(len(self.codes), name="__row__"))

    def noise(self, generator: np.random.Generator) -> Numbers:
        """Draw an error of every row, of variance 1."""
        own = generator.normal(size=len(self.codes))
        if not self.within:
            return own
        by_unit = generator.normal(size=int(self.codes.max()) + 1)[self.codes]
        return np.sqrt(self.within) * by_unit + np.sqrt(1.0 - self.within) * own


def draw_classes(scenario: Scenario, generator: np.random.Generator, advantage: float) -> Columns:
    """Draw targets and two models' probabilities, each wrong in its own way."""
    latent = 0.6 + scenario.noise(generator)
    target = (latent + generator.logistic(size=len(latent)) > 0.0).astype(np.int64)
    scores = {
        model: latent + spread * scenario.noise(generator)
        for model, spread in (("challenger", 1.0 - advantage), ("incumbent", 1.0))
    }
    said = {model: 1.0 / (1.0 + np.exp(-score)) for model, score in scores.items()}
    return {"target": target, **said}


def draw_numbers(scenario: Scenario, generator: np.random.Generator, advantage: float) -> Columns:
    """Draw skewed targets and two models whose errors are skewed too: a few rows weigh much."""
    target = np.exp(scenario.noise(generator))
    off = {
        model: scale * (np.exp(0.8 * scenario.noise(generator)) - 1.0)
        for model, scale in (("challenger", 0.7 * (1.0 - advantage)), ("incumbent", 0.7))
    }
    return {"target": target, **{model: target + each for model, each in off.items()}}


def draw_far_off(scenario: Scenario, generator: np.random.Generator, advantage: float) -> Columns:
    """Draw a challenger that is closer on most rows, and as close on average."""
    rows = len(scenario.codes)
    target = generator.gamma(2.0, size=rows)
    off = generator.exponential(size=rows)
    # 0.9 on 98 of 100 rows, and on the others what brings the mean back to 1
    rest = (1.0 - 0.9 * (1.0 - FAR_OFF)) / FAR_OFF
    factor = np.where(generator.random(rows) < FAR_OFF, rest, 0.9) * (1.0 - advantage)
    return {"target": target, "challenger": target + factor * off, "incumbent": target + off}


def draw_lists(scenario: Scenario, generator: np.random.Generator, advantage: float) -> Columns:
    """Draw relevances of 0, 1 and 2, and two models' scores; some queries have nothing relevant."""
    rows = len(scenario.codes)
    relevance = generator.binomial(2, 0.15, size=rows).astype(np.float64)
    people = int(scenario.codes.max()) + 1
    scores = {}
    for model, more in (("challenger", advantage), ("incumbent", 0.0)):
        gain = 1.0 + more + scenario.within * generator.normal(size=people)[scenario.codes]
        scores[model] = gain * relevance + generator.normal(size=rows)
    return {"target": relevance, **scores}


def draw_forecasts(scenario: Scenario, generator: np.random.Generator, advantage: float) -> Columns:
    """Draw two forecasts that run too high, now more and now less, for a while each."""
    rows = len(scenario.codes)
    target = generator.normal(size=rows)
    said = {}
    for model, less in (("challenger", advantage), ("incumbent", 0.0)):
        # long enough a start for the first moment to be like every other
        steps = generator.normal(size=rows + 50)
        series = lfilter([np.sqrt(1.0 - ALIKE**2)], [1.0, -ALIKE], steps)[50:]
        said[model] = target + np.abs(4.0 - less + series)
    return {"target": target, **said}


def example_groups(generator: np.random.Generator) -> Codes:
    """Draw 15 % of the example's profiles, and number their rows."""
    sizes = pd.read_parquet(DATA, columns=["profile"])["profile"].value_counts().to_numpy()
    drawn = generator.permutation(sizes)[: round(0.15 * len(sizes))]
    return np.repeat(np.arange(len(drawn)), drawn)


def queries(count: int, generator: np.random.Generator) -> Codes:
    """Draw queries of 5 to 20 rows, and number their rows."""
    return np.repeat(np.arange(count), generator.integers(5, 21, size=count))


def list_scenarios() -> list[Scenario]:
    """List the shapes of test sets, those that the bounds of 4 to 6 % are about first."""
    generator = np.random.default_rng(20)
    groups = example_groups(generator)
    many, few, shared = (queries(count, generator) for count in (500, 100, 450))
    thousand, hundreds = np.arange(1000), np.arange(200)
    rows, grouped, timed = "1,000 rows", "groups", "1,000 moments"
    classes, numbers = draw_classes, draw_numbers
    return [
        Scenario(rows, "accuracy", "binary", thousand, classes, 0.55),
        Scenario(rows, "roc_auc", "binary", thousand, classes, 0.3),
        Scenario(rows, "f1", "binary", thousand, classes, 0.4),
        Scenario(rows, "mae", "regression", thousand, numbers, 0.12),
        Scenario("500 queries", "ndcg_at_10", "ranking", many, draw_lists, 0.1, query=many),
        Scenario(grouped, "accuracy", "binary", groups, classes, 0.6, within=1.0),
        Scenario(timed, "mae", "regression", thousand, draw_forecasts, 0.2, in_time=True),
        Scenario(rows, "log_loss", "binary", thousand, classes, 0.25),
        Scenario(rows, "rmse", "regression", thousand, numbers, 0.15),
        Scenario("200 rows", "accuracy", "binary", hundreds, classes, 0.9),
        Scenario("200 rows", "f1", "binary", hundreds, classes, 0.9),
        Scenario("200 rows", "mae", "regression", hundreds, numbers, 0.25),
        Scenario(grouped, "roc_auc", "binary", groups, classes, 0.6, within=1.0),
        Scenario(grouped, "f1", "binary", groups, classes, 0.6, within=1.0),
        Scenario(grouped, "mae", "regression", groups, numbers, 0.3, within=1.0),
        Scenario("100 queries", "ndcg_at_10", "ranking", few, draw_lists, 0.25, query=few),
        Scenario(
            "3 queries a person",
            "ndcg_at_10",
            "ranking",
            shared // 3,
            draw_lists,
            0.25,
            within=1.0,
            query=shared,
        ),
        Scenario("rarely far off, 1,000", "mae", "regression", thousand, draw_far_off, 0.05),
        Scenario("rarely far off, 5,000", "mae", "regression", np.arange(5000), draw_far_off, 0.03),
    ]


MAIN = 7
"""How many of the scenarios are those of the promise: 4 to 6 % false promotions at 5 %."""
