"""Labels that a model which never saw them has reason to doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from experiment_cycle.metrics.outcomes import Floats

Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ALPHA = 0.05
BINS = 10
"""Parts of the predictions in each of which the size of a usual error is measured."""
LEAST_IN_BIN = 200
NORMAL = 1.4826
"""Times the median absolute deviation is the standard deviation of normal values."""
EFFICIENCY = 0.37
"""Of the median absolute deviation: how many rows in one say as much by the standard deviation."""

Method = Literal["confident_learning", "extreme_residuals", "none"]


@dataclass(frozen=True, eq=False)
class Doubts:
    """What confident learning says of labels.

    Attributes:
        suspected: Shape (n,).
        suggested: The class that is likelier than it usually is for rows of that label, and the
            likeliest of such; -1 where there is none. Shape (n,).
        margin: Probability of the label less the greatest one of another class, shape (n,): the
            least is the most doubtful.
        thresholds: For each class, the mean probability of it among rows so labelled; nan where
            there are none.
        joint: Rows by label and by suggested class: the confident joint, shape (classes, classes).
        estimated: How many labels are wrong by the calibrated joint.
        by_chance: How many rows would be suspected if every label were right and the probabilities
            true.
    """

    suspected: Bools
    suggested: Codes
    margin: Floats
    thresholds: Floats
    joint: Codes
    estimated: float
    by_chance: float


def doubt_classes(probability: Floats, label: Codes) -> Doubts:
    """Find labels that are confidently another class (confident learning).

    Northcutt, Jiang and Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
    Journal of Artificial Intelligence Research 70 (2021): thresholds and confident joint by
    equations 1 and 2, its calibration to the counts of labels by equation 3; suspected are the
    rows off the diagonal of the joint, ranked by the normalised margin.

    Rows that are hard to tell are suspected as well. `by_chance` tells how many: a row whose
    suggested class has probability p would be suspected with probability 1 - p.

    Args:
        probability: Of rows the model was not fitted on, shape (n, classes).
        label: Codes, shape (n,).
    """
    rows, classes = probability.shape
    sizes = np.bincount(label, minlength=classes)
    own = probability[np.arange(rows), label]
    thresholds = np.full(classes, np.nan)
    np.divide(np.bincount(label, own, classes), sizes, out=thresholds, where=sizes > 0)
    # rounding must not keep a row below a threshold that all rows of its class share
    over = probability >= thresholds - 1e-12
    suggested = np.where(over, probability, -1.0).argmax(axis=1)
    suggested[~over.any(axis=1)] = -1
    counted = suggested >= 0
    suspected = counted & (suggested != label)
    joint = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(joint, (label[counted], suggested[counted]), 1)
    others = probability.copy()
    others[np.arange(rows), label] = -np.inf
    likely = probability[np.flatnonzero(counted), suggested[counted]]
    return Doubts(
        suspected=suspected,
        suggested=suggested,
        margin=own - others.max(axis=1),
        thresholds=thresholds,
        joint=joint,
        estimated=_estimated(joint, sizes),
        by_chance=float((1.0 - likely).sum()),
    )


def _estimated(joint: Codes, sizes: Codes) -> float:
    """Calibrate each row of the joint to the count of its label, and add up what is off diagonal.

    A label none of whose rows is counted is taken to be right.
    """
    counts = joint.sum(axis=1)
    off = (counts - np.diag(joint)).astype(np.float64)
    shares = np.divide(off, counts, out=np.zeros(len(counts)), where=counts > 0)
    return float((shares * sizes).sum())


@dataclass(frozen=True, eq=False)
class Residuals:
    """Errors in units of the usual one.

    Attributes:
        suspected: Shape (n,).
        standardised: Error over the usual error at its prediction, shape (n,).
        limit: Beyond which it is suspected, either way.
    """

    suspected: Bools
    standardised: Floats
    limit: float


def doubt_numbers(prediction: Floats, target: Floats) -> Residuals:
    """Find errors so large that normal ones would have one in 5 of 100 tables.

    Residuals are centred by the median and scaled by the median absolute deviation, each in up to
    ten parts of the predictions of equal size, so that values which vary more the greater they are
    are not suspected for that; a part whose deviation is 0 takes that of all rows. The limit is
    Bonferroni's over all rows, of Student's t, as in the outlier test of Cook and Weisberg
    (Residuals and Influence in Regression, 1982). Errors with long tails exceed it without any
    label being wrong.

    Args:
        prediction: Of rows the model was not fitted on, shape (n,).
        target: Shape (n,).
    """
    residual = target - prediction
    count = len(residual)
    bins = int(np.clip(count // LEAST_IN_BIN, 1, BINS))
    bin_ = np.zeros(count, dtype=np.int64)
    bin_[np.argsort(prediction, kind="stable")] = np.arange(count) * bins // max(1, count)
    usual = _deviation(residual)[1]
    standardised = np.zeros(count)
    for each in range(bins if count else 0):
        inside = bin_ == each
        middle, spread = _deviation(residual[inside])
        scale = spread or usual
        if scale > 0:
            standardised[inside] = (residual[inside] - middle) / scale
    freedom = max(1.0, EFFICIENCY * count / bins)
    limit = float(stats.t.isf(ALPHA / (2 * max(1, count)), freedom))
    return Residuals(np.abs(standardised) > limit, standardised, limit)


def _deviation(values: Floats) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    middle = float(np.median(values))
    return middle, NORMAL * float(np.median(np.abs(values - middle)))
