"""Metrics that are not the project's: scikit-learn's scorers, and functions of the user's own.

    jaccard                          a scorer of scikit-learn, by its name
    my_package.costs.savings         a scorer, as `sklearn.metrics.make_scorer` makes it
    my_package.costs.loss:lower      a function f(target, prediction) -> float; `greater` or `lower`
                                     says which way is better

A function gets what `Outcomes` holds. Where queries are ranked it is called for each query with a
relevant row, and the metric is the mean. All are called with resampled rows for their intervals.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from experiment_cycle.dotted_paths import load
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.metrics.averages import OF_CLASS
from experiment_cycle.metrics.listed import INFINITE, METRICS, Metric
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.queries import AT_K
from experiment_cycle.metrics.sums import NO_ROWS
from experiment_cycle.problem import ProblemType

PATH = re.compile(r"(?P<path>[A-Za-z_]\w*(\.[A-Za-z_]\w*)+)(:(?P<better>greater|lower))?")
TAKEN = ("target", "prediction")
KINDS: tuple[ProblemType, ...] = ("binary", "multiclass", "regression", "ranking")
MOST_REPLICATES, FEWEST_REPLICATES, MOST_ROWS = 200, 50, 20_000_000

Score = Callable[[Outcomes], float]


class FailingMetricError(ConfigurationError):
    """A metric of the user's own that fails on a sample of every problem; `failures` say how."""

    def __init__(self, name: str, failures: dict[ProblemType, str]) -> None:
        # most failures are of the function, and the same whatever the problem
        told = "; ".join(dict.fromkeys(failures.values()))
        super().__init__(f"The metric '{name}' fails on small samples. {told}")
        self._name, self._failures = name, failures

    def of(self, problems: Sequence[ProblemType]) -> FailingMetricError:
        """Tell only of the problems that are asked about."""
        return FailingMetricError(self._name, {kind: self._failures[kind] for kind in problems})


@dataclass(frozen=True, eq=False)
class Scored:
    """A metric of which only its value is known."""

    name: str
    outcomes: Outcomes

    def value(self) -> float:
        """Compute the metric; nan where its function fails, or gives no number."""
        return self.of(self.outcomes)

    def of(self, outcomes: Outcomes) -> float:
        """Compute the metric on other rows, as `value` does."""
        return self._try(outcomes)[0]

    def influence(self) -> tuple[float, Floats, str | None]:
        """Compute the value, no influence (zeros, shape (n,)), and why there is no value."""
        value, note = self._try(self.outcomes)
        return value, np.zeros(len(self.outcomes.target)), note

    def _try(self, outcomes: Outcomes) -> tuple[float, str | None]:
        if not len(outcomes.target):
            return float("nan"), NO_ROWS
        try:
            return _quietly(_score(self.name), outcomes), None
        # whatever the user's function raises, the other metrics are worth having
        except Exception as error:
            return float("nan"), f"{type(error).__name__}: {error}"


def is_custom(name: str) -> bool:
    """Tell whether a name is that of a scorer or a function; no other metric has it."""
    if name in METRICS or AT_K.fullmatch(name) or OF_CLASS.fullmatch(name):
        return False
    return PATH.fullmatch(name) is not None or name in scorer_names()


def custom_metric(name: str) -> Metric | None:
    """Describe a metric that is not the project's; None where there is none of this name.

    Raises:
        ConfigurationError: it cannot be imported, does not say which way is better, or fails on
            small samples of every problem.
    """
    return _described(name) if is_custom(name) else None


def affordable_replicates(replicates: int, rows: int) -> int:
    """Tell on how many resamples a function is called that knows nothing of weights."""
    return min(replicates, MOST_REPLICATES, max(FEWEST_REPLICATES, MOST_ROWS // max(rows, 1)))


@cache
def _described(name: str) -> Metric:
    score, failures, problems = _score(name), {}, []
    for kind in KINDS:
        try:
            _quietly(score, _sample(kind))
        # whatever the function raises, this is no metric of such a problem
        except Exception as error:
            failures[kind] = f"{type(error).__name__}: {error}"
        else:
            problems.append(kind)
    if not problems:
        raise FailingMetricError(name, failures)
    matched = PATH.fullmatch(name)
    shown = name if matched is None else matched["path"].rpartition(".")[2]
    return Metric(
        name,
        shown.replace("_", " "),
        greater_is_better=matched is None or matched["better"] != "lower",
        lowest=-INFINITE,
        greatest=INFINITE,
        problems=tuple(problems),
        has_influence=False,
    )


@cache
def _score(name: str) -> Score:
    matched = PATH.fullmatch(name)
    if matched is None:
        from sklearn.metrics import get_scorer  # noqa: PLC0415

        return partial(_by_scorer, get_scorer(name))
    found = _load(matched["path"], name)
    if matched["better"]:
        return partial(_by_function, found)
    if _takes(found) == len(TAKEN):
        raise ConfigurationError(
            f"The metric '{name}' does not say which way is better. Next step: write '{name}:"
            f"greater' or '{name}:lower', or make it a scorer with sklearn.metrics.make_scorer."
        )
    return partial(_by_scorer, found)


def _load(path: str, name: str) -> Callable[..., Any]:
    found = load(
        path,
        f"The metric '{name}'",
        "Next step: write module and function, such as my_project.costs.net_benefit:greater, of a "
        "package that is installed or lies in src/.",
    )
    if not callable(found):
        raise ConfigurationError(f"The metric '{name}' is a {type(found).__name__}, no function.")
    return found  # type: ignore[no-any-return]


def _takes(found: Callable[..., Any]) -> int | None:
    """Count the arguments a function must be given; None where it does not tell."""
    try:
        taken = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds and one.default is inspect.Parameter.empty for one in taken)


def _quietly(score: Score, outcomes: Outcomes) -> float:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return score(outcomes)


def _by_function(function: Callable[..., Any], outcomes: Outcomes) -> float:
    return float(function(outcomes.target, outcomes.prediction))


def _by_scorer(scorer: Callable[..., Any], outcomes: Outcomes) -> float:
    from experiment_cycle.metrics.told import told_by  # noqa: PLC0415

    if outcomes.problem == "ranking":
        raise ValueError("a scorer knows of no queries")
    rows = np.arange(len(outcomes.target))[:, None]
    return float(scorer(told_by(outcomes), rows, outcomes.target))


@cache
def scorer_names() -> frozenset[str]:
    """Name scikit-learn's scorers."""
    from sklearn.metrics import get_scorer_names  # noqa: PLC0415

    return frozenset(get_scorer_names())


def _sample(kind: ProblemType) -> Outcomes:
    """Make a few rows of a problem, of which the model knows something."""
    place = np.arange(24)
    wave = np.abs(np.sin(place + 1.0)) * 0.8 + 0.1
    if kind == "binary":
        return Outcomes(kind, place % 2, np.where(place % 2 == 1, wave, 1.0 - wave))
    if kind == "multiclass":
        odds = np.stack([wave, wave[::-1], np.full(24, 0.4)], axis=1) + np.eye(3)[place % 3]
        return Outcomes(kind, place % 3, odds / odds.sum(axis=1, keepdims=True))
    if kind == "regression":
        return Outcomes(kind, wave + 1.0, wave[::-1] + 1.0)
    # of one query
    return Outcomes(kind, (place % 3).astype(np.float64), wave, np.zeros(24, np.int64))
