"""Both models, and further seeds of the challenger, predict the same test rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.predictions import output_columns, seed_names
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import ModelRecord

FRESH = "compare with a fresh baseline under another decision.registered_model"


def predict_all(
    challenger: Pipeline,
    incumbent: Pipeline,
    seed_models: Sequence[Pipeline],
    challenger_record: ModelRecord,
    incumbent_record: IncumbentRecord,
    test: pd.DataFrame,
    columns: Columns,
) -> pd.DataFrame:
    """Let all models predict the same test rows.

    Args:
        challenger: The model of this run, fitted on the features of `columns`.
        incumbent: What it is compared with; it may have been trained earlier.
        seed_models: Models like the challenger, trained with further seeds; may be empty.
        challenger_record: Says what is predicted.
        incumbent_record: Says what the incumbent predicts, which must be the same.
        test: The test rows, indexed by `__row__`.
        columns: The roles of the columns.

    Returns:
        `test_predictions`, as `Predictions` describes it, indexed as `test` is.

    Raises:
        DataError: the test rows have a class that no training row has; the incumbent predicts
            something else, or cannot read the rows; or a model's output is no prediction.
    """
    problem = challenger_record.problem
    _refuse_other_problem(problem, incumbent_record)
    target = problem.encode(test[columns.target], "test")
    features = test[columns.features(test.columns)]
    table: dict[str, Any] = {"unit": columns.groups(test)}
    if problem.type == "ranking":
        table["query"] = _queries(test, columns)
    table["target"] = target
    named = zip(seed_names(seed_models), seed_models, strict=True)
    for name, model in (("challenger", challenger), *named):
        table |= _columns(name, _outputs(name, model, features, problem), problem)
    table |= _columns("incumbent", _old_outputs(incumbent, features, problem), problem)
    return pd.DataFrame(table, index=test.index)


def _refuse_other_problem(problem: Problem, incumbent: IncumbentRecord) -> None:
    """Say what an incumbent predicts that cannot be compared with the challenger."""
    other = incumbent.problem
    who = "The incumbent" if incumbent.version is None else f"The champion ({incumbent.version})"
    if other.type != problem.type:
        raise DataError(
            f"{who} was trained for a {other.type} problem, the challenger for a {problem.type} "
            f"one, so they cannot be compared. Next step: mend task and columns.target, or {FRESH}."
        )
    if other.classes != problem.classes:
        raise DataError(
            f"{who} tells other classes apart than the challenger: {_listed(other)}, not "
            f"{_listed(problem)}. Next step: mend columns.positive or the target in the raw data, "
            f"or {FRESH}."
        )


def _listed(problem: Problem) -> str:
    return ", ".join("others" if level is None else repr(level) for level in problem.classes)


def _queries(test: pd.DataFrame, columns: Columns) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Number the queries of the rows, shape (n,)."""
    if columns.query is None:
        raise DataError(
            "Ranking needs the query of each row. Next step: name its column in columns.query "
            "(parameters_task.yml)."
        )
    return pd.factorize(test[columns.query], use_na_sentinel=False)[0].astype(np.int64)


def _columns(name: str, outputs: Floats, problem: Problem) -> dict[str, Floats]:
    """Name each column of a model's outputs."""
    separate = outputs.reshape(len(outputs), -1).T
    return dict(zip(output_columns(name, problem), separate, strict=True))


def _outputs(name: str, model: Pipeline, features: pd.DataFrame, problem: Problem) -> Floats:
    """Predict, and say which model it is that cannot."""
    try:
        return predict_outputs(model, features, problem)
    except DataError as error:
        raise DataError(f"The {name} fails on the test rows. {error}") from error


def _old_outputs(model: Pipeline, features: pd.DataFrame, problem: Problem) -> Floats:
    """Predict with a model that may have been trained on other columns or types."""
    expected = [str(name) for name in getattr(model, "feature_names_in_", features.columns)]
    missing = [name for name in expected if name not in features.columns]
    mend = f"Next step: give the data these columns again as features, or {FRESH}."
    if missing:
        raise DataError(
            f"The incumbent was trained on columns that are no features of the test rows: "
            f"{', '.join(missing)}. Features now: {', '.join(features.columns)}. {mend}"
        )
    try:
        return _outputs("incumbent", model, features[expected], problem)
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(
            f"The incumbent cannot read the test rows: {error}. Its columns are there, so one of "
            f"them may have changed its type since it was trained. {mend}"
        ) from error
