from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage.audit import CHECKS, audit_leakage
from experiment_cycle.splitting.leakage.options import AuditOptions, Waiver
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, SPLIT
from experiment_cycle.splitting.records import Finding, LeakageReport

Save = Callable[[Any], Snapshot]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]

EXAMPLE = Columns(
    target="any_visit",
    group="profile",
    sensitive=("physical_limitation",),
    drop=("visits", "physical_limitation"),
)
BY_ROW = SplittingOptions(strategy="stratified", override_reason="demonstration")


def assignment(part: np.ndarray) -> pd.DataFrame:
    split = pd.Categorical.from_codes(part, categories=pd.Index(PARTS))
    return pd.DataFrame({SPLIT: split}, index=pd.RangeIndex(len(part), name=ROW))


def by_code(report: LeakageReport) -> dict[str, Finding]:
    return {finding.code: finding for finding in report.findings}


@pytest.fixture(scope="module")
def visits(save: Save, raw_file: Any) -> Snapshot:
    return save(pd.read_parquet(raw_file))


def split_of(snapshot: Snapshot, by: str | None) -> pd.DataFrame:
    random = np.random.default_rng(42)
    if by is None:
        return assignment(random.choice(3, snapshot.rows, p=[0.7, 0.15, 0.15]))
    codes = pd.factorize(snapshot.to_pandas([by])[by])[0]
    return assignment(random.choice(3, codes.max() + 1, p=[0.7, 0.15, 0.15])[codes])


def test_every_check_has_its_code_in_order(save: Save, ordinary: Ordinary) -> None:
    frame, part = ordinary(300)

    report = audit_leakage(save(frame), assignment(part), Columns(target="y"), BY_ROW)

    assert [each.code for each in report.findings] == [f"LEAK{n:03d}" for n in range(1, 16)]
    assert len(CHECKS) == 15
    assert report.passed


def test_the_example_split_by_group_fails_nothing(visits: Snapshot) -> None:
    report = audit_leakage(visits, split_of(visits, "profile"), EXAMPLE, SplittingOptions())

    assert [each.code for each in report.findings if each.status == "failed"] == []
    assert report.passed


def test_the_example_split_by_row_fails_with_a_message_one_understands(visits: Snapshot) -> None:
    report = audit_leakage(visits, split_of(visits, None), EXAMPLE, BY_ROW)

    found = by_code(report)
    assert not report.passed
    assert (found["LEAK001"].status, found["LEAK002"].status) == ("failed", "failed")
    assert "stratified_group" in found["LEAK001"].message
    # nearly every test row has a twin, for people stay the same over the years
    assert found["LEAK002"].evidence["share_of_test_rows"] > 0.95
    json.dumps(report.model_dump(mode="json"), allow_nan=False)


def test_two_audits_are_equal_whatever_the_number_of_threads(visits: Snapshot) -> None:
    from threadpoolctl import threadpool_limits

    split = split_of(visits, None)
    reports = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            reports.append(audit_leakage(visits, split, EXAMPLE, BY_ROW, seed=3))

    assert reports[0] == reports[1]


def test_a_larger_table_is_sampled(visits: Snapshot) -> None:
    sampled = AuditOptions(max_rows=5_000)

    report = audit_leakage(visits, split_of(visits, None), EXAMPLE, BY_ROW, sampled)

    found = by_code(report)
    assert found["LEAK001"].evidence["groups"] == 2760  # structural: all rows
    assert not report.passed


def test_a_waived_failure_is_shown_as_waived_and_does_not_fail(visits: Snapshot) -> None:
    waivers = [
        {"code": code, "column": column, "reason": "a demonstration", "by": "A. Person"}
        for code, column in (("LEAK001", "profile"), ("LEAK002", None), ("LEAK013", None))
    ]
    audit = AuditOptions.model_validate({"waivers": waivers})

    report = audit_leakage(visits, split_of(visits, None), EXAMPLE, BY_ROW, audit)

    found = by_code(report)
    assert found["LEAK001"].status == found["LEAK002"].status == "waived"
    assert found["LEAK001"].waiver == {"reason": "a demonstration", "by": "A. Person"}
    assert found["LEAK001"].evidence["accused"][0]["waived"]
    assert report.passed


def test_a_waiver_of_one_column_leaves_the_others_accused(save: Save, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    frame["one"], frame["other"] = frame["y"], 1 - frame["y"]
    waiver = {"code": "LEAK004", "column": "one", "reason": "known before", "by": "A. Person"}
    audit = AuditOptions.model_validate({"waivers": [waiver]})

    report = audit_leakage(save(frame), assignment(part), Columns(target="y"), BY_ROW, audit)

    finding = by_code(report)["LEAK004"]
    assert (finding.status, finding.columns) == ("failed", ("other",))


def test_a_waiver_that_matches_nothing_is_told(
    save: Save, ordinary: Ordinary, caplog: pytest.LogCaptureFixture
) -> None:
    frame, part = ordinary(300)
    waivers = [
        {"code": "LEAK004", "column": "x0", "reason": "known before", "by": "A. Person"},
        {"code": "LEAK017", "reason": "a check that does not run here", "by": "A. Person"},
    ]
    audit = AuditOptions.model_validate({"waivers": waivers})

    with caplog.at_level(logging.WARNING):
        report = audit_leakage(save(frame), assignment(part), Columns(target="y"), BY_ROW, audit)

    assert len(report.unused_waivers) == 1
    assert "LEAK004 of 'x0' by A. Person matches nothing" in report.unused_waivers[0]
    assert report.unused_waivers[0] in caplog.text


@pytest.mark.parametrize(
    "waiver",
    [
        {"code": "LEAK0O4", "reason": "known before", "by": "A. Person"},
        {"code": "LEAK004", "reason": " ", "by": "A. Person"},
        {"code": "LEAK004", "reason": "known before"},
    ],
    ids=["unknown code", "no reason", "nobody"],
)
def test_a_waiver_needs_a_known_code_a_reason_and_a_name(waiver: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Waiver.model_validate(waiver)


def test_shares_of_a_population_add_up_to_one() -> None:
    with pytest.raises(ValidationError, match="add up to 1"):
        AuditOptions.model_validate({"population": {"marginals": {"sex": {"f": 0.6, "m": 0.6}}}})


def test_an_assignment_of_other_data_is_refused(visits: Snapshot) -> None:
    with pytest.raises(IntegrityError):
        audit_leakage(visits, split_of(visits, None).iloc[1:], EXAMPLE, BY_ROW)


@pytest.mark.parametrize("rows", [1, 3, 20])
def test_tables_too_small_for_a_check_are_no_error(
    save: Save, ordinary: Ordinary, rows: int
) -> None:
    frame, _ = ordinary(300)
    part = np.arange(rows) % 3

    report = audit_leakage(save(frame.head(rows)), assignment(part), Columns(target="y"), BY_ROW)

    assert report.passed
