"""One-sided bounds of an effect on the same test rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from experiment_cycle.decision import mcnemar, skewness
from experiment_cycle.decision.criteria import Criterion
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.evaluation.predictions import MODELS
from experiment_cycle.metrics.catalogue import metric
from experiment_cycle.metrics.outcomes import Floats

POWER = 0.8
MIN_EFFECTIVE_UNITS = 20
"""With fewer effective units nothing is decided automatically."""
FEW_EFFECTIVE_UNITS = 100
"""With fewer effective units the upper bounds take half their level."""

MEANS_OVER_ROWS = {"accuracy", "log_loss", "brier", "mae", "mape", "mse"}
NO_DIFFERENCE = 1e-12
"""Smaller shares of what a unit can differ by are rounding."""
MIN_UNITS_FOR_ERROR = 2
MOST_UNDEFINED = 0.05
"""Share of the resamples that may leave a metric undefined."""


@dataclass(frozen=True)
class Effect:
    """An effect with its sampling error.

    Attributes:
        challenger: The challenger's metric; None where it is not defined.
        incumbent: The incumbent's metric; None where it is not defined.
        value: The effect; None where a metric it needs is not defined.
        standard_error: Over resampling units; None where there is no effect, or too few units.
        degrees_of_freedom: Effective number of units less one; in time, the cosines.
        note: What a reader has to know about it.
        skewness: Of the effect's estimate, where the bounds make up for it; see `skewness`.
    """

    challenger: float | None
    incumbent: float | None
    value: float | None
    standard_error: float | None
    degrees_of_freedom: float
    note: str | None
    skewness: float = 0.0

    def quantile(self, level: float) -> float:
        """Give the quantile of t that `level` leaves above itself."""
        return float(stats.t.isf(level, self.degrees_of_freedom))

    def bounds(self, lower_level: float, upper_level: float) -> tuple[float | None, float | None]:
        """Give the two one-sided bounds, each at its own error level."""
        if self.value is None or self.standard_error is None:
            return None, None
        low, high = self.quantile(lower_level), self.quantile(upper_level)
        low = max(low, skewness.restored(low, self.skewness))
        high = max(high, -skewness.restored(-high, self.skewness))
        return self.value - low * self.standard_error, self.value + high * self.standard_error

    def p_value(self, threshold: float) -> float | None:
        """Give the one-sided p-value against effect <= threshold."""
        if self.value is None or self.standard_error is None:
            return None
        statistic = (self.value - threshold) / self.standard_error
        statistic = min(statistic, skewness.transformed(statistic, self.skewness))
        return float(stats.t.sf(statistic, self.degrees_of_freedom))

    def p_value_above(self, threshold: float) -> float | None:
        """Give the one-sided p-value against effect >= threshold."""
        if self.value is None:
            return None
        return replace(self, value=-self.value, skewness=-self.skewness).p_value(-threshold)

    def two_sided(self) -> float | None:
        """Give the two-sided p-value against no effect; with bounds of half the level each."""
        below, above = self.p_value(0.0), self.p_value_above(0.0)
        return None if below is None or above is None else min(1.0, 2.0 * min(below, above))

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

    Whether one model is right on more independent rows than the other is told by McNemar's mid-p.

    Where the metric has no such contributions, the standard error is that of the effect over
    resamples of the units, drawn alike for both models.

    Where no unit differs from the others, the standard error is taken as that of one unit that
    does: an error of zero would claim certainty. By how much it would differ is the range of the
    metric, or, where that has no end, the spread that a single model has over the units.
    """
    own = paired.influence("challenger", criterion.metric)
    other = paired.influence("incumbent", criterion.metric)
    units = paired.units
    challenger, incumbent = _finite(own.value), _finite(other.value)
    notes = _notes(own.note, None if criterion.is_absolute else other.note)
    degrees = units.degrees_of_freedom
    if challenger is None or (incumbent is None and not criterion.is_absolute):
        return Effect(challenger, incumbent, None, None, degrees, "; ".join(notes) or None)
    value = criterion.effect(challenger, 0.0 if incumbent is None else incumbent)
    if units.effective < MIN_UNITS_FOR_ERROR:
        notes.append("too few resampling units for an interval")
        return Effect(challenger, incumbent, value, None, degrees, "; ".join(notes))
    if metric(criterion.metric).has_influence:
        error = paired.standard_error(_contributions(criterion, paired))
    else:
        error = _resampled_error(criterion, paired)
    if math.isnan(error):
        notes.append(f"not defined in more than {MOST_UNDEFINED:.0%} of the resamples")
        return Effect(challenger, incumbent, value, None, degrees, "; ".join(notes))
    scale = _scale(criterion.metric, paired)
    if error < NO_DIFFERENCE * scale:
        error = scale / units.effective
        notes.append("no unit differs from the others; the standard error is that of one that does")
    elif mcnemar.applies(criterion, paired):
        error = mcnemar.standard_error(value, paired, degrees) or error
    skewed = 0.0
    if skewness.applies(criterion.metric, paired):
        skewed = skewness.skewness_of_sum(_contributions(criterion, paired))
    return Effect(challenger, incumbent, value, error, degrees, "; ".join(notes) or None, skewed)


