"""What structure the errors of a regression have, as it is stored."""

from __future__ import annotations

from experiment_cycle.options import Record


class ResidualTest(Record):
    """One test of the errors; `p_value` is None where `note` says why there is none."""

    statistic: float | None
    p_value: float | None
    test: str
    note: str | None = None


class FeatureBin(Record):
    """The mean error of the rows in one level or range of a feature, with its interval."""

    level: str
    rows: int
    mean_error: float
    lower: float | None
    upper: float | None


class FeatureStructure(Record):
    """How much of the errors' variance a feature still tells.

    `p_value` is Holm's over all features; None where too few units are in its levels.
    """

    column: str
    explained: float
    p_value: float | None
    bins: tuple[FeatureBin, ...]


class Residuals(Record):
    """The challenger's errors (prediction less actual value) on the test rows."""

    rows: int
    units: int
    mean: float
    standard_deviation: float
    skewness: float | None
    excess_kurtosis: float | None
    low_spread: float
    """Root mean square error of the fifth of the rows with the least predictions."""
    high_spread: float
    """Likewise with the greatest."""
    spread: ResidualTest
    """Does the size of the errors depend on the prediction?"""
    durbin_watson: float | None
    """About 2: errors that follow each other in time are unrelated; None: rows have no time."""
    sequence: ResidualTest
    """Are errors that follow each other in time related?"""
    feature_rows: int
    """How many rows the features were looked at on: drawn where there are very many."""
    features: tuple[FeatureStructure, ...]
    """Those with the surest structure first."""


class ResidualAnalysis(Record):
    """The analysis of a regression; of other problems only the note."""

    residuals: Residuals | None = None
    note: str | None = None
