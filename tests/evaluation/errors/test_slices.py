"""Slices show where the challenger is weak."""

import io

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.errors.slices import (
    NOT_SLICED,
    SLICE_COLUMNS,
    SLICE_METRICS,
    measure_slices,
)
from experiment_cycle.evaluation.options import EvaluationOptions, SliceOptions
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.problem import Problem
from experiment_cycle.training.steps import LOSSES

COLUMNS = Columns(target="ill", group="person", sensitive=("sex",), drop=("visits",))
OPTIONS = EvaluationOptions()


def data(rows: int = 800) -> tuple[pd.DataFrame, Predictions]:
    """A challenger that knows the target everywhere but in the town C."""
    generator = np.random.default_rng(4)
    index = pd.Index(generator.permutation(5 * rows)[:rows], name=ROW)
    target = generator.integers(0, 2, rows).astype(np.int8)
    town = generator.choice(["A", "B", "C", "tiny"], rows, p=[0.5, 0.29, 0.2, 0.01])
    knows = np.where(town == "C", 0.0, 2.5)
    challenger = 1 / (1 + np.exp(-(knows * (target - 0.5) + generator.normal(0, 1, rows))))
    person = np.arange(rows) // 4
    test = pd.DataFrame(
        {
            "ill": target == 1,
            "town": town,
            "age": generator.normal(50, 15, rows),
            "sex": np.where(generator.random(rows) < 0.1, None, generator.choice(["f", "m"], rows)),
            "constant": 1,
            "person": person,
            "visits": 3,
        },
        index=index,
    )
    table = pd.DataFrame(
        {"unit": person, "target": target, "challenger": challenger, "incumbent": 0.5}, index=index
    )
    problem = Problem(type="binary", classes=(False, True))
    return test, Predictions(table, problem, {"challenger": 0.5, "incumbent": 0.5})


def test_the_weakest_slice_comes_first_with_all_its_metrics() -> None:
    test, predictions = data()

    found = measure_slices(test, predictions, COLUMNS, OPTIONS)

    assert tuple(found.columns) == SLICE_COLUMNS
    first = found.head(len(SLICE_METRICS["binary"]))
    assert set(zip(first["column"], first["level"], strict=True)) == {("town", "C")}
    assert tuple(first["metric"]) == SLICE_METRICS["binary"]
    assert first["lower"].iloc[0] > first["overall"].iloc[0]


def test_a_slice_has_scikit_learns_values_and_its_support() -> None:
    test, predictions = data()
    table = predictions.table
    within = table[test["town"] == "C"]

    found = measure_slices(test, predictions, COLUMNS, OPTIONS).set_index(
        ["column", "level", "metric"]
    )

    y, p = within["target"], within["challenger"]
    expected = {
        "log_loss": sk.log_loss(y, p),
        "roc_auc": sk.roc_auc_score(y, p),
        "recall": sk.recall_score(y, p >= 0.5),
        "precision": sk.precision_score(y, p >= 0.5),
    }
    got = found.sort_index().loc[("town", "C")]
    assert got["value"].to_dict() == pytest.approx(expected)
    assert (got["lower"] < got["value"]).all()
    assert (got["value"] < got["upper"]).all()
    assert set(got["rows"]) == {len(within)}
    assert set(got["units"]) == {within["unit"].nunique()}
    assert set(got["positives"]) == {y.sum()}
    overall = sk.log_loss(table["target"], table["challenger"])
    assert found.xs("log_loss", level="metric")["overall"].unique() == pytest.approx([overall])


def test_features_and_sensitive_columns_are_sliced_small_and_whole_slices_are_not() -> None:
    test, predictions = data()

    found = measure_slices(test, predictions, COLUMNS, OPTIONS)

    sliced = set(zip(found["column"], found["level"], strict=True))
    assert {level for column, level in sliced if column == "town"} == {"A", "B", "C"}
    assert {level for column, level in sliced if column == "sex"} == {"f", "m", "missing"}
    assert {column for column, _ in sliced} == {"town", "age", "sex"}


def test_the_order_of_the_test_rows_does_not_matter() -> None:
    test, predictions = data()

    shuffled = measure_slices(test.sort_index(), predictions, COLUMNS, OPTIONS)

    pd.testing.assert_frame_equal(shuffled, measure_slices(test, predictions, COLUMNS, OPTIONS))


def test_the_table_survives_a_csv_file() -> None:
    test, predictions = data()
    found = measure_slices(test, predictions, COLUMNS, OPTIONS)

    back = pd.read_csv(io.StringIO(found.to_csv(index=False)), keep_default_na=False)

    assert list(back["level"]) == list(found["level"])


def test_no_slice_large_enough_leaves_an_empty_table_with_its_columns() -> None:
    test, predictions = data(20)

    found = measure_slices(test, predictions, COLUMNS, OPTIONS)

    assert found.empty
    assert tuple(found.columns) == SLICE_COLUMNS


def test_only_the_columns_asked_for_are_sliced() -> None:
    test, predictions = data()
    options = EvaluationOptions(slices=SliceOptions(columns=("age",), bins=3))

    found = measure_slices(test, predictions, COLUMNS, options)

    assert set(found["column"]) == {"age"}
    assert found["level"].nunique() == 3
    assert found["level"].str.contains("up to |over .* to |over ").all()


