"""Levels of a sensitive column are compared as Fairlearn compares them."""

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.fairness import GROUP_METRICS, compare_groups
from experiment_cycle.evaluation.errors.gaps import GAPS
from experiment_cycle.evaluation.options import EvaluationOptions, FairnessOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import Fairness
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.problem import Problem

COLUMNS = Columns(target="ill", sensitive=("origin",))
OPTIONS = EvaluationOptions()


def predictions_of(table: pd.DataFrame, threshold: float = 0.4) -> Predictions:
    problem = Problem(type="binary", classes=(False, True))
    return Predictions(table, problem, {"challenger": threshold, "incumbent": 0.9})


def data(rows: int = 500) -> tuple[pd.DataFrame, Predictions]:
    generator = np.random.default_rng(8)
    index = pd.RangeIndex(rows, name=ROW)
    target = generator.integers(0, 2, rows).astype(np.int8)
    origin = generator.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    challenger = np.clip(0.3 * target + 0.6 * generator.random(rows) + 0.1 * (origin == "b"), 0, 1)
    table = pd.DataFrame(
        {"unit": range(rows), "target": target, "challenger": challenger, "incumbent": 0.5},
        index=index,
    )
    return pd.DataFrame({"ill": target == 1, "origin": origin}, index=index), predictions_of(table)


def test_the_gaps_are_fairlearns() -> None:
    test, predictions = data()

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS, 1).columns

    table = predictions.table
    y, called = table["target"], (table["challenger"] >= 0.4).astype(int)
    expected = {
        name: getattr(fl, name)(y, called, sensitive_features=test["origin"]) for name in GAPS
    }
    assert {name: found.gaps[name].value for name in GAPS} == pytest.approx(expected)
    assert found.note is None


def test_each_group_has_its_values_with_intervals() -> None:
    test, predictions = data()

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS, 1).columns

    assert [group.level for group in found.groups] == ["a", "b", "c"]
    for group in found.groups:
        within = predictions.table[test["origin"] == group.level]
        y, p = within["target"], within["challenger"]
        expected = {
            "selection_rate": (p >= 0.4).mean(),
            "true_positive_rate": (p[y == 1] >= 0.4).mean(),
            "false_positive_rate": (p[y == 0] >= 0.4).mean(),
            "accuracy": sk.accuracy_score(y, p >= 0.4),
            "roc_auc": sk.roc_auc_score(y, p),
            "log_loss": sk.log_loss(y, p),
        }
        assert {name: each.value for name, each in group.metrics.items()} == pytest.approx(expected)
        assert (group.rows, group.units) == (len(within), len(within))
        rate = group.metrics["selection_rate"]
        # with rows as units the standard error is that of a sample mean
        assert rate.standard_error == pytest.approx((p >= 0.4).astype(float).sem())
        assert rate.lower is not None
        assert rate.upper is not None
        assert rate.lower < expected["selection_rate"] < rate.upper


def test_a_small_group_is_reported_but_left_out_of_the_gaps() -> None:
    test, predictions = data()
    options = EvaluationOptions(fairness=FairnessOptions(min_group_rows=100))

    (found,) = compare_groups(test, predictions, COLUMNS, options, 1).columns

    assert [group.compared for group in found.groups] == [True, True, False]
    kept, table = test["origin"] != "c", predictions.table
    expected = fl.demographic_parity_difference(
        table["target"][kept],
        (table["challenger"] >= 0.4).astype(int)[kept],
        sensitive_features=test["origin"][kept],
    )
    assert found.gaps["demographic_parity_difference"].value == pytest.approx(expected)
    assert found.note == "left out of the gaps, with fewer than 100 rows: c"


def test_a_rate_that_is_undefined_in_a_group_makes_its_gaps_undefined() -> None:
    test, predictions = data()
    predictions.table.loc[test["origin"] == "b", "target"] = np.int8(0)

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS, 1).columns

    assert found.gaps["equal_opportunity_difference"].value is None
    assert found.gaps["equalized_odds_ratio"].value is None
    assert found.gaps["demographic_parity_difference"].value is not None
    assert "true_positive_rate is not defined for b" in str(found.note)


def test_a_ratio_of_zeros_is_undefined() -> None:
    test, predictions = data()

    never = predictions_of(predictions.table.assign(challenger=0.1))
    (found,) = compare_groups(test, never, COLUMNS, OPTIONS, 1).columns

    assert found.gaps["demographic_parity_difference"].value == 0.0
    assert found.gaps["demographic_parity_ratio"].value is None
    assert "demographic_parity_ratio is not defined: a rate is 0" in str(found.note)


