from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage import duplicate_rows
from experiment_cycle.splitting.leakage.duplicate_rows import check

Save = Callable[[Any], Snapshot]

COLUMNS = Columns(target="y", identifier="id")


def split_as(parts: Any) -> pd.DataFrame:
    return pd.DataFrame({"split": list(parts)}, index=pd.RangeIndex(len(parts), name=ROW))


def table(x: list[Any], y: list[int] | None = None, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"id": range(len(x)), "x": x, "y": y or [0] * len(x), **more})


def test_rows_that_differ_pass(save: Save) -> None:
    finding = check(save(table([1, 2, 3])), split_as(["train", "validation", "test"]), COLUMNS, 0.0)

    assert (finding.code, finding.status) == ("LEAK002", "passed")
    assert "None of the 1 test rows" in finding.message


def test_a_twin_with_another_label_and_identifier_is_a_twin(save: Save) -> None:
    snapshot = save(table([1.5, 2.5, 1.5], y=[0, 0, 1]))

    finding = check(snapshot, split_as(["train", "validation", "test"]), COLUMNS, 0.01)

    assert (finding.status, finding.severity) == ("failed", "high")
    assert finding.evidence["test_rows_with_twin"] == 1
    assert finding.evidence["first_test_rows"] == [{"row": 2, "twin": 0}]
    assert "1 of 1 test rows (100.0%, allowed 1.0%)" in finding.message
    assert "columns.group" in finding.message
    assert "splitting.max_duplicate_share" in finding.message


def test_twins_on_the_same_side_are_no_leak(save: Save) -> None:
    snapshot = save(table([1, 1, 2, 2, 3, 3]))
    parts = ["train", "train", "validation", "validation", "test", "test"]

    assert check(snapshot, split_as(parts), COLUMNS, 0.0).status == "passed"


def test_a_few_twins_are_a_warning_up_to_the_share_allowed(save: Save) -> None:
    values = list(range(200))
    values[150] = values[0]
    snapshot = save(table(values))
    assignment = split_as(["train"] * 90 + ["validation"] * 10 + ["test"] * 100)

    allowed, beyond = (check(snapshot, assignment, COLUMNS, share) for share in (0.01, 0.0099))

    assert allowed.evidence["share_of_test_rows"] == 0.01
    assert (allowed.status, beyond.status) == ("warning", "failed")


def test_twins_of_validation_in_train_are_a_warning(save: Save) -> None:
    finding = check(save(table([1, 1, 2])), split_as(["train", "validation", "test"]), COLUMNS, 0.0)

    assert finding.status == "warning"
    assert finding.evidence["test_rows_with_twin"] == 0
    assert finding.evidence["validation_rows_with_twin_in_train"] == 1


def test_a_twin_in_validation_counts_for_test(save: Save) -> None:
    finding = check(save(table([1, 2, 2])), split_as(["train", "validation", "test"]), COLUMNS, 0.5)

    assert finding.status == "failed"
    assert finding.evidence["first_test_rows"] == [{"row": 2, "twin": 1}]


def test_missing_equals_missing_and_text_counts(save: Save) -> None:
    frame = table([np.nan, np.nan, np.nan], word=["a", "b", "a"])

    finding = check(save(frame), split_as(["train", "validation", "test"]), COLUMNS, 0.0)

    assert finding.evidence["first_test_rows"] == [{"row": 2, "twin": 0}]


def test_columns_may_be_called_as_those_of_the_check(save: Save) -> None:
    names = ("part", "hash", "split", "twin", "earliest", "suspect", "dataset", 'q"uoted', "same")
    frame = table([1, 2, 1], **{name: [1, 2, 1] for name in names})

    finding = check(save(frame), split_as(["train", "validation", "test"]), COLUMNS, 0.0)

    assert finding.evidence["features"] == 10
    assert finding.evidence["test_rows_with_twin"] == 1


def test_without_features_the_check_is_not_applicable(save: Save) -> None:
    columns = Columns(target="y", identifier="id", drop=("x",))

    finding = check(save(table([1, 1])), split_as(["train", "test"]), columns, 0.0)

    assert finding.status == "not_applicable"


def pandas_twins(frame: pd.DataFrame, parts: list[str]) -> tuple[int, int]:
    """Count the same in another way: by looking up the values in sets."""
    seen = {
        part: {tuple(row) for row in frame[np.array(parts) == part].to_numpy()}
        for part in ("train", "validation", "test")
    }
    rows = [tuple(row) for row in frame.to_numpy()]
    test = sum(
        row in seen["train"] | seen["validation"]
        for row, part in zip(rows, parts, strict=True)
        if part == "test"
    )
    validation = sum(
        row in seen["train"] for row, part in zip(rows, parts, strict=True) if part == "validation"
    )
    return test, validation


rows = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 3), st.sampled_from(["train", "validation", "test"])
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(rows=rows)
@pytest.mark.parametrize("row_hash", [None, "CAST(0 AS UBIGINT)"], ids=["hash", "all collide"])
def test_counts_are_those_of_sets_even_if_every_hash_collides(
    save: Save, row_hash: str | None, rows: list[tuple[int, int, str]]
) -> None:
    frame = pd.DataFrame([row[:2] for row in rows], columns=["a", "b"])
    parts = [row[2] for row in rows]
    snapshot = save(frame.assign(y=0))

    with pytest.MonkeyPatch.context() as patch:
        if row_hash is not None:
            patch.setattr(duplicate_rows, "_row_hash", lambda features: row_hash)
        finding = check(snapshot, split_as(parts), Columns(target="y"), 0.0)

    assert (
        finding.evidence["test_rows_with_twin"],
        finding.evidence["validation_rows_with_twin_in_train"],
    ) == pandas_twins(frame, parts)
