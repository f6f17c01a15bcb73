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
from experiment_cycle.errors import DataError

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


def passes(table: Any, columns: Columns = COLUMNS) -> None:
    with TemporaryDirectory() as folder:
        assert take_in(table, columns, Path(folder) / "staged.parquet").path.is_file()


def refusal(table: Any, columns: Columns = COLUMNS) -> str:
    with TemporaryDirectory() as folder:
        with pytest.raises(DataError) as raised:
            take_in(table, columns, Path(folder) / "staged.parquet")
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
def test_a_target_of_more_classes_is_refused_with_its_levels(
    kind: Callable[[pd.DataFrame], Any],
) -> None:
    told = refusal(kind(usable().assign(ill=["a", "b", "c", "a"])))

    assert "3 levels: 'a' (2 rows), 'b' (1 rows), 'c' (1 rows)" in told
    assert "two classes" in told


def test_of_very_many_classes_only_the_first_are_shown() -> None:
    told = refusal(pd.DataFrame({"ill": np.arange(5_000) / 7, "age": 1}), Columns(target="ill"))

    assert "5,000 levels" in told
    assert len(told) < 600


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
