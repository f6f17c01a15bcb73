"""Gradient boosting with XGBoost; LambdaMART for ranking. Its package is the extra `xgboost`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import skops.io
import xgboost

from experiment_cycle.errors import DataError
from experiment_cycle.live_metrics import Part
from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.xgboost_model import (
    XGBoostClassifier,
    XGBoostRegressor,
    probabilities,
)

Floats = npt.NDArray[np.float64]

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "round"
WANTS = Wants(scaled=False, codes=True, gaps=True)

OBJECTIVES = {
    "binary": "binary:logistic",
    "multiclass": "multi:softprob",
    "regression": "reg:squarederror",
    "ranking": "rank:ndcg",
}
SEGMENT = 50
"""Rounds that share one stream of random numbers; see `_Boosting`."""
GREATEST_RELEVANCE = 31
"""Gains are 2^relevance - 1, and XGBoost reads no greater ones."""


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most boosting rounds."""
    return int(hyperparameters["n_estimators"])


def fit(request: FitRequest) -> Fitted:
    """Boost until validation stops improving; the model predicts with its best round.

    It runs on one thread, whatever was asked for: with more, XGBoost adds up in another order, so
    that the last digits of a model depend on their number.

    Raises:
        DataError: a relevance is greater than XGBoost reads.
    """
    watch = request.watch
    weight, warning = _weight(request.prepared)
    boosting = _Boosting(request, weight)
    while boosting.step < request.hyperparameters["n_estimators"]:
        boosting.advance()
        values = {part: watch.measure(part, boosting.predict(part)) for part in watch.parts}
        if watch.record(values):
            break
        watch.keep(boosting.state)
    return Fitted(boosting.model(watch.best_step), warning)


class _Boosting:
    """A booster that grows round by round.

    How far a booster's random numbers have come cannot be read from it. Where rows or columns are
    drawn, a new booster therefore takes over after every `SEGMENT` rounds, with a seed of its own;
    a state holds the trees before the segment, and a fit that goes on grows those since again.
    """

    def __init__(self, request: FitRequest, weight: Floats | None) -> None:
        self._prepared, self._given, self._seed = (
            request.prepared,
            request.hyperparameters,
            request.seed,
        )
        self._draws = self._given["subsample"] < 1.0 or self._given["colsample_bytree"] < 1.0
        self._matrices = _matrices(request.prepared, weight)
        resumed = request.watch.resumed
        if resumed is None:
            self._begin(None, 0)
            return
        kept = skops.io.loads(resumed.state, trusted=[])
        self._begin(None if kept["trees"] is None else kept["trees"].tobytes(), kept["step"])
        while self.step < resumed.step:
            self.advance()

    def advance(self) -> None:
        """Grow the next round."""
        if self._draws and self.step % SEGMENT == 0 and self.step > self._begun:
            self._begin(bytes(self._booster.save_raw("ubj")), self.step)
        self._booster.update(self._matrices["train"], self.step)
        self.step += 1

    def predict(self, part: Part) -> Floats:
        """Predict a part's rows with all rounds so far, in the shape that `measure` takes."""
        margins = self._booster.predict(self._matrices[part], output_margin=True)
        predicted: Floats = np.asarray(margins, dtype=np.float64)
        if not self._prepared.problem.classes:
            return predicted
        shares = probabilities(predicted)
        return shares[:, 1] if self._prepared.problem.type == "binary" else shares

    def state(self) -> bytes:
        """Write down what a fit goes on from."""
        trees, step = self._trees, self._begun
        if not self._draws:
            trees, step = bytes(self._booster.save_raw("ubj")), self.step
        kept = {"trees": None if trees is None else np.frombuffer(trees, np.uint8), "step": step}
        return bytes(skops.io.dumps(kept))

    def model(self, rounds: int) -> XGBoostClassifier | XGBoostRegressor:
        """Make the estimator that predicts with the first rounds."""
        booster = np.frombuffer(self._booster[:rounds].save_raw("ubj"), np.uint8)
        inputs, problem = self._prepared.train.shape[1], self._prepared.problem
        if not problem.classes:
            return XGBoostRegressor(booster, inputs)
        return XGBoostClassifier(booster, inputs, len(problem.classes))

    def _begin(self, trees: bytes | None, step: int) -> None:
        """Go on after `step` rounds, whose trees these are."""
        self._trees, self._begun, self.step = trees, step, step
        parameters = _parameters(self._prepared, self._given) | {
            "seed": int(np.random.SeedSequence([self._seed, step]).generate_state(1)[0])
        }
        self._booster = xgboost.Booster(
            parameters,
            list(self._matrices.values()),
            model_file=None if trees is None else bytearray(trees),
        )


def _parameters(prepared: Prepared, given: dict[str, Any]) -> dict[str, Any]:
    parameters = {name: value for name, value in given.items() if name != "n_estimators"} | {
        "objective": OBJECTIVES[prepared.problem.type],
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
    }
    if prepared.problem.type == "multiclass":
        parameters["num_class"] = len(prepared.problem.classes)
    return parameters


def _matrices(prepared: Prepared, weight: Floats | None) -> dict[Part, Any]:
    """Bin both parts; the bins are those of train."""
    categorical = set(prepared.categorical)
    types = ["c" if i in categorical else "q" for i in range(prepared.train.shape[1])]
    shared: dict[str, Any] = {"feature_types": types, "enable_categorical": True, "nthread": 1}
    train = xgboost.QuantileDMatrix(
        prepared.train,
        label=prepared.train_target,
        weight=weight,
        qid=prepared.train_query,
        **shared,
    )
    validation = xgboost.QuantileDMatrix(prepared.validation, ref=train, **shared)
    return {"train": train, "validation": validation}


def _weight(prepared: Prepared) -> tuple[Floats | None, str | None]:
    """Find what XGBoost takes as weights, and what there is to say of it.

    For ranking it weighs whole queries, in the order of their rows.
    """
    weight, query = prepared.train_weight, prepared.train_query
    if prepared.problem.type == "ranking" and prepared.train_target.max() > GREATEST_RELEVANCE:
        raise DataError(
            f"XGBoost ranks by relevances up to {GREATEST_RELEVANCE}, and the greatest in train "
            f"is {prepared.train_target.max():g}. Next step: grade the relevance more coarsely in "
            "the raw data, or take another estimator, such as hist_gradient_boosting."
        )
    if weight is None or query is None:
        return weight, None
    starts = np.flatnonzero(np.diff(query, prepend=query[0] - 1))
    sizes = np.diff(np.append(starts, len(query)))
    means: Floats = np.add.reduceat(weight, starts) / sizes
    if (weight == np.repeat(weight[starts], sizes)).all():
        return weight[starts], None
    return means, (
        "XGBoost weighs whole queries when it ranks: each counts by the mean weight of its rows."
    )
