"""Levels of a sensitive column are compared as Fairlearn compares them."""

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.errors.fairness import GAPS, compare_groups
from experiment_cycle.evaluation.options import EvaluationOptions, FairnessOptions
from experiment_cycle.evaluation.records import Fairness

COLUMNS = Columns(target="ill", sensitive=("origin",))
OPTIONS = EvaluationOptions(threshold=0.4)


def data(rows: int = 500) -> tuple[pd.DataFrame, pd.DataFrame]:
    generator = np.random.default_rng(8)
    index = pd.RangeIndex(rows, name=ROW)
    target = generator.integers(0, 2, rows).astype(np.int8)
    origin = generator.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    challenger = np.clip(0.3 * target + 0.6 * generator.random(rows) + 0.1 * (origin == "b"), 0, 1)
    predictions = pd.DataFrame(
        {"unit": range(rows), "target": target, "challenger": challenger, "incumbent": 0.5},
        index=index,
    )
    return pd.DataFrame({"ill": target == 1, "origin": origin}, index=index), predictions


def test_the_gaps_are_fairlearns() -> None:
    test, predictions = data()

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS).columns

    y, called = predictions["target"], (predictions["challenger"] >= 0.4).astype(int)
    expected = {
        name: getattr(fl, name)(y, called, sensitive_features=test["origin"]) for name in GAPS
    }
    assert found.gaps == pytest.approx(expected)
    assert found.note is None


def test_each_group_has_its_values_with_intervals() -> None:
    test, predictions = data()

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS).columns

    assert [group.level for group in found.groups] == ["a", "b", "c"]
    for group in found.groups:
        within = predictions[test["origin"] == group.level]
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

    (found,) = compare_groups(test, predictions, COLUMNS, options).columns

    assert [group.compared for group in found.groups] == [True, True, False]
    kept = test["origin"] != "c"
    expected = fl.demographic_parity_difference(
        predictions["target"][kept],
        (predictions["challenger"] >= 0.5).astype(int)[kept],
        sensitive_features=test["origin"][kept],
    )
    assert found.gaps["demographic_parity_difference"] == pytest.approx(expected)
    assert found.note == "left out of the gaps, with fewer than 100 rows: c"


def test_a_rate_that_is_undefined_in_a_group_makes_its_gaps_undefined() -> None:
    test, predictions = data()
    predictions.loc[test["origin"] == "b", "target"] = np.int8(0)

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS).columns

    assert found.gaps["equal_opportunity_difference"] is None
    assert found.gaps["equalized_odds_ratio"] is None
    assert found.gaps["demographic_parity_difference"] is not None
    assert "true_positive_rate is not defined for b" in str(found.note)


def test_a_ratio_of_zeros_is_undefined() -> None:
    test, predictions = data()

    (found,) = compare_groups(test, predictions.assign(challenger=0.1), COLUMNS, OPTIONS).columns

    assert found.gaps["demographic_parity_difference"] == 0.0
    assert found.gaps["demographic_parity_ratio"] is None
    assert "demographic_parity_ratio is not defined: a rate is 0" in str(found.note)


def test_missing_values_are_a_level_of_their_own() -> None:
    test, predictions = data()
    test.loc[test.index[:60], "origin"] = None

    (found,) = compare_groups(test, predictions, COLUMNS, OPTIONS).columns

    assert [group.level for group in found.groups] == ["a", "b", "c", "missing"]
    assert found.groups[-1].rows == 60


def test_one_group_has_no_gaps() -> None:
    test, predictions = data()

    (found,) = compare_groups(test.assign(origin="a"), predictions, COLUMNS, OPTIONS).columns

    assert set(found.gaps.values()) == {None}
    assert found.note == "no gaps: fewer than two levels have enough rows"


def test_many_numbers_are_cut_at_quantiles() -> None:
    test, predictions = data()
    ages = test.assign(origin=np.arange(500) % 80)

    (found,) = compare_groups(ages, predictions, COLUMNS, OPTIONS).columns

    assert len(found.groups) == 4
    assert "cut at quantiles" in str(found.note)


def test_without_sensitive_columns_there_is_nothing_to_compare() -> None:
    test, predictions = data()

    assert compare_groups(test, predictions, Columns(target="ill"), OPTIONS) == Fairness(columns=())


def test_the_record_is_json() -> None:
    test, predictions = data()
    predictions["target"] = np.int8(1)
    found = compare_groups(test, predictions, COLUMNS, OPTIONS)

    assert Fairness.model_validate_json(found.model_dump_json()) == found
