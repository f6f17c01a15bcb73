from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, TargetEncoder

from experiment_cycle.columns import Columns
from experiment_cycle.datasets.skops_model import dump_model, load_model
from experiment_cycle.errors import ConfigurationError, DataError
from experiment_cycle.training.estimators.contract import Wants
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.preparation import prepare_data, transform_rows
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.preprocessing.options import PreprocessingOptions

TREES = Wants(scaled=False, codes=True, gaps=True)
LINES = Wants(scaled=True, codes=False, gaps=False)
FOREST = Wants(scaled=False, codes=False, gaps=False)
Y = Columns(target="y")


def prepare(
    train: pd.DataFrame,
    validation: pd.DataFrame | None = None,
    options: dict[str, Any] | None = None,
    wants: Wants = TREES,
    columns: Columns = Y,
    task: Any = "classification",
    **rest: Any,
) -> Prepared:
    told = PreprocessingOptions.model_validate(options or {})
    other = train if validation is None else validation
    return prepare_data(wants, train, other, columns, told, task, **rest)


def table(**columns: Any) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({**columns, "y": (np.arange(rows) % 2).astype(int)})


def dense(matrix: Any) -> Any:
    return matrix.toarray() if sparse.issparse(matrix) else matrix


@pytest.mark.parametrize("wants", [TREES, LINES, FOREST])
@pytest.mark.parametrize("encode", ["auto", "one_hot", "ordinal", "target"])
def test_the_model_takes_raw_rows_and_the_file_gives_the_same_numbers(
    mixed: pd.DataFrame, mixed_columns: Columns, tmp_path: Any, wants: Wants, encode: str
) -> None:
    mixed["when"] = pd.date_range("2021-05-01", periods=len(mixed), freq="7h", tz="Asia/Tokyo")
    found = prepare(
        mixed[:400],
        mixed[400:],
        {"categorical": {"encode": encode, "min_rows": 90}, "numeric": {"indicator": True}},
        wants,
        mixed_columns,
    )
    path = tmp_path / "model.skops"
    dump_model(Pipeline([("preprocess", found.preprocess)]), path)
    back = load_model(path)

    raw = ["number", "whole", "flag", "flag_with_gaps", "colour", "size", "when"]
    assert back.feature_names_in_.tolist() == raw
    again = back.transform(mixed[400:][raw[::-1]].assign(another=1))
    np.testing.assert_array_equal(dense(again), dense(found.validation))
    assert again.shape[1] == len(back["preprocess"].get_feature_names_out())
    assert wants.gaps or not np.isnan(dense(found.train)).any()
    assert model_identity(back["preprocess"]) == model_identity(found.preprocess)
    assert not wants.codes or not sparse.issparse(found.train)
    codes = 3 if wants.codes and encode in {"auto", "ordinal"} else 0
    assert len(found.categorical) == codes


@settings(max_examples=25, deadline=None)
@given(
    levels=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=4, max_size=40),
    seen=st.lists(st.sampled_from(["a", "c", "never", None]), min_size=2, max_size=9),
    least=st.integers(1, 4),
    kind=st.sampled_from(["object", "str", "category"]),
)
def test_one_hot_inputs_are_those_of_scikit_learn(
    levels: list[str | None], seen: list[str | None], least: int, kind: str
) -> None:
    train = table(x=range(len(levels)), c=pd.Series([*levels[:-1], "a"], dtype=kind))
    other = table(x=range(len(seen)), c=pd.Series(seen, dtype=kind))
    asked = {"categorical": {"encode": "one_hot", "min_rows": least}}

    found = prepare(train, other, asked, LINES)

    theirs = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=least if least > 1 else None,
        max_categories=100,
        sparse_output=False,
    ).fit(train[["c"]].astype(object).fillna(np.nan))
    expected = theirs.transform(other[["c"]].astype(object).fillna(np.nan))
    np.testing.assert_array_equal(dense(found.validation)[:, 1:], expected)


def test_rare_levels_share_one_input_that_takes_levels_never_seen() -> None:
    train = table(c=["a"] * 20 + ["b"] * 20 + ["r", "s"])
    other = table(c=["a", "r", "never", None])

    found = prepare(train, other, {"categorical": {"encode": "one_hot"}})

    assert found.preprocess.get_feature_names_out().tolist() == ["c_a", "c_b", "c_rare"]
    assert found.validation.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]]


