"""How the level alpha is spent over the looks at one family of test sets."""

from __future__ import annotations

import math

SPENT = 0.001
"""Below this level nothing is promoted automatically: the family's budget is used up."""


def granted_level(alpha: float, number: int) -> float:
    """Tell the level of a look, so that all looks together promote an equal model with `alpha`.

    The levels 6 alpha / (pi^2 t^2) add up to alpha over all t = 1, 2, ...; after a promotion t
    starts again, which is the reward of alpha-investing (Foster and Stine 2008).

    Args:
        alpha: Chance of a false promotion that is allowed over all looks.
        number: Which look at the family since its last promotion this is, counted from 1.
    """
    return 6.0 * alpha / (math.pi * number) ** 2
