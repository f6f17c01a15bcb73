"""Several tests at once: p-values that hold for all of them together."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by Holm's step-down method (Scandinavian Journal of Statistics 6, 1979).

    Rejecting where the result is at most alpha makes one or more false rejections with a
    probability of at most alpha, however the tests depend on each other.

    Args:
        p_values: One a test, in any order.

    Returns:
        The adjusted p-values, in the same order.
    """
    adjusted = [1.0] * len(p_values)
    reached = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = reached
    return adjusted
