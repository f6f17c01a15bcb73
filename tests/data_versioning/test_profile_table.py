from __future__ import annotations

import pandas as pd
import pytest

from experiment_cycle.data_versioning.profile_table import profile_table
from experiment_cycle.data_versioning.records import ColumnProfile, ContentHash, DatasetProfile

AGE = ColumnProfile(
    type="DOUBLE",
    missing=5,
    distinct=3,
    mean=1.25,
    standard_deviation=0.5,
    quantiles={"min": 0.0, "25 %": 1.0, "50 %": 1.5, "75 %": 2.0, "max": 3.0},
    top=(("1.0", 7), ("2.0", 5)),
    estimated=("distinct",),
)
NAME = ColumnProfile(type="VARCHAR", missing=0, distinct=2, top=(("a, b", 11), ("", 9)))


@pytest.fixture
def table() -> pd.DataFrame:
    columns = {"age": AGE, "name": NAME}
    content = ContentHash(digest="d", rows=20, columns=dict.fromkeys(columns, "h"))
    return profile_table(DatasetProfile(content_hash=content, rows=20, columns=columns, target={}))


def test_each_column_is_a_row_in_the_order_of_the_data(table: pd.DataFrame) -> None:
    assert list(table["column"]) == ["age", "name"]
    age = table.iloc[0]
    assert (age["missing"], age["missing_share"], age["distinct"]) == (5, 0.25, 3)
    assert list(age[["min", "25 %", "50 %", "75 %", "max"]]) == [0.0, 1.0, 1.5, 2.0, 3.0]
    assert age["most_frequent"] == "1.0 (7), 2.0 (5)"
    assert age["estimated"] == "distinct"


def test_what_a_type_does_not_have_is_missing(table: pd.DataFrame) -> None:
    assert table.iloc[1][["mean", "standard_deviation", "min", "max"]].isna().all()


def test_it_can_be_read_back_from_csv(table: pd.DataFrame, tmp_path: object) -> None:
    file = f"{tmp_path}/table.csv"
    table.to_csv(file, index=False)
    back = pd.read_csv(file, keep_default_na=False, na_values=[""])
    assert list(back["most_frequent"]) == list(table["most_frequent"])
    assert back["mean"].iloc[0] == 1.25
