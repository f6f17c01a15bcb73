from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.intake import take_in
from experiment_cycle.errors import ConfigurationError, CycleError, DataError
from experiment_cycle.problem import Task

COLUMNS = Columns(target="ill", group="person", sensitive=("sex",), drop=("note",))


def usable() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ill": [True, False, True, False],
            "person": [1, 1, 2, 3],
            "sex": ["f", "m", "f", "m"],
            "note": ["a", None, "b", None],
            "age": [30.0, np.nan, 40.0, 50.0],
        }
    )


def passes(table: Any, columns: Columns = COLUMNS, task: Task = "classification") -> None:
    with TemporaryDirectory() as folder:
        assert take_in(table, columns, Path(folder) / "staged.parquet", task).path.is_file()


def refusal(
    table: Any,
    columns: Columns = COLUMNS,
    task: Task = "classification",
    error: type[CycleError] = DataError,
) -> str:
    with TemporaryDirectory() as folder:
        with pytest.raises(error) as raised:
            take_in(table, columns, Path(folder) / "staged.parquet", task)
        assert list(Path(folder).iterdir()) == []
    assert "Next step: " in raised.value.message
    return raised.value.message


KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "lazy polars": lambda frame: pl.from_pandas(frame).lazy(),
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "duckdb": lambda frame: duckdb.connect().from_df(frame),
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@kinds
def test_a_usable_table_passes_and_stays_as_it_was(kind: Callable[[pd.DataFrame], Any]) -> None:
    table = kind(usable())

    passes(table, COLUMNS)

    assert list(table.columns if not isinstance(table, pa.Table) else table.column_names) == list(
        usable().columns
    )


def test_the_example_data_pass(raw_file: Path) -> None:
    passes(
        pd.read_parquet(raw_file),
        Columns(
            target="any_visit",
            group="profile",
            sensitive=("physical_limitation",),
            drop=("visits", "physical_limitation"),
        ),
    )


@kinds
def test_a_table_without_rows_is_refused(kind: Callable[[pd.DataFrame], Any]) -> None:
    assert "'raw_data' has no rows" in refusal(kind(usable().iloc[:0]))


@pytest.mark.parametrize(
    ("wrong", "key", "right"),
    [
        ({"target": "il"}, "columns.target", "ill"),
        ({"group": "persn"}, "columns.group", "person"),
        ({"identifier": "agee"}, "columns.identifier", "age"),
        ({"sensitive": ("sx",)}, "columns.sensitive", "sex"),
        ({"drop": ("notes",)}, "columns.drop", "note"),
    ],
)
def test_a_declared_column_that_is_missing_is_named_with_its_key_and_the_likeliest_one(
    wrong: dict[str, Any], key: str, right: str
) -> None:
    told = refusal(usable(), Columns(**(COLUMNS.model_dump() | wrong)))

    assert key in told
    assert "parameters_task.yml" in told
    assert f"Did you mean '{right}'?" in told


@kinds
def test_missing_target_values_are_counted_and_placed(
    kind: Callable[[pd.DataFrame], Any],
) -> None:
    frame = usable().astype({"ill": "object"})
    frame.loc[[1, 3], "ill"] = None

    assert "2 missing values in 4 rows (counted from 0: 1, 3)" in refusal(kind(frame))


def test_a_float_target_that_is_not_a_number_counts_as_missing() -> None:
    table = pa.table({"ill": [1.0, float("nan"), 0.0], "age": [1, 2, 3]})

    assert "1 missing value in 3 rows (counted from 0: 1)" in refusal(table, Columns(target="ill"))


@kinds
def test_a_target_of_one_class_is_refused_with_the_class(
    kind: Callable[[pd.DataFrame], Any],
) -> None:
    told = refusal(kind(usable().assign(ill="yes")))

    assert "columns.target" in told
    assert "1 level: 'yes' (4 rows)" in told


@kinds
def test_a_target_of_more_classes_passes(kind: Callable[[pd.DataFrame], Any]) -> None:
    passes(kind(usable().assign(ill=["a", "b", "c", "a"])))


def test_more_classes_than_can_be_told_apart_are_refused_and_only_the_first_are_shown() -> None:
    table = pd.DataFrame({"ill": np.arange(5_000) / 7, "age": 1})

    told = refusal(table, Columns(target="ill"))

    assert "5,000 levels" in told
    assert "set 'task' to regression" in told
    assert len(told) < 700
    passes(table.head(100), Columns(target="ill"))
    assert "101 levels" in refusal(table.head(101), Columns(target="ill"))


def test_one_of_very_many_levels_can_be_told_from_all_others() -> None:
    table = pd.DataFrame({"ill": np.arange(5_000), "age": 1})

    passes(table, Columns(target="ill", positive=4_321))
    assert "is 5000, which is not a level" in refusal(table, Columns(target="ill", positive=5_000))


NUMBERS = {"a": [1.5, 2.5, 3.5, 2.5], "q": ["x", "x", "y", "y"], "y": [0, 2, 1, 0]}


@pytest.mark.parametrize("kind", ["int8", "float32", "Int64", "bool"])
@pytest.mark.parametrize("task", ["regression", "ranking"])
def test_a_target_of_numbers_passes_where_a_number_is_predicted(task: Task, kind: str) -> None:
    table = pd.DataFrame(NUMBERS).assign(y=pd.Series([0, 1, 1, 0]).astype(kind))

    passes(table, Columns(target="y", query="q"), task)