def test_a_column_that_cannot_be_sliced_by_is_refused_with_the_nearest() -> None:
    test, predictions = data()
    options = EvaluationOptions(slices=SliceOptions(columns=("agee",)))

    with pytest.raises(ConfigurationError, match=r"slices\.columns: 'agee'.*Did you mean 'age'\?"):
        measure_slices(test, predictions, COLUMNS, options)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "ranking"])
def test_the_loss_of_the_problem_ranks_the_slices(kind: str, make) -> None:
    made = make(kind)
    table = made.table.copy()
    weak = (np.arange(len(table)) // 6) % 4 == 1
    models = [name for name in table.columns if name.startswith("challenger")]
    # what the challenger says of other rows is worth nothing for these
    table.loc[weak, models] = table.loc[weak, models].to_numpy()[::-1]
    test = pd.DataFrame({"part": (np.arange(len(table)) // 6) % 4, "goal": 0}, index=table.index)

    predictions = Predictions(table, made.problem, made.thresholds)
    found = measure_slices(test, predictions, Columns(target="goal"), OPTIONS)

    assert tuple(found["metric"][:3])[: len(SLICE_METRICS[kind])] == SLICE_METRICS[kind][:3]
    assert found["metric"].iloc[0] == LOSSES[kind]
    assert found["level"].iloc[0] == "1"
    assert found["level"].nunique() == 4
    assert found["positives"].notna().all() == (kind == "binary")
    assert found["value"].notna().all()


def test_a_slice_of_numbers_has_the_mean_error(make) -> None:
    made = make("regression")
    half = np.arange(len(made)) % 2
    test = pd.DataFrame({"half": half, "goal": 0}, index=made.table.index)

    found = measure_slices(test, made, Columns(target="goal"), OPTIONS)

    for level in (0, 1):
        y, p = (made.table[name][half == level] for name in ("target", "challenger"))
        got = found[found["level"] == str(level)].set_index("metric")["value"]
        expected = {
            "rmse": sk.root_mean_squared_error(y, p),
            "mae": sk.mean_absolute_error(y, p),
            "mean_error": (p - y).mean(),
        }
        assert got.to_dict() == pytest.approx(expected)


def test_queries_are_not_cut_apart(make) -> None:
    made = make("ranking")
    rows = np.arange(len(made))
    test = pd.DataFrame(
        {"row": rows % 2, "city": (rows // 6) % 3, "goal": 0}, index=made.table.index
    )

    found = measure_slices(test, made, Columns(target="goal"), OPTIONS)

    last = found.iloc[-1]
    assert (last["column"], last["level"], last["metric"]) == ("row", NOT_SLICED, "ndcg_at_10")
    assert np.isnan(last["value"])
    assert last["note"] == "its values differ within queries"
    sliced = found.iloc[:-1]
    assert set(sliced["column"]) == {"city"}
    whole = made.within((rows // 6) % 3 == 1).outcomes("challenger")
    expected = sk.ndcg_score(
        np.exp2(whole.target.reshape(-1, 6)) - 1, whole.prediction.reshape(-1, 6), k=10
    )
    judged = (whole.target.reshape(-1, 6) > 0).any(axis=1).mean()
    got = sliced[(sliced["level"] == "1") & (sliced["metric"] == "ndcg_at_10")]["value"].item()
    # scikit-learn counts queries without a relevant row as 0
    assert got == pytest.approx(expected / judged)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False, True], ["True", "False", "True"]),
        ([1.0, 10.0, 2.0, None], ["1", "10", "2", "missing"]),
        (["b", None, "a"], ["b", "missing", "a"]),
        (["missing", None], ["missing", "(missing)"]),
        ([0] * 9 + [1, 2, 3, 4, 5], ["up to 0"] * 9 + ["over 0 to 2"] * 2 + ["over 2"] * 3),
        ([0] * 95 + [1, 2, 3, 4, 5], ["up to 0"] * 95 + ["over 0"] * 5),
        (
            [10, 20, 30, 40, 50],
            ["up to 20", "up to 20", "over 20 to 30", "over 30 to 40", "over 40"],
        ),
    ],
)
def test_levels_read_well(values: list[object], expected: list[str]) -> None:
    found = levels(pd.Series(values), bins=4, most_levels=4)

    assert [found.labels[code] for code in found.codes] == expected


def test_levels_of_numbers_are_in_their_order() -> None:
    assert levels(pd.Series([10, 9, 2]), bins=4, most_levels=4).labels == ("2", "9", "10")


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_dates_are_cut_at_days(zone: str | None) -> None:
    dates = pd.Series(pd.date_range("2020-01-01", periods=8, freq="D", tz=zone))

    found = levels(dates, bins=2, most_levels=4)

    assert found.labels == ("up to 2020-01-04", "over 2020-01-04")


@pytest.mark.parametrize("dtype", ["int8", "Int64", "float32", "UInt8", "int64[pyarrow]"])
def test_every_type_of_number_is_cut_at_the_same_values(dtype: str) -> None:
    found = levels(pd.Series(range(8)).astype(dtype), bins=2, most_levels=4)

    assert found.labels == ("up to 3", "over 3")
    assert list(found.codes) == [0] * 4 + [1] * 4


@pytest.mark.parametrize("dtype", ["category", "string", "Int64", "boolean", "float32"])
def test_levels_take_every_type_of_pandas(dtype: str) -> None:
    found = levels(pd.Series([1, 0, None, 1]).astype("Int64").astype(dtype), 4, 4)

    assert found.labels[-1] == "missing"
    assert list(found.codes) == [1, 0, 2, 1]
