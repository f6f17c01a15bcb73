"""Precision, recall and F1 of every class: of one of them, or averaged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import NO_ROWS, MeanRatio, Sums, Term, ratio

OF_CLASS = re.compile(r"(?P<what>precision|recall|f1)_of_(?P<level>.+)", re.DOTALL)
"""The metrics of one class, by its name."""

NO_ROW_OF_OTHERS = "the others have no row"
MISSING = {
    "precision": "no row is called one of the others",
    "recall": NO_ROW_OF_OTHERS,
    "f1": f"{NO_ROW_OF_OTHERS}, and no row is called one of them",
}
"""Why classes are left out of a mean."""
ALONE = {
    "precision": "no row is called so",
    "recall": "no row is of this class",
    "f1": "no row is of this class and none is called so",
}
"""Why the metric of one class is not defined."""


@dataclass(frozen=True)
class WeightedRatio:
    """A mean of ratios, each with a weight: sums of what is above, of what is below, of weights.

    A ratio over 0 is not defined, and left out with its weight. `missing` says why.
    """

    missing: str

    def value(self, sums: Floats) -> Floats:
        """Average the ratios that are defined."""
        ratios, weights, _ = self._parts(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (weights * ratios).sum(axis=0) / weights.sum(axis=0)
        return np.asarray(mean, dtype=np.float64)

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate in what is above, below, and in the weights."""
        ratios, weights, defined = self._parts(sums)
        below = np.split(sums, 3)[1]
        inverse = np.divide(1.0, below, out=np.zeros_like(below), where=defined)
        whole, value = weights.sum(), float(self.value(sums))
        by_weight = np.where(defined, ratios - value, 0.0)
        parts = [weights * inverse, -weights * ratios * inverse, by_weight]
        return np.asarray(np.concatenate(parts) / whole, dtype=np.float64)

    def note(self, sums: Floats) -> str | None:
        """Count the classes with rows that are left out."""
        _, below, weights = np.split(sums, 3)
        present = weights > 0
        left_out = int((present & (below <= 0)).sum())
        if not present.any():
            return NO_ROWS
        if not left_out:
            return None
        defined = int(present.sum()) - left_out
        return f"the mean is over {defined} of {int(present.sum())} classes: {self.missing}"

    def _parts(self, sums: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
        above, below, weights = np.split(sums, 3)
        defined = below > 0
        ratios = np.divide(above, below, out=np.zeros_like(above), where=defined)
        return ratios, np.where(defined, weights, 0.0), defined


def _hits(outcomes: Outcomes, factor: float = 1.0) -> Floats:
    return np.asarray(factor * (outcomes.codes == outcomes.calls), dtype=np.float64)


def _terms(what: str, outcomes: Outcomes) -> tuple[Term, ...]:
    """Give what is above and below each class's ratio."""
    codes, calls, count = outcomes.codes, outcomes.calls, outcomes.class_count
    ones = np.ones(len(codes))
    if what == "f1":
        hits = Term(_hits(outcomes, 2.0), codes)
        return hits, Term(ones, count + codes), Term(ones, count + calls)
    return Term(_hits(outcomes), codes), Term(ones, count + (codes if what == "recall" else calls))


def macro(what: str) -> Callable[[Outcomes], Sums]:
    """Lay out the mean over the classes of `precision`, `recall` or `f1`, all classes alike."""

    def lay_out(outcomes: Outcomes) -> Sums:
        return Sums(_terms(what, outcomes), 2 * outcomes.class_count, MeanRatio(MISSING[what]))

    return lay_out


def weighted(what: str) -> Callable[[Outcomes], Sums]:
    """Lay out the mean over the classes of `precision`, `recall` or `f1`, weighted by rows."""

    def lay_out(outcomes: Outcomes) -> Sums:
        count = outcomes.class_count
        weights = Term(np.ones(len(outcomes.target)), 2 * count + outcomes.codes)
        terms = (*_terms(what, outcomes), weights)
        return Sums(terms, 3 * count, WeightedRatio(MISSING[what]))

    return lay_out


def of_class(name: str, outcomes: Outcomes) -> Sums:
    """Lay out `precision`, `recall` or `f1` of one class.

    Args:
        name: Such as ``recall_of_versicolor``.
        outcomes: Of a classification that names its classes.

    Raises:
        ConfigurationError: there is no class of this name.
    """
    matched = OF_CLASS.fullmatch(name)
    if matched is None or matched["level"] not in outcomes.classes:
        level = name if matched is None else matched["level"]
        raise ConfigurationError(
            f"The metric '{name}' is that of a class '{level}', which there is not. "
            f"{near_misses(level, outcomes.classes)}"
        )
    what, code = matched["what"], outcomes.classes.index(matched["level"])
    real = (outcomes.codes == code).astype(np.float64)
    called = (outcomes.calls == code).astype(np.float64)
    below = {"precision": called, "recall": real, "f1": real + called}[what]
    return ratio((2.0 if what == "f1" else 1.0) * real * called, below, ALONE[what])
