"""Row and column sampling of LightGBM, started anew from (seed, round) in every round."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv

from experiment_cycle.training.estimators.contract import FitRequest

LARGEST_SEED = 2**31 - 1
"""LightGBM reads its seeds as signed 32-bit integers."""
HARDLY_LESS = 1 - 2**-30


class Sampling:
    """A callback before every round of LightGBM's.

    LightGBM's own generators run on from round to round, and cannot be read or set; a model that
    goes on from a checkpoint would draw otherwise. A new `feature_fraction_seed` restarts that of
    the columns; that of the rows is restarted when `bagging_fraction` changes, which is why the
    fraction takes turns with one that is a billionth less.
    """

    order = 10
    before_iteration = True

    def __init__(self, request: FitRequest) -> None:
        """Sample as the hyperparameters say; `wanted` tells whether they ask for it."""
        self._rows = request.hyperparameters["subsample"]
        self._columns = request.hyperparameters["colsample_bytree"]
        self._seed = request.seed
        self._watch = request.watch
        self.wanted = self._rows < 1 or self._columns < 1

    def parameters(self, step: int) -> dict[str, Any]:
        """Set the generators for one round; those of neighbouring rounds always differ."""
        drawn = np.random.SeedSequence([self._seed, step]).generate_state(2)
        parity = step % 2
        found: dict[str, Any] = {}
        if self._columns < 1:
            found["feature_fraction"] = self._columns
            found["feature_fraction_seed"] = _with_parity(drawn[0], parity)
        if self._rows < 1:
            found["bagging_freq"] = 1
            found["bagging_fraction"] = self._rows * (HARDLY_LESS if parity else 1.0)
            found["bagging_seed"] = _with_parity(drawn[1], parity)
        return found

    def __call__(self, env: CallbackEnv) -> None:
        """Prepare the round that is about to begin."""
        booster: Any = env.model
        try:
            booster.reset_parameter(self.parameters(self._watch.done + 1))
        except lightgbm.basic.LightGBMError as error:
            # where all inputs are constant there is nothing to draw from, and no tree has a split
            if "num_features" not in str(error):
                raise


def _with_parity(drawn: np.unsignedinteger[Any], parity: int) -> int:
    # the generators of rows are seeded with this number and those that follow it
    return (int(drawn) & (LARGEST_SEED >> 1) & ~1) | parity
