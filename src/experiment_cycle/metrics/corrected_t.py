"""Compare two training procedures by repeated cross-validation, without believing it too much."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats


class CorrectedT(NamedTuple):
    """The corrected test of a mean difference.

    Attributes:
        mean: The mean difference.
        standard_error: Of the mean, with what the folds share taken into account.
        statistic: The mean in standard errors.
        degrees: Degrees of freedom of its t distribution.
        p_value: Two-sided.
    """

    mean: float
    standard_error: float
    statistic: float
    degrees: int
    p_value: float

    def lower(self, alpha: float) -> float:
        """Bound the true difference from below, one-sided at `alpha`."""
        return self.mean - float(stats.t.isf(alpha, self.degrees)) * self.standard_error


def corrected_resampled_t(
    differences: npt.NDArray[np.float64], n_train: float, n_test: float
) -> CorrectedT:
    """Test whether one procedure scores better than another over folds and repeats.

    The folds share training rows, so that their differences are not independent: the plain t test
    finds a difference between equal procedures in half of all cases. The correction adds n_test /
    n_train to 1 / J in the variance of the mean (Nadeau and Bengio, Inference for the
    Generalization Error, Machine Learning 52, 2003; for repeated folds Bouckaert and Frank 2004).

    Args:
        differences: One difference of scores for each fold of each repeat, shape (J,).
        n_train: Rows a model was trained on; on average, where folds differ.
        n_test: Rows it was tested on.

    Raises:
        ValueError: there are fewer than two differences, or no rows.
    """
    count = len(differences)
    if count < 2 or n_train <= 0 or n_test <= 0:  # noqa: PLR2004 - one has no variance
        raise ValueError("at least two differences are needed, of models with rows on both sides")
    mean = float(np.mean(differences))
    variance = float(np.var(differences, ddof=1))
    error = math.sqrt((1 / count + n_test / n_train) * variance)
    if error == 0:
        statistic = 0.0 if mean == 0 else math.copysign(math.inf, mean)
    else:
        statistic = mean / error
    p_value = float(2 * stats.t.sf(abs(statistic), count - 1))
    return CorrectedT(mean, error, statistic, count - 1, p_value)
