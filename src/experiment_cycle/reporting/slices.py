"""The slices of the test rows as the report shows them: one line each, the weakest first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pandas as pd

from experiment_cycle.evaluation.errors.slices import DECLARED, LEVEL, NOT_SLICED
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.metrics.catalogue import metric

UNREADABLE = "NA"
"""A level such as ``None`` or ``NA`` comes back from a CSV file as a missing value."""


@dataclass(frozen=True)
class Slice:
    """One level of one column, the challenger's metrics on it, and those on all test rows.

    `positives` is None unless there are two classes. The first metric ranks the slices.
    """

    column: str
    level: str
    rows: int
    units: int
    positives: int | None
    metrics: dict[str, Estimate]
    overall: dict[str, float | None]

    @property
    def weaker(self) -> bool:
        """Tell whether the ranking metric is worse than on all test rows, as far as it is known."""
        name, found = next(iter(self.metrics.items()))
        overall = self.overall[name]
        return found.value is None or overall is None or _worse(name, found.value, overall)

    @property
    def surely_weaker(self) -> bool:
        """Tell whether the ranking metric's whole interval is worse than the overall value."""
        name, found = next(iter(self.metrics.items()))
        best = found.upper if metric(name).greater_is_better else found.lower
        overall = self.overall[name]
        return best is not None and overall is not None and _worse(name, best, overall)


def weakest_slices(table: pd.DataFrame, most: int) -> list[Slice]:
    """Read the first `most` slices that are weaker than all rows, in the table's order.

    Args:
        table: As `experiment_cycle.evaluation.errors.slices.measure_slices` makes it, one row for
            each slice and metric; the metric of a slice's first row ranks the slices.
        most: How many slices at most.
    """
    slices = _slices(table[(table["kind"] == LEVEL) & ~_is_unsliced(table)])
    return list(islice((each for each in slices if each.weaker), most))


def declared_slices(table: pd.DataFrame) -> list[Slice]:
    """Read the slices that were declared by name, in their order."""
    return list(_slices(table[table["kind"] == DECLARED]))


def unsliced_columns(table: pd.DataFrame) -> list[str]:
    """Name the columns that rows cannot be sliced by, because it would cut queries apart."""
    return [str(name) for name in table.loc[_is_unsliced(table), "column"]]


def _is_unsliced(table: pd.DataFrame) -> pd.Series:
    # a real level may be called the same, but it has values
    is_level = table["kind"] == LEVEL
    return is_level & (table["level"] == NOT_SLICED) & table["value"].isna() & table["note"].notna()


def _slices(table: pd.DataFrame) -> Iterator[Slice]:
    found: dict[tuple[str, str], list[pd.Series]] = {}
    for _, line in table.iterrows():
        found.setdefault((str(line["column"]), _level(line["level"])), []).append(line)
    return (_slice(*named, lines) for named, lines in found.items())


def _worse(name: str, value: float, than: float) -> bool:
    return value < than if metric(name).greater_is_better else value > than


def _slice(column: str, level: str, lines: list[pd.Series]) -> Slice:
    first = lines[0]
    return Slice(
        column=column,
        level=level,
        rows=int(first["rows"]),
        units=int(first["units"]),
        positives=None if pd.isna(first["positives"]) else int(first["positives"]),
        metrics={
            str(line["metric"]): Estimate(
                value=_finite(line["value"]),
                lower=_finite(line["lower"]),
                upper=_finite(line["upper"]),
                note=line["note"] if isinstance(line["note"], str) and line["note"] else None,
            )
            for line in lines
        },
        overall={str(line["metric"]): _finite(line["overall"]) for line in lines},
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _level(value: object) -> str:
    return UNREADABLE if isinstance(value, float) and math.isnan(value) else str(value)
