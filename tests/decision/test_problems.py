"""Comparisons of several classes, of numbers and of rankings, against scipy and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import ndcg_score, roc_auc_score, root_mean_squared_error
from tests.metrics.oracles import skewed_bound, skewed_t

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.intervals import Effect, measure_effect, name_test
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.errors import ConfigurationError, DataError, IntegrityError
from experiment_cycle.metrics.outcomes import Outcomes

MODELS = ("challenger", "incumbent")
LEVEL = 0.03

MakeCase = Callable[..., Any]


def assert_is_paired_t(effect: Effect, better: np.ndarray, worse: np.ndarray) -> None:
    """The effect is scipy's paired t test of `better` - `worse`."""
    oracle = stats.ttest_rel(better, worse, alternative="greater")

    assert effect.value == pytest.approx((better - worse).mean(), abs=1e-12)
    assert effect.degrees_of_freedom == pytest.approx(len(better) - 1)
    assert effect.p_value(0.0) == pytest.approx(oracle.pvalue, rel=1e-9)
    lower = oracle.confidence_interval(1.0 - LEVEL).low
    assert effect.bounds(LEVEL, LEVEL)[0] == pytest.approx(lower, abs=1e-12)


# regression


@pytest.mark.parametrize(("metric", "power"), [("mae", 1), ("mse", 2)])
def test_a_mean_of_losses_is_scipys_paired_t_test_over_rows(
    metric: str, power: int, make_case: MakeCase
) -> None:
    case = make_case("regression", metric)
    table = case.predictions
    losses = {model: (table[model] - table["target"]).abs() ** power for model in MODELS}

    effect = measure_effect(improvement(metric), case.paired)

    gains = (losses["incumbent"] - losses["challenger"]).to_numpy()
    assert effect.value == pytest.approx(gains.mean(), abs=1e-12)
    assert effect.p_value(0.0) == pytest.approx(skewed_t(gains), rel=1e-9)
    assert effect.bounds(LEVEL, LEVEL)[0] == pytest.approx(skewed_bound(gains, LEVEL), abs=1e-10)
    named = name_test(improvement(metric), case.paired)
    assert "t test of the rows' values" in named
    assert "corrected for skewness (Hall 1992)" in named


def test_grouped_rows_are_scipys_t_test_over_groups_of_one_size(make_case: MakeCase) -> None:
    case = make_case("regression", "mae", rows=600, group_size=6)
    table = case.predictions
    losses = {model: (table[model] - table["target"]).abs() for model in MODELS}
    means = {model: each.groupby(table["unit"]).mean() for model, each in losses.items()}

    effect = measure_effect(improvement("mae"), case.paired)

    assert_is_paired_t(effect, means["incumbent"].to_numpy(), means["challenger"].to_numpy())
    assert case.compare().unit == "group"


def test_rmse_is_told_from_no_difference_by_the_paired_t_test_of_the_squares(
    make_case: MakeCase,
) -> None:
    case = make_case("regression", "rmse")
    table = case.predictions
    squares = {model: (table[model] - table["target"]) ** 2 for model in MODELS}
    oracle = skewed_t((squares["incumbent"] - squares["challenger"]).to_numpy())

    effect = measure_effect(improvement("rmse"), case.paired)

    assert effect.p_value(0.0) == pytest.approx(oracle, rel=1e-9)
    assert "squared errors" in name_test(improvement("rmse"), case.paired)


def test_an_error_of_rmse_is_about_that_of_each_linearised_by_itself(make_case: MakeCase) -> None:
    case = make_case("regression", "rmse", rows=4000)
    table = case.predictions
    rmse = {model: root_mean_squared_error(table["target"], table[model]) for model in MODELS}
    squares = {model: (table[model] - table["target"]) ** 2 / (2 * rmse[model]) for model in MODELS}
    spread = (squares["incumbent"] - squares["challenger"]).std()

    effect = measure_effect(improvement("rmse"), case.paired)

    assert effect.value == pytest.approx(rmse["incumbent"] - rmse["challenger"])
    assert effect.standard_error == pytest.approx(spread / np.sqrt(len(table)), rel=0.1)
    limit = Criterion("guardrail", "rmse", "max", 1.0, "", -1, 0, 1.0, 0)
    assert "delta method" in name_test(limit, case.paired)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_no_difference_leaves_an_error_of_the_size_of_the_losses(
    scale: float, make_case: MakeCase
) -> None:
    case = make_case("regression", "mae")
    numbers = ["target", "challenger", "incumbent"]
    case.predictions[numbers] *= scale
    case.predictions["challenger"] = case.predictions["incumbent"]
    losses = (case.predictions["incumbent"] - case.predictions["target"]).abs()

    effect = measure_effect(improvement("mae"), case.paired)

    assert effect.value == 0.0
    assert effect.standard_error == pytest.approx(losses.std() / len(losses))
    assert "no unit differs" in effect.note


