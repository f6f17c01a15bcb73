from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from experiment_cycle.columns import ROW, Columns, KnownAt
from experiment_cycle.options import fingerprint

EVERY_ROLE: dict[str, Any] = {
    "target": "sold",
    "identifier": "offer",
    "group": "household",
    "query": "visit",
    "time": "offered_at",
    "sensitive": ("age",),
    "drop": ("note",),
    "known_at": {"called_s": "outcome", "lab": "2d", "rate": "0d", "balance": "balance_date"},
}
AVAILABLE = [
    *("sold", "offer", "household", "visit", "offered_at", "age", "note", "called_s", "lab"),
    *("rate", "balance", "balance_date", "income", ROW),
]


def contradiction(**roles: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        Columns(**({"target": "sold"} | roles))
    return raised.value.errors()[0]["msg"]


def test_every_column_with_a_role_is_declared_under_its_key() -> None:
    assert Columns(**EVERY_ROLE).declared() == {
        "sold": "target",
        "offer": "identifier",
        "household": "group",
        "visit": "query",
        "offered_at": "time",
        "age": "sensitive",
        "note": "drop",
        "called_s": "known_at",
        "lab": "known_at",
        "rate": "known_at",
        "balance": "known_at",
        "balance_date": "known_at",
    }


def test_of_several_roles_the_first_one_is_told() -> None:
    columns = Columns(target="sold", time="day", group="day", sensitive=("sex",), drop=("sex",))

    assert columns.declared() == {"sold": "target", "day": "group", "sex": "sensitive"}


def test_what_may_not_be_read_or_is_not_known_yet_is_no_feature() -> None:
    features = Columns(**EVERY_ROLE).features(AVAILABLE)

    assert features == ["age", "rate", "balance", "income"]


def test_without_roles_all_but_the_target_are_features() -> None:
    assert Columns(target="sold").features(AVAILABLE) == AVAILABLE[1:-1]


@pytest.mark.parametrize(
    ("written", "delay", "column", "too_late"),
    [
        ("outcome", None, None, True),
        ("2d", timedelta(days=2), None, True),
        ("90 min", timedelta(minutes=90), None, True),
        ("1.5h", timedelta(hours=1.5), None, True),
        ("4w", timedelta(days=28), None, True),
        ("1s", timedelta(seconds=1), None, True),
        ("0d", timedelta(), None, False),
        ("balance_date", None, "balance_date", False),
        ("2nd_payment_date", None, "2nd_payment_date", False),
    ],
)
def test_when_a_column_is_known_can_be_written_in_three_ways(
    written: str, delay: timedelta | None, column: str | None, too_late: bool
) -> None:
    known = KnownAt(written)

    assert (known.delay, known.column, known.too_late) == (delay, column, too_late)


@pytest.mark.parametrize(
    "written", ["30", "-2d", "30 days", "2m", "1y", "9999999d", 2, None, "", []]
)
def test_what_is_neither_a_time_nor_a_name_is_refused(written: Any) -> None:
    told = contradiction(known_at={"lab": written})

    assert "a number and one of s, min, h, d, w, such as 30d" in told


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ({"identifier": "sold"}, "target and identifier name the same column, 'sold'"),
        ({"group": "sold"}, "target and group name the same column"),
        ({"query": "sold"}, "target and query name the same column"),
        ({"time": "sold"}, "target and time name the same column"),
        ({"drop": ["note", "sold"]}, "'sold' is the target, and listed in drop as well"),
        ({"sensitive": ["sold"]}, "'sold' is the target, and listed in sensitive as well"),
        ({"drop": ["note", "note"]}, "'note' is listed 2 times in drop"),
        ({"identifier": "offer", "group": "offer"}, "each row would be a group of its own"),
        ({"identifier": "offer", "query": "offer"}, "each row would be a query of its own"),
        ({"known_at": {"sold": "outcome"}}, "'sold' is the target, which needs no entry"),
        ({"time": "day", "known_at": {"day": "0d"}}, "'day' is the time of prediction"),
        ({"time": "day", "known_at": {"a": "sold"}}, "known_at.a names the target, 'sold'; write"),
        ({"known_at": {"a": "paid_on"}}, "'paid_on', but there is no moment of prediction"),
    ],
)
def test_roles_that_contradict_each_other_are_refused(roles: dict[str, Any], told: str) -> None:
    assert told in contradiction(**roles)


def test_several_contradictions_are_told_at_once() -> None:
    told = contradiction(identifier="sold", drop=["sold"])

    assert "target and identifier" in told
    assert "listed in drop" in told


@pytest.mark.parametrize(
    "roles",
    [
        {"identifier": "hour", "time": "hour"},  # a series with one row a moment
        {"group": "visit", "query": "visit"},
        {"query": "day", "time": "day"},
        {"group": "day", "time": "day"},
        {"group": "household", "drop": ["household"]},
        {"sensitive": ["age"], "drop": ["age"]},
        {"time": "day", "known_at": {"balance": "day", "paid_on": "paid_on"}},
    ],
)
def test_roles_that_go_together_are_taken(roles: dict[str, Any]) -> None:
    Columns(target="sold", **roles)


def test_columns_come_back_from_json_as_they_were() -> None:
    columns = Columns(**EVERY_ROLE)

    again = Columns.model_validate(columns.model_dump(mode="json"))

    assert again == columns
    assert columns.model_dump(mode="json")["known_at"]["lab"] == "2d"
    assert fingerprint(again) == fingerprint(columns)


def test_the_file_shipped_shows_every_role() -> None:
    file = Path(__file__).parents[1] / "conf" / "base" / "parameters_task.yml"

    shipped = yaml.safe_load(file.read_text())["columns"]

    assert set(shipped) == set(Columns.model_fields)
    assert Columns.model_validate(shipped).target == "any_visit"


def test_the_units_that_are_resampled_are_groups_else_queries_else_rows() -> None:
    frame = pd.DataFrame({"sold": [1, 0, 1], "visit": ["a", "a", "b"], "house": [7, 8, 7]})

    assert Columns(target="sold").groups(frame).tolist() == [0, 1, 2]
    assert Columns(target="sold", query="visit").groups(frame).tolist() == [0, 0, 1]
    assert Columns(target="sold", query="visit", group="house").groups(frame).tolist() == [0, 1, 0]


def test_a_weight_is_no_feature_and_not_the_target() -> None:
    columns = Columns(target="y", weight="w")

    assert columns.features(["w", "x", "y"]) == ["x"]
    assert columns.declared()["w"] == "weight"
    with pytest.raises(ValidationError, match="target and weight name the same column, 'y'"):
        Columns(target="y", weight="y")
