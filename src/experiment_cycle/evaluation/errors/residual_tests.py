"""Tests of whether errors depend on the prediction, on each other, or on a feature."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiment_cycle.evaluation.errors.residual_records import ResidualTest
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import LEAST_UNITS, Units

MOST_LAGS = 10
FEWEST = 20
"""Fewer values tell nothing of a sequence, or of a spread."""
CONSTANT = 1e-12
"""Numbers that vary by less than this share of their size are equal but for rounding."""


def varies(values: Floats) -> bool:
    """Tell whether numbers differ by more than rounding."""
    return float(values.std()) > CONSTANT * float(np.abs(values).max())


def spread_test(errors: Floats, predicted: Floats, units: Units) -> ResidualTest:
    """Test whether the squared errors depend on the prediction and its square.

    White's test in the special form of Wooldridge (Introductory Econometrics, 8.3): n R² of that
    regression, chi-squared with 2 degrees of freedom (Koenker's studentised Breusch-Pagan
    statistic). Where rows come in groups, the Wald test of the same two slopes by leaving out
    group after group, F with 2 and effective units - 1 degrees of freedom.

    Args:
        errors: Shape (n,).
        predicted: Shape (n,).
        units: The resampling units of the rows.
    """
    grouped = units.count < len(errors)
    test = "White's test, special form" + (", by groups" if grouped else "")
    squared = errors**2
    if units.effective < FEWEST:
        return _without(test, f"fewer than {FEWEST} resampling units")
    if not varies(squared):
        return _without(test, "all errors are of one size")
    if not varies(predicted):
        return _without(test, "all predictions are equal")
    z = (predicted - predicted.mean()) / predicted.std()
    design = np.stack([np.ones(len(z)), z, z**2], axis=1)
    try:
        statistic, p_value = _slopes_test(design, squared, units if grouped else None)
    except np.linalg.LinAlgError:
        return _without(test, "too few predictions differ")
    return ResidualTest(statistic=statistic, p_value=p_value, test=test)


def _slopes_test(design: Floats, values: Floats, units: Units | None) -> tuple[float, float]:
    """Test all slopes but the first at once: statistic and p-value; by units where there are some.

    Raises:
        LinAlgError: they cannot be told apart.
    """
    gram = np.einsum("ni,nj->ij", design, design)
    if np.linalg.matrix_rank(gram, hermitian=True) < len(gram):
        raise np.linalg.LinAlgError
    slopes, others = np.linalg.solve(gram, np.einsum("ni,n->i", design, values)), len(gram) - 1
    if units is not None:
        covariance = _jackknife(design, values, units)[1:, 1:]
        wald = float(slopes[1:] @ np.linalg.solve(covariance, slopes[1:])) / others
        return wald, float(stats.f.sf(wald, others, units.effective - 1))
    rest = values - (design * slopes).sum(axis=1)
    total = float(((values - values.mean()) ** 2).sum())
    statistic = len(values) * (1.0 - float((rest**2).sum()) / total)
    return statistic, float(stats.chi2.sf(statistic, others))


def sequence_tests(series: Floats) -> tuple[float | None, ResidualTest]:
    """Test whether errors that follow each other are related.

    Args:
        series: The errors in the order of time, one a moment, shape (moments,).

    Returns:
        Durbin and Watson's statistic (1950), and the portmanteau test of Ljung and Box (1978) over
        up to `MOST_LAGS` lags.
    """
    lags = min(MOST_LAGS, len(series) // 5)
    test = f"Ljung-Box, {lags} lags"
    power = float((series**2).sum())
    if len(series) < FEWEST:
        return None, _without(test, f"fewer than {FEWEST} moments")
    if not varies(series):
        return None, _without(test, "all errors are equal")
    watson = float((np.diff(series) ** 2).sum()) / power
    centred = series - series.mean()
    whole, n = float((centred**2).sum()), len(series)
    related = [float((centred[lag:] * centred[:-lag]).sum()) / whole for lag in range(1, lags + 1)]
    statistic = n * (n + 2) * sum(r**2 / (n - lag) for lag, r in enumerate(related, start=1))
    p_value = float(stats.chi2.sf(statistic, lags))
    return watson, ResidualTest(statistic=statistic, p_value=p_value, test=test)


def equal_means_test(errors: Floats, codes: npt.NDArray[np.int64], units: Units) -> float:
    """Test whether the mean error is the same in every level; the p-value.

    Welch's test (On the Comparison of Several Mean Values, Biometrika 38, 1951), which lets the
    levels be of unlike size and spread; the variance of each mean is that of Liang and Zeger (1986)
    over the units in it. Where units have rows in several levels, their likeness makes the test
    careful rather than bold.

    Args:
        errors: Shape (n,).
        codes: The level of each row, from 0 on without gaps, shape (n,).
        units: The resampling units of the rows.

    Returns:
        nan where there is one level, or one without spread or with a single unit.
    """
    counts = np.bincount(codes)
    k = len(counts)
    if k < LEAST_UNITS:
        return math.nan
    means = np.bincount(codes, weights=errors) / counts
    variances, free = _level_variances((errors - means[codes]) / counts[codes], codes, units)
    if not ((variances > 0) & (free > 0)).all():
        return math.nan
    weights = 1.0 / variances
    shares = weights / weights.sum()
    centre = float((shares * means).sum())
    apart = float((weights * (means - centre) ** 2).sum()) / (k - 1)
    doubt = float(((1.0 - shares) ** 2 / free).sum())
    statistic = apart / (1.0 + 2.0 * (k - 2) / (k**2 - 1) * doubt)
    return float(stats.f.sf(statistic, k - 1, (k**2 - 1) / (3.0 * doubt)))


def _level_variances(
    parts: Floats, codes: npt.NDArray[np.int64], units: Units
) -> tuple[Floats, Floats]:
    """Estimate the variance of each level's mean, and its degrees of freedom, shape (levels,)."""
    cells, place = np.unique(codes * units.count + units.codes, return_inverse=True)
    sums = np.bincount(place, weights=parts)
    sizes = np.bincount(place).astype(np.float64)
    level = cells // units.count
    found = np.bincount(level).astype(np.float64)
    rows = np.bincount(level, weights=sizes)
    effective = rows**2 / np.bincount(level, weights=sizes**2)
    factor = np.divide(found, found - 1.0, out=np.zeros_like(found), where=found > 1)
    return factor * np.bincount(level, weights=sums**2), effective - 1.0


def _jackknife(design: Floats, values: Floats, units: Units) -> Floats:
    """Estimate the covariance of least squares slopes by leaving each unit out, shape (k, k).

    The variance CR3 of Bell and McCaffrey (2002): it does not take a unit of great leverage for
    one of small errors. Args: design (n, k), values (n,).
    """
    k = design.shape[1]
    grams, sums = np.empty((units.count, k, k)), np.empty((units.count, k))
    for i in range(k):
        sums[:, i] = _by_unit(design[:, i] * values, units)
        for j in range(k):
            grams[:, i, j] = _by_unit(design[:, i] * design[:, j], units)
    without = np.linalg.solve(grams.sum(axis=0) - grams, (sums.sum(axis=0) - sums)[:, :, None])
    away = without[:, :, 0] - without[:, :, 0].mean(axis=0)
    return np.asarray((units.count - 1) / units.count * np.einsum("ui,uj->ij", away, away))


def _by_unit(values: Floats, units: Units) -> Floats:
    return np.bincount(units.codes, weights=values, minlength=units.count).astype(np.float64)


def _without(test: str, why: str) -> ResidualTest:
    return ResidualTest(statistic=None, p_value=None, test=test, note=f"not tested: {why}")