def test_rare_levels_share_one_code_and_unknown_ones_are_missing() -> None:
    train = table(c=["a"] * 20 + ["b"] * 20 + ["r", "s"])
    other = table(c=["a", "b", "r", "s", "never", None])

    found = prepare(train, other)

    assert found.categorical == (0,)
    assert found.validation[:4, 0].tolist() == [0, 1, 2, 2]
    assert np.isnan(found.validation[4:, 0]).all()
    at_most = prepare(train, other, {"categorical": {"min_rows": 1, "max_levels": 2}})
    assert set(at_most.train[:, 0]) == {0, 1}


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_target_encodings_of_train_are_crosswise_and_of_other_rows_are_not(task: str) -> None:
    draw = np.random.default_rng(0)
    train = pd.DataFrame({"c": draw.choice(list("abcd"), 200)})
    train["y"] = {
        "binary": draw.integers(0, 2, 200),
        "multiclass": draw.integers(0, 3, 200),
        "regression": draw.normal(size=200),
    }[task]
    kind = "regression" if task == "regression" else "classification"

    found = prepare(train, None, {"categorical": {"encode": "target"}}, task=kind, seed=5)

    theirs = TargetEncoder(
        target_type="continuous" if task == "regression" else task,
        cv=KFold(5, shuffle=True, random_state=5),
    )
    np.testing.assert_allclose(found.train, theirs.fit_transform(train[["c"]], train["y"]))
    np.testing.assert_allclose(found.validation, theirs.transform(train[["c"]]))
    assert not np.allclose(found.train, found.validation)
    assert found.train.shape[1] == (3 if task == "multiclass" else 1)


def test_target_encodings_do_not_divide_groups() -> None:
    groups = np.repeat(np.arange(60), 5)
    truth = np.random.default_rng(1).integers(0, 2, 60)[groups]
    # a level for every group: with its own rows left out, a row is told nothing of its target
    train = pd.DataFrame({"c": [f"g{group}" for group in groups], "g": groups, "y": truth})
    options = {"columns": {"c": {"encode": "target"}}}

    whole = prepare(train, None, options, columns=Columns(target="y", group="g"))
    divided = prepare(train, None, options, columns=Columns(target="y", drop=("g",)))

    assert abs(np.corrcoef(whole.train[:, 0], truth)[0, 1]) < 0.5
    assert np.corrcoef(divided.train[:, 0], truth)[0, 1] > 0.8


