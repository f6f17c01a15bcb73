"""Which choices after a fit make sense for which problem: calibration, threshold, weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.problem import PROBLEMS, ProblemType
from experiment_cycle.training.options import LearningCurveOptions, TrainingOptions
from experiment_cycle.training.threshold import MIDDLE, SCORES

CLASSES = frozenset(PROBLEMS["classification"])


def check_choices(options: TrainingOptions, problems: Sequence[ProblemType]) -> None:
    """Refuse options that fit none of the problems the data can pose.

    Args:
        options: How to train.
        problems: What the task can turn out to be, or the one problem it did.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    wrong = [*_of_problem(options, problems), *_of_threshold(options)]
    if options.learning_curve is not None:
        wrong += _of_learning_curve(options.learning_curve)
    if wrong:
        raise ConfigurationError(" ".join(wrong))


def _of_problem(options: TrainingOptions, problems: Sequence[ProblemType]) -> Iterator[str]:
    found = " or ".join(problems)
    if not CLASSES & set(problems):
        if options.calibration != "none":
            yield (
                f"training.calibration is {options.calibration}, but a problem of type {found} "
                "has no probabilities to calibrate. Next step: set it to none."
            )
        if options.class_weight is not None:
            yield (
                f"training.class_weight is set, but a problem of type {found} has no classes. "
                "Next step: set it to null; columns.weight names a column of row weights."
            )
    threshold = options.threshold
    if "binary" not in problems and (threshold.choose_by != "fixed" or threshold.value != MIDDLE):
        yield (
            f"training.threshold is set, but a problem of type {found} has no threshold: only two "
            "classes have one. Next step: set choose_by to fixed and value to 0.5, or declare "
            "columns.positive to tell one class from all others."
        )


def _of_threshold(options: TrainingOptions) -> Iterator[str]:
    threshold = options.threshold
    if threshold.choose_by == "metric" and threshold.metric not in SCORES:
        yield (
            f"training.threshold.metric: '{threshold.metric}' does not depend on the threshold, or "
            f"is unknown. {near_misses(threshold.metric, SCORES)}"
        )
    costs = threshold.costs
    if threshold.choose_by == "costs" and costs.false_positive == costs.false_negative == 0:
        yield (
            "training.threshold.costs: both costs are 0, so that every threshold is equally good. "
            "Next step: give at least one of them a cost above 0."
        )


def _of_learning_curve(options: LearningCurveOptions) -> Iterator[str]:
    shares = options.shares
    rising = all(one < other for one, other in pairwise(shares))
    if not (rising and shares[0] > 0 and shares[-1] <= 1):
        yield (
            f"training.learning_curve.shares: {list(shares)} must rise, from above 0 to at most 1, "
            "such as [0.1, 0.3, 1.0]."
        )
