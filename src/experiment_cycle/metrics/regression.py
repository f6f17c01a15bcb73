"""The metrics of predicted numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import NO_ROWS, MeanRatio, Root, Sums, Term, mean

CONSTANT = "the target is the same in all rows"
ZERO = "a target is 0, of which no error is a share"
ROUNDING = 1e-12
"""A share of variation this small is what rounding leaves of none."""


@dataclass(frozen=True)
class ExplainedShare:
    """One minus squared errors over variation: of sums e^2, y^2, y, 1, with y about any origin."""

    def value(self, sums: Floats) -> Floats:
        """Compute 1 - sum(e^2) / (sum(y^2) - sum(y)^2 / n)."""
        variation = self._variation(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(variation > 0, 1.0 - sums[0] / variation, np.nan))

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate in each of the four sums."""
        variation, centre = float(self._variation(sums)), sums[2] / sums[3]
        share = sums[0] / variation
        return np.array([-1.0, share, -2.0 * centre * share, centre**2 * share]) / variation

    def note(self, sums: Floats) -> str | None:
        """Say what is missing."""
        if sums[3] == 0:
            return NO_ROWS
        return None if self._variation(sums) > 0 else CONSTANT

    def _variation(self, sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            variation = sums[1] - sums[2] ** 2 / sums[3]
            return np.where(variation > ROUNDING * sums[1], variation, 0.0)


def _squared_errors(outcomes: Outcomes) -> Floats:
    # a model that diverges predicts what cannot be squared: its error is infinite, not a warning
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray((outcomes.prediction - outcomes.target) ** 2, dtype=np.float64)


@dataclass(frozen=True)
class MeanShare:
    """A mean of shares, nan where one of them is a share of nothing."""

    def value(self, sums: Floats) -> Floats:
        """Divide the sum of the shares by the number of rows, unless a row has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(sums[2] > 0, np.nan, sums[0] / sums[1]))

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate in the sum of the shares and the number of rows."""
        gradient = np.array([1.0, -sums[0] / sums[1], 0.0])
        return np.asarray(gradient / sums[1], dtype=np.float64)

    def note(self, sums: Floats) -> str | None:
        """Say what is missing."""
        if sums[1] == 0:
            return NO_ROWS
        return ZERO if sums[2] > 0 else None


def _mse(outcomes: Outcomes) -> Sums:
    return mean(_squared_errors(outcomes))


def _rmse(outcomes: Outcomes) -> Sums:
    squares = mean(_squared_errors(outcomes))
    return Sums(squares.terms, squares.count, Root(MeanRatio(NO_ROWS)))


def _mae(outcomes: Outcomes) -> Sums:
    return mean(np.abs(outcomes.prediction - outcomes.target))


def _mape(outcomes: Outcomes) -> Sums:
    size = np.abs(np.asarray(outcomes.target, dtype=np.float64))
    zero = size == 0
    errors = np.abs(outcomes.prediction - outcomes.target)
    shares = np.divide(errors, size, out=np.zeros_like(size), where=~zero)
    terms = (Term(shares, 0), Term(np.ones(len(size)), 1), Term(zero.astype(np.float64), 2))
    return Sums(terms, len(terms), MeanShare())


def _r2(outcomes: Outcomes) -> Sums:
    target = np.asarray(outcomes.target, dtype=np.float64)
    # about the median, as squares of a large common part would drown the variation
    about = target - (np.median(target) if len(target) else 0.0)
    columns = (_squared_errors(outcomes), about**2, about, np.ones(len(target)))
    terms = tuple(Term(values, number) for number, values in enumerate(columns))
    return Sums(terms, len(terms), ExplainedShare())


ERRORS: dict[str, Callable[[Outcomes], Sums]] = {
    "rmse": _rmse,
    "mae": _mae,
    "mape": _mape,
    "mse": _mse,
    "r2": _r2,
}
"""The metrics of this file by name."""