def test_rows_of_a_ranking_are_sorted_by_query_with_all_that_belongs_to_them() -> None:
    train = pd.DataFrame(
        {"q": list("babca"), "x": range(5), "w": [1.0, 2, 3, 4, 5], "y": [0, 1, 2, 0, 1]}
    )
    columns = Columns(target="y", query="q", weight="w")

    found = prepare(train, train[::-1], columns=columns, task="ranking")

    assert found.train[:, 0].tolist() == [0, 2, 1, 4, 3]
    assert found.train_query is not None
    assert found.train_query.tolist() == [0, 0, 1, 1, 2]
    assert found.train_target.tolist() == [0, 2, 1, 1, 0]
    assert found.train_weight is not None
    assert found.train_weight.tolist() == [1, 3, 2, 5, 4]
    assert found.validation[:, 0].tolist() == [4, 1, 3, 2, 0]
    assert found.validation_target.tolist() == [1, 1, 0, 2, 0]
    assert transform_rows(found, train)[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_ranking_without_a_query_column_is_refused() -> None:
    frame = pd.DataFrame({"x": range(4), "y": [0, 1, 2, 0]})

    with pytest.raises(ConfigurationError, match=r"columns\.query names none"):
        prepare(frame, task="ranking")


def test_numbers_of_any_type_are_read_and_scaled_only_where_wanted() -> None:
    frame = table(
        a=pd.array([1, None, 3, 8], dtype="Int64"),
        b=pd.array([True, False, None, True], dtype="boolean"),
        c=np.array([1, 2, 3, 4], dtype=np.uint8),
    )
    raw = prepare(frame).train
    np.testing.assert_array_equal(raw[:, 0], [1, np.nan, 3, 8])
    np.testing.assert_array_equal(raw[:, 1], [1, 0, np.nan, 1])

    scaled = prepare(frame, wants=LINES).train
    assert np.isfinite(scaled).all()
    np.testing.assert_allclose(scaled[:, 2].mean(), 0, atol=1e-12)
    assert frame["c"].tolist() == [1, 2, 3, 4]


def test_single_columns_are_treated_as_they_say() -> None:
    frame = table(a=[1.0, None, 3.0, 3.0], b=[1.0, None, 3.0, 5.0], code=[7, 7, 8, 8])
    options = {
        "numeric": {"impute": "mean"},
        "columns": {"a": {"impute": "most_frequent", "indicator": True}, "code": {"min_rows": 1}},
    }

    found = prepare(frame, None, options)

    names = found.preprocess.get_feature_names_out().tolist()
    assert names == ["a", "missingindicator_a", "b", "code"]
    np.testing.assert_array_equal(
        found.train, [[1, 0, 1, 0], [3, 1, 3, 0], [3, 0, 3, 1], [3, 0, 5, 1]]
    )
    assert found.categorical == (3,)


def test_quantile_scaling_makes_any_distribution_normal() -> None:
    skewed = table(x=np.exp(np.random.default_rng(0).normal(size=500) * 3))

    found = prepare(skewed, None, {"numeric": {"scale": "quantile"}}).train[:, 0]

    assert abs(np.median(found)) < 0.01
    assert 0.8 < np.percentile(found, 84) < 1.2


def test_a_column_missing_in_all_of_train_is_left_out_and_told_and_the_model_takes_it(
    caplog: Any,
) -> None:
    train = table(x=[1.0, 2.0], never_measured_in_train=[np.nan, np.nan])
    other = table(x=[1.0, 2.0], never_measured_in_train=[5.0, 6.0])
    with caplog.at_level(logging.WARNING):
        found = prepare(train, other)
        prepare(train, other)

    told = [each.message for each in caplog.records if "never_measured_in_train" in each.message]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert told
    np.testing.assert_array_equal(found.validation, [[1.0], [2.0]])


def test_a_constant_column_harms_no_one() -> None:
    frame = table(x=[0.1] * 30, c=["same"] * 30, z=range(30))

    for wants in (TREES, LINES, FOREST):
        assert np.isfinite(dense(prepare(frame, wants=wants).train)).all()


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300, -1e39])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_value_no_estimator_reads_is_refused_with_column_part_and_row(
    value: float, part: str
) -> None:
    frames = {name: table(x=[1.0, 2.0, 3.0]) for name in ("train", "validation")}
    frames[part].loc[1, "x"] = value

    with pytest.raises(DataError, match=rf"'x' is infinite .*1 rows of {part}, first in row 1"):
        prepare(**frames)


def test_the_greatest_value_that_fits_is_read() -> None:
    frame = table(x=[3.4e38, -3.4e38, 0.0])

    assert np.isfinite(prepare(frame, wants=LINES).train).all()


def test_an_infinite_value_is_refused_by_the_model_as_well() -> None:
    found = prepare(table(x=[1.0, 2.0]))

    with pytest.raises(DataError, match="'x' is infinite in 1 rows of the table, first in row 0"):
        transform_rows(found, pd.DataFrame({"x": [np.inf]}))


def test_text_where_numbers_were_is_refused_by_name() -> None:
    found = prepare(table(x=[1.0, 2.0]))

    with pytest.raises(DataError, match="'x' is a number where the model was trained"):
        transform_rows(found, pd.DataFrame({"x": ["a few"]}))


def test_gaps_that_were_to_stay_are_refused_for_an_estimator_that_reads_none() -> None:
    frame = table(x=[1.0, None, 3.0])
    options = {"numeric": {"impute": "none"}}

    with pytest.raises(ConfigurationError, match=r"'x' has missing values in train"):
        prepare(frame, None, options, LINES)
    assert np.isnan(prepare(frame, None, options, TREES).train).any()


def test_a_validation_set_of_one_class_is_refused_and_one_that_lacks_a_class_is_told(
    caplog: Any,
) -> None:
    train = pd.DataFrame({"x": range(6), "y": list("abcabc")})

    with pytest.raises(DataError, match="one class only in validation: 'a' in all 2 rows"):
        prepare(train, pd.DataFrame({"x": [1, 2], "y": ["a", "a"]}))
    with caplog.at_level(logging.WARNING):
        prepare(train, pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}))
    assert "No row of validation has the class 'c' of 'y'" in caplog.text


def test_a_wide_one_hot_matrix_is_sparse_and_a_narrow_one_is_not() -> None:
    many = table(c=[f"level {code % 40}" for code in range(800)])

    assert sparse.issparse(prepare(many, wants=LINES).train)
    assert not sparse.issparse(prepare(table(c=["a", "b"] * 20), wants=LINES).train)