@pytest.mark.parametrize(
    ("task", "changed", "told"),
    [
        ("regression", {"y": list("abcd")}, "but the task regression predicts a number"),
        ("ranking", {"y": list("abcd")}, "but the task ranking predicts a number"),
        ("regression", {"y": [1.0, np.inf, 2.0, 1e300]}, "in 2 rows (counted from 0: 1, 3)"),
        ("regression", {"y": [1.0, np.nan, 2.0, 3.0]}, "1 missing value in 4 rows"),
        ("regression", {"y": [2, 2, 2, 2]}, "is 2 in every row"),
        ("ranking", {"y": [0, 1, -1, 2]}, "is no relevance in 1 row (counted from 0: 2)"),
        ("ranking", {"y": [0, 1, 0.5, 2]}, "is no relevance in 1 row (counted from 0: 2)"),
        ("ranking", {"y": [0, 31, 1, 2]}, "a whole number from 0 (not relevant) to 30"),
        ("ranking", {"y": [0, 0, 0, 0]}, "is 0 in every row"),
        ("ranking", {"y": [0, 1, 0, 0]}, "is above 0 in 1 query."),
        ("ranking", {"q": ["x", "x", "x", "x"]}, "has a single query, 'x'"),
        ("ranking", {"q": ["x", "x", None, "y"]}, "A row of unknown query"),
    ],
)
def test_a_target_that_cannot_be_predicted_so_is_refused(
    task: Task, changed: dict[str, Any], told: str
) -> None:
    table = pd.DataFrame(NUMBERS | changed)

    assert told in refusal(table, Columns(target="y", query="q"), task)


def test_a_ranking_needs_a_query_column() -> None:
    table = pd.DataFrame(NUMBERS)

    assert "'columns.query'" in refusal(table, Columns(target="y"), "ranking", ConfigurationError)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([1.0, -1.0, 1.0, 1.0], "no finite number from 0 on in 1 row (counted from 0: 1)"),
        ([1.0, None, np.inf, 1.0], "in 2 rows (counted from 0: 1, 2)"),
        ([0, 0, 0, 0], "is 0 in every row"),
        (list("abcd"), "A weight is a number from 0 on"),
    ],
)
def test_a_weight_that_is_no_number_from_zero_on_is_refused(weights: list[Any], told: str) -> None:
    columns = Columns(**(COLUMNS.model_dump() | {"weight": "w"}))

    found = refusal(usable().assign(w=weights), columns)
    assert "'columns.weight'" in found
    assert told in found
    passes(usable().assign(w=[0, 1, 2, 3]), columns)


def test_a_target_of_dates_is_no_class() -> None:
    table = pd.DataFrame({"y": pd.date_range("2020-01-01", periods=2), "x": [1, 2]})

    assert "Allowed: text, whole numbers, floats, and true or false" in refusal(
        table, Columns(target="y")
    )


def test_a_target_of_lists_is_refused() -> None:
    table = pa.table({"ill": [[1], [2]], "age": [1, 2]})

    assert "holds list<" in refusal(table, Columns(target="ill"))


def test_a_categorical_target_is_judged_by_its_values() -> None:
    levels = pd.Categorical(["b", "a", "b", "a"], categories=["a", "b", "unused"])

    passes(usable().assign(ill=levels), COLUMNS)


@pytest.mark.parametrize("positive", ["yes", 2, "True"])
def test_a_positive_level_the_target_does_not_have_is_refused_with_those_it_has(
    positive: object,
) -> None:
    columns = Columns(**(COLUMNS.model_dump() | {"positive": positive}))
    told = refusal(usable(), columns)

    assert f"'columns.positive' in conf/base/parameters_task.yml is {positive!r}" in told
    assert "False (2 rows)" in told


def test_a_positive_level_the_target_has_passes() -> None:
    passes(usable(), Columns(**(COLUMNS.model_dump() | {"positive": False})))
    table = usable().assign(ill=["no", "yes", "no", "yes"])
    passes(table, Columns(**(COLUMNS.model_dump() | {"positive": "no"})))


@kinds
def test_a_single_group_is_refused(kind: Callable[[pd.DataFrame], Any]) -> None:
    told = refusal(kind(usable().assign(person=7)))

    assert "columns.group" in told
    assert "a single group, 7" in told


@kinds
def test_a_row_of_unknown_group_is_refused(kind: Callable[[pd.DataFrame], Any]) -> None:
    frame = usable().assign(person=["a", "b", None, "c"])

    told = refusal(kind(frame))

    assert "columns.group" in told
    assert "1 missing value in 4 rows (counted from 0: 2)" in told


def test_a_name_given_twice_is_refused() -> None:
    frame = pd.concat([usable(), usable()[["age"]]], axis="columns")

    assert "more than one column named 'age'" in refusal(frame)


def test_names_that_differ_in_capital_letters_only_are_refused() -> None:
    assert "'age', 'Age'" in refusal(usable().assign(Age=1))


@pytest.mark.parametrize("name", ["__row__", "__ROW__", "file_row_number", ""])
def test_a_reserved_name_is_refused(name: str) -> None:
    assert f"a column named '{name}'" in refusal(usable().assign(**{name: 1}))


def test_a_table_without_a_feature_is_refused() -> None:
    table = usable()[["ill", "person"]]

    assert "left for a model" in refusal(table, Columns(target="ill", group="person"))


def test_a_column_of_several_kinds_of_values_is_refused_by_name() -> None:
    assert "column mixed" in refusal(usable().assign(mixed=[1, "a", None, 2.5]))


def test_what_is_no_table_is_refused() -> None:
    assert "builtins.dict, which is no table" in refusal({"ill": [1, 2]})


def test_a_table_read_with_a_wrong_delimiter_is_told_so() -> None:
    told = refusal(pd.DataFrame({"ill;person;sex;note;age": ["1;2;m;;50"]}))

    assert "';' in its name: if that is the delimiter" in told
