"""The epoch loop of learners with `partial_fit`: the rows in an order of its own each epoch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import skops.io
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.errors import IntegrityError
from experiment_cycle.live_metrics import Part
from experiment_cycle.training.estimators.contract import FitRequest
from experiment_cycle.training.measuring import matrix_of
from experiment_cycle.training.predicting import outputs_of
from experiment_cycle.training.prepared import Floats, Prepared

logger = logging.getLogger(__name__)

TRUSTED_TYPES = (
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
)
"""Types that may stand in a checkpoint beyond those that skops itself knows to be harmless.

Never all of a library: scikit-learn's modules import functions that start processes.
"""
SIGNS_OF_DIVERGENCE = ("overflow", "non-finite", "infinity", "nan")
"""How estimators that refuse to go on put it."""

LearnRows = Callable[[Any, Any, npt.NDArray[Any], Floats | None], None]
"""Takes the estimator, and the rows, targets and weights (or None) of one call."""


class Scale(NamedTuple):
    """What a target is learned as: (target - centre) / spread."""

    centre: float
    spread: float


@dataclass(frozen=True)
class EpochLearner:
    """A learner that goes over the training rows again and again.

    Attributes:
        make: Makes the estimator, unfitted.
        learn: Learns the rows of one call; classification: some of the codes may be missing.
        rows_a_call: How many rows that are, at most.
        scale: How a number that is predicted is learned, see `target_scale`; None: as it is.
        trusted: Types that its checkpoints hold, besides `TRUSTED_TYPES`.
    """

    make: Callable[[], Any]
    learn: LearnRows
    rows_a_call: int
    scale: Scale | None = None
    trusted: tuple[str, ...] = ()


def fit_in_epochs(request: FitRequest, learner: EpochLearner) -> Any:
    """Learn until validation stops improving, and give back the estimator of the best epoch.

    Epoch e visits the rows in an order drawn from (seed, e) alone, so that it does not matter in
    which process the earlier ones ran. Weights are brought to mean 1, lest weights of another size
    act as another learning rate.

    Raises:
        TrainingError: the learning diverged.
        IntegrityError: a checkpoint holds types that are not trusted.
    """
    watch = request.watch
    present, best = _begin(request, learner)
    keeping = True
    # one thread: sums taken in another order differ in their last digits
    with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(watch.done + 1, (watch.limit or 0) + 1):
            _learn_epoch(present, learner, request, epoch)
            stop = watch.record(
                {
                    part: watch.measure(part, _predict(present, learner, request.prepared, part))
                    for part in watch.parts
                }
            )
            if watch.is_best:
                best = deepcopy(present)
            keeping = keeping and _keep(request, present, best)
            if stop:
                break
    return best


def target_scale(prepared: Prepared) -> Scale | None:
    """Find what brings a number to mean 0 and standard deviation 1; None for classes."""
    if prepared.problem.classes:
        return None
    target = prepared.train_target
    return Scale(float(target.mean()), float(target.std()))


def _begin(request: FitRequest, learner: EpochLearner) -> tuple[Any, Any]:
    """Make the present and the best estimator, or take them from a checkpoint."""
    resumed = request.watch.resumed
    if resumed is None:
        return learner.make(), None
    try:
        kept = skops.io.loads(resumed.state, trusted=[*TRUSTED_TYPES, *learner.trusted])
    except UntrustedTypesFoundException as error:
        raise IntegrityError(
            "A checkpoint of this training holds types that this project does not trust; nothing "
            f"of it was loaded. {str(error).splitlines()[0]} Next step: name them in "
            "training.estimators.custom.trusted_types if they are yours, or delete the checkpoint."
        ) from error
    return kept["present"], kept["best"]


def _learn_epoch(present: Any, learner: EpochLearner, request: FitRequest, epoch: int) -> None:
    prepared, scale = request.prepared, learner.scale
    weight = prepared.train_weight
    mean = 1.0 if weight is None else weight.mean()
    order = np.random.default_rng([request.seed, epoch]).permutation(prepared.train.shape[0])
    for start in range(0, len(order), learner.rows_a_call):
        rows = order[start : start + learner.rows_a_call]
        target = prepared.train_target[rows]
        if scale is not None:
            target = (target - scale.centre) / scale.spread
        share = None if weight is None else weight[rows] / mean
        try:
            learner.learn(present, prepared.train[rows], target, share)
        except (ArithmeticError, ValueError) as error:
            if any(sign in str(error).lower() for sign in SIGNS_OF_DIVERGENCE):
                raise request.watch.diverged(f"step {epoch} failed: {error}") from error
            raise


def _predict(present: Any, learner: EpochLearner, prepared: Prepared, part: Part) -> Floats:
    rows = matrix_of(prepared, part)
    try:
        predicted = outputs_of(present, rows, prepared.problem.type)
    except ValueError as error:
        # some refuse to predict once their weights are no numbers; the watch tells what that means
        if any(sign in str(error).lower() for sign in SIGNS_OF_DIVERGENCE):
            return np.full(rows.shape[0], np.nan)
        raise
    if learner.scale is None:
        return predicted
    return predicted * learner.scale.spread + learner.scale.centre


def _keep(request: FitRequest, present: Any, best: Any) -> bool:
    """Offer a checkpoint; tell whether to do so again."""
    try:
        request.watch.keep(lambda: bytes(skops.io.dumps({"present": present, "best": best})))
    except UnsupportedTypeException as error:
        logger.warning(
            "No checkpoints are kept of a %s, because skops cannot write it: %s. If this training "
            "is stopped, it starts anew.",
            type(present).__name__,
            error,
        )
        return False
    return True
