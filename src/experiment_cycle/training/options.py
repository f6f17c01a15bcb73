"""How to train: `parameters_training.yml`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from experiment_cycle.options import Options

EstimatorName = Literal["lightgbm", "linear"]


class EarlyStopping(Options):
    """When boosting stops before its last round."""

    metric: Literal["log_loss", "roc_auc", "average_precision"] = "log_loss"
    patience: int = Field(default=50, ge=1, description="rounds without improvement")
    min_delta: float = Field(default=0.0, ge=0.0, description="what counts as an improvement")


class LightGBMHyperparameters(Options):
    """Hyperparameters of gradient boosting with LightGBM."""

    n_estimators: int = Field(default=500, ge=1, description="most boosting rounds")
    learning_rate: float = Field(default=0.05, gt=0.0, le=1.0)
    num_leaves: int = Field(default=31, ge=2, le=131072)
    min_child_samples: int = Field(default=20, ge=1)
    subsample: float = Field(default=1.0, gt=0.0, le=1.0)
    colsample_bytree: float = Field(default=1.0, gt=0.0, le=1.0)
    reg_alpha: float = Field(default=0.0, ge=0.0)
    reg_lambda: float = Field(default=0.0, ge=0.0)


class LinearHyperparameters(Options):
    """Hyperparameters of logistic regression."""

    C: float = Field(default=1.0, gt=0.0, description="inverse of the regularisation's strength")
    max_iter: int = Field(default=1000, ge=1)


class EstimatorOptions(Options):
    """The hyperparameters of every estimator, so that one key switches between them."""

    lightgbm: LightGBMHyperparameters = LightGBMHyperparameters()
    linear: LinearHyperparameters = LinearHyperparameters()


class TrainingOptions(Options):
    """The challenger, the baseline, and how both are fitted."""

    estimator: EstimatorName = "lightgbm"
    baseline: EstimatorName = "linear"
    threads: int = Field(default=1, ge=1)
    early_stopping: EarlyStopping = EarlyStopping()
    estimators: EstimatorOptions = EstimatorOptions()

    def hyperparameters(self, estimator: str) -> dict[str, Any]:
        """Read an estimator's hyperparameters as they are configured."""
        configured: Options = getattr(self.estimators, estimator)
        return configured.model_dump()
