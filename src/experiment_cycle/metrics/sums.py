"""The metrics that are a function of sums over the rows: means, ratios, and what is made of them.

A resample weighs the rows, so it changes nothing but the sums; and a row's influence is how the
function answers to the little that the row adds to each sum (the delta method).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import Units

NO_ROWS = "there are no rows"
NOT_FINITE = "a target or a prediction is not finite, or too large to be squared"


class Function(Protocol):
    """What a metric makes of its sums; multiplying all sums by one number changes nothing."""

    def value(self, sums: Floats) -> Floats:
        """Compute the metric of sums, shape (m, ...), as shape (...); nan where undefined."""

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate the metric in each sum, shape (m,); only asked where it is defined."""

    def note(self, sums: Floats) -> str | None:
        """Say of sums, shape (m,), why the metric is undefined, or what it leaves out."""


@dataclass(frozen=True, eq=False)
class Term:
    """What each row adds to one of the sums.

    Attributes:
        values: How much, shape (n,).
        into: To which sum: one number for all rows, or one for each, shape (n,).
    """

    values: Floats
    into: int | npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sums:
    """A metric laid out: its terms add up to `count` sums, `function` makes the metric of them.

    `left_out` says what of the rows given is in no term, None where nothing is missing.
    """

    terms: tuple[Term, ...]
    count: int
    function: Function
    left_out: str | None = None

    def totals(self) -> Floats:
        """Add up, every row counted once, shape (count,)."""
        totals = np.zeros(self.count)
        for term in self.terms:
            if isinstance(term.into, int):
                totals[term.into] += term.values.sum()
            else:
                totals += np.bincount(term.into, weights=term.values, minlength=self.count)
        return totals

    def value(self) -> float:
        """Compute the metric with every row counted once; nan where it is not defined."""
        return float(self.function.value(self.totals()))

    def influence(self) -> tuple[float, Floats, str | None]:
        """Compute value, derivative in the weight of each row (shape (n,)), and note."""
        totals = self.totals()
        value = float(self.function.value(totals))
        contributions = np.zeros(len(self.terms[0].values))
        if np.isfinite(value):
            gradient = self.function.gradient(totals)
            for term in self.terms:
                contributions += gradient[term.into] * term.values
            return value, contributions, self.left_out or self.function.note(totals)
        note = self.function.note(totals) if np.isfinite(totals).all() else NOT_FINITE
        return value, contributions, note or self.left_out or NOT_FINITE

    def by_unit(self, units: Units) -> Floats:
        """Add up within each unit, shape (count, units)."""
        sums = np.zeros((self.count, units.count))
        for term in self.terms:
            if isinstance(term.into, int):
                sums[term.into] += np.bincount(units.codes, term.values, units.count)
            else:
                places = term.into * units.count + units.codes
                sums += np.bincount(places, term.values, sums.size).reshape(sums.shape)
        return sums


@dataclass(frozen=True)
class MeanRatio:
    """The mean of ratios: the first half of the sums over the second half.

    A ratio over 0 is not defined, and left out of the mean of several. `missing` says why: of a
    single one, or of the others.
    """

    missing: str

    def value(self, sums: Floats) -> Floats:
        """Average the ratios that are defined."""
        above, below = np.split(sums, 2)
        defined = below > 0
        ratios = np.divide(above, below, out=np.zeros_like(above), where=defined)
        with np.errstate(invalid="ignore"):
            return np.asarray(ratios.sum(axis=0) / defined.sum(axis=0), dtype=np.float64)

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate: 1 / below, and minus ratio / below, each over the number of ratios."""
        above, below = np.split(sums, 2)
        defined = below > 0
        inverse = np.divide(1.0, below, out=np.zeros_like(below), where=defined)
        gradient = np.concatenate([inverse, -above * inverse**2]) / defined.sum()
        return np.asarray(gradient, dtype=np.float64)

    def note(self, sums: Floats) -> str | None:
        """Count the ratios left out."""
        below = np.split(sums, 2)[1]
        defined = int((below > 0).sum())
        if defined == len(below):
            return None
        if len(below) == 1:
            return self.missing
        if defined == 0:
            return NO_ROWS
        return f"the mean is over {defined} of {len(below)} classes: {self.missing}"


@dataclass(frozen=True)
class Root:
    """The square root of another function of the sums."""

    inner: Function

    def value(self, sums: Floats) -> Floats:
        """Take the root."""
        return np.asarray(np.sqrt(self.inner.value(sums)), dtype=np.float64)

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate; a root of 0 is as small as can be, and counts as flat."""
        value = float(self.value(sums))
        gradient = self.inner.gradient(sums)
        if value == 0:
            return np.zeros_like(gradient)
        return np.asarray(gradient / (2.0 * value), dtype=np.float64)

    def note(self, sums: Floats) -> str | None:
        """Pass the inner note on."""
        return self.inner.note(sums)


def ratio(above: Floats, below: Floats, missing: str, left_out: str | None = None) -> Sums:
    """Lay out sum(above) / sum(below).

    Args:
        above: Per row, shape (n,).
        below: Per row, shape (n,), none below 0.
        missing: Why it is not defined where `below` adds up to 0.
        left_out: What of the rows given is not in it.
    """
    terms = (Term(above, 0), Term(below, 1))
    return Sums(terms, 2, MeanRatio(missing), left_out)


def mean(values: Floats) -> Sums:
    """Lay out the mean of one number per row, shape (n,)."""
    return ratio(values, np.ones(len(values)), NO_ROWS)
