"""A table of predictions gives a metric what it needs."""

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.evaluation.predictions import Predictions, rows_behind
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.problem import Problem
from experiment_cycle.training.records import ModelRecord, ThresholdRecord


def records(problem: Problem, own: float | None, other: float | None) -> tuple:
    known = {"problem": problem, "estimator": "linear", "hyperparameters": {}, "identity": "1"}
    chosen = None if own is None else ThresholdRecord(value=own, choose_by="fixed", detail="")
    return (
        ModelRecord(**known, features=("age",), best_step=None, threshold=chosen),
        IncumbentRecord(**known, kind="baseline", threshold=other, registered_model="visits"),
    )


def test_each_model_has_its_own_threshold_and_a_further_seed_the_challengers(make) -> None:
    made = make("binary", seeds=3)

    found = Predictions.from_records(made.table, *records(made.problem, 0.3, 0.6))

    assert found.seeds == ("challenger_seed_2", "challenger_seed_3")
    thresholds = {name: found.outcomes(name).threshold for name in (*found.models, *found.seeds)}
    assert thresholds == {
        "challenger": 0.3,
        "incumbent": 0.6,
        "challenger_seed_2": 0.3,
        "challenger_seed_3": 0.3,
    }


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "ranking"])
def test_records_as_stored_read_the_table_as_well(kind: str, make) -> None:
    made = make(kind, seeds=2)
    stored = [
        record.model_dump(mode="json")
        for record in records(made.problem, *([0.5, 0.5] if kind == "binary" else [None, None]))
    ]

    found = Predictions.from_records(made.table, *stored)

    for name in (*made.models, *made.seeds):
        outcomes = found.outcomes(name)
        assert outcomes.problem == kind
        shape = (len(made), 3) if kind == "multiclass" else (len(made),)
        assert outcomes.prediction.shape == shape
        np.testing.assert_array_equal(outcomes.prediction, made.outcomes(name).prediction)
        assert (outcomes.query is not None) == (kind == "ranking")
    assert found.problem == made.problem
    assert found.thresholds == made.thresholds


def test_ten_seeds_are_in_the_order_of_their_numbers(make) -> None:
    made = make("regression")
    table = made.table.assign(**{f"challenger_seed_{n}": 0.0 for n in (10, 2, 9)})

    found = Predictions(table, made.problem)

    assert found.seeds == tuple(f"challenger_seed_{n}" for n in (2, 9, 10))


def test_a_table_made_for_another_problem_is_refused(make) -> None:
    made = make("multiclass")

    with pytest.raises(DataError, match=r"lack the columns query, challenger.*ranking.*Next step"):
        Predictions.from_records(made.table, *records(Problem(type="ranking"), None, None))


def test_some_of_the_rows_keep_all_the_rest(make) -> None:
    made = make("binary", threshold=0.3)
    chosen = made.target == 1

    found = made.within(chosen)

    assert len(found) == chosen.sum()
    assert found.outcomes("incumbent").threshold == 0.3
    assert found.units.count == chosen.sum()


def test_queries_without_relevance_do_not_count_and_units_are_worth_their_queries(make) -> None:
    made = make("ranking", rows=60)
    table = made.table.assign(target=1.0, unit=[0] * 6 + [1] * 12 + [2] * 18 + [3] * 24)
    table.loc[table["unit"] == 3, "target"] = 0.0
    # a longer query is still one query
    table.loc[table["query"] == 5, "query"] = 4

    found = Predictions(table, made.problem)

    np.testing.assert_array_equal(found.counted, table["unit"] < 3)
    assert len(found.units.codes) == 36
    assert found.units.count == 3
    # one, two and two queries
    assert found.units.effective == pytest.approx(25 / 9)


def test_units_that_share_a_query_are_one(make) -> None:
    made = make("ranking", rows=60)
    table = made.table.assign(target=1.0, unit=np.arange(60) // 3 // 3)

    found = Predictions(table, made.problem).units

    whole = pd.Series(found.codes).groupby([table["query"].to_numpy()]).nunique()
    assert whole.max() == 1
    # units 0 and 1 share query 1; then 2 and 3 share query 4, and so on
    assert list(pd.unique(found.codes)) == [0, 1, 2, 3]
    assert found.count == 4


def test_rows_come_in_the_order_of_their_predictions(make) -> None:
    table = make("binary").table
    test = pd.DataFrame({"age": range(len(table))}, index=table.index)

    assert rows_behind(test, table[::-1]).index.equals(table.index[::-1])


def test_predictions_for_other_rows_are_refused(make) -> None:
    table = make("binary").table

    with pytest.raises(IntegrityError, match="not made for this test set"):
        rows_behind(pd.DataFrame(index=table.index + 1), table)
