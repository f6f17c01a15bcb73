"""How the level alpha is spent over the looks at one family of test sets."""

from __future__ import annotations

import math

SPENT = 0.001
"""Below this level nothing is promoted automatically: the family's budget is used up."""


def granted_level(alpha: float, number: int, planned_looks: int | None = None) -> float:
    """Tell the level of a look, so that all looks together promote an equal model with `alpha`.

    The levels 6 alpha / (pi^2 t^2) add up to alpha over all t = 1, 2, ...; after a promotion t
    starts again, which is the reward of alpha-investing (Foster and Stine 2008). Planned looks have
    the same level each, alpha / K (Bonferroni), and there are no more than planned.

    Args:
        alpha: Chance of a false promotion that is allowed over all looks.
        number: Which look at the family this is, counted from 1; since its last promotion, or of
            all looks where they are planned.
        planned_looks: How many looks there will be; None: nobody knows.
    """
    if planned_looks is None:
        return 6.0 * alpha / (math.pi * number) ** 2
    return alpha / planned_looks if number <= planned_looks else 0.0