def test_missing_values_are_a_level_of_their_own() -> None:
    test, predictions = data()
    test.loc[test.index[:60], "origin"] = None

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS, 1).columns

    assert [group.level for group in found.groups] == ["a", "b", "c", "missing"]
    assert found.groups[-1].rows == 60


def test_one_group_has_no_gaps() -> None:
    test, predictions = data()

    (found,) = compare_groups(test.assign(origin="a"), predictions, COLUMNS, OPTIONS, 1).columns

    assert {each.value for each in found.gaps.values()} == {None}
    assert found.note == "no gaps: fewer than two levels have enough rows"


def test_many_numbers_are_cut_at_quantiles() -> None:
    test, predictions = data()
    ages = test.assign(origin=np.arange(500) % 80)

    (found,) = compare_groups(ages, predictions, COLUMNS, OPTIONS, 1).columns

    assert len(found.groups) == 4
    assert "cut at quantiles" in str(found.note)


def test_without_sensitive_columns_there_is_nothing_to_compare() -> None:
    test, predictions = data()

    assert compare_groups(test, predictions, Columns(target="ill"), OPTIONS, 1) == Fairness(
        columns=()
    )


def test_the_record_is_json() -> None:
    test, predictions = data()
    predictions.table["target"] = np.int8(1)
    found = compare_groups(test, predictions, COLUMNS, OPTIONS, 1)

    assert Fairness.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("kind", ["multiclass", "regression", "ranking"])
def test_groups_of_other_problems_differ_by_their_metrics(kind: str, make) -> None:
    made = make(kind)
    origin = np.array(["a", "b", "c"])[np.arange(len(made)) // 6 % 3]
    test = pd.DataFrame({"ill": 0, "origin": origin}, index=made.table.index)

    (found,) = compare_groups(test, made, COLUMNS, OPTIONS, 1).columns

    assert [group.level for group in found.groups] == ["a", "b", "c"]
    for name in GROUP_METRICS[kind]:
        values = []
        for group in found.groups:
            outcomes = made.within(origin == group.level).outcomes("challenger")
            expected = (
                (outcomes.prediction - outcomes.target).mean()
                if name == "mean_error"
                else measure(name, outcomes)
            )
            estimate = group.metrics[name]
            assert estimate.value == pytest.approx(expected)
            assert estimate.lower < expected < estimate.upper
            values.append(expected)
        assert found.gaps[f"{name}_difference"].value == pytest.approx(max(values) - min(values))
    assert len(found.gaps) == len(GROUP_METRICS[kind])


def test_small_groups_of_other_problems_are_left_out_and_one_has_no_gaps(make) -> None:
    made = make("regression")
    origin = np.where(np.arange(len(made)) < 10, "few", np.where(made.target > 0, "a", "b"))
    test = pd.DataFrame({"ill": 0, "origin": origin}, index=made.table.index)

    (found,) = compare_groups(test, made, COLUMNS, OPTIONS, 1).columns
    (one,) = compare_groups(test.replace("b", "a"), made, COLUMNS, OPTIONS, 1).columns

    values = [group.metrics["mae"].value for group in found.groups if group.compared]
    assert found.gaps["mae_difference"].value == pytest.approx(abs(values[0] - values[1]))
    assert "fewer than 30 rows: few" in str(found.note)
    assert {name: each.value for name, each in one.gaps.items()} == {
        "mae_difference": None,
        "mean_error_difference": None,
    }
    assert "fewer than two levels" in str(one.note)


def test_a_metric_that_is_undefined_in_a_group_has_no_gap(make) -> None:
    made = make("ranking")
    origin = np.array(["a", "b"])[np.arange(len(made)) // 6 % 2]
    made.table.loc[origin == "b", "target"] = 0.0
    test = pd.DataFrame({"ill": 0, "origin": origin}, index=made.table.index)

    (found,) = compare_groups(test, made, COLUMNS, OPTIONS, 1).columns

    assert found.gaps["ndcg_at_10_difference"].value is None
    assert found.note == "ndcg_at_10 is not defined for b"


def test_rankings_are_not_compared_within_queries(make) -> None:
    made = make("ranking")
    test = pd.DataFrame({"ill": 0, "origin": np.arange(len(made)) % 2}, index=made.table.index)

    (found,) = compare_groups(test, made, COLUMNS, OPTIONS, 1).columns

    assert (found.groups, found.gaps) == ((), {})
    assert found.note == "not compared: its values differ within queries"
