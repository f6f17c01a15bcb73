"""From which probability on a row is called positive: chosen on validation, then frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiment_cycle.errors import DataError
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.training.options import ErrorCosts, ThresholdOptions
from experiment_cycle.training.records import ThresholdRecord

MIDDLE = 0.5


@dataclass(frozen=True, eq=False)
class Cuts:
    """Every way to part the rows of a table by a threshold, from calling all positive to none.

    Attributes:
        levels: The distinct probabilities, ascending; the cut at place j calls all but j of them.
        threshold: Ascending; each midway between two neighbouring probabilities, shape (cuts,).
        true_positives: Positive rows that are called so, shape (cuts,).
        false_positives: Negative rows that are called positive, shape (cuts,).
        positives: All positive rows.
        negatives: All negative rows.
    """

    levels: Floats
    threshold: Floats
    true_positives: Floats
    false_positives: Floats
    positives: int
    negatives: int

    @classmethod
    def of(cls, outcomes: Outcomes) -> Cuts:
        """Count both kinds of calls at every cut, in O(n log n)."""
        target = outcomes.target.astype(bool)
        levels, place = np.unique(outcomes.prediction, return_inverse=True)
        positives = np.bincount(place[target], minlength=len(levels)).astype(np.float64)
        negatives = np.bincount(place[~target], minlength=len(levels)).astype(np.float64)
        # calling none positive needs a threshold above the greatest probability
        above = [] if levels[-1] >= 1.0 else [1.0]
        edges = np.concatenate([[0.0], levels, above])
        cuts = len(edges) - 1
        return cls(
            levels=levels,
            threshold=_midway(edges),
            true_positives=_from_here_on(positives, cuts),
            false_positives=_from_here_on(negatives, cuts),
            positives=int(target.sum()),
            negatives=int((~target).sum()),
        )

    @property
    def rows(self) -> int:
        """How many rows are parted."""
        return self.positives + self.negatives

    def at(self, threshold: float) -> int:
        """Tell the place of the cut that a threshold makes."""
        return int(np.searchsorted(self.levels, threshold, side="left"))


Score = Callable[[Cuts], Floats]
"""Rates every cut, the greater the better, shape (cuts,); nan where it is not defined."""


def _accuracy(cuts: Cuts) -> Floats:
    right = cuts.true_positives + (cuts.negatives - cuts.false_positives)
    return right / cuts.rows


def _balanced_accuracy(cuts: Cuts) -> Floats:
    specificity = _ratio(cuts.negatives - cuts.false_positives, cuts.negatives)
    present = [rate for rate in (specificity, _recall(cuts)) if not np.isnan(rate).all()]
    return np.asarray(np.mean(present, axis=0), dtype=np.float64)


def _precision(cuts: Cuts) -> Floats:
    return _ratio(cuts.true_positives, cuts.true_positives + cuts.false_positives)


def _recall(cuts: Cuts) -> Floats:
    return _ratio(cuts.true_positives, cuts.positives)


def _f1(cuts: Cuts) -> Floats:
    called = cuts.true_positives + cuts.false_positives
    return _ratio(2 * cuts.true_positives, called + cuts.positives)


SCORES: dict[str, Score] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
}
"""The metrics of two classes that depend on the threshold."""


def choose_threshold(outcomes: Outcomes, options: ThresholdOptions) -> ThresholdRecord:
    """Choose the threshold of a model of two classes, exactly over all that differ in effect.

    Where several are equally good, the one nearest 0.5 is taken, and of two as near the lower.

    Args:
        outcomes: Of the validation rows; their own threshold is not read.
        options: How to choose.

    Raises:
        DataError: the metric is defined at no threshold.
    """
    if options.choose_by == "fixed":
        return ThresholdRecord(value=options.value, choose_by="fixed", detail="As configured.")
    cuts = Cuts.of(outcomes)
    by_costs = options.choose_by == "costs"
    scores = -expected_cost(cuts, options.costs) if by_costs else SCORES[options.metric](cuts)
    if np.isnan(scores).all():
        raise DataError(
            f"No threshold can be chosen by {options.metric}: with {cuts.positives} positive and "
            f"{cuts.negatives} negative rows in validation it is not defined. Next step: split "
            "with a strategy that is stratified, or set training.threshold.choose_by to fixed."
        )
    chosen = _nearest_to_the_middle(scores, cuts.threshold)
    tell = _tell_costs if by_costs else _tell_metric
    return ThresholdRecord(
        value=float(cuts.threshold[chosen]),
        choose_by=options.choose_by,
        detail=tell(options, cuts, scores[chosen], scores[cuts.at(MIDDLE)]),
    )


def expected_cost(cuts: Cuts, costs: ErrorCosts) -> Floats:
    """Compute the mean cost of a row at every cut, shape (cuts,)."""
    missed = cuts.positives - cuts.true_positives
    total = costs.false_positive * cuts.false_positives + costs.false_negative * missed
    return total / cuts.rows


def _tell_metric(options: ThresholdOptions, cuts: Cuts, best: float, usual: float) -> str:
    at_middle = "not defined" if np.isnan(usual) else f"{usual:.4f}"
    return (
        f"On validation {options.metric} is {best:.4f} here, the best of "
        f"{len(cuts.threshold):,} thresholds; at 0.5 it is {at_middle}."
    )


def _tell_costs(options: ThresholdOptions, cuts: Cuts, best: float, usual: float) -> str:
    costs = options.costs
    return (
        f"A row of validation costs {-best:.4f} on average here, the least of "
        f"{len(cuts.threshold):,} thresholds; at 0.5 it costs {-usual:.4f}. A false positive costs "
        f"{costs.false_positive:g}, a false negative {costs.false_negative:g}."
    )


def _nearest_to_the_middle(scores: Floats, threshold: Floats) -> int:
    best = np.flatnonzero(scores == np.nanmax(scores))
    return int(best[np.argmin(np.abs(threshold[best] - MIDDLE))])


def _midway(edges: Floats) -> Floats:
    lower, upper = edges[:-1], edges[1:]
    middle = lower + (upper - lower) / 2
    # between two floats that are neighbours there is none: the upper one parts them
    return np.where(middle > lower, middle, upper)


def _from_here_on(counts: Floats, cuts: int) -> Floats:
    """Sum the counts of each level and all above it; the cut above all levels has none."""
    sums = np.cumsum(counts[::-1])[::-1]
    return np.concatenate([sums, np.zeros(cuts - len(sums))])


def _ratio(part: Floats, whole: Floats | int) -> Floats:
    wholes = np.broadcast_to(np.asarray(whole, dtype=np.float64), part.shape)
    empty: npt.NDArray[np.bool_] = wholes == 0
    return np.where(empty, np.nan, part / np.where(empty, 1.0, wholes))
