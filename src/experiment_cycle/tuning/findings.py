"""What a finished search is worth, for the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import IntegrityError
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Task
from experiment_cycle.tuning.caveats import search_warnings
from experiment_cycle.tuning.contract import Searched, Trial
from experiment_cycle.tuning.honest import correct_for_search
from experiment_cycle.tuning.planning import SearchPlan
from experiment_cycle.tuning.predictions import TrialPredictions, ValidationRows
from experiment_cycle.tuning.records import SearchRecord
from experiment_cycle.tuning.store import predictions_file


def judge_search(
    plan: SearchPlan,
    searched: Searched,
    best: Trial,
    units: Units,
    predictions_folder: Path,
    *,
    asked: dict[str, Any],
) -> SearchRecord:
    """Tell where a search stopped, and how far its best trial is to be trusted.

    Args:
        plan: What was asked.
        searched: What was tried.
        best: The trial that was picked.
        units: What is resampled of validation, its rows as prepared.
        predictions_folder: Where the trials left their predictions.
        asked: Further fields of the record.

    Raises:
        IntegrityError: a trial's predictions are gone or damaged.
    """
    study, prepared, trials = plan.study, plan.prepared, searched.trials
    complete = [trial.number for trial in trials if trial.state == "complete"]
    honest = correct_for_search(
        TrialPredictions.of({number: _load(predictions_folder, number) for number in complete}),
        ValidationRows(
            *(prepared.problem.type, prepared.validation_target, prepared.validation_query, units)
        ),
        *(plan.metric, best.number, study.seed),
    )
    first = trials[0]
    return SearchRecord(
        method=study.method,
        metric=plan.metric,
        space=study.space,
        trials_asked=study.trials,
        seconds_asked=study.seconds,
        complete=len(complete),
        pruned=sum(trial.state == "pruned" for trial in trials),
        failed=sum(trial.state == "failed" for trial in trials),
        seconds=searched.spent_seconds,
        workers=study.workers,
        stopped_because=searched.stopped_because,
        study=study.key,
        best_trial=best.number,
        best_value=best.value,
        default_value=first.value if first.number == 0 and first.state == "complete" else None,
        honest=honest,
        warnings=searched.caveats
        + search_warnings(
            *(study.space, best.parameters, best.number, honest, plan.metric, plan.training)
        ),
        **asked,
    )


def units_of(validation: pd.DataFrame, columns: Columns, task: Task) -> Units:
    """Find the resampling units of validation, its rows as `prepare` leaves them."""
    groups = columns.groups(validation)
    if task == "ranking" and columns.query is not None:
        queries = pd.factorize(validation[columns.query], use_na_sentinel=False)[0]
        groups = groups[np.argsort(queries, kind="stable")]
    return Units.from_codes(groups)


def _load(folder: Path, number: int) -> npt.NDArray[np.float32]:
    file = predictions_file(folder, number)
    try:
        predictions: npt.NDArray[np.float32] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise IntegrityError(
            f"The predictions of trial {number} cannot be read from {file} ({error}). Next step: "
            f"delete the study {folder.name[:12]}… in {folder.parent}; the search then starts anew."
        ) from error
    return predictions
