"""What is known of a trained model before its file was looked into, and after."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.options import Record
from experiment_cycle.training.identity import describe_model, model_identity
from experiment_cycle.training.logical_run import LogicalRun
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import ModelRecord, Resources
from experiment_cycle.training.saved_model import SavedModel

TRIED = 100
"""The first rows of validation, on which the saved model must say what the trained one did."""


class StoredFit(Record):
    """A model as it was trained: its record and resources still lack what its file tells."""

    record: ModelRecord
    resources: Resources
    prediction: tuple[Any, ...]
    """What it says of the first rows of validation; JSON keeps every bit of a float."""

    @classmethod
    def of(cls, plan: Plan, run: LogicalRun) -> StoredFit:
        """Describe the first model of a run."""
        model, *others = run.models
        rows = plan.validation[plan.columns.features(plan.validation.columns)].head(TRIED)
        record = describe_model(
            model,
            estimator=plan.estimator,
            problem=run.problem,
            hyperparameters=run.hyperparameters,
            best_step=run.history.best_step,
            threshold=run.threshold,
            calibration=plan.options.calibration,
            refit_rows=run.refit_rows,
            seed_identities=tuple(model_identity(other) for other in others),
        )
        return cls(
            record=record,
            resources=run.resources,
            prediction=tuple(predict_outputs(model, rows, run.problem).tolist()),
        )

    def expected(self) -> Floats:
        """Give the predictions as an array again, shape (rows,) or (rows, classes)."""
        return np.array(self.prediction, dtype=np.float64)

    def complete(self, saved: SavedModel) -> tuple[ModelRecord, Resources]:
        """Add what the file tells."""
        return (
            self.record.model_copy(update={"trusted_types": saved.trusted_types}),
            self.resources.model_copy(update={"model_bytes": saved.model_bytes}),
        )
