from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.profile_lines import column_lines, level_lines, roles


def test_a_column_is_told_with_its_share_of_missing_values(
    report_of: Callable[[str], Report],
) -> None:
    lines = {line.name: line for line in column_lines(report_of("promoted"), 200)}
    physlm = lines["physlm"]
    assert (physlm.missing, physlm.missing_share) == ("120", "0.6 %")
    assert (physlm.distinct, physlm.mean, physlm.deviation) == ("13", "11.24", "6.742")
    assert physlm.quantiles == ("0", "6.9", "10.58", "13.73", "58.6")
    assert physlm.top == (("13.7319", "801"), ("10.5762", "640"), ("6.9", "521"))
    assert lines["idp"].missing_share == ""
    assert lines["idp"].quantiles == ("",) * 5


def test_only_estimates_are_marked(report_of: Callable[[str], Report]) -> None:
    lines = {line.name: line for line in column_lines(report_of("promoted"), 200)}
    assert lines["disea"].distinct == "≈ 13"
    assert lines["disea"].quantiles[2] == "10.58"
    assert lines["disea"].mean == "11.24"
    assert [name for name, line in lines.items() if line.top_estimated] == ["disea"]
    assert not [line.name for line in lines.values() if "≈" in str(line) and line.name != "disea"]


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_more_columns_are_told_than_asked_for(
    most: int, report_of: Callable[[str], Report]
) -> None:
    report = report_of("promoted")
    names = [line.name for line in column_lines(report, most)]
    assert names == list(report.profile.columns)[:most]


def test_the_prior_of_the_target_adds_up(report_of: Callable[[str], Report]) -> None:
    first, second = level_lines(report_of("promoted"))
    assert (first.level, first.rows, first.share) == ("true", "13,882", "68.8 %")
    assert (second.level, second.rows, second.share) == ("false", "6,308", "31.2 %")
    assert first.bar.width == pytest.approx(68.76, abs=0.01)
    assert second.bar.width == pytest.approx(31.24, abs=0.01)


ROLES: dict[str, Any] = {
    "any_visit": "target",
    "person": "identifier, sensitive",
    "asked": "time",
    "age": "sensitive, dropped",
    "paid": "known too late",
    "balance": "",
    "balance_date": "moment",
    "sampling": "weight",
    "income": "",
}


@pytest.mark.parametrize("name", ROLES)
def test_every_role_is_named(name: str) -> None:
    columns = Columns.model_validate(
        {
            "target": "any_visit",
            "identifier": "person",
            "time": "asked",
            "weight": "sampling",
            "sensitive": ["age", "person"],
            "drop": ["age"],
            "known_at": {"paid": "outcome", "balance": "balance_date"},
        }
    )
    assert roles(name, columns) == ROLES[name]
