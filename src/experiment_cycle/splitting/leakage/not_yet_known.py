"""LEAK006: columns whose values are not yet known at the moment of prediction."""

from __future__ import annotations

import re

import pandas as pd

from experiment_cycle.errors import DataError
from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.moments import Moments, read_moments
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK006", "Not known at the moment of prediction", "high")
# fmt: off
LATER = frozenset((
    "outcome", "outcomes", "label", "labels", "closed", "resolved", "resolution", "settled",
    "settlement", "cancelled", "canceled", "cancellation", "chargeoff", "recovery",
    "recoveries", "refunded", "churned", "defaulted", "discharged", "discharge", "deceased",
    "death", "verdict", "final", "actual", "post", "after",
))
# fmt: on
"""Words in a name that speak of what came after; `result`, `duration` are too often innocent."""
SHORT = 4
"""Words of a target's name with fewer letters are not looked for in other names."""
LATE_SHARE = 0.01


def check(audit: Audit) -> Finding:
    """Compare declared moments row by row, and read names and dates (type L2).

    A column declared as known with the outcome or a while after the prediction is withheld from
    every model already. One known at the moment another column holds is compared with `time`:
    a row in which it is known later fails (structural). Dates after `time`, and names that speak
    of the outcome, are a warning.
    """
    if not audit.features:
        return not_applicable(ABOUT, "No column is a feature.")
    late, unknown = _declared(audit)
    accusations = [*late, *_dates(audit), *_names(audit)]
    withheld = audit.columns.too_late()
    held = f" Withheld by 'columns.known_at': {', '.join(withheld)}." if withheld else ""
    return conclude(
        audit,
        ABOUT,
        accusations,
        "No feature is declared, dated or named as known only after the prediction." + held,
        "say in 'columns.known_at' when such a column is known ({column: outcome} withholds it), "
        "or take it out with 'columns.drop'; if only its name is odd, waive it in "
        "'splitting.audit.waivers'.",
        withheld=withheld,
        rows_without_moment=unknown,
    )


def _declared(audit: Audit) -> tuple[list[Accusation], dict[str, int]]:
    """Compare each moment that a column holds with the moment of prediction."""
    found: list[Accusation] = []
    unknown: dict[str, int] = {}
    for name, known in audit.columns.known_at.items():
        if known.column is None or name not in audit.features or audit.moments is None:
            continue
        values = audit.snapshot.to_pandas([known.column])[known.column]
        given = values.notna().to_numpy()
        moments = read_moments(values[given]) if given.any() else None
        if moments is None or moments.dates is not audit.moments.dates:
            unknown[name] = len(values)
            continue
        late = int((moments.values > audit.moments.values[given]).sum())
        if late:
            message = (
                f"'{name}' is known only after the prediction in {late:,} of {len(values):,} rows: "
                f"'{known.column}' is later than '{audit.moments.column}' there."
            )
            found.append(Accusation((name,), "failed", message, late, 0, late))
        if not given.all():
            unknown[name] = int((~given).sum())
    for name, rows in unknown.items():
        message = f"When '{name}' is known cannot be told in {rows:,} rows."
        found.append(Accusation((name,), "warning", message, rows, 0, rows))
    return found, unknown


def _dates(audit: Audit) -> list[Accusation]:
    """Find features that hold dates later than the moment of prediction."""
    if audit.moments is None or not audit.moments.dates:
        return []
    found = []
    for name in audit.features:
        kind = audit.snapshot.types[name]
        if name in audit.columns.known_at or not ("TIMESTAMP" in kind or kind == "DATE"):
            continue
        values = audit.snapshot.to_pandas([name])[name]
        given = values.notna().to_numpy()
        moments = _read(values[given])
        if moments is None:
            continue
        late = int((moments.values > audit.moments.values[given]).sum())
        if late > LATE_SHARE * len(values):
            message = (
                f"'{name}' holds a date after the prediction ('{audit.moments.column}') in "
                f"{late:,} of {len(values):,} rows."
            )
            share = late / len(values)
            found.append(Accusation((name,), "warning", message, share, LATE_SHARE, late))
    return found


def _read(values: pd.Series) -> Moments | None:
    if not len(values):
        return None
    try:
        return read_moments(values)
    except DataError:
        return None


def _names(audit: Audit) -> list[Accusation]:
    """Find names that speak of the outcome, or resemble the target's."""
    target = _words(audit.columns.target)
    numbers = {"number", "count", "total", "flag", "value", "type", "name", "code", "index"}
    own = {word for word in target if len(word) >= SHORT} - numbers
    found = []
    for name in audit.features:
        words = _words(name)
        spoken = sorted(words & LATER)
        shared = sorted(words & own)
        if spoken:
            message = f"The name '{name}' speaks of what came after ('{spoken[0]}')."
            found.append(Accusation((name,), "warning", message, len(spoken), 0))
        elif shared:
            message = (
                f"The name '{name}' resembles the target's, '{audit.columns.target}' "
                f"('{shared[0]}'): it may be known with it."
            )
            found.append(Accusation((name,), "warning", message, len(shared), 0))
    return found


def _words(name: str) -> set[str]:
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return {word.lower() for word in re.split(r"[^A-Za-z]+", parted) if word}
