"""One trial of a search: fit a configuration on train, measure it on validation."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.training.estimators.contract import Fitted
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.steps import Judge
from experiment_cycle.training.trainer import check_hyperparameters, fit, recipe
from experiment_cycle.tuning.contract import Attempt
from experiment_cycle.tuning.predictions import shortened
from experiment_cycle.tuning.spaces import with_parameters

logger = logging.getLogger(__name__)


class FitAndMeasure:
    """The objective of a search, fitted exactly as the final training does it.

    An estimator that learns in steps reports the metric after each. One that is fitted at once
    reports it after a fit on each of `shares` of the training rows, of which the last is all of
    them.
    """

    def __init__(
        self,
        prepared: Prepared,
        training: TrainingOptions,
        metric_name: str,
        seed: int,
        *,
        shares: tuple[float, ...] = (1.0,),
        threads: int = 1,
    ) -> None:
        """Set up the trials of one study.

        Args:
            prepared: The matrices, the same for every trial.
            training: How models are trained, with the configured hyperparameters.
            metric_name: Measured on validation.
            seed: From which every random choice flows.
            shares: Of the training rows, ascending up to 1, for estimators without steps.
            threads: Of one fit.
        """
        # what is only recorded would cost time in every step
        self._training = training.model_copy(update={"metrics": (metric_name,), "threads": threads})
        self._metric = metric_name
        self._seed = seed
        self._parts = [share_of(prepared, share, seed) for share in shares]
        self._warned = False

    def __call__(self, attempt: Attempt) -> float:
        """Fit one configuration, and give the metric on validation as of its best step."""
        training = self._training
        configured = training.hyperparameters(training.estimator)
        parameters = with_parameters(configured, attempt.parameters)
        checked = check_hyperparameters(training.estimator, parameters, training)

        def judge(step: int, values: Mapping[str, float]) -> str | None:
            return attempt.report(step, float(values[self._metric]))

        if recipe(training.estimator).steps(checked) is not None:
            return self._measured(attempt, self._fitted(self._parts[-1], checked, judge))
        value = np.nan
        for step, part in enumerate(self._parts, start=1):
            value = self._measured(attempt, self._fitted(part, checked, None))
            if attempt.report(step, value):
                break
        return value

    def _fitted(self, prepared: Prepared, checked: dict[str, Any], judge: Judge | None) -> Fitted:
        training = self._training
        fitted, _ = fit(
            *(training.estimator, prepared, checked, training, self._seed),
            watch_train=False,
            judge=judge,
        )
        if fitted.warning and not self._warned:
            self._warned = True
            logger.warning("At least one trial: %s", fitted.warning)
        return fitted

    def _measured(self, attempt: Attempt, fitted: Fitted) -> float:
        prepared = self._parts[-1]
        kind = prepared.problem.type
        predicted = outputs_of(fitted.estimator, prepared.validation, kind)
        attempt.keep_predictions(shortened(predicted))
        query = prepared.validation_query
        outcomes = Outcomes(kind, prepared.validation_target, predicted, query)
        return measure(self._metric, outcomes)


def shares_of_rows(reduction_factor: int) -> tuple[float, ...]:
    """List the shares of the training rows that stand for steps, the last of them 1."""
    return (reduction_factor**-2, reduction_factor**-1, 1.0)


def share_of(prepared: Prepared, share: float, seed: int) -> Prepared:
    """Keep a share of the training rows: of every class alike, and of whole queries.

    A greater share holds the rows of a smaller one.
    """
    if share >= 1:
        return prepared
    units = prepared.train_query
    if units is not None:
        kept = np.isin(units, _first(np.unique(units), share, seed))
        rows = np.flatnonzero(kept)
    elif prepared.problem.classes:
        target = prepared.train_target
        members = [np.flatnonzero(target == code) for code in np.unique(target)]
        rows = np.sort(np.concatenate([_first(each, share, seed) for each in members]))
    else:
        rows = np.sort(_first(np.arange(prepared.train.shape[0]), share, seed))
    weight, query = prepared.train_weight, prepared.train_query
    return replace(
        prepared,
        train=prepared.train[rows],
        train_target=prepared.train_target[rows],
        train_weight=None if weight is None else weight[rows],
        train_query=None if query is None else query[rows],
    )


def _first(units: npt.NDArray[Any], share: float, seed: int) -> npt.NDArray[Any]:
    order = np.random.default_rng(seed).permutation(len(units))
    return units[order[: max(1, round(share * len(units)))]]