# ranking


def query_values(table: pd.DataFrame, model: str, k: int) -> np.ndarray:
    """NDCG of each query that has a relevant row."""
    return np.array(
        [
            ndcg_score([2.0 ** rows["target"] - 1.0], [rows[model]], k=k)
            for _, rows in table.groupby("query")
            if rows["target"].max() > 0
        ]
    )


def test_ranking_is_scipys_paired_t_test_over_queries_of_any_size(make_case: MakeCase) -> None:
    case = make_case("ranking", "ndcg_at_5")
    values = [query_values(case.predictions, model, k=5) for model in MODELS]
    # the case is only of use if some queries have nothing to find
    assert len(values[0]) < case.predictions["query"].nunique()

    effect = measure_effect(improvement("ndcg_at_5"), case.paired)
    comparison = case.compare()

    assert_is_paired_t(effect, *values)
    assert (comparison.unit, comparison.units) == ("query", len(values[0]))
    assert comparison.primary.effective_units == pytest.approx(len(values[0]))
    assert "t test of the queries' values" in comparison.primary.test
    assert "by group" not in comparison.primary.test


def test_queries_of_one_person_stand_or_fall_together(make_case: MakeCase) -> None:
    case = make_case("ranking", "mrr", queries=120)
    case.predictions["unit"] = case.predictions["query"] // 3
    comparison = case.compare()

    assert (comparison.unit, comparison.units) == ("group", 40)
    assert "summed by group" in comparison.primary.test


def test_a_group_that_shares_a_query_with_another_is_one_with_it(make_case: MakeCase) -> None:
    case = make_case("ranking", "mrr", queries=60)
    rows = np.arange(len(case.predictions))
    # the rows of a query are of different groups, none of which is in another query
    case.predictions["unit"] = rows
    comparison = case.compare()

    assert comparison.unit == "query"


def test_without_anything_relevant_nothing_is_decided(make_case: MakeCase) -> None:
    case = make_case("ranking", "mrr")
    case.predictions["target"] = 0.0
    primary = case.compare().primary

    assert (primary.status, primary.effect) == ("undecided", None)
    assert "relevant" in primary.note


# several classes


def test_accuracy_of_several_classes_is_mcnemars_test(make_case: MakeCase) -> None:
    case = make_case("multiclass", "accuracy")
    table = case.predictions
    right = [
        (table[[f"{model}_{code}" for code in range(3)]].to_numpy().argmax(axis=1))
        == table["target"].to_numpy()
        for model in MODELS
    ]

    effect = measure_effect(improvement("accuracy"), case.paired)

    differing = int((right[0] != right[1]).sum())
    for_it = int((right[0] & ~right[1]).sum())
    oracle = stats.binom.sf(for_it, differing, 0.5) + stats.binom.pmf(for_it, differing, 0.5) / 2
    assert effect.value == pytest.approx(right[0].mean() - right[1].mean())
    assert effect.p_value(0.0) == pytest.approx(oracle)


def test_roc_auc_of_several_classes_is_the_mean_of_delongs(make_case: MakeCase) -> None:
    case = make_case("multiclass", "roc_auc_ovr")
    paired = case.paired
    effect = measure_effect(improvement("roc_auc_ovr"), paired)
    contributions = np.zeros(len(paired.rows))
    for code in range(3):
        one = {
            name: Outcomes(
                "binary", (each.target == code).astype(np.int64), each.prediction[:, code]
            )
            for name, each in paired.models.items()
        }
        alone = PairedPredictions(paired.rows, paired.codes, one)
        contributions += (
            alone.influence("challenger", "roc_auc").contributions
            - alone.influence("incumbent", "roc_auc").contributions
        ) / 3
    areas = {
        name: roc_auc_score(each.target, each.prediction, multi_class="ovr")
        for name, each in paired.models.items()
    }

    assert effect.value == pytest.approx(areas["challenger"] - areas["incumbent"])
    assert effect.standard_error == pytest.approx(paired.standard_error(contributions), rel=1e-9)
    assert "DeLong test of each class" in name_test(improvement("roc_auc_ovr"), paired)


