"""Probabilities that come true as often as they say: learned on validation, kept in the model.

The rows of validation are then used more than once: for early stopping, for the calibration, and
for the threshold after it. What is measured on them flatters the model; the test rows do not.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from experiment_cycle.errors import DataError
from experiment_cycle.training.calibrated import CalibratedClassifier

logger = logging.getLogger(__name__)

FEWEST = 5
"""Rows of each class, as many as scikit-learn's own calibration asks for."""
ENOUGH = 1000
"""Rows from which on isotonic regression is advised, by scikit-learn's user guide."""


def calibrate(
    model: Pipeline,
    frame: Any,
    target: npt.NDArray[np.int64],
    method: Literal["none", "sigmoid", "isotonic"],
    classes: tuple[Any, ...],
) -> Pipeline:
    """Learn how a classifier's probabilities become true ones; the classifier stays as it is.

    Args:
        model: A fitted pipeline of the steps `preprocess` and `estimator`.
        frame: Raw rows that the estimator was not fitted on.
        target: Their codes, shape (n,).
        method: How, if at all.
        classes: The levels in the order of their codes, for messages.

    Returns:
        A pipeline that predicts calibrated probabilities of raw rows.

    Raises:
        DataError: a class has hardly any row.
    """
    if method == "none":
        return model
    _check_rows(target, method, classes)
    preprocess = model["preprocess"]
    calibrated = CalibratedClassifier(model["estimator"], method)
    calibrated.fit(preprocess.transform(frame), target)
    return Pipeline([("preprocess", preprocess), ("estimator", calibrated)])


def carry_over(calibrated: Pipeline, model: Pipeline) -> Pipeline:
    """Put the calibration of one model on another one that was refitted on more rows.

    scikit-learn's `CalibratedClassifierCV(ensemble=False)` does the same: the calibration is
    learned from predictions for rows that a model had not seen, and the model that is kept is
    fitted on all of them.

    Args:
        calibrated: As `calibrate` returned it.
        model: The refitted pipeline; it is returned as it is where nothing was calibrated.
    """
    found = calibrated["estimator"]
    if not isinstance(found, CalibratedClassifier):
        return model
    moved = found.moved_to(model["estimator"])
    return Pipeline([("preprocess", model["preprocess"]), ("estimator", moved)])


def _check_rows(target: npt.NDArray[np.int64], method: str, classes: tuple[Any, ...]) -> None:
    counts = np.bincount(target, minlength=len(classes))
    short = [
        "others" if classes[code] is None else str(classes[code])
        for code in np.flatnonzero(counts < FEWEST)
    ]
    if short:
        raise DataError(
            f"The probabilities cannot be calibrated: validation has fewer than {FEWEST} rows of "
            f"the class {', '.join(short)}. Next step: split with a strategy that is stratified, "
            "or set training.calibration to none."
        )
    if method == "isotonic" and len(target) < ENOUGH:
        logger.warning(
            "training.calibration is isotonic, but validation has %d rows only: with fewer than "
            "%d, isotonic regression follows chance. sigmoid needs far fewer.",
            len(target),
            ENOUGH,
        )
