from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.errors import IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

Save = Callable[[Any], Snapshot]

COLUMNS = Columns(
    target="any_visit",
    group="profile",
    sensitive=("physical_limitation",),
    drop=("visits", "physical_limitation"),
)


@pytest.fixture(scope="module")
def visits(save: Save, raw_file: Path) -> Snapshot:
    return save(pd.read_parquet(raw_file))


@pytest.mark.parametrize("strategy", ["group", "stratified_group"])
def test_the_example_split_by_group_passes_every_check(visits: Snapshot, strategy: str) -> None:
    options = SplittingOptions.model_validate({"strategy": strategy})

    report = audit_leakage(visits, assign(visits, COLUMNS, options, 42), COLUMNS, options)

    assert report.passed
    assert {item.code: item.status for item in report.findings} == {
        "LEAK001": "passed",
        "LEAK002": "passed",
    }


def test_the_example_split_by_row_fails_both_checks(visits: Snapshot) -> None:
    options = SplittingOptions(strategy="stratified", override_reason="demonstration")

    report = audit_leakage(visits, assign(visits, COLUMNS, options, 42), COLUMNS, options)

    assert not report.passed
    assert {item.code: item.status for item in report.findings} == {
        "LEAK001": "failed",
        "LEAK002": "failed",
    }
    # nearly every test row has a twin, for people stay the same over the years
    assert report.findings[1].evidence["share_of_test_rows"] > 0.95
    json.dumps(report.model_dump(mode="json"), allow_nan=False)


def test_a_leak_hidden_by_an_undeclared_group_is_still_found(visits: Snapshot) -> None:
    columns = COLUMNS.model_copy(update={"group": None, "drop": (*COLUMNS.drop, "profile")})
    options = SplittingOptions(strategy="stratified")

    report = audit_leakage(visits, assign(visits, columns, options, 42), columns, options)

    assert {item.code: item.status for item in report.findings} == {
        "LEAK001": "not_applicable",
        "LEAK002": "failed",
    }
    assert not report.passed


def test_warnings_do_not_fail_the_report(visits: Snapshot) -> None:
    options = SplittingOptions(
        strategy="stratified", override_reason="demonstration", max_duplicate_share=1.0
    )
    columns = COLUMNS.model_copy(update={"group": None, "drop": (*COLUMNS.drop, "profile")})

    report = audit_leakage(visits, assign(visits, columns, options, 42), columns, options)

    assert report.findings[1].status == "warning"
    assert report.passed


def test_an_assignment_of_other_data_is_refused(visits: Snapshot) -> None:
    options = SplittingOptions()
    assignment = assign(visits, COLUMNS, options, 42).iloc[1:]

    with pytest.raises(IntegrityError):
        audit_leakage(visits, assignment, COLUMNS, options)
