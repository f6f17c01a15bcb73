"""One column in two samples: tests that its distribution is the same."""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from experiment_cycle.data_versioning.changes.drift_samples import NUMBERS, TIMES, Samples

FEW_LEVELS = 10
"""Numbers with at most so many distinct values are compared by how often each occurs."""
LEAST_EXPECTED = 5.0
"""Below, the chi-squared distribution does not hold (Cochran, Biometrics 10, 1954)."""
RANDOM_TABLES = 9_999
LEAST_GROUPS = 20
"""Fewer say nothing of the groups to come, as in the decision."""

Test = Literal["kolmogorov_smirnov", "chi_squared", "none"]


class Result(NamedTuple):
    """What a test found; without a p-value, why there is none."""

    test: Test
    p_value: float | None
    effect: float | None
    why_not: str = ""


def compare(kind: str, earlier: pa.ChunkedArray, later: pa.ChunkedArray, drawn: Samples) -> Result:
    """Test whether a column is distributed alike in two samples.

    Numbers and times: the two-sample Kolmogorov-Smirnov test, exact where neither sample is over
    10,000 rows, in which missing counts as a value above all others; where values repeat it accuses
    too seldom. Text, true and false, and numbers with ten distinct values or fewer: the chi-squared
    test of homogeneity, in which missing is a level, and levels expected fewer than five times in
    the smaller sample are one level. Where that is expected less often still, the p-value is from
    9,999 random tables with the same margins, and not below 0.0001.

    Where rows belong together, the sizes of the samples are their effective numbers of groups: so
    rows of a group may be as alike as can be, and a group may be in both samples. The p-values are
    asymptotic then, and fewer than 20 effective groups are not tested. (One row a group would be
    independent too, but where new rows come mostly from large groups, that alone would be drift.)

    Args:
        kind: Of the values; see `Shared`.
        earlier: The column in the one sample, shape (n,).
        later: The same in the other, shape (m,).
        drawn: The samples, for their sizes.
    """
    if min(drawn.rows) == 0:
        return Result("none", None, None, "no row is left on one side")
    clustered = drawn.effective != drawn.rows
    if clustered and min(drawn.effective) < LEAST_GROUPS:
        return Result("none", None, None, f"fewer than {LEAST_GROUPS} groups are too few")
    old, new = _codes(earlier, later)
    levels = int(max(old.max(), new.max())) + 1
    if kind in NUMBERS | TIMES and levels > FEW_LEVELS:
        return _test_numbers(old, new, drawn.effective if clustered else None)
    counts = np.stack([np.bincount(side, minlength=levels) for side in (old, new)])
    return _test_levels(counts, drawn.effective if clustered else None)


def _test_numbers(
    old: npt.NDArray[np.int64], new: npt.NDArray[np.int64], effective: tuple[float, float] | None
) -> Result:
    with warnings.catch_warnings():
        # where the exact p-value cannot be had, SciPy says so and gives the asymptotic one
        warnings.filterwarnings("ignore", "ks_2samp: Exact calculation unsuccessful")
        tested: Any = stats.ks_2samp(old, new, method="auto" if effective is None else "asymp")
    p_value = float(tested.pvalue)
    if effective is not None:
        size = round(effective[0] * effective[1] / sum(effective))
        p_value = float(np.clip(stats.kstwo.sf(tested.statistic, size), 0.0, 1.0))
    return Result("kolmogorov_smirnov", p_value, float(tested.statistic))


def _codes(
    earlier: pa.ChunkedArray, later: pa.ChunkedArray
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the values of both samples in their order, which is all that the tests look at."""
    both = pa.chunked_array([*earlier.chunks, *later.chunks], earlier.type).combine_chunks()
    if pa.types.is_string(both.type) or pa.types.is_large_string(both.type):
        coded = both.dictionary_encode(null_encoding="encode").indices.to_numpy()
    else:
        # missing ones become floats that are not numbers, which NumPy sorts behind the others
        coded = np.unique(both.to_numpy(zero_copy_only=False), return_inverse=True)[1]
    codes = coded.astype(np.int64)
    return codes[: len(earlier)], codes[len(earlier) :]


def _test_levels(counts: npt.NDArray[np.int64], effective: tuple[float, float] | None) -> Result:
    """Compare how often each level occurs, shape (2, levels)."""
    if counts.shape[1] == 1:
        return Result("chi_squared", 1.0, 0.0)
    table = counts.astype(np.float64)
    if effective is not None:
        # first-order correction of Rao and Scott (Annals of Statistics 12, 1984)
        table *= (np.array(effective) / counts.sum(axis=1))[:, np.newaxis]
    pooled = _pooled(table, merge=effective is not None)
    if pooled.shape[1] == 1:
        return Result("none", None, None, "every value is rare")
    method = None
    if pooled.sum(axis=0).min() * _smaller_share(pooled) < LEAST_EXPECTED:
        method = stats.MonteCarloMethod(n_resamples=RANDOM_TABLES, rng=0)
        pooled = pooled.astype(np.int64)
    tested: Any = stats.chi2_contingency(pooled, correction=False, method=method)
    shares = pooled / pooled.sum(axis=1, keepdims=True)
    effect = float(np.abs(shares[0] - shares[1]).sum() / 2)
    return Result("chi_squared", float(tested.pvalue), effect)


def _pooled(table: npt.NDArray[np.float64], *, merge: bool) -> npt.NDArray[np.float64]:
    """Make one level of the rare ones; if that is rare as well, `merge` adds the next to it."""
    ordered = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    expected = ordered.sum(axis=0) * _smaller_share(table)
    kept = int((expected >= LEAST_EXPECTED).sum())
    while merge and 0 < kept < len(expected) and expected[kept:].sum() < LEAST_EXPECTED:
        kept -= 1
    rare = ordered[:, kept:].sum(axis=1, keepdims=True)
    return np.hstack([ordered[:, :kept], rare]) if rare.any() else ordered


def _smaller_share(table: npt.NDArray[np.float64]) -> float:
    """Give the share of the smaller sample; times a level's total, how often it is expected."""
    return float(table.sum(axis=1).min() / table.sum())
