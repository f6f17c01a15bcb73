"""Which metrics there are of which problem, which way is better, and how each is computed.

A metric that is not defined on the rows given is nan: never a warning, never a made-up 0.
`influence` tells the reason in its note.

    binary              not defined where                            scikit-learn then says
    precision           no row is called positive                    0.0, with a warning
    recall              no row is positive                           0.0, with a warning
    f1                  no row is positive, none called positive     0.0, with a warning
    roc_auc             only one class is present                    nan, with a warning
    average_precision   no row is positive                           0.0, with a warning
    log_loss            there are no rows                            an error (one class: too)
    the others          there are no rows                            an error

    multiclass          left out of the mean over the classes        scikit-learn then says
    balanced_accuracy   classes without rows (binary: too)           the same, with a warning
    recall_macro        classes without rows                         0.0 for the class
    precision_macro     classes that no row is called                0.0 for the class
    f1_macro            classes without rows that no row is called   0.0 for the class
    roc_auc_ovr         classes without rows, or with all of them    an error

    regression          not defined where
    r2                  all targets are equal (one row is such a case)
    the others          there are no rows

    ranking             not defined where
    all of them         no query has a relevant row

What is left out of a mean is told in the note of a metric that is defined. A row is called the
class of the greatest probability, the first of equal ones. The Brier score of several classes adds
up over the classes, so that it goes up to 2.

Ranking metrics are means over the queries that have a relevant row (relevance above 0); the others
are left out. Gains are 2^relevance - 1. `_at_K` looks at the first K rows of a query: precision
divides by K, recall by the relevant rows, map by the smaller of both. Rows of equal score have no
order, so each value is the mean over all their orders (McSherry and Najork, Computing Information
Retrieval Performance Measures Efficiently in the Presence of Tied Scores, ECIR 2008); NDCG is then
what scikit-learn's `ndcg_score` is.
"""

from __future__ import annotations

from dataclasses import dataclass

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.metrics.layout import lay_out
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.queries import AT_K
from experiment_cycle.problem import PROBLEMS, ProblemType, Task

INFINITE = float("inf")


@dataclass(frozen=True)
class Metric:
    """A metric by name; `lowest` and `greatest` are the ends of its range."""

    name: str
    label: str
    greater_is_better: bool
    lowest: float = 0.0
    greatest: float = 1.0
    problems: tuple[ProblemType, ...] = ("binary",)


_CLASSES: tuple[ProblemType, ...] = ("binary", "multiclass")
_MULTICLASS: tuple[ProblemType, ...] = ("multiclass",)
_REGRESSION: tuple[ProblemType, ...] = ("regression",)
_RANKING: tuple[ProblemType, ...] = ("ranking",)

_SHOWN = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", True, problems=_CLASSES),
        Metric("balanced_accuracy", "balanced accuracy", True, problems=_CLASSES),
        Metric("precision", "precision", True),
        Metric("recall", "recall", True),
        Metric("f1", "F1", True),
        Metric("precision_macro", "macro precision", True, problems=_MULTICLASS),
        Metric("recall_macro", "macro recall", True, problems=_MULTICLASS),
        Metric("f1_macro", "macro F1", True, problems=_MULTICLASS),
        Metric("roc_auc", "ROC AUC", True),
        Metric("roc_auc_ovr", "ROC AUC, one against the rest", True, problems=_MULTICLASS),
        Metric("average_precision", "average precision", True),
        Metric("log_loss", "log loss", False, greatest=INFINITE, problems=_CLASSES),
        Metric("brier", "Brier score", False, greatest=2.0, problems=_CLASSES),
        Metric("rmse", "RMSE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric("mae", "MAE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric("mse", "MSE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric("r2", "R²", True, lowest=-INFINITE, problems=_REGRESSION),
        Metric("ndcg_at_1", "NDCG at 1", True, problems=_RANKING),
        Metric("ndcg_at_5", "NDCG at 5", True, problems=_RANKING),
        Metric("ndcg_at_10", "NDCG at 10", True, problems=_RANKING),
        Metric("mrr", "mean reciprocal rank", True, problems=_RANKING),
        Metric("map", "mean average precision", True, problems=_RANKING),
        Metric("precision_at_5", "precision at 5", True, problems=_RANKING),
        Metric("recall_at_5", "recall at 5", True, problems=_RANKING),
    )
}

_NOT_SHOWN = {"ndcg": Metric("ndcg", "NDCG", True, problems=_RANKING)}

_LABELS = {
    "ndcg": "NDCG",
    "map": "mean average precision",
    "precision": "precision",
    "recall": "recall",
}


def known_metrics(problem_type: ProblemType) -> list[str]:
    """Name the metrics of a problem type, in the order in which they are shown."""
    return [name for name, metric in _SHOWN.items() if problem_type in metric.problems]


def is_metric(name: str) -> bool:
    """Tell whether there is a metric of this name, of whatever problem."""
    return _find(name) is not None


def metric(name: str) -> Metric:
    """Look a metric up.

    Raises:
        ConfigurationError: there is no metric of this name.
    """
    found = _find(name)
    if found is None:
        known = [*_SHOWN, *_NOT_SHOWN]
        raise ConfigurationError(f"There is no metric '{name}'. {near_misses(name, known)}")
    return found


def check_metric(name: str, task: Task) -> Metric:
    """Look up a metric that a task can be measured by.

    The task classification allows what binary or multiclass problems allow: which of them it is,
    only the data tell.

    Raises:
        ConfigurationError: there is no such metric, or it belongs to another task.
    """
    return _check(name, PROBLEMS[task], f"the task is {task}")


def measure(name: str, outcomes: Outcomes) -> float:
    """Compute a metric; equal to scikit-learn's function of the same meaning.

    Args:
        name: A metric of the problem.
        outcomes: Targets and predictions.

    Returns:
        The value; nan where it is not defined (see the top of this file).

    Raises:
        ConfigurationError: there is no metric of this name, or it belongs to another problem.
    """
    check_outcomes(name, outcomes)
    return lay_out(name, outcomes).value()


def check_outcomes(name: str, outcomes: Outcomes) -> None:
    """Refuse a metric that is not one of the problem.

    Raises:
        ConfigurationError: there is no metric of this name, or it belongs to another problem.
    """
    _check(name, (outcomes.problem,), f"the problem is {outcomes.problem}")


def _find(name: str) -> Metric | None:
    found = _SHOWN.get(name) or _NOT_SHOWN.get(name)
    if found is None and (matched := AT_K.fullmatch(name)):
        label = f"{_LABELS[matched['what']]} at {matched['k']}"
        return Metric(name, label, True, problems=_RANKING)
    return found


def _check(name: str, problems: tuple[ProblemType, ...], told: str) -> Metric:
    allowed = [each for each, metric in _SHOWN.items() if set(metric.problems) & set(problems)]
    if "ranking" in problems:
        allowed += _NOT_SHOWN
    more = " NDCG, map, precision and recall also at any other K." if "ranking" in problems else ""
    found = _find(name)
    if found is None:
        raise ConfigurationError(f"There is no metric '{name}'. {near_misses(name, allowed)}{more}")
    if not set(found.problems) & set(problems):
        raise ConfigurationError(
            f"The metric '{name}' measures {' or '.join(found.problems)}, but {told}. Next step: "
            f"use one of {', '.join(sorted(allowed))}.{more}"
        )
    return found
