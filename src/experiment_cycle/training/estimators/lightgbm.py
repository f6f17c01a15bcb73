"""Gradient boosting with LightGBM; LambdaMART for ranking."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException

from experiment_cycle.errors import DataError
from experiment_cycle.live_metrics import Part
from experiment_cycle.problem import ProblemType
from experiment_cycle.training.boosted import BoostedClassifier, BoostedRegressor
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.lightgbm_sampling import LARGEST_SEED, Sampling
from experiment_cycle.training.prepared import Floats, Prepared

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "round"
WANTS = Wants(scaled=False, codes=True, gaps=True)
OBJECTIVES = {
    "binary": "binary",
    "multiclass": "multiclass",
    "regression": "regression",
    "ranking": "lambdarank",
}
SAME_METRICS: dict[ProblemType, dict[str, str]] = {
    "binary": {
        "log_loss": "binary_logloss",
        "roc_auc": "auc",
        "average_precision": "average_precision",
    },
    "multiclass": {"log_loss": "multi_logloss"},
    "regression": {"rmse": "rmse", "mae": "l1", "mse": "l2"},
    # its NDCG counts queries without a relevant row, and lets the order of the data break ties
    "ranking": {},
}
"""LightGBM's name of metrics that it computes as we do, and sooner."""
COUNTED = ("roc_auc", "average_precision")
"""Those that count rows: with several threads, the last digit of other sums is left to chance."""
OURS = "ours: "
LARGEST_RELEVANCE = 30
"""LightGBM has gains, 2^relevance - 1, up to this one."""


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most boosting rounds."""
    return int(hyperparameters["n_estimators"])


def fit(request: FitRequest) -> Fitted:
    """Boost until validation stops improving; the model keeps the trees up to its best round.

    The trees depend neither on the number of threads nor on where an earlier process was stopped:
    row and column sampling start anew from (seed, round) in every round.

    Raises:
        DataError: a relevance is too great.
    """
    prepared, watch = request.prepared, request.watch
    train_set, validation_set = _datasets(prepared)
    rounds = _Rounds(request, train_set)
    sampling = Sampling(request)
    named = {"train": train_set, "validation": validation_set}
    booster = lightgbm.train(
        _parameters(request) | rounds.parameters() | sampling.parameters(watch.done),
        train_set,
        num_boost_round=request.hyperparameters["n_estimators"] - watch.done,
        valid_sets=[named[part] for part in watch.parts],
        valid_names=list(watch.parts),
        feval=rounds.measure if rounds.measures else None,
        init_model=rounds.earlier,
        callbacks=[sampling, rounds] if sampling.wanted else [rounds],
        # else LightGBM writes the model as text and reads it again
        keep_training_booster=True,
    )
    text = booster.model_to_string(num_iteration=rounds.best_trees)
    # the model's text tells the rounds of this call, and so where an earlier one was stopped
    most = f"[num_iterations: {request.hyperparameters['n_estimators']}]"
    text = re.sub(r"^\[num_iterations: \d+\]$", most, text, flags=re.MULTILINE)
    kind = BoostedClassifier if prepared.problem.classes else BoostedRegressor
    return Fitted(kind(lightgbm.Booster(model_str=text), request.threads))


class _Rounds:
    """A callback after every round: tells the watch, and keeps what it needs to go on.

    LightGBM's own early stopping watches every metric, or the one it happens to list first; this
    one watches the metric that was named.
    """

    order = 20
    before_iteration = False

    def __init__(self, request: FitRequest, train_set: lightgbm.Dataset) -> None:
        self.best_trees = 0
        self.earlier: lightgbm.Booster | None = None
        self._watch = request.watch
        self._train_set = train_set
        same = SAME_METRICS[request.prepared.problem.type]
        self._theirs = {
            name: same[name]
            for name in self._watch.names
            if name in same and (request.threads == 1 or name in COUNTED)
        }
        self._ours: dict[Part, list[str]] = {
            part: [
                name
                for name in self._watch.names
                # it would weigh the training rows
                if name not in self._theirs
                or (part == "train" and request.prepared.train_weight is not None)
            ]
            for part in self._watch.parts
        }
        self._reported = {
            part: self._theirs | {name: OURS + name for name in names}
            for part, names in self._ours.items()
        }
        if self._watch.resumed is not None:
            state = json.loads(self._watch.resumed.state)
            self.best_trees = state["best_trees"]
            self.earlier = lightgbm.Booster(model_str=state["model"])

    @property
    def measures(self) -> bool:
        """Whether there is anything that LightGBM does not measure itself."""
        return any(self._ours.values())

    def parameters(self) -> dict[str, Any]:
        """Name what LightGBM is to measure."""
        return {"metric": list(self._theirs.values()) or "None"}

    def measure(
        self, prediction: Floats, dataset: lightgbm.Dataset
    ) -> list[tuple[str, float, bool]]:
        """Measure what LightGBM does not; the last value tells it nothing."""
        part: Part = "train" if dataset is self._train_set else "validation"
        values = self._watch.measure(part, prediction, self._ours[part])
        return [(OURS + name, value, False) for name, value in values.items()]

    def __call__(self, env: CallbackEnv) -> None:
        """Take in one round.

        Raises:
            EarlyStopException: LightGBM's signal that the best round is known.
        """
        results = env.evaluation_result_list or []
        found = {(each.dataset_name, each.metric_name): each.metric_value for each in results}
        stop = self._watch.record(
            {
                part: {name: found[part, self._reported[part][name]] for name in self._watch.names}
                for part in self._watch.parts
            }
        )
        # a round that finds no split leaves no tree, so that rounds can be more than trees
        booster: Any = env.model
        trees = booster.current_iteration()
        if self._watch.is_best:
            self.best_trees = trees
        self._watch.keep(lambda: self._state(booster))
        if stop:
            raise EarlyStopException(self.best_trees - 1, results)

    def _state(self, booster: lightgbm.Booster) -> bytes:
        text = booster.model_to_string(num_iteration=-1)
        return json.dumps({"best_trees": self.best_trees, "model": text}).encode()


def _parameters(request: FitRequest) -> dict[str, Any]:
    chosen, problem = request.hyperparameters, request.prepared.problem
    return {
        "objective": OBJECTIVES[problem.type],
        "num_class": problem.outputs,
        "learning_rate": chosen["learning_rate"],
        "num_leaves": chosen["num_leaves"],
        "min_data_in_leaf": chosen["min_child_samples"],
        "lambda_l1": chosen["reg_alpha"],
        "lambda_l2": chosen["reg_lambda"],
        "seed": request.seed & LARGEST_SEED,
        "num_threads": request.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _datasets(prepared: Prepared) -> tuple[lightgbm.Dataset, lightgbm.Dataset]:
    if prepared.problem.type == "ranking":
        greatest = max(prepared.train_target.max(), prepared.validation_target.max())
        if greatest > LARGEST_RELEVANCE:
            raise DataError(
                f"The relevance goes up to {greatest:g}, but LightGBM ranks by grades from 0 to "
                f"{LARGEST_RELEVANCE}. Next step: write it in fewer grades in the raw data."
            )
    train = lightgbm.Dataset(
        prepared.train,
        prepared.train_target,
        weight=prepared.train_weight,
        group=_group_sizes(prepared.train_query),
        categorical_feature=list(prepared.categorical),
    )
    validation = lightgbm.Dataset(
        prepared.validation,
        prepared.validation_target,
        group=_group_sizes(prepared.validation_query),
        reference=train,
    )
    return train, validation


def _group_sizes(query: Any) -> Any:
    """Count the rows of each query; the rows are sorted by it."""
    return None if query is None else np.unique(query, return_counts=True)[1]
