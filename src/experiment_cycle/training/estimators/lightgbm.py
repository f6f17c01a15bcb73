"""Gradient boosting with LightGBM."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from experiment_cycle.training.estimators.contract import Fitted, OnRound
from experiment_cycle.training.features import Features
from experiment_cycle.training.options import EarlyStopping, TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.records import TrainingHistory

LOSS = "log_loss"
METRICS = {
    LOSS: "binary_logloss",
    "roc_auc": "auc",
    "average_precision": "average_precision",
}
LARGEST_SEED = 2**31 - 1
"""LightGBM reads its seed as a signed 32-bit integer."""


def make_preprocess(features: Features) -> ColumnTransformer:
    """Pass numbers on, and number the categories; missing and unknown levels become NaN."""
    branches: list[tuple[str, Any, list[str]]] = []
    if features.numeric:
        # changes no value: it turns every numeric type, gaps included, into floats
        as_floats = StandardScaler(with_mean=False, with_std=False)
        branches.append(("numeric", as_floats, list(features.numeric)))
    if features.categorical:
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
        branches.append(("categorical", codes, list(features.categorical)))
    return ColumnTransformer(branches, verbose_feature_names_out=False)


def fit(
    prepared: Prepared,
    hyperparameters: dict[str, Any],
    options: TrainingOptions,
    seed: int,
    on_round: OnRound | None = None,
    watch_train: bool = True,
) -> Fitted:
    """Boost until validation stops improving; the model predicts with its best round.

    Args:
        prepared: Matrices of train and validation.
        hyperparameters: As in `LightGBMHyperparameters`.
        options: Threads and early stopping; the trees do not depend on the number of threads.
        seed: Seed of row and column sampling.
        on_round: Told the watched metric after every round.
        watch_train: Also record the metrics of the training rows.
    """
    watch = RoundWatch(options.early_stopping, on_round)
    model = lightgbm.LGBMClassifier(
        **hyperparameters,
        # without it LightGBM ignores `subsample`
        subsample_freq=1,
        random_state=seed & LARGEST_SEED,
        n_jobs=options.threads,
        deterministic=True,
        force_row_wise=True,
        verbosity=-1,
    )
    parts: dict[str, tuple[Any, Any]] = {
        "validation": (prepared.validation, prepared.validation_target)
    }
    if watch_train:
        parts = {"train": (prepared.train, prepared.train_target), **parts}
    watched = dict.fromkeys([LOSS, options.early_stopping.metric])
    model.fit(
        prepared.train,
        prepared.train_target,
        eval_X=tuple(matrix for matrix, _ in parts.values()),
        eval_y=tuple(target for _, target in parts.values()),
        eval_names=list(parts),
        eval_metric=[METRICS[name] for name in watched],
        categorical_feature=list(prepared.categorical),
        callbacks=[watch],
    )
    return Fitted(model, watch.history())


class RoundWatch:
    """A callback of LightGBM: records every round, and stops when validation improves no more.

    LightGBM's own early stopping watches every metric, or the one it happens to list first; this
    one watches the metric that was named.
    """

    order = 20
    before_iteration = False

    def __init__(self, options: EarlyStopping, on_round: OnRound | None) -> None:
        self._options = options
        self._on_round = on_round
        self._names = {theirs: ours for ours, theirs in METRICS.items()}
        self._values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._best: float | None = None
        self._best_round = 0
        self._reason = ""

    def __call__(self, env: CallbackEnv) -> None:
        """Take in one round.

        Raises:
            EarlyStopException: LightGBM's signal that the best round is known.
        """
        results = env.evaluation_result_list or []
        maximize = False
        for result in results:
            name = self._names[result.metric_name]
            self._values[result.dataset_name][name].append(float(result.metric_value))
            if name == self._options.metric:
                maximize = result.maximize
        done = env.iteration - env.begin_iteration + 1
        value = self._values["validation"][self._options.metric][-1]
        if self._best is None or self._improves(value, self._best, maximize):
            self._best, self._best_round = value, done
        if self._on_round is not None:
            self._on_round(value, self._best)
        self._reason = self._reason_to_stop(done, last=env.iteration == env.end_iteration - 1)
        if self._reason:
            raise EarlyStopException(self._best_round - 1, results)

    def history(self) -> TrainingHistory:
        """Tell what happened, once the fit is over."""
        values = {
            part: {name: tuple(series) for name, series in self._values[part].items()}
            for part in ("train", "validation")
        }
        return TrainingHistory(
            estimator="lightgbm",
            metric=self._options.metric,
            train=values["train"],
            validation=values["validation"],
            best_round=self._best_round,
            rounds=len(values["validation"][self._options.metric]),
            stopped_because=self._reason,
        )

    def _improves(self, value: float, best: float, maximize: bool) -> bool:
        gain = value - best if maximize else best - value
        return gain > self._options.min_delta

    def _reason_to_stop(self, done: int, last: bool) -> str:
        """Say in a sentence why training ends here; the empty string if it goes on."""
        metric, patience = self._options.metric, self._options.patience
        margin = f" by more than {self._options.min_delta:g}" if self._options.min_delta else ""
        best = f"its best, {self._best:.5f}, in round {self._best_round}"
        if done - self._best_round >= patience:
            return (
                f"Validation {metric} did not improve{margin} for {patience} rounds: {best} of "
                f"{done}."
            )
        if last:
            return f"All {done} rounds were used: validation {metric} had {best}."
        return ""
