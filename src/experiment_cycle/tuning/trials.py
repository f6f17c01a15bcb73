"""The trials of a search as tables, and the best of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiment_cycle.tuning.contract import Trial
from experiment_cycle.tuning.records import FIXED_COLUMNS


def trials_table(trials: Sequence[Trial], parameters: Sequence[str]) -> pd.DataFrame:
    """Make the table of trials, one row each; without trials it has its columns and no rows.

    Hyperparameters that do not hold in a trial are empty.
    """
    rows = [
        {
            "trial": trial.number,
            "state": trial.state,
            "value": np.nan if trial.value is None else trial.value,
            "duration_seconds": trial.duration_seconds,
            "steps": len(trial.curve),
            "reason": trial.reason,
            **trial.parameters,
        }
        for trial in trials
    ]
    return pd.DataFrame(rows, columns=[*FIXED_COLUMNS, *parameters])


def curves_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """Make the table of the metric by trial and step, the first step counted as 1."""
    rows = [
        (trial.number, step, value)
        for trial in trials
        for step, value in enumerate(trial.curve, start=1)
    ]
    kinds = {"trial": "int64", "step": "int64", "value": "float64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def best_trial(trials: Sequence[Trial], greater_is_better: bool) -> Trial | None:
    """Find the best complete trial, the earliest of equals; None if there is none."""
    sign = -1.0 if greater_is_better else 1.0
    ranked = [
        (sign * trial.value, trial.number, trial)
        for trial in trials
        if trial.state == "complete" and trial.value is not None
    ]
    return min(ranked)[2] if ranked else None