@pytest.mark.parametrize(("rows", "decided"), [(9, False), (10, True)])
def test_a_class_of_few_units_leaves_a_mean_over_classes_undecided(
    rows: int, decided: bool, make_case: MakeCase
) -> None:
    case = make_case("multiclass", "f1_macro", gain=6.0, rows=1500)
    rare = case.predictions["target"] == 2
    case.predictions = case.predictions.drop(case.predictions.index[rare][rows:])
    primary = case.compare().primary

    assert (primary.status != "undecided") is decided
    assert primary.enough_units is decided
    assert decided or "a class occurs in 9 test units" in primary.note
    # a mean over rows has no such trouble
    assert measure_effect(improvement("accuracy"), case.paired).value is not None


# what is not of the problem


@pytest.mark.parametrize(
    ("problem", "metric", "meant"),
    [
        ("multiclass", "roc_auc", "roc_auc_ovr"),
        ("multiclass", "f1", "f1_macro"),
        ("binary", "roc_auc_ovr", "roc_auc"),
        ("regression", "accuracy", "rmse"),
        ("ranking", "roc_auc", "ndcg_at_10"),
    ],
)
def test_a_metric_of_another_problem_is_refused_before_a_look_is_spent(
    problem: str, metric: str, meant: str, make_case: MakeCase
) -> None:
    case = make_case(problem, metric)

    with pytest.raises(ConfigurationError, match=rf"'{metric}'.*{meant}"):
        case.compare()
    assert not case.ledger.exists()


@pytest.mark.parametrize(
    ("problem", "column", "value", "told"),
    [
        ("regression", "incumbent", np.nan, "incumbent gives no finite number"),
        ("regression", "target", np.inf, "finite number"),
        ("ranking", "challenger", np.inf, "challenger gives no finite number"),
        ("ranking", "target", 0.5, "whole number"),
        ("multiclass", "challenger_1", 0.99, "add up to 1"),
        ("multiclass", "target", 3, "code of a class, 0 to 2"),
        ("binary", "target", 2, "code of a class, 0 to 1"),
    ],
)
def test_a_value_that_the_problem_does_not_allow_is_named_with_its_row(
    problem: str, column: str, value: float, told: str, make_case: MakeCase
) -> None:
    case = make_case(problem, "accuracy" if problem in {"binary", "multiclass"} else "mae")
    if problem == "ranking":
        case = make_case(problem, "mrr")
    row = case.predictions.index[7]
    case.predictions.loc[row, column] = value

    with pytest.raises(DataError, match=rf"{told}.*row {row}\b"):
        case.compare()


def test_models_of_different_problems_are_not_compared(make_case: MakeCase) -> None:
    case = make_case("regression", "mae")
    case.incumbent_problem = "ranking"

    with pytest.raises(IntegrityError, match="cannot be compared"):
        case.compare()


# what a look is of


@pytest.mark.parametrize(
    ("problem", "metric", "column"),
    [
        ("multiclass", "accuracy", "challenger_2"),
        ("multiclass", "accuracy", "incumbent_0"),
        ("regression", "mae", "target"),
        ("ranking", "mrr", "query"),
        ("ranking", "mrr", "unit"),
    ],
)
def test_every_column_of_the_predictions_is_hashed(
    problem: str, metric: str, column: str, make_case: MakeCase
) -> None:
    case = make_case(problem, metric)
    paired = case.paired
    before = {model: paired.hash(model) for model in MODELS}
    kind = case.predictions[column].dtype
    shift = 1 if kind == np.int64 else 1e-9
    case.predictions[column] += shift
    after = {model: case.paired.hash(model) for model in MODELS}

    changed = [model for model in MODELS if after[model] != before[model]]
    assert changed == ([column[:-2]] if column[:-2] in MODELS else list(MODELS))
