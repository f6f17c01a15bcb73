from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.leakage.duplicate_rows import check
from experiment_cycle.splitting.leakage.twins import find_twins, repeats_too_evenly

Auditing = Callable[..., Any]
Ordinary = Callable[..., tuple[pd.DataFrame, np.ndarray]]
Save = Callable[[Any], Snapshot]

COLUMNS = Columns(target="y")


def copy_rows(frame: pd.DataFrame, part: np.ndarray, share: float) -> pd.DataFrame:
    """Make a share of the test rows copies of train rows, with the other label."""
    tests, trains = np.flatnonzero(part == 2), np.flatnonzero(part == 0)
    chosen, sources = tests[: round(share * len(tests))], trains[: round(share * len(tests))]
    copied = frame.copy()
    copied.iloc[chosen] = frame.iloc[sources].to_numpy()
    copied = copied.astype(frame.dtypes.to_dict())
    copied.loc[chosen, "y"] = 1 - copied.loc[chosen, "y"]
    return copied


def test_copies_with_another_label_fail(audit_of: Auditing, ordinary: Ordinary) -> None:
    frame, part = ordinary()
    copied = copy_rows(frame, part, 0.1)
    many = round(0.1 * (part == 2).sum())

    finding = check(audit_of(copied, part, COLUMNS))

    assert (finding.code, finding.status, finding.severity) == ("LEAK002", "failed", "high")
    assert finding.evidence["test_rows_with_twin"] == many
    assert finding.evidence["accused"][0]["rows"] == many
    assert "columns.group" in finding.message


def test_rows_that_differ_pass(audit_of: Auditing, ordinary: Ordinary) -> None:
    finding = check(audit_of(*ordinary(), COLUMNS))

    assert finding.status == "passed"
    assert "None of the" in finding.message


def test_copies_up_to_the_share_allowed_are_a_warning(
    audit_of: Auditing, ordinary: Ordinary
) -> None:
    frame, part = ordinary()

    finding = check(audit_of(copy_rows(frame, part, 0.05), part, COLUMNS, max_duplicate_share=0.06))

    assert finding.status == "warning"


@pytest.mark.parametrize("seed", range(4))
def test_twins_of_a_table_with_few_values_are_no_leak(audit_of: Auditing, seed: int) -> None:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.integers(0, 4, (2000, 4)), columns=list("abcd"))
    frame["y"] = random.integers(0, 2, 2000)

    finding = check(audit_of(frame, random.choice(3, 2000, p=[0.7, 0.15, 0.15]), COLUMNS))

    assert finding.evidence["share_of_test_rows"] > 0.9
    assert finding.status == "passed"
    assert "chance" in finding.message


@pytest.mark.parametrize("seed", range(4))
def test_twins_of_correlated_flags_are_no_leak(audit_of: Auditing, seed: int) -> None:
    # a null that permutes the columns would accuse every such table
    random = np.random.default_rng(seed)
    latent = random.normal(size=(3000, 1))
    flags = 0.9 * latent + 0.44 * random.normal(size=(3000, 14)) > 0.5
    frame = pd.DataFrame(flags.astype(int), columns=[f"f{j}" for j in range(14)])
    frame["y"] = (latent[:, 0] > 0).astype(int)

    finding = check(audit_of(frame, random.choice(3, 3000, p=[0.7, 0.15, 0.15]), COLUMNS))

    assert finding.evidence["share_of_test_rows"] > 0.5
    assert finding.status == "passed"


def test_copies_that_a_split_spreads_like_other_rows_fail(
    audit_of: Auditing, ordinary: Ordinary
) -> None:
    frame, _ = ordinary(1000)
    doubled = pd.concat([frame, frame.iloc[:200]], ignore_index=True)
    part = np.random.default_rng(3).choice(3, 1200, p=[0.7, 0.15, 0.15])

    assert check(audit_of(doubled, part, COLUMNS)).status == "failed"


def test_persons_with_as_many_rows_each_fail_though_families_resemble_each_other(
    audit_of: Auditing,
) -> None:
    random = np.random.default_rng(0)
    family = np.repeat(np.arange(200), 4)
    persons = pd.DataFrame({"income": random.normal(size=200)[family]})
    persons["age"] = random.integers(0, 9, 800)
    persons["health"] = random.integers(0, 3, 800)
    frame = persons.loc[np.repeat(np.arange(800), 3)].reset_index(drop=True)
    frame["y"] = random.integers(0, 2, len(frame))
    part = random.choice(3, len(frame), p=[0.7, 0.15, 0.15])

    assert check(audit_of(frame, part, COLUMNS)).status == "failed"


def test_counts_of_independent_rows_never_repeat_too_evenly() -> None:
    for seed in range(60):
        random = np.random.default_rng(seed)
        rate = random.gamma(float(random.uniform(0.05, 3)), float(random.uniform(0.2, 8)), 3000)
        counts = random.poisson(rate)
        assert not repeats_too_evenly(counts[counts > 0])


def test_copies_made_once_repeat_too_evenly() -> None:
    assert repeats_too_evenly(np.repeat([1, 2], [4000, 1000]))
    assert not repeats_too_evenly(np.repeat([1], [5000]))


def test_without_features_the_check_is_not_applicable(audit_of: Auditing) -> None:
    frame = pd.DataFrame({"x": [1, 1], "y": [0, 1]})

    assert check(audit_of(frame, [0, 2], Columns(target="y", drop=("x",)))).status == (
        "not_applicable"
    )


def test_missing_equals_missing_and_text_counts(save: Save) -> None:
    snapshot = save(pd.DataFrame({"x": [np.nan] * 3, "word": ["a", "b", "a"]}))

    twins = find_twins(snapshot, np.array([0, 1, 2], dtype=np.int8), ["x", "word"])

    assert (twins.test, twins.validation, twins.first) == (1, 0, [{"row": 2, "twin": 0}])


def test_columns_may_be_called_as_those_of_the_check(save: Save) -> None:
    names = ["part", "hash", "split", "twin", "hashed", "twins", "shown", "dataset", 'q"uoted']
    snapshot = save(pd.DataFrame({name: [1, 2, 1] for name in names}))

    assert find_twins(snapshot, np.array([0, 1, 2], dtype=np.int8), names).test == 1


rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(rows=rows)
def test_counts_are_those_of_sets(save: Save, rows: list[tuple[int, int, int]]) -> None:
    frame = pd.DataFrame([row[:2] for row in rows], columns=["a", "b"])
    parts = np.array([row[2] for row in rows], dtype=np.int8)

    twins = find_twins(save(frame), parts, ["a", "b"])

    seen = {part: {row[:2] for row in rows if row[2] == part} for part in (0, 1)}
    first = {row[:2]: place for place, row in reversed(list(enumerate(rows))) if row[2] == 0}
    assert twins.test == sum(row[2] == 2 and row[:2] in seen[0] | seen[1] for row in rows)
    assert twins.validation == sum(row[2] == 1 and row[:2] in seen[0] for row in rows)
    for shown in twins.first:
        value = rows[shown["row"]][:2]
        assert rows[shown["twin"]][:2] == value
        assert shown["twin"] == first.get(value, shown["twin"])
