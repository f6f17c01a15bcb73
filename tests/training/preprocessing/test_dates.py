from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from experiment_cycle.errors import DataError
from experiment_cycle.training.preprocessing.dates import Dates

PARTS = ("year", "month", "day", "day_of_week", "day_of_year", "hour", "timestamp")


def read(column: Any, other: Any = None, parts: tuple[str, ...] = PARTS) -> list[list[float]]:
    frame = pd.DataFrame({"d": column})
    fitted = Dates(("d",), (parts,)).fit(frame)
    return fitted.transform(frame if other is None else pd.DataFrame({"d": other})).tolist()


def test_a_moment_is_read_part_by_part() -> None:
    moment = datetime(2024, 2, 29, 13, 30)

    assert read([moment]) == [[2024, 2, 29, 3, 60, 13, 1709213400.0]]


@pytest.mark.parametrize(
    "column",
    [
        pd.to_datetime(["2024-02-29", None]),
        pd.Series(["2024-02-29", None], dtype="datetime64[s]"),
        [date(2024, 2, 29), None],
        pd.Series([date(2024, 2, 29), None], dtype=pd.ArrowDtype(pa.date32())),
        pd.Series([datetime(2024, 2, 29), None], dtype=pd.ArrowDtype(pa.timestamp("us"))),
    ],
    ids=["ns", "s", "objects", "arrow dates", "arrow times"],
)
def test_dates_of_any_type_are_read_and_a_missing_one_is_missing_in_every_part(column: Any) -> None:
    first, missing = read(column)

    assert first == [2024, 2, 29, 3, 60, 0, 1709164800.0]
    assert np.isnan(missing).all()


def test_parts_are_on_the_clocks_of_the_training_rows_whatever_zone_others_have() -> None:
    berlin = pd.to_datetime(["2024-07-01 01:00"]).tz_localize("Europe/Berlin")

    told = read(berlin, berlin.tz_convert("America/New_York"), ("day", "hour", "timestamp"))

    assert told == read(berlin, parts=("day", "hour", "timestamp"))
    assert told == [[1, 1, pd.Timestamp("2024-06-30 23:00").timestamp()]]


@pytest.mark.parametrize("zoned_first", [True, False])
def test_a_zone_on_one_side_only_is_refused(zoned_first: bool) -> None:
    plain = pd.to_datetime(["2024-07-01"])
    pair = [plain.tz_localize("UTC"), plain]

    with pytest.raises(DataError, match="'d' has a time zone"):
        read(*(pair if zoned_first else pair[::-1]))


def test_what_is_no_date_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="Column 'd' holds dates where the model was trained"):
        read(pd.to_datetime(["2024-07-01"]), ["soon"])


def test_outputs_are_named_by_column_and_part() -> None:
    names = Dates(("a", "b"), (("year",), ("month", "hour"))).get_feature_names_out()

    assert names.tolist() == ["a_year", "b_month", "b_hour"]
