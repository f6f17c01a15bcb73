"""The four counts behind every metric at a threshold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def confusion(
    target: npt.ArrayLike, probability: npt.ArrayLike, threshold: float
) -> dict[str, int]:
    """Count rows by class and by what they are called.

    Args:
        target: 0 or 1 per row, shape (n,).
        probability: Predicted probability of 1 per row, shape (n,).
        threshold: A row is called positive from this probability on.
    """
    positive = np.asarray(target).astype(np.bool_)
    called = np.asarray(probability) >= threshold
    return {
        "true_positive": int((positive & called).sum()),
        "false_positive": int((~positive & called).sum()),
        "true_negative": int((~positive & ~called).sum()),
        "false_negative": int((positive & ~called).sum()),
    }
