"""Gradient boosting of scikit-learn's; for ranking, it predicts the relevance of each row.

scikit-learn has no callback for this estimator, but it calls a scorer after every round: `_Rounds`
is one, and tells the watch. What it reads and sets of a half fitted model has no public name; the
tests hold it against the public `staged_predict_proba`, and against a fit without it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.live_metrics import Part
from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.measuring import matrix_of

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "round"
WANTS = Wants(scaled=False, codes=True, gaps=True)

MOST_CODES = 255
"""It keeps a column in so many bins, a code in each, and one more for what is missing."""
KEPT = ("_predictors", "_baseline_prediction", "_random_seed", "_feature_subsample_rng")
"""All that a fit goes on from: trees, their start value, the seed of the bins, column sampling."""
KEPT_TYPES = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most boosting rounds."""
    return int(hyperparameters["n_estimators"])


def fit(request: FitRequest) -> Fitted:
    """Boost until validation stops improving; the model predicts with its best round.

    Bins, histograms and leaves are computed column by column or row by row, so that the number of
    threads changes nothing.

    Raises:
        ConfigurationError: a column has more category codes than the estimator can keep apart.
    """
    prepared = request.prepared
    _check_codes(request)
    rounds = _Rounds(request)
    model = _make(request, rounds)
    if request.watch.resumed is not None:
        _take_up(model, rounds, request.watch.resumed.state)
    with threadpool_limits(request.threads, user_api="openmp"):
        model.fit(prepared.train, prepared.train_target, sample_weight=prepared.train_weight)
    return Fitted(_finished(model, request.watch.best_step))


class _Rounds:
    """The scorer that scikit-learn calls after every round; its score says whether to go on."""

    def __init__(self, request: FitRequest) -> None:
        self._request = request
        self._binned: dict[Part, npt.NDArray[np.uint8]] = {}
        self._raw: dict[Part, npt.NDArray[np.float64]] = {}

    def __call__(self, model: Any, rows: Any, target: Any, sample_weight: Any = None) -> float:
        """Take in one round; `rows` are of a part of train, and of no use here."""
        watch = self._request.watch
        done = len(model._predictors)
        if done == 0:
            return 0.0
        stop = watch.record(
            {part: watch.measure(part, self._predict(model, part)) for part in watch.parts}
        )
        watch.keep(lambda: _state(model))
        # with a patience of one round, a score that rises goes on and one that falls ends the fit
        return -np.inf if stop else float(done)

    def _predict(self, model: Any, part: Part) -> npt.NDArray[np.float64]:
        """Predict a part: the sums so far, with the newest trees added in the order of a fit."""
        trees = model._predictors[-1:]
        if part not in self._binned:
            self._binned[part] = self._bin(model, part)
            shape = (len(self._binned[part]), model.n_trees_per_iteration_)
            self._raw[part] = np.zeros(shape, order="F") + model._baseline_prediction
            # all of them, where a checkpoint brought some
            trees = model._predictors
        raw = self._raw[part]
        model._predict_iterations(
            self._binned[part], trees, raw, is_binned=True, n_threads=self._request.threads
        )
        kind = self._request.prepared.problem.type
        if kind in {"regression", "ranking"}:
            return raw[:, 0].copy()
        probabilities = np.asarray(model._loss.predict_proba(raw), dtype=np.float64)
        return probabilities[:, 1] if kind == "binary" else probabilities

    def _bin(self, model: Any, part: Part) -> npt.NDArray[np.uint8]:
        rows = model._preprocess_X(matrix_of(self._request.prepared, part), reset=False)
        return np.ascontiguousarray(model._bin_mapper.transform(rows))


def _make(request: FitRequest, rounds: _Rounds) -> Any:
    prepared, given = request.prepared, dict(request.hyperparameters)
    kind = (
        HistGradientBoostingClassifier
        if prepared.problem.classes
        else HistGradientBoostingRegressor
    )
    return kind(
        max_iter=given.pop("n_estimators"),
        **given,
        categorical_features=list(prepared.categorical) or None,
        random_state=request.seed,
        # of its own early stopping nothing is used but the call after every round
        early_stopping=True,
        validation_fraction=None,
        n_iter_no_change=1,
        tol=0.0,
        scoring=rounds,
    )


def _check_codes(request: FitRequest) -> None:
    for position in request.prepared.categorical:
        codes = request.prepared.train[:, position]
        greatest = np.nanmax(codes, initial=0)
        if greatest >= MOST_CODES:
            raise ConfigurationError(
                f"hist_gradient_boosting tells at most {MOST_CODES} levels of a category apart, "
                f"and a column has {int(greatest) + 1}. Next step: set "
                f"training.preprocessing.categorical.max_levels to {MOST_CODES} or less, or take "
                "another estimator, such as lightgbm."
            )


def _state(model: Any) -> bytes:
    return bytes(skops.io.dumps({name: getattr(model, name) for name in KEPT}))


def _take_up(model: Any, rounds: _Rounds, state: bytes) -> None:
    """Let the next fit go on from a state; everything else it computes again from the data."""
    for name, value in skops.io.loads(state, trusted=KEPT_TYPES).items():
        setattr(model, name, value)
    model.set_params(warm_start=True)
    model._scorer = rounds
    model.train_score_, model.validation_score_ = np.zeros(1), np.zeros(0)


def _finished(model: Any, best_step: int) -> Any:
    """Cut a model to its best round, and take away what only the fit needed."""
    model._predictors = model._predictors[:best_step]
    model.set_params(max_iter=best_step, early_stopping=False, scoring="loss", warm_start=False)
    model._scorer = None
    model.train_score_, model.validation_score_ = np.zeros(0), np.zeros(0)
    del model._feature_subsample_rng
    return model
