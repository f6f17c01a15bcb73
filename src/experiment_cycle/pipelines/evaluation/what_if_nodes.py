"""Nodes of the stage evaluation that ask what would be predicted if a row were different."""

import logging
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.plots.dependence import plot_dependence
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.what_if.counterfactuals import search_counterfactuals
from experiment_cycle.evaluation.what_if.dependence import compare_dependence, tabulate
from experiment_cycle.evaluation.what_if.front_end import INSTALL, front_end
from experiment_cycle.evaluation.what_if.page import page_rows, page_without_tool, what_if_page
from experiment_cycle.evaluation.what_if.predictor import AskedModel, predictor
from experiment_cycle.training.records import ModelRecord

logger = logging.getLogger(__name__)


def follow_features(
    challenger: Pipeline,
    incumbent: Pipeline,
    challenger_record: dict[str, Any],
    validation: pd.DataFrame,
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> tuple[pd.DataFrame, go.Figure]:
    """Follow the features that move predictions most, on validation: the test set stays shut."""
    problem = ModelRecord.model_validate(challenger_record).problem
    own = AskedModel.of(challenger, problem, columns.features(validation.columns))
    models = {"challenger": own.predict, "incumbent": predictor(incumbent, problem)}
    found = compare_dependence(models, problem, validation, own.features, options.what_if, seed)
    return tabulate(found, problem), plot_dependence(found, problem)


def find_counterfactuals(
    challenger: Pipeline,
    challenger_record: dict[str, Any],
    train: pd.DataFrame,
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> dict[str, Any]:
    """Find what would have to be different for the challenger to say something else."""
    record = ModelRecord.model_validate(challenger_record)
    threshold = record.threshold.value if record.threshold else None
    tested = cross_validated_rows if test.empty else test
    model = AskedModel.of(challenger, record.problem, columns.features(train.columns), threshold)
    found = search_counterfactuals(model, train, tested, columns, options.what_if, seed)
    return found.model_dump(mode="json")


def write_what_if_page(
    test: pd.DataFrame,
    cross_validated_rows: pd.DataFrame,
    test_predictions: pd.DataFrame,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> str:
    """Put test rows and what both models say of them into Google's What-If Tool."""
    tool = front_end()
    if tool is None:
        logger.info("No What-If page: the What-If Tool is not installed. To get it: %s", INSTALL)
        return page_without_tool()
    predictions = Predictions.from_records(test_predictions, challenger_record, incumbent_record)
    tested = cross_validated_rows if test.empty else test
    rows = page_rows(tested, predictions, columns, options.what_if.page_rows, seed)
    return what_if_page(tool.read_text("utf-8"), rows, predictions, columns.target, "static")
