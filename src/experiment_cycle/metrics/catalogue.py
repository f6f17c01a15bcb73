"""Which metrics there are of which problem, which way is better, and how each is computed.

A metric that is not defined on the rows given is nan: never a warning, never a made-up 0.
`influence` tells the reason in its note.

    binary              not defined where                            scikit-learn then says
    precision           no row is called positive                    0.0, with a warning
    recall              no row is positive                           0.0, with a warning
    f1                  no row is positive, none called positive     0.0, with a warning
    mcc                 one class only is present, or called         0.0 (several classes: too)
    roc_auc             only one class is present                    nan, with a warning
    average_precision   no row is positive                           0.0, with a warning
    log_loss            there are no rows                            an error (one class: too)
    the others          there are no rows                            an error

    of each class       left out of the mean over the classes        scikit-learn then says
    balanced_accuracy   classes without rows                         the same, with a warning
    recall_*            classes without rows                         0.0 for the class
    precision_*         classes that no row is called                0.0 for the class
    f1_*                classes without rows that no row is called   0.0 for the class
    roc_auc_ovr         classes without rows, or with all of them    an error
    average_precision_ovr   classes without rows                     0.0, with a warning

    regression          not defined where
    r2                  all targets are equal (one row is such a case)
    mape                a target is 0 (scikit-learn: a number beyond all measure)
    the others          there are no rows

    ranking             not defined where
    all of them         no query has a relevant row

What is left out of a mean is told in the note of a metric that is defined. A row is called the
class of the greatest probability, the first of equal ones. The Brier score of several classes adds
up over the classes, so that it goes up to 2. `_macro` weighs every class alike, `_weighted` by its
rows. `precision_of_X`, `recall_of_X` and `f1_of_X` are those of the class X alone.

The expected calibration error is that of Guo et al. (2017): 15 bins of equal width. Of two classes
the probability of the positive one is binned, of several the one of the class that is called.

Ranking metrics are means over the queries that have a relevant row (relevance above 0); the others
are left out. Gains are 2^relevance - 1. `_at_K` looks at the first K rows of a query: precision
divides by K, recall by the relevant rows, map by the smaller of both. Rows of equal score have no
order, so each value is the mean over all their orders (McSherry and Najork, Computing Information
Retrieval Performance Measures Efficiently in the Presence of Tied Scores, ECIR 2008); NDCG is then
what scikit-learn's `ndcg_score` is.

What a model costs (`predict_latency_ms` and others, see `costs`) has a name here too, so that a
hypothesis can limit and track it; it is no metric of predictions.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.metrics.averages import OF_CLASS
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.metrics.custom import PATH, FailingMetricError, custom_metric, scorer_names
from experiment_cycle.metrics.layout import lay_out
from experiment_cycle.metrics.listed import CLASSES, METRICS, RANKING, Metric
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.queries import AT_K
from experiment_cycle.problem import PROBLEMS, ProblemType, Task

_LABELS = {
    "ndcg": "NDCG",
    "map": "mean average precision",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
}


def known_metrics(problem_type: ProblemType) -> list[str]:
    """Name the metrics of a problem type that are measured unasked, in the order shown."""
    return [
        name
        for name, each in METRICS.items()
        if problem_type in each.problems and problem_type not in each.on_request
    ]


def is_metric(name: str) -> bool:
    """Tell whether there is a metric of this name, of whatever problem."""
    return _find(name) is not None


def metric(name: str) -> Metric:
    """Look a metric up.

    Raises:
        ConfigurationError: there is no metric of this name, or it is one of the user's own that
            cannot be imported.
    """
    found = _find(name)
    if found is None:
        raise ConfigurationError(f"There is no metric '{name}'. {_meant(name, METRICS)}")
    return found


def check_metric(name: str, task: Task) -> Metric:
    """Look up a metric that a task can be trained and tuned by.

    The task classification allows what binary or multiclass problems allow: which of them it is,
    only the data tell.

    Raises:
        ConfigurationError: there is no such metric, it belongs to another task, or only the
            hypothesis can name it: the metrics of one class, and those that are not the project's.
    """
    found = _check(name, PROBLEMS[task], f"the task is {task}")
    if name in COSTS:
        raise ConfigurationError(
            f"'{name}' is a cost of the model, which the hypothesis can limit or track; training "
            f"and tuning go by one of {', '.join(_allowed(PROBLEMS[task]))}."
        )
    if name not in METRICS and not AT_K.fullmatch(name):
        raise ConfigurationError(
            f"The metric '{name}' is measured on the test rows, where the hypothesis names it; "
            f"training and tuning go by one of {', '.join(_allowed(PROBLEMS[task]))}."
        )
    return found


def check_asked(name: str, task: Task) -> Metric:
    """Look up a metric that a hypothesis can name: also of one class, or of the user's own.

    Raises:
        ConfigurationError: there is no such metric, it belongs to another task, or it fails on a
            small sample of the task.
    """
    return _check(name, PROBLEMS[task], f"the task is {task}")


def class_of(name: str) -> str | None:
    """Name the class that a metric is about; None of a metric of all rows."""
    matched = None if name in METRICS else OF_CLASS.fullmatch(name)
    return matched["level"] if matched else None


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
    if name in COSTS:
        raise ConfigurationError(f"'{name}' is a cost of the model, and not told by predictions.")
    _check(name, (outcomes.problem,), f"the problem is {outcomes.problem}")


def _find(name: str) -> Metric | None:
    if name in METRICS:
        return METRICS[name]
    if name in COSTS:
        return COSTS[name]
    if matched := AT_K.fullmatch(name):
        return Metric(name, f"{_LABELS[matched['what']]} at {matched['k']}", True, problems=RANKING)
    if matched := OF_CLASS.fullmatch(name):
        label = f"{_LABELS[matched['what']]} of {matched['level']}"
        return Metric(name, label, True, problems=CLASSES)
    return custom_metric(name)


def _allowed(problems: tuple[ProblemType, ...]) -> list[str]:
    return sorted(name for name, each in METRICS.items() if set(each.problems) & set(problems))


def _meant(name: str, allowed: Iterable[str]) -> str:
    """Say which name was likely meant, scorers and costs included; only the project's are listed.

    A function with another ending is told how to write it.
    """
    path, colon, better = name.rpartition(":")
    if colon and PATH.fullmatch(path):
        return f"'{better}' is no direction: write '{path}:greater' or '{path}:lower'."
    known = [*allowed, *COSTS]
    close = get_close_matches(name, [*known, *sorted(scorer_names())], n=1, cutoff=0.6)
    if not close or close[0] in known:
        return near_misses(name, known)
    return f"Did you mean scikit-learn's '{close[0]}'? Known: {', '.join(sorted(known))}."


def _check(name: str, problems: tuple[ProblemType, ...], told: str) -> Metric:
    allowed = _allowed(problems)
    more = " NDCG, map, precision and recall also at any other K." if "ranking" in problems else ""
    try:
        found = _find(name)
    except FailingMetricError as error:
        raise error.of(problems) from error
    if found is None:
        raise ConfigurationError(f"There is no metric '{name}'. {_meant(name, allowed)}{more}")
    if not set(found.problems) & set(problems):
        raise ConfigurationError(
            f"The metric '{name}' measures {' or '.join(found.problems)}, but {told}. Next step: "
            f"use one of {', '.join(allowed)}.{more}"
        )
    return found
