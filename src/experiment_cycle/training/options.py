"""How to train: `parameters_training.yml`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from experiment_cycle.options import Options
from experiment_cycle.training.hyperparameters import EstimatorName, EstimatorOptions
from experiment_cycle.training.preprocessing.options import PreprocessingOptions


class EarlyStopping(Options):
    """When learning in rounds or epochs stops before the last one."""

    metric: str | None = Field(
        default=None, description="watched on validation; null: the loss of the task"
    )
    patience: int = Field(default=50, ge=1, description="rounds or epochs without improvement")
    min_delta: float = Field(default=0.0, ge=0.0, description="what counts as an improvement")


class Checkpoints(Options):
    """How often the state of learning is kept, so that a stopped run goes on from there."""

    every: int | None = Field(
        default=100, ge=1, description="rounds or epochs; null: no checkpoints"
    )


class ErrorCosts(Options):
    """What the two kinds of wrong calls cost, in any one unit."""

    false_positive: float = Field(default=1.0, ge=0.0)
    false_negative: float = Field(default=1.0, ge=0.0)


class ThresholdOptions(Options):
    """From which probability on a row is called positive; two classes only."""

    choose_by: Literal["fixed", "metric", "costs"] = "fixed"
    value: float = Field(default=0.5, ge=0.0, le=1.0, description="fixed")
    metric: str = Field(default="f1", description="metric: best on validation")
    costs: ErrorCosts = ErrorCosts()


class LearningCurveOptions(Options):
    """Trainings on growing shares of the training rows."""

    shares: tuple[float, ...] = Field(default=(0.1, 0.2, 0.4, 0.7, 1.0), min_length=2)
    repeats: int = Field(default=3, ge=1, description="draws of each share below 1")


class TrainingOptions(Options):
    """The challenger, the baseline, and how both are fitted."""

    estimator: EstimatorName = "lightgbm"
    baseline: EstimatorName = "linear"
    threads: int = Field(default=1, ge=1)
    seeds: int = Field(default=1, ge=1, le=100, description="trainings of the challenger")
    metrics: tuple[str, ...] | None = Field(
        default=None,
        description="tracked after every round or epoch, besides the loss; null: one of the task",
    )
    early_stopping: EarlyStopping = EarlyStopping()
    checkpoints: Checkpoints = Checkpoints()
    class_weight: Literal["balanced"] | dict[bool | int | float | str, float] | None = Field(
        default=None, description="classification: balanced, or a weight for each level"
    )
    calibration: Literal["none", "sigmoid", "isotonic"] = "none"
    threshold: ThresholdOptions = ThresholdOptions()
    refit: Literal["none", "train_and_validation"] = "none"
    learning_curve: LearningCurveOptions | None = None
    check_saved_model: bool = Field(
        default=True, description="try the challenger's file in a fresh process"
    )
    preprocessing: PreprocessingOptions = PreprocessingOptions()
    estimators: EstimatorOptions = EstimatorOptions()

    @property
    def trusted_types(self) -> tuple[str, ...]:
        """Name the types of the user's own that a saved model may hold."""
        estimators = self.estimators
        module = estimators.skorch.module
        return (
            *estimators.custom.trusted_types,
            *self.preprocessing.trusted_types,
            *([] if module is None else [module]),
        )

    def hyperparameters(self, estimator: str) -> dict[str, Any]:
        """Read an estimator's hyperparameters as they are configured."""
        configured: Options = getattr(self.estimators, estimator)
        return configured.model_dump()
