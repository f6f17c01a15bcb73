"""LEAK011: the gap between parts is shorter than labels or features reach."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from experiment_cycle.splitting.leakage.context import TEST, TRAIN, VALIDATION, Audit
from experiment_cycle.splitting.leakage.encoded import Floats
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.moments import Moments
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK011", "No purge between parts", "high")
NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}
LAGS = 200
STRONG = 0.4
"""Autocorrelation of the target at the first lag from which on an overlap of labels is likely."""
FEWEST = 100


def check(audit: Audit) -> Finding:
    """Compare the gaps between parts with the declared horizon, or with the target's memory.

    Declared (`splitting.label_horizon`, `splitting.feature_lookback`): a train row whose label is
    not known when the next part begins, or a row whose features reach back into the part before,
    fails (structural). Undeclared: a target that resembles itself over more steps than the gap is
    long is a warning, for its labels may overlap (de Prado, Advances in Financial Machine
    Learning, 2018, chapter 7).
    """
    moments = audit.moments
    if moments is None:
        return not_applicable(
            ABOUT, "No time column is declared ('columns.time' in parameters_task.yml)."
        )
    if not audit.by_time:
        return not_applicable(ABOUT, "The parts do not follow each other in time: see LEAK010.")
    horizon = moments.span(audit.label_horizon, "label_horizon")
    lookback = moments.span(audit.feature_lookback, "feature_lookback")
    if horizon or lookback:
        return _declared(audit, moments, float(horizon), float(lookback))
    return _undeclared(audit, moments)


def _boundaries(audit: Audit) -> list[tuple[int, int]]:
    present = [code for code in NAMES if (audit.part == code).any()]
    return list(pairwise(present))


def _declared(audit: Audit, moments: Moments, horizon: float, lookback: float) -> Finding:
    values = moments.values
    accusations, gaps = [], {}
    for one, other in _boundaries(audit):
        before, after = values[audit.part == one], values[audit.part == other]
        gaps[f"{NAMES[one]}_to_{NAMES[other]}"] = float(after.min() - before.max())
        labels = int((before + horizon > after.min()).sum()) if horizon else 0
        reach = int((after - lookback < before.max()).sum()) if lookback else 0
        if labels:
            message = (
                f"The labels of {labels:,} {NAMES[one]} rows are known only after the first "
                f"{NAMES[other]} row (label_horizon {audit.label_horizon})."
            )
            accusations.append(Accusation((moments.column,), "failed", message, labels, 0, labels))
        if reach:
            message = (
                f"The features of {reach:,} {NAMES[other]} rows reach back into {NAMES[one]} "
                f"(feature_lookback {audit.feature_lookback})."
            )
            accusations.append(Accusation((moments.column,), "failed", message, reach, 0, reach))
    return conclude(
        audit,
        ABOUT,
        accusations,
        "The gaps between the parts are as long as labels and features reach.",
        "split with 'splitting.strategy' time or group_time, which purge such rows.",
        gaps=gaps,
        label_horizon=str(audit.label_horizon),
        feature_lookback=str(audit.feature_lookback),
    )


def _undeclared(audit: Audit, moments: Moments) -> Finding:
    memory = _memory(audit, moments)
    if memory is None:
        return not_applicable(ABOUT, "There are too few moments in train to look at the target.")
    first, steps = memory
    order = np.sort(np.unique(moments.values[audit.part == TRAIN]))
    step = float(np.median(np.diff(order)))
    accusations = []
    for one, other in _boundaries(audit):
        ends, starts = (moments.values[audit.part == code] for code in (one, other))
        gap = float(starts.min() - ends.max()) / step if step > 0 else 0.0
        if first >= STRONG and gap < steps:
            message = (
                f"The target resembles itself over about {steps:,} steps of '{moments.column}' "
                f"(correlation {first:.2f} from one step to the next), but {NAMES[other]} begins "
                f"{gap:.0f} steps after {NAMES[one]} ends: labels may reach across."
            )
            accusations.append(Accusation((moments.column,), "warning", message, first, STRONG))
    return conclude(
        audit,
        ABOUT,
        accusations,
        "No label_horizon is declared, and the target does not resemble itself across the gaps.",
        "if a label is made from later moments, declare how many in 'splitting.label_horizon' "
        "(and 'splitting.feature_lookback'): the rows between are then purged.",
        autocorrelation=first,
        steps=steps,
    )


def _memory(audit: Audit, moments: Moments) -> tuple[float, int] | None:
    """Measure the target's autocorrelation in train: at one step, and how many steps it lasts."""
    inside = np.flatnonzero(audit.parts == TRAIN)
    when = moments.values[audit.positions[inside]]
    values = audit.target.values[inside]
    value = values[:, int(np.argmax(values.std(axis=0)))]
    frame = pd.DataFrame({"unit": 0, "when": when, "value": value})
    if audit.columns.group is not None:
        frame["unit"] = audit.units[inside]
    series = frame.groupby(["unit", "when"], sort=True)["value"].mean()
    units = series.index.get_level_values(0).to_numpy()
    centred = series.to_numpy() - series.groupby(level=0).transform("mean").to_numpy()
    if len(centred) < FEWEST or centred.std() == 0:
        return None
    correlations = [_correlation(centred, units, lag) for lag in range(1, LAGS + 1)]
    chance = 2 / np.sqrt(len(centred))
    below = [lag for lag, each in enumerate(correlations, 1) if each < max(chance, 0.05)]
    return correlations[0], (below[0] if below else LAGS)


def _correlation(centred: Floats, units: Floats, lag: int) -> float:
    if lag >= len(centred):
        return 0.0
    same = units[lag:] == units[:-lag]
    if same.sum() < FEWEST // 2:
        return 0.0
    one, other = centred[lag:][same], centred[:-lag][same]
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale else 0.0
