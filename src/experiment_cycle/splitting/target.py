"""The target as a split sees it: classes, or quantile bins of a number with many levels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.problem import OTHERS, Task

MANY_LEVELS = 20
"""A numeric target with more levels than this has bins in place of classes."""
TWO = 2
BINS = 10
GLANCE = 5_000
"""So many rows usually tell already that there are many levels."""


@dataclass(frozen=True, eq=False)
class Strata:
    """The class or bin of each row.

    Attributes:
        codes: Shape (n,), numbered from 0 in the order of the levels.
        levels: Names of the classes or bins.
        binned: Whether they are bins of a numeric target.
    """

    codes: npt.NDArray[np.integer]
    levels: tuple[str, ...]
    binned: bool


def read_strata(
    target: pd.Series,
    most: int = BINS,
    task: Task | None = None,
    positive: object | None = None,
    least: int = 1,
) -> Strata:
    """Divide the rows by their target.

    Args:
        target: The target column.
        most: At most so many bins; ties can make them fewer.
        task: Classification has classes, whatever they are called; a regression or a ranking has
            bins, however few levels there are. None: see `has_many_levels`.
        positive: The level that a classification tells from all others; None: it tells them apart.
        least: A bin with fewer rows is joined with the one beside it.
    """
    if _names_classes(target, task):
        codes, found = _levels(target)
        if positive is not None and len(tuple(found)) > TWO:
            told = np.asarray(target == positive, dtype=bool)
            return Strata(told.view(np.int8), (OTHERS, str(positive)), binned=False)
        return Strata(codes, tuple(str(level) for level in found), binned=False)
    values = target.to_numpy(dtype=np.float64)
    inner = np.arange(1, most) / most
    edges = np.unique(np.nanquantile(values, inner, method="lower")) if most > 1 else np.empty(0)
    codes = np.searchsorted(_joined(edges, values, least), values, side="left")
    # nothing is above the last edge where it is the greatest value
    count = int(codes.max(initial=-1)) + 1
    levels = tuple(f"target bin {number} of {count}" for number in range(1, count + 1))
    return Strata(codes.astype(np.int64), levels, binned=True)


def _joined(
    edges: npt.NDArray[np.float64], values: npt.NDArray[np.float64], least: int
) -> npt.NDArray[np.float64]:
    """Leave out edges between which fewer than `least` values lie; ties make such bins."""
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    kept: list[float] = []
    held = 0
    for edge, count in zip(edges.tolist(), counts.tolist(), strict=False):
        held += count
        if held >= least:
            kept.append(edge)
            held = 0
    # what is above the last edge has no bin above it to be joined with
    if kept and 0 < held + counts[-1] < least:
        kept.pop()
    return np.asarray(kept)


def _names_classes(target: pd.Series, task: Task | None) -> bool:
    return not has_many_levels(target) if task is None else task == "classification"


def has_many_levels(target: pd.Series) -> bool:
    """Tell whether a target is a number: more levels than classes have, or levels between them.

    A number with at most `MANY_LEVELS` levels, all of them whole or only two, names classes.
    """
    kind = target.dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return False
    if target.head(GLANCE).nunique() > MANY_LEVELS:
        return True
    levels = target.dropna().unique()
    whole = all(float(level).is_integer() for level in levels[: MANY_LEVELS + 1])
    return len(levels) > MANY_LEVELS or (len(levels) > TWO and not whole)


def _levels(target: pd.Series) -> tuple[npt.NDArray[np.integer], Iterable[object]]:
    if target.dtype == np.bool_ and target.any() and not target.all():  # they are numbered already
        return target.to_numpy().view(np.int8), (False, True)
    codes, found = pd.factorize(target, sort=True, use_na_sentinel=False)
    return codes, found
