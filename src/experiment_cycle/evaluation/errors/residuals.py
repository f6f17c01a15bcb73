"""The errors of a regression: their spread, their order in time, and what features still tell."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.special import stdtrit

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.errors.residual_records import (
    FeatureBin,
    FeatureStructure,
    ResidualAnalysis,
    Residuals,
    ResidualTest,
)
from experiment_cycle.evaluation.errors.residual_tests import (
    equal_means_test,
    sequence_tests,
    spread_test,
    varies,
)
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.metrics.holm import holm
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import Units

BINS = 10
MOST_FEATURES = 200
MOST_ROWS = 100_000
"""Of more rows, as many are drawn to look at every feature."""
FEW_UNITS = 5
"""Levels with fewer resampling units have no interval, and no part in a feature's test."""
OTHER = "other"
Codes = npt.NDArray[np.int64]


def analyse_errors(
    test: pd.DataFrame, predictions: Predictions, columns: Columns, confidence: float, seed: int
) -> ResidualAnalysis:
    """Look for structure in the challenger's errors on the test rows.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        columns: The roles of the columns; without `time` errors have no order to be tested in.
        confidence: Level of the two-sided intervals.
        seed: Draws the units that features are told by, where there are more than `MOST_ROWS` rows.
    """
    if predictions.problem.type != "regression":
        kind = predictions.problem.type
        return ResidualAnalysis(note=f"A {kind} problem has no numbers to be off by.")
    rows = rows_behind(test, predictions.table)
    outcomes, units = predictions.outcomes("challenger"), predictions.units
    errors = np.asarray(outcomes.prediction - outcomes.target, dtype=np.float64)
    fifth = max(len(errors) // 5, 1)
    order = np.argsort(outcomes.prediction, kind="stable")
    watson, sequence = _in_time(errors, rows, columns)
    varied = varies(errors)
    drawn = _drawn(units, seed)
    return ResidualAnalysis(
        residuals=Residuals(
            rows=len(errors),
            units=units.count,
            mean=float(errors.mean()),
            standard_deviation=float(errors.std()),
            skewness=float(stats.skew(errors)) if varied else None,
            excess_kurtosis=float(stats.kurtosis(errors)) if varied else None,
            low_spread=math.sqrt(float((errors[order[:fifth]] ** 2).mean())),
            high_spread=math.sqrt(float((errors[order[-fifth:]] ** 2).mean())),
            spread=spread_test(errors, outcomes.prediction, units),
            durbin_watson=watson,
            sequence=sequence,
            feature_rows=int(drawn.sum()),
            features=_features(
                errors[drawn],
                rows[drawn],
                Units.from_codes(units.codes[drawn]),
                columns,
                confidence,
            ),
        )
    )


def _drawn(units: Units, seed: int) -> npt.NDArray[np.bool_]:
    """Draw whole units until they have `MOST_ROWS` rows, as a mask of shape (n,)."""
    if len(units.codes) <= MOST_ROWS:
        return np.ones(len(units.codes), dtype=np.bool_)
    order = np.random.default_rng(seed).permutation(units.count)
    rows = np.cumsum(np.bincount(units.codes, minlength=units.count)[order])
    kept = np.zeros(units.count, dtype=np.bool_)
    kept[order[: int(np.searchsorted(rows, MOST_ROWS)) + 1]] = True
    return kept[units.codes]


def _in_time(
    errors: Floats, rows: pd.DataFrame, columns: Columns
) -> tuple[float | None, ResidualTest]:
    """Test the errors in the order of time; those of one moment count once, by their mean."""
    if columns.time is None:
        return None, ResidualTest(
            statistic=None,
            p_value=None,
            test="Ljung-Box",
            note="not tested: rows have no order, for columns.time names no column",
        )
    by_moment = pd.Series(errors).groupby(rows[columns.time].to_numpy(), sort=True).mean()
    return sequence_tests(np.asarray(by_moment, dtype=np.float64))


def _features(
    errors: Floats, rows: pd.DataFrame, units: Units, columns: Columns, confidence: float
) -> tuple[FeatureStructure, ...]:
    """Measure every feature, the surest structure first."""
    names = columns.features(rows.columns)[:MOST_FEATURES]
    found = [_structure(errors, rows[name], units, confidence) for name in names]
    tested = [each for each, p_value in found if not math.isnan(p_value)]
    adjusted = holm([p_value for _, p_value in found if not math.isnan(p_value)])
    judged = [
        each.model_copy(update={"p_value": p_value})
        for each, p_value in zip(tested, adjusted, strict=True)
    ]
    others = [each for each, p_value in found if math.isnan(p_value)]
    return (*sorted(judged, key=lambda each: (each.p_value, -each.explained)), *others)


def _structure(
    errors: Floats, column: pd.Series, units: Units, confidence: float
) -> tuple[FeatureStructure, float]:
    """Measure the mean error by level of one feature, and the p-value of equal means."""
    codes, labels = _levels(column)
    bins, kept = [], []
    explained = 0.0
    for code, label in enumerate(labels):
        inside = codes == code
        own, within = errors[inside], Units.from_codes(units.codes[inside])
        middle = float(own.mean())
        lower, upper = _interval(own, middle, within, confidence)
        explained += len(own) * (middle - float(errors.mean())) ** 2
        bins.append(
            FeatureBin(level=label, rows=len(own), mean_error=middle, lower=lower, upper=upper)
        )
        if within.count >= FEW_UNITS:
            kept.append(code)
    total = float(((errors - errors.mean()) ** 2).sum())
    tested = np.isin(codes, kept)
    dense = np.unique(codes[tested], return_inverse=True)[1].astype(np.int64)
    p_value = equal_means_test(errors[tested], dense, Units.from_codes(units.codes[tested]))
    return (
        FeatureStructure(
            column=str(column.name),
            explained=explained / total if total > 0 else 0.0,
            p_value=None,
            bins=tuple(bins),
        ),
        p_value,
    )


def _levels(column: pd.Series) -> tuple[Codes, list[str]]:
    """Cut numbers and dates at quantiles; of more levels than that, keep the most frequent."""
    found = levels(column, BINS, BINS)
    counts = np.bincount(found.codes, minlength=len(found.labels))
    if len(found.labels) <= BINS + 1:
        present = np.flatnonzero(counts)
        place = np.zeros(len(counts), dtype=np.int64)
        place[present] = np.arange(len(present))
        return place[found.codes], [found.labels[code] for code in present]
    frequent = np.sort(np.argsort(-counts, kind="stable")[: BINS - 1])
    place = np.full(len(counts), len(frequent), dtype=np.int64)
    place[frequent] = np.arange(len(frequent))
    return place[found.codes], [*(found.labels[code] for code in frequent), OTHER]


def _interval(
    own: Floats, middle: float, units: Units, confidence: float
) -> tuple[float | None, float | None]:
    if units.count < FEW_UNITS:
        return None, None
    error = units.standard_error((own - middle) / len(own))
    reach = float(stdtrit(units.degrees_of_freedom, (1 + confidence) / 2)) * error
    return (middle - reach, middle + reach) if math.isfinite(reach) and error > 0 else (None, None)