def _resampled_error(criterion: Criterion, paired: PairedPredictions) -> float:
    """Take the spread of the effect over resamples that both models share (Efron 1979).

    Returns:
        nan where too many resamples leave the effect undefined.
    """
    own, other = (paired.resampled(model, criterion.metric) for model in MODELS)
    effects = criterion.challenger_weight * own
    if not criterion.is_absolute:
        effects = effects + criterion.incumbent_weight * other
    known = np.isfinite(effects)
    if known.sum() < MIN_UNITS_FOR_ERROR or 1.0 - known.mean() > MOST_UNDEFINED:
        return math.nan
    return float(effects[known].std(ddof=1))


def _contributions(criterion: Criterion, paired: PairedPredictions) -> Floats:
    """Combine the contributions of both models row by row, shape (n,).

    A difference of two RMSE is the difference of the mean squares over the sum of the RMSE, and the
    sum is taken as it is: the delta method where the models do not differ. Each RMSE linearised by
    itself would weigh an outlier the less the greater it is, and promote an equal model with 6 to 8
    % in place of 5 where errors are skewed (docs/statistics.md).
    """
    name = criterion.metric
    pooled = name == "rmse" and criterion.is_improvement
    own, other = (paired.influence(model, "mse" if pooled else name) for model in MODELS)
    contributions = criterion.challenger_weight * own.contributions
    if not criterion.is_absolute:
        contributions = contributions + criterion.incumbent_weight * other.contributions
    if not pooled:
        return contributions
    both = math.sqrt(own.value) + math.sqrt(other.value)
    return contributions / both if both > 0.0 else contributions


def name_test(criterion: Criterion, paired: PairedPredictions) -> str:
    """Name the method in words, with its source."""
    pairing = "one-sample" if criterion.is_absolute else "paired"
    clustered = "summed by group (Liang and Zeger 1986)"
    known = metric(criterion.metric)
    if not known.has_influence:
        count = len(paired.resampled("challenger", criterion.metric))
        method = f"{pairing} bootstrap over {count} resamples (Efron 1979)"
        clustered = "drawn by group (Field and Welsh 2007)"
    elif paired.problem == "ranking":
        method = (
            f"{pairing} t test of the queries' values (Student 1908; Smucker et al. 2007; Urbano "
            "et al. 2019)"
        )
    elif criterion.metric == "roc_auc":
        method = f"{pairing} DeLong test (DeLong et al. 1988; Sun and Xu 2014)"
        clustered = "placement values summed by group (Obuchowski 1997)"
    elif criterion.metric == "roc_auc_ovr":
        method = (
            f"{pairing} DeLong test of each class against the rest, averaged over the classes "
            "(DeLong et al. 1988; Sun and Xu 2014)"
        )
        clustered = "placement values summed by group (Obuchowski 1997)"
    elif criterion.metric == "rmse" and criterion.is_improvement:
        method = (
            "paired t test of the rows' squared errors (Student 1908), over the sum of both RMSE"
        )
    elif mcnemar.applies(criterion, paired):
        method = mcnemar.SOURCE
    elif criterion.metric in MEANS_OVER_ROWS:
        method = f"{pairing} t test of the rows' values (Student 1908)"
    else:
        method = f"{pairing} influence-function test (delta method; Hampel 1974)"
        clustered = f"contributions {clustered}"
    units = f", {clustered}" if paired.unit == "group" else ""
    if skewness.applies(criterion.metric, paired):
        units = f", {skewness.SOURCE}"
    if paired.in_time:
        serial = (
            "equal-weighted cosine estimator of the long-run variance (Lazarus et al. 2018)"
            if known.has_influence
            else "drawn in stretches of moments (Politis and Romano 1992)"
        )
        units = f", summed by moment, {serial}"
    return f"{method}{units}, t with {paired.units.degrees_of_freedom:.1f} degrees of freedom"


def _notes(own: str | None, other: str | None) -> list[str]:
    """Say of whom a note is, unless both models have the same."""
    if own is not None and own == other:
        return [own]
    named = {"challenger": own, "incumbent": other}
    return [f"{model}: {note}" for model, note in named.items() if note]


def _scale(name: str, paired: PairedPredictions) -> float:
    """Tell by how much one unit can differ from another in a metric."""
    known = metric(name)
    if math.isfinite(known.greatest - known.lowest):
        return known.greatest - known.lowest
    of_both = [paired.influence(model, name) for model in MODELS]
    if known.has_influence:
        errors = [paired.standard_error(each.contributions) for each in of_both]
    else:
        errors = [float(np.nanstd(paired.resampled(model, name))) for model in MODELS]
    spread = max(errors) * math.sqrt(paired.units.effective)
    value = max(abs(each.value) for each in of_both if math.isfinite(each.value))
    # both models are right, or wrong by the same amount, on every row: nothing tells the scale
    return spread if spread > NO_DIFFERENCE * value else value or 1.0


def rows_for(factor: float | None, rows: int, effective: float) -> int | None:
    """Turn a size factor into a number of test rows, enough for a decision in any case."""
    if factor is None:
        return None
    return int(np.ceil(rows * max(factor, MIN_EFFECTIVE_UNITS / effective)))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
