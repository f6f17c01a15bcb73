"""One-sided bounds of an effect on the same test rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiment_cycle.decision.criteria import Criterion
from experiment_cycle.decision.paired import PairedPredictions

POWER = 0.8
MIN_EFFECTIVE_UNITS = 20
"""With fewer effective units nothing is decided automatically."""
FEW_EFFECTIVE_UNITS = 100
"""With fewer effective units the upper bounds take half their level."""

NO_DIFFERENCE = 1e-12
MIN_UNITS_FOR_ERROR = 2


@dataclass(frozen=True)
class Effect:
    """An effect with its sampling error.

    Attributes:
        challenger: The challenger's metric; None where it is not defined.
        incumbent: The incumbent's metric; None where it is not defined.
        value: The effect; None where a metric it needs is not defined.
        standard_error: Over resampling units; None where there is no effect, or too few units.
        degrees_of_freedom: Effective number of units less one.
        note: What a reader has to know about it.
    """

    challenger: float | None
    incumbent: float | None
    value: float | None
    standard_error: float | None
    degrees_of_freedom: float
    note: str | None

    def quantile(self, level: float) -> float:
        """Give the quantile of t that `level` leaves above itself."""
        return float(stats.t.isf(level, self.degrees_of_freedom))

    def bounds(self, lower_level: float, upper_level: float) -> tuple[float | None, float | None]:
        """Give the two one-sided bounds, each at its own error level."""
        if self.value is None or self.standard_error is None:
            return None, None
        return (
            self.value - self.quantile(lower_level) * self.standard_error,
            self.value + self.quantile(upper_level) * self.standard_error,
        )

    def p_value(self, threshold: float) -> float | None:
        """Give the one-sided p-value against effect <= threshold."""
        if self.value is None or self.standard_error is None:
            return None
        statistic = (self.value - threshold) / self.standard_error
        return float(stats.t.sf(statistic, self.degrees_of_freedom))

    def size_factor(self, level: float, distance: float) -> float | None:
        """Tell how many times as much data would show `distance` with 80 % power at `level`.

        It needs the standard error that was seen, and never the effect that was seen.

        Returns:
            None where no amount of data would, or where there is no standard error.
        """
        if self.standard_error is None or not distance > 0.0:
            return None
        reach = (self.quantile(level) + self.quantile(1.0 - POWER)) * self.standard_error
        return (reach / distance) ** 2


def measure_effect(criterion: Criterion, paired: PairedPredictions) -> Effect:
    """Measure the effect a criterion speaks of.

    The contributions of the rows (influence functions; for ROC AUC DeLong's placement values) of
    both models are combined row by row and summed over resampling units, so that what the models
    have in common on a unit cancels.

    Where no unit differs from the others, the standard error is taken as that of one unit that
    does, 1 over the effective number of units: an error of zero would claim certainty.
    """
    own = paired.influence("challenger", criterion.metric)
    other = paired.influence("incumbent", criterion.metric)
    units = paired.units
    challenger, incumbent = _finite(own.value), _finite(other.value)
    notes = [f"challenger: {own.note}"] if own.note else []
    if other.note and not criterion.is_absolute:
        notes.append(f"incumbent: {other.note}")
    degrees = units.effective - 1.0
    if challenger is None or (incumbent is None and not criterion.is_absolute):
        return Effect(challenger, incumbent, None, None, degrees, "; ".join(notes) or None)
    value = criterion.effect(challenger, 0.0 if incumbent is None else incumbent)
    if units.effective < MIN_UNITS_FOR_ERROR:
        notes.append("too few resampling units for an interval")
        return Effect(challenger, incumbent, value, None, degrees, "; ".join(notes))
    contributions = criterion.challenger_weight * own.contributions
    if not criterion.is_absolute:
        contributions = contributions + criterion.incumbent_weight * other.contributions
    error = float(units.standard_error(contributions))
    if error < NO_DIFFERENCE:
        error = 1.0 / units.effective
        notes.append("no unit differs from the others; the standard error is that of one that does")
    return Effect(challenger, incumbent, value, error, degrees, "; ".join(notes) or None)


def name_test(criterion: Criterion, paired: PairedPredictions) -> str:
    """Name the method in words, with its source."""
    pairing = "one-sample" if criterion.is_absolute else "paired"
    if criterion.metric == "roc_auc":
        method = f"{pairing} DeLong test (DeLong et al. 1988; Sun and Xu 2014)"
        clustered = "placement values summed by group (Obuchowski 1997)"
    elif criterion.metric in {"accuracy", "log_loss", "brier"}:
        method = f"{pairing} t test of the rows' values (Student 1908)"
        clustered = "summed by group (Liang and Zeger 1986)"
    else:
        method = f"{pairing} influence-function test (delta method; Hampel 1974)"
        clustered = "contributions summed by group (Liang and Zeger 1986)"
    units = f", {clustered}" if paired.by_group else ""
    return f"{method}{units}, t with {paired.units.effective - 1.0:.1f} degrees of freedom"


def rows_for(factor: float | None, rows: int, effective: float) -> int | None:
    """Turn a size factor into a number of test rows, enough for a decision in any case."""
    if factor is None:
        return None
    return int(np.ceil(rows * max(factor, MIN_EFFECTIVE_UNITS / effective)))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
