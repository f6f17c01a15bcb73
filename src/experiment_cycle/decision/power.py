"""What a test set can show, told from validation before the test set is opened."""

from __future__ import annotations

import logging
import math

import numpy as np
import numpy.typing as npt

from experiment_cycle.decision.criteria import list_criteria
from experiment_cycle.decision.intervals import POWER, Effect, measure_effect, rows_for
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.records import Foresight
from experiment_cycle.decision.spending import SPENT
from experiment_cycle.decision.wording import describe_foresight
from experiment_cycle.errors import DataError
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.metrics.units import Units

logger = logging.getLogger(__name__)

Keys = npt.NDArray[np.uint64]


def foresee(
    validation: PairedPredictions,
    validation_units: Keys,
    test_units: Keys,
    level: float,
    hypothesis: Hypothesis,
) -> Foresight:
    """Tell the smallest improvement that a test set can show, and the rows an expected one needs.

    The standard error of the paired difference is taken from validation, and scaled by the
    effective number of units of the test set. Never from the test set: power at the effect that
    was seen says nothing (Hoenig and Heisey 2001). An incumbent that was trained on validation rows
    makes it an approximation.

    Args:
        validation: Both models on the validation rows.
        validation_units: The key of the resampling unit of each validation row, shape (n,).
        test_units: The same of each test row, shape (m,).
        level: The error level that the next look at the test set would be granted.
        hypothesis: The primary metric, and the improvement that is expected.

    Raises:
        DataError: the primary metric is not defined on validation for one of the models.
    """
    primary = list_criteria(hypothesis)[0]
    expected = hypothesis.success_criteria.primary.expected_improvement
    effect = measure_effect(primary, validation)
    _refuse_undefined(primary.metric, effect)
    rows, effective = len(test_units), _effective(test_units)
    smallest, needed = None, None
    if level >= SPENT and effect.standard_error is not None:
        ratio = _effective(validation_units) / effective
        reach = effect.quantile(level) + effect.quantile(1.0 - POWER)
        smallest = primary.threshold + reach * effect.standard_error * math.sqrt(ratio)
        factor = effect.size_factor(level, expected - primary.threshold)
        needed = rows_for(None if factor is None else factor * ratio, rows, effective)
    return Foresight(
        metric=primary.metric,
        level=level,
        power=POWER,
        expected=expected,
        smallest=smallest,
        rows=rows,
        effective_units=effective,
        rows_needed=needed,
        note=effect.note,
    )


def warn_of_power(told: Foresight) -> None:
    """Log what the test set can show: a warning, where that is less than is expected."""
    level = logging.INFO if told.is_enough else logging.WARNING
    logger.log(level, "%s", describe_foresight(told))


def _refuse_undefined(name: str, effect: Effect) -> None:
    """Stop before a look is spent on a comparison that could show nothing."""
    values = {"challenger": effect.challenger, "incumbent": effect.incumbent}
    lacking = [model for model, value in values.items() if value is None]
    if effect.value is not None or not lacking:
        return
    why = f": {effect.note}" if effect.note else ""
    raise DataError(
        f"The primary metric '{name}' is not defined on validation for the "
        f"{' and the '.join(lacking)}{why}. The test set was not looked at, and nothing is spent. "
        "Next step: see that validation has rows of every class and no missing predictions, mend "
        "the metric if it is one of your own, or name another in "
        "hypothesis.success_criteria.primary.metric."
    )


def _effective(units: Keys) -> float:
    codes = np.unique(units, return_inverse=True)[1]
    return Units.from_codes(codes.astype(np.int64)).effective
