"""Slices that a user declares by name."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.errors.conditions import Condition, Conditions, coded, is_ordered
from experiment_cycle.evaluation.errors.levels import MISSING, level_text
from experiment_cycle.evaluation.errors.slice_demands import BOUNDS
from experiment_cycle.evaluation.options import Bounds, Demand

logger = logging.getLogger(__name__)

MOST_LISTED = 20
"""Of a column with more levels than this, only similar ones are named."""


@dataclass(frozen=True)
class Declared:
    """A slice with a name; `text` is what it demands, `note` what no row can fulfil.

    `unknown` says so at length, with what may have been meant: one sentence for each level.
    """

    name: str
    conditions: Conditions
    text: str
    note: str | None
    unknown: tuple[str, ...] = ()


def declared_slices(
    rows: pd.DataFrame,
    target: str,
    declared: Mapping[str, Mapping[str, Demand]],
    available: Iterable[str] | None = None,
) -> list[Declared]:
    """Read the slices declared in `evaluation.slices.declared`.

    Args:
        rows: The test rows; the columns that are demanded of are enough.
        target: The target column, by which nothing is sliced: a model does not know it.
        declared: By name the demands on columns: a list of levels, or bounds.
        available: All columns there are; None: those of the rows.

    Raises:
        ConfigurationError: there is no such column, or a demand does not fit what it holds.
    """
    allowed = [str(name) for name in available or rows.columns if name != target]
    return [_read(name, demands, rows, allowed) for name, demands in declared.items()]


def warn_of_unknown(declared: Iterable[Declared]) -> None:
    """Log the levels that no row has, before they are a slice that nothing is measured of."""
    for sentence in (each for one in declared for each in one.unknown):
        logger.warning("%s", sentence)


def _read(
    name: str, demands: Mapping[str, Demand], rows: pd.DataFrame, allowed: Iterable[str]
) -> Declared:
    conditions: list[Condition] = []
    texts: list[str] = []
    notes: list[str] = []
    sentences: list[str] = []
    for column, demand in demands.items():
        key = f"evaluation.slices.declared.{name}.{column}"
        if column not in allowed:
            raise ConfigurationError(
                f"{key}: there is no such column to slice by. {near_misses(column, allowed)}"
            )
        values = rows[column]
        if isinstance(demand, Bounds):
            condition = _bounded(key, values, demand)
        else:
            condition, unknown = _listed(key, values, [level_of(each) for each in demand])
            notes += [f"no row has {column} '{each}'" for each in unknown]
            sentences += [
                f"{key}: no row has the level '{each}'.{hint}" for each, hint in unknown.items()
            ]
        conditions.append(condition)
        texts.append(f"{column} {condition.label}")
    return Declared(
        name, tuple(conditions), ", ".join(texts), "; ".join(notes) or None, tuple(sentences)
    )


def level_of(value: object) -> str:
    """Write a level as conditions know it."""
    return MISSING if value is None else level_text(value)


def _listed(key: str, values: pd.Series, wanted: list[str]) -> tuple[Condition, dict[str, str]]:
    """Demand one of some levels, and name those that no row has, with what may be meant."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        raise ConfigurationError(
            f"{key}: the column holds dates. Next step: write bounds, such as "
            "{at_least: '2024-01-01', below: '2025-01-01'}."
        )
    known = coded(values)[1]
    label = " or ".join(wanted)
    condition = Condition(str(values.name), label, levels=frozenset(wanted))
    return condition, {each: _hint(each, known) for each in wanted if each not in known}


def _hint(level: str, known: list[str]) -> str:
    """Say which levels are alike; of a column with many of them, the others are not listed."""
    if len(known) > MOST_LISTED:
        known = get_close_matches(level, known, n=3)
    return f" {near_misses(level, known)}" if known else ""


def _bounded(key: str, values: pd.Series, bounds: Bounds) -> Condition:
    """Demand a number or a date within bounds; what is missing is not."""
    if not is_ordered(values):
        raise ConfigurationError(
            f"{key}: bounds are for numbers and dates, and the column holds {values.dtype}. Next "
            f"step: {_instead(str(values.name), bounds)}."
        )
    is_date = pd.api.types.is_datetime64_any_dtype(values.dtype)
    given = {name: value for name in BOUNDS if (value := getattr(bounds, name)) is not None}
    edges = {name: _edge(key, value, is_date) for name, value in given.items()}
    above = max(edges.get("above", -math.inf), _below(edges.get("at_least", -math.inf)))
    at_most = min(edges.get("at_most", math.inf), _below(edges.get("below", math.inf)))
    label = " and ".join(f"{BOUNDS[name]} {level_text(value)}" for name, value in given.items())
    return Condition(str(values.name), label, above=above, at_most=at_most)


def _instead(column: str, bounds: Bounds) -> str:
    """Say what to do where a column has no order: dates of a text file are read as text."""
    given = [getattr(bounds, name) for name in BOUNDS]
    if any(isinstance(value, str) for value in given):
        return (
            f"if it holds dates, have them read as such: load_args: {{parse_dates: [{column}]}} in "
            "the catalog entry raw_data (of a CSV file); else write a list of levels"
        )
    return "write a list of levels"


def _edge(key: str, value: float | str, is_date: bool) -> float:
    """Read a bound as conditions do: a date as seconds since 1970."""
    if is_date != isinstance(value, str):
        what = "dates, written in quotes" if is_date else "numbers"
        raise ConfigurationError(f"{key}: the column wants {what}, and the bound is {value!r}.")
    if not is_date:
        return float(value)
    try:
        moment = pd.Timestamp(value)
    except ValueError as error:
        raise ConfigurationError(f"{key}: {value!r} is no date, such as '2024-12-31'.") from error
    moment = moment.tz_convert(None) if moment.tzinfo is not None else moment
    return float((moment - pd.Timestamp(0)) / pd.Timedelta(seconds=1))


def _below(edge: float) -> float:
    """Find the greatest number below an edge; infinity stays."""
    return float(np.nextafter(edge, -math.inf)) if math.isfinite(edge) else edge
