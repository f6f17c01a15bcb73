"""The model once more, on train and validation together, when every choice has been made."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.live_metrics import Values
from experiment_cycle.training.estimators.contract import FitRequest
from experiment_cycle.training.memory import explaining_lack_of_memory
from experiment_cycle.training.options import EarlyStopping
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.steps import StepWatch
from experiment_cycle.training.trainer import check_hyperparameters, prepare, recipe

logger = logging.getLogger(__name__)

STEPS = ("epochs", "n_estimators")
"""The hyperparameters that limit the steps of a fit; an estimator has one of them."""


class CarriedOver(StepWatch):
    """Watches a fit whose number of steps was found before: none stops it, the last one is kept.

    What it would measure on validation says nothing any more: those rows are learned from.
    """

    def record(self, values: Values) -> bool:
        """Take in one step; see `StepWatch.record`."""
        super().record(values)
        self.is_best, self.best_step = True, self.done
        return self.limit is None or self.done >= self.limit


def refit(plan: Plan, place: int, best_step: int | None) -> Pipeline:
    """Fit preprocessing and estimator on the rows of both parts.

    The number of rounds or epochs is the one that was best on validation when the model learned
    from train alone. Whatever else was chosen on validation (hyperparameters, calibration,
    threshold) is carried over by the caller.

    Args:
        plan: As the model was first trained.
        place: Which training of the plan, the first counted as 1.
        best_step: Steps to take; None for an estimator that is fitted at once.

    Returns:
        A pipeline of the steps `preprocess` and `estimator`.
    """
    estimator, options = plan.estimator, plan.options
    checked = check_hyperparameters(estimator, plan.hyperparameters, options)
    # 0: the watched metric was never defined, and the last step was kept
    if best_step:
        checked[_limit(checked)] = best_step
    both = pd.concat([plan.train, plan.validation])
    seed = plan.seed_at(place)
    prepared = prepare(estimator, both, plan.validation, plan.columns, options, plan.task, seed)
    chosen = recipe(estimator)
    limit = chosen.steps(checked)
    watch = CarriedOver(
        *(prepared, (), EarlyStopping(patience=(limit or 0) + 1), limit), watch_train=False
    )
    request = FitRequest(prepared, checked, seed, options.threads, watch)
    with explaining_lack_of_memory(*prepared.train.shape):
        fitted = chosen.fit(request)
    if fitted.warning:
        logger.warning("%s, trained again on train and validation: %s", estimator, fitted.warning)
    return Pipeline([("preprocess", prepared.preprocess), ("estimator", fitted.estimator)])


def _limit(hyperparameters: dict[str, Any]) -> str:
    return next(name for name in STEPS if hyperparameters.get(name) is not None)
