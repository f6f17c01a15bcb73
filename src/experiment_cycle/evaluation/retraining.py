"""The champion's procedure on the present rows, where the champion itself is no witness.

A champion that has seen test rows cannot be compared on them. Its procedure can: the training
options and search space of the run it comes from, preprocessing included, as that run's record
tells. Hyperparameters are searched for anew with the budget the challenger has, for the old ones
were chosen on rows that may be tested now. Where the record is gone, the present options are taken
with the champion's estimator.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from experiment_cycle.columns import Columns
from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.incumbent import Incumbent
from experiment_cycle.evaluation.procedures import Procedure
from experiment_cycle.problem import Task
from experiment_cycle.seen_rows import are_known, find_seen
from experiment_cycle.splitting.options import TIMED, SplittingOptions
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.tracking.champion_options import options_of
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Retraining:
    """All that a champion's procedure is trained with.

    Attributes:
        train: Training rows of the present split.
        validation: Validation rows of the present split.
        split_keys: Keys of all rows with their part (see `timed_keys`).
        manifest: How the split was made.
        columns: The roles of the columns.
        training: How models are trained.
        tuning: How hyperparameters are searched for.
        splitting: The tolerated share of seen rows, and the label horizon.
        task: As declared.
        seed: From which every random choice flows.
        studies: Where studies are kept.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    split_keys: pd.DataFrame
    manifest: SplitManifest
    columns: Columns
    training: TrainingOptions
    tuning: TuningOptions
    splitting: SplittingOptions
    task: Task
    seed: int
    studies: Path

    def stand_in(self, incumbent: Incumbent, present: pd.DataFrame) -> Incumbent:
        """Put the champion's procedure in the champion's place, if it has seen test rows.

        Args:
            incumbent: As it was chosen; a baseline stays what it is.
            present: Keys of the training and validation rows.
        """
        if incumbent.record.kind != "champion" or not self._has_seen_tests(incumbent, present):
            return incumbent
        logger.warning(
            "The champion, version %s, has seen test rows: its procedure (%s) is tuned and trained "
            "on the present rows, and stands in for it (decision.on_overlap: retrain).",
            incumbent.record.version,
            incumbent.record.estimator,
        )
        record = incumbent.record
        training, tuning = self._options_of(incumbent)
        searched = tuning.method != "none"
        procedure = Procedure(record.estimator, record.hyperparameters, searched)
        made = procedure.make(
            *(self.train, self.validation, self.columns, training, tuning),
            *(self.task, self.seed, self.studies),
        )
        changed = {
            "identity": model_identity(made.models[0]),
            "problem": made.problem,
            "threshold": None if made.threshold is None else made.threshold.value,
            "hyperparameters": made.hyperparameters,
            "split_hash": self.manifest.hash,
            "retrained": True,
        }
        return replace(
            incumbent,
            model=made.models[0],
            record=record.model_copy(update=changed),
            seen_rows=present,
        )

    def _options_of(self, incumbent: Incumbent) -> tuple[TrainingOptions, TuningOptions]:
        """Take the champion's own options, but the present budget.

        Raises:
            IntegrityError: they hold types of the user's own that are not trusted now.
        """
        told = options_of(str(incumbent.record.run_id))
        try:
            training = TrainingOptions.model_validate(told["training"])
            spaces = TuningOptions.model_validate(told["tuning"]).spaces
        except (KeyError, ValidationError):
            logger.warning(
                "The record of the champion's run does not tell how it was trained: the present "
                "training options are taken, with its estimator."
            )
            return self.training, self.tuning
        if not set(training.trusted_types) <= set(self.training.trusted_types):
            raise IntegrityError(
                "The champion was trained with types that are not trusted now: "
                f"{', '.join(sorted({*training.trusted_types} - {*self.training.trusted_types}))}. "
                "Next step: name them in the present training options, or set "
                "decision.on_overlap to refuse."
            )
        training = training.model_copy(update={"seeds": 1, "threads": self.training.threads})
        return training, self.tuning.model_copy(update={"spaces": spaces})

    def _has_seen_tests(self, incumbent: Incumbent, present: pd.DataFrame) -> bool:
        tests = self.split_keys[self.split_keys["split"] == "test"]
        if tests.empty or not are_known(incumbent.seen_rows):
            return False
        horizon = self.splitting.label_horizon
        found = find_seen(
            *(tests, incumbent.seen_rows, present, self.columns),
            self.splitting.max_duplicate_share,
            None if horizon is None else horizon.delay or horizon.number,
            in_time=self.manifest.strategy in TIMED
            and self.manifest.guarantees.get("ordered_in_time", False),
        )
        return bool(found.faults)
