from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage.group_overlap import check

Auditing = Callable[..., Any]

COLUMNS = Columns(target="y", group="person")


def test_groups_on_one_side_each_pass(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"person": ["a", "a", "b", "c"], "y": [0, 1, 0, 1]})

    finding = check(audit_of(frame, [0, 0, 1, 2], COLUMNS))

    assert (finding.code, finding.status) == ("LEAK001", "passed")
    assert "None of the 3 groups" in finding.message
    assert finding.evidence["groups_divided"] == 0


def test_a_single_group_on_two_sides_fails_with_its_name_and_rows(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"person": list("aabbbcd"), "y": [0, 1, 0, 1, 0, 1, 0]})

    finding = check(audit_of(frame, [0, 0, 0, 0, 2, 1, 2], COLUMNS))

    assert (finding.status, finding.severity, finding.columns) == ("failed", "high", ("person",))
    assert finding.evidence["first_divided_groups"] == ["b"]
    assert finding.evidence["rows_of_divided_groups"] == 3
    assert finding.evidence["test_rows_of_divided_groups"] == 1
    assert "1 of 2 test rows" in finding.message
    assert "stratified_group" in finding.message


def test_rows_in_no_part_divide_nothing(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"person": list("aabb"), "y": [0, 1, 0, 1]})

    assert check(audit_of(frame, [0, 3, 2, 3], COLUMNS)).status == "passed"


def test_a_divided_query_fails_too(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"q": [1, 1, 2], "y": [0, 1, 0]})

    finding = check(audit_of(frame, [0, 2, 1], Columns(target="y", query="q")))

    assert (finding.status, finding.columns) == ("failed", ("q",))


def test_missing_values_are_a_group(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"person": [None, None, "b"], "y": [0, 1, 0]})

    assert check(audit_of(frame, [0, 2, 2], COLUMNS)).status == "failed"


def test_without_a_group_column_there_is_nothing_to_check(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})

    finding = check(audit_of(frame, [0, 2], Columns(target="y")))

    assert finding.status == "not_applicable"
    assert "columns.group" in finding.message


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30))
def test_the_groups_divided_are_those_of_sets(
    audit_of: Auditing, rows: list[tuple[int, int]]
) -> None:
    groups, parts = np.array(rows).T
    frame = pd.DataFrame({"person": groups, "y": 0})

    finding = check(audit_of(frame, parts, COLUMNS))

    held: dict[int, set[int]] = {}
    for group, part in rows:
        if part < 3:
            held.setdefault(group, set()).add(part)
    assert finding.evidence["groups_divided"] == sum(len(parts) > 1 for parts in held.values())
    assert finding.evidence["groups"] == len(held)
