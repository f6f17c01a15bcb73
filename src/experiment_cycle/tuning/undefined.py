"""A metric that a decision is to go by, and that the trials of a search do not have.

It may be defined on the small samples that it is tried on before a run, and not on the validation
rows. A function of the user's own that gives no number for several trials in a row is at fault
itself, and ends the search; another metric may be undefined for poor configurations only, and is
looked at where the search has ended. Both come before the final training.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from experiment_cycle.errors import DataError
from experiment_cycle.metrics.catalogue import class_of
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.metrics.custom import is_custom
from experiment_cycle.metrics.influence import influence
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.tuning.contract import Trial
from experiment_cycle.tuning.store import predictions_file

ENOUGH = 3
"""Trials in a row without a value."""


class UndefinedMetric:
    """Watches whether trials have a metric, other than the one they are compared by.

    Args:
        name: Of the metric; costs and metrics of one class are not looked at.
        prepared: The validation rows, as the trials predict them.
        folder: Where the trials leave their predictions.
        trials: How many there will be.
    """

    def __init__(self, name: str | None, prepared: Prepared, folder: Path, trials: int) -> None:
        is_looked_at = name is not None and name not in COSTS and class_of(name) is None
        self._name = name if is_looked_at else None
        self._is_own = self._name is not None and is_custom(self._name)
        self._prepared = prepared
        self._folder = folder
        self._enough = min(ENOUGH, trials)
        self._without = 0

    def look(self, trial: Trial) -> None:
        """Look at a new trial, as long as it matters. Costs one measuring.

        Raises:
            DataError: the metric is the user's own, and this is one trial too many without it.
        """
        if not self._is_own:
            return
        is_defined, note = self._measured(trial.number)
        if is_defined:
            self._is_own = False
            return
        self._without += 1
        if self._without >= self._enough:
            raise self._refused(f"any of the first {self._enough} trials", note)

    def check(self, best: int) -> None:
        """Look at the trial that was picked.

        Raises:
            DataError: it does not have the metric.
        """
        is_defined, note = self._measured(best)
        if not is_defined:
            raise self._refused(f"the best trial, number {best}", note)

    def _measured(self, number: int) -> tuple[bool, str | None]:
        """Tell whether a trial has the metric, and why not; what cannot be told counts as yes."""
        file = predictions_file(self._folder, number)
        if self._name is None or not file.exists():
            return True, None
        rows = self._prepared
        predicted = np.asarray(np.load(file, allow_pickle=False), np.float64)
        found = influence(
            self._name,
            Outcomes(rows.problem.type, rows.validation_target, predicted, rows.validation_query),
        )
        return math.isfinite(found.value), found.note

    def _refused(self, whom: str, note: str | None) -> DataError:
        why = f": {note}" if note else ""
        return DataError(
            f"The primary metric '{self._name}' is not defined on the validation rows for {whom}"
            f"{why}. No decision can go by it; the challenger was not trained, and the trials are "
            "kept. Next step: see that validation has rows of every class, mend the metric if it "
            "is one of your own, or name another in hypothesis.success_criteria.primary.metric."
        )
