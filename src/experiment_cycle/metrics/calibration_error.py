"""How far probabilities are from what comes true, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import NO_ROWS, Sums, Term

BINS = 15
"""Of equal width, as Guo et al., On Calibration of Modern Neural Networks (ICML 2017)."""


@dataclass(frozen=True)
class AbsoluteGaps:
    """Sums of what came true less what was said, bin by bin, and last the number of rows."""

    def value(self, sums: Floats) -> Floats:
        """Add the sizes of the gaps up, over the rows."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(sums[:-1]).sum(axis=0) / sums[-1], dtype=np.float64)

    def gradient(self, sums: Floats) -> Floats:
        """Differentiate away from gaps of 0, about which the sum of sizes is not smooth."""
        gradient = np.append(np.sign(sums[:-1]), -self.value(sums))
        return np.asarray(gradient / sums[-1], dtype=np.float64)

    def note(self, sums: Floats) -> str | None:
        """Say what is missing."""
        return NO_ROWS if sums[-1] == 0 else None


def expected_calibration_error(outcomes: Outcomes) -> Sums:
    """Lay out the expected calibration error (Naeini et al. 2015) in `BINS` bins of equal width.

    Two classes: the positive one's probability against its share. Several: the probability of the
    class that is called against the share of right calls.
    """
    if outcomes.problem == "binary":
        said, right = outcomes.prediction, outcomes.codes == 1
    else:
        said = outcomes.prediction[np.arange(len(outcomes.target)), outcomes.calls]
        right = outcomes.codes == outcomes.calls
    # nan belongs to no bin; it makes the gap of any it is in nan
    place = np.nan_to_num(np.floor(np.clip(said, 0.0, 1.0) * BINS), nan=0.0)
    bins = np.minimum(place, BINS - 1).astype(np.int64)
    terms = (Term(right - said, bins), Term(np.ones(len(said)), BINS))
    return Sums(terms, BINS + 1, AbsoluteGaps())
