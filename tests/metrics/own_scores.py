"""Metrics of a user's own."""

import numpy as np
from sklearn.metrics import make_scorer, mean_pinball_loss

FIGURE = 7


def savings(target, prediction):
    """Ten for each positive that is called, less one for each call, at a threshold of its own."""
    called = prediction >= 0.2
    return float((10 * (called & (target == 1)) - called).mean())


def largest_miss(target, prediction):
    return np.abs(prediction - target).max()


def best_first(target, prediction):
    """Relevance of the row with the greatest score."""
    return float(target[prediction.argmax()])


def fails(target, prediction):
    raise ValueError("no such luck")


def fails_on_many(target, prediction):
    if len(target) > 50:
        raise ValueError("too many rows")
    return 1.0


pinball = make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)


def fails_on_two_hundred(target, prediction):
    """No number on as many rows as a test's validation has."""
    return float("nan") if len(target) == 200 else 1.0
