"""The predictions of both models for the same test rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError, IntegrityError

MODELS = ("challenger", "incumbent")
"""The columns of `test_predictions` that hold probabilities."""

CLASSES = 2


def predict_both(
    challenger: Pipeline, incumbent: Pipeline, test: pd.DataFrame, columns: Columns
) -> pd.DataFrame:
    """Let both models predict the same test rows.

    Args:
        challenger: The model of this run, fitted on the features of `columns`.
        incumbent: What it is compared with; it may have been trained earlier.
        test: The test rows, indexed by `__row__`.
        columns: The roles of the columns.

    Returns:
        `test_predictions`: the index of `test`, and the columns `unit` (int64, which rows stand or
        fall together), `target` (int8, 1 is positive), `challenger` and `incumbent` (float64,
        predicted probability of the positive class).

    Raises:
        DataError: the test rows are of one class only so that nobody knows which; the incumbent
            cannot read them; or a model gives something other than a probability.
    """
    target = test[columns.target]
    if columns.positive is None and target.nunique() < CLASSES:
        raise DataError(
            f"All {len(test)} test rows have the same value in the target column "
            f"'{columns.target}', so it cannot be told which class it is. Next step: set "
            f"columns.positive, or give the test set more rows (splitting)."
        )
    features = test[columns.features(test.columns)]
    return pd.DataFrame(
        {
            "unit": columns.groups(test),
            "target": columns.labels(target),
            "challenger": _probabilities("challenger", challenger, features),
            "incumbent": _old_model_probabilities(incumbent, features),
        },
        index=test.index,
    )


def rows_behind(test: pd.DataFrame, test_predictions: pd.DataFrame) -> pd.DataFrame:
    """Put the test rows in the order of their predictions.

    Raises:
        IntegrityError: the predictions were made for other rows.
    """
    if len(test) != len(test_predictions) or not test_predictions.index.isin(test.index).all():
        raise IntegrityError(
            f"The test predictions ({len(test_predictions)} rows) were not made for this test set "
            f"({len(test)} rows). Next step: kedro run --pipelines=evaluation."
        )
    return test.loc[test_predictions.index]


def _old_model_probabilities(model: Pipeline, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Predict with a model that may have been trained on other columns or types."""
    expected = [str(name) for name in getattr(model, "feature_names_in_", features.columns)]
    missing = [name for name in expected if name not in features.columns]
    mend = (
        "Next step: give the data these columns again as features, or compare with a fresh "
        "baseline under another decision.registered_model."
    )
    if missing:
        raise DataError(
            f"The incumbent was trained on columns that are no features of the test rows: "
            f"{', '.join(missing)}. Features now: {', '.join(features.columns)}. {mend}"
        )
    try:
        return _probabilities("incumbent", model, features[expected])
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(
            f"The incumbent cannot read the test rows: {error}. Its columns are there, so one of "
            f"them may have changed its type since it was trained. {mend}"
        ) from error


def _probabilities(name: str, model: Pipeline, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Predict the probability of the positive class, shape (n,)."""
    probability = np.asarray(model.predict_proba(features)[:, 1], dtype=np.float64)
    wrong = np.flatnonzero(~((probability >= 0.0) & (probability <= 1.0)))
    if len(wrong):
        raise DataError(
            f"The {name} gives no probability from 0 to 1 for {len(wrong)} test rows, the first "
            f"of them row {features.index[wrong[0]]}: {probability[wrong[0]]}."
        )
    return probability
