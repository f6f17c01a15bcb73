"""Failure cases explained from real models, for every problem type."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from tests.evaluation.errors.mixed_rows import COLUMNS, FEATURES, mixed, trained

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.explanations import Explanations, explain_failures
from experiment_cycle.evaluation.errors.failures import worst_rows
from experiment_cycle.evaluation.predictions import Predictions, output_columns
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs

TASKS = {"regression": "regression", "ranking": "ranking"}


def predicted(kind: str, model: Pipeline, test: pd.DataFrame) -> Predictions:
    columns = COLUMNS[kind]
    problem = Problem.of(TASKS.get(kind, "classification"), mixed(kind)["goal"], columns)
    outputs = predict_outputs(model, test[columns.features(test.columns)], problem)
    table = {"unit": columns.groups(test), "target": problem.encode(test["goal"], "test")}
    if kind == "ranking":
        table["query"] = columns.groups(test)
    for name in ("challenger", "incumbent"):
        by_output = outputs.reshape(len(test), -1).T
        table |= dict(zip(output_columns(name, problem), by_output, strict=True))
    return Predictions(pd.DataFrame(table, index=test.index), problem)


def explained(kind: str, estimator: str = "lightgbm", *, own: bool = True) -> Explanations:
    model, test = trained(estimator, kind), mixed(kind, seed=2)
    predictions = predicted(kind, model, test)
    cases = worst_rows(test, predictions, 10)
    return explain_failures(
        *(cases, model, test, mixed(kind).head(320), predictions, COLUMNS[kind], 1),
        own_predictions=own,
    )


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "ranking"])
def test_each_case_is_attributed_to_every_feature_and_has_three_neighbours(kind: str) -> None:
    found = explained(kind)

    rows = found.attributions.groupby(ROW, sort=False)
    assert all(set(each["feature"]) == FEATURES for _, each in rows)
    assert all(each["contribution"].abs().is_monotonic_decreasing for _, each in rows)
    for _, each in rows:
        total = each["base"].iloc[0] + each["contribution"].sum()
        assert total == pytest.approx(each["score"].iloc[0], abs=1e-9)
    assert found.neighbours.groupby(ROW)["nearest"].apply(list).tolist() == [[1, 2, 3]] * len(rows)
    train = mixed(kind).loc[found.neighbours["neighbour"]]
    assert list(found.neighbours["target"]) == list(train["goal"])
    assert list(found.neighbours["other"]) == list(train["other"])
    assert found.record.attributions_note is None
    assert found.record.searched_rows == found.record.training_rows == 320


def test_of_classes_the_one_called_is_set_against_the_true_one() -> None:
    found = explained("multiclass").attributions.drop_duplicates(ROW)
    model, rows = trained("lightgbm", "multiclass"), mixed("multiclass", seed=2).loc[found[ROW]]

    odds = np.log(model.predict_proba(rows))
    truth = np.searchsorted(["bus", "car", "train"], rows["goal"])
    greatest = odds.max(axis=1) - odds[np.arange(len(rows)), truth]

    np.testing.assert_allclose(found["score"], greatest, atol=1e-9)
    assert (found["score"] > 0).all()


def test_where_nothing_is_exact_the_record_says_so() -> None:
    found = explained("binary", "random_forest")

    assert found.attributions.empty
    assert "none is exact" in (found.record.attributions_note or "")
    assert found.record.output is None
    assert len(found.neighbours) == 30


def test_models_of_other_folds_are_not_attributed() -> None:
    found = explained("binary", own=False)

    assert found.attributions.empty
    assert "models of other folds" in (found.record.attributions_note or "")
