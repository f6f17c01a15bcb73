"""The space that is searched where none is given: what matters most for each estimator."""

from __future__ import annotations

import math
from typing import Any, Literal

from experiment_cycle.tuning.spaces import POINTS, SearchSpace, Space

FEWEST = 2
"""Values of a number on a grid."""


def derive_space(
    estimator: str, configured: dict[str, Any], *, on_grid: bool, trials: int
) -> Space:
    """Derive what to search from an estimator and how it is configured.

    A range is widened to the configured value where that lies beyond it, unless a range of orders
    of magnitude cannot hold it (0, or null). A grid takes only as many hyperparameters, the most
    important ones, as give it three values each with the trials there are, the first trial being
    the configuration itself.

    Args:
        estimator: Its name.
        configured: Its hyperparameters as configured.
        on_grid: The space is for a grid.
        trials: How many trials there may be.

    Returns:
        The space; empty for an estimator about which nothing is known.
    """
    space = {
        name: _reaching(one, configured.get(name))
        for name, one in _SPACES.get(estimator, {}).items()
    }
    if not on_grid or not space:
        return space
    points = trials - 1
    count = min(len(space), math.floor(math.log(max(points, 1), POINTS) + 1e-9))
    num = POINTS if count else FEWEST
    chosen = list(space.items())[: max(count, 1)]
    return {name: one.model_copy(update={"num": num}) for name, one in chosen}


def _reaching(one: SearchSpace, configured: Any) -> SearchSpace:
    """Widen a range to a configured value."""
    if one.low is None or one.high is None or isinstance(configured, bool):
        return one
    if not isinstance(configured, int | float) or (one.log and configured <= 0):
        return one
    ends = {"low": min(one.low, configured), "high": max(one.high, configured)}
    return one.model_copy(update=ends)


def _number(
    kind: Literal["int", "float"], low: float, high: float, log: bool = False
) -> SearchSpace:
    return SearchSpace(type=kind, low=low, high=high, log=log)


def _boosting(leaves: str, least: str, columns: str, penalty: str) -> Space:
    """Vary what matters most in boosting, by the names an estimator has for it."""
    return {
        "learning_rate": _number("float", 0.02, 0.2, log=True),
        leaves: _number("int", 4, 64, log=True),
        least: _number("int", 5, 200, log=True),
        columns: _number("float", 0.4, 1.0),
        penalty: _number("float", 0.001, 100.0, log=True),
    }


_SPACES: dict[str, Space] = {
    "linear": {"C": _number("float", 0.0001, 100.0, log=True)},
    "sgd": {
        "alpha": _number("float", 0.000001, 0.1, log=True),
        "eta0": _number("float", 0.001, 0.1, log=True),
    },
    "mlp": {
        "learning_rate": _number("float", 0.0001, 0.01, log=True),
        "alpha": _number("float", 0.000001, 0.1, log=True),
        "batch_size": _number("int", 32, 512, log=True),
    },
    "random_forest": {
        "max_features": _number("float", 0.1, 1.0),
        "min_samples_leaf": _number("int", 1, 50, log=True),
    },
    "hist_gradient_boosting": _boosting(
        "max_leaf_nodes", "min_samples_leaf", "max_features", "l2_regularization"
    ),
    "lightgbm": _boosting("num_leaves", "min_child_samples", "colsample_bytree", "reg_lambda"),
    "xgboost": {
        "learning_rate": _number("float", 0.02, 0.2, log=True),
        "max_depth": _number("int", 2, 10),
        "min_child_weight": _number("float", 0.5, 50.0, log=True),
        "colsample_bytree": _number("float", 0.4, 1.0),
        "reg_lambda": _number("float", 0.001, 100.0, log=True),
    },
    "skorch": {
        "learning_rate": _number("float", 0.0001, 0.01, log=True),
        "weight_decay": _number("float", 0.0001, 0.3, log=True),
        "dropout": _number("float", 0.0, 0.5),
    },
}
"""Each hyperparameter of an estimator, the most important one first."""
