"""Temporal overlap, missing purge, look-ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.duration import Duration
from experiment_cycle.splitting.leakage import look_ahead, missing_purge, temporal_overlap

Auditing = Callable[..., Any]

COLUMNS = Columns(target="y", time="when")
PART = np.repeat([0, 1, 2], [700, 150, 150])


@pytest.fixture
def series() -> pd.DataFrame:
    """A thousand days: a persistent number, an independent one, a target."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"when": pd.date_range("2020-01-01", periods=1000, freq="D")})
    frame["a"] = np.cumsum(random.normal(size=1000)) * 0.1
    frame["b"] = random.normal(size=1000)
    frame["y"] = frame["b"] + random.normal(size=1000)
    return frame


def test_parts_that_follow_each_other_pass(audit_of: Auditing, series: pd.DataFrame) -> None:
    finding = temporal_overlap.check(audit_of(series, PART, COLUMNS))

    assert (finding.code, finding.status) == ("LEAK010", "passed")
    assert finding.evidence["parts"]["train_to_validation"]["first"].startswith("2021-12-01")


def test_one_late_row_fails(audit_of: Auditing, series: pd.DataFrame) -> None:
    part = PART.copy()
    part[900] = 0

    finding = temporal_overlap.check(audit_of(series, part, COLUMNS))

    assert (finding.status, finding.columns) == ("failed", ("when",))
    assert finding.evidence["accused"][0]["rows"] == 1


def test_a_tie_across_the_boundary_fails(audit_of: Auditing, series: pd.DataFrame) -> None:
    series.loc[700, "when"] = series.loc[699, "when"]

    assert temporal_overlap.check(audit_of(series, PART, COLUMNS)).status == "failed"


@pytest.mark.parametrize("text", [False, True])
def test_a_date_the_file_is_sorted_by_warns_if_undeclared(
    audit_of: Auditing, series: pd.DataFrame, text: bool
) -> None:
    if text:
        series["when"] = series["when"].dt.strftime("%Y-%m-%d")
    shuffled = np.random.default_rng(1).permutation(PART)

    columns = Columns(target="y")
    mixed = temporal_overlap.check(audit_of(series, shuffled, columns))
    followed = temporal_overlap.check(audit_of(series, PART, columns))

    assert (mixed.status, mixed.columns) == ("warning", ("when",))
    assert followed.status == "passed"


@pytest.mark.parametrize(("gap", "status"), [(9, "failed"), (10, "passed")])
@pytest.mark.parametrize("key", ["label_horizon", "feature_lookback"])
def test_gaps_are_compared_with_what_is_declared(
    audit_of: Auditing, series: pd.DataFrame, key: str, gap: int, status: str
) -> None:
    part = PART.copy()
    part[700 : 700 + gap - 1] = 3
    part[850 : 850 + gap - 1] = 3

    finding = missing_purge.check(audit_of(series, part, COLUMNS, **{key: Duration("10d")}))

    assert (finding.code, finding.status) == ("LEAK011", status)


def test_labels_over_the_next_days_warn_if_no_horizon_is_declared(
    audit_of: Auditing, series: pd.DataFrame
) -> None:
    steps = np.random.default_rng(2).normal(size=1050)
    series["y"] = [steps[i : i + 50].sum() for i in range(1000)]

    touching = missing_purge.check(audit_of(series, PART, COLUMNS))
    part = PART.copy()
    part[700:780] = part[850:930] = 3
    apart = missing_purge.check(audit_of(series, part, COLUMNS))

    assert touching.status == "warning"
    assert "label_horizon" in touching.message
    assert touching.evidence["steps"] == pytest.approx(50, abs=25)
    assert apart.status == "passed"


def test_an_independent_target_needs_no_gap(audit_of: Auditing, series: pd.DataFrame) -> None:
    assert missing_purge.check(audit_of(series, PART, COLUMNS)).status == "passed"


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda f: f["y"].rolling(7, center=True, min_periods=7).mean().bfill().ffill(), "failed"),
        (lambda f: f["y"].shift(-1).ffill(), "failed"),
        (lambda f: f["a"].rolling(5, center=True, min_periods=5).mean().bfill().ffill(), "warning"),
        (lambda f: f["a"].rolling(5, min_periods=1).mean(), "passed"),
        (lambda f: f["y"].shift(1).rolling(5, min_periods=1).mean().bfill(), "passed"),
        (lambda f: f["a"].ewm(alpha=0.3).mean(), "passed"),
        (lambda f: f["a"].diff().fillna(0), "passed"),
        (lambda f: f["a"].shift(2).bfill(), "passed"),
    ],
    ids=["centred", "next", "centred feature", "mean", "past", "smoothed", "step", "lag"],
)
def test_columns_of_later_rows_are_told_from_those_of_earlier_ones(
    audit_of: Auditing, series: pd.DataFrame, make: Callable[..., Any], status: str
) -> None:
    series["made"] = make(series)

    finding = look_ahead.check(audit_of(series, PART, COLUMNS))

    assert (finding.code, finding.status) == ("LEAK012", status)
    assert finding.columns == (("made",) if status != "passed" else ())


@pytest.mark.parametrize(
    ("make", "looks"),
    [
        (lambda f: f["a"].rolling(101, center=True, min_periods=1).mean(), True),
        (lambda f: f["a"] - f["a"].mean(), True),
        (lambda f: f["a"].where(f["b"] > 0).bfill(), True),
        (lambda f: f["a"].expanding().mean(), False),
        (lambda f: f["a"].where(f["b"] > 0).ffill(), False),
    ],
    ids=["centred", "global mean", "bfill", "expanding", "ffill"],
)
def test_code_is_tested_by_cutting_later_rows_off(
    series: pd.DataFrame, make: Callable[..., Any], looks: bool
) -> None:
    def nodes(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(made=make(frame))

    changed = look_ahead.look_ahead(nodes, series, "when")

    assert set(changed) == ({"made"} if looks else set())
    assert all(rows > 0 for rows in changed.values())


def test_without_a_time_column_nothing_is_said(audit_of: Auditing, series: pd.DataFrame) -> None:
    audit = audit_of(series.drop(columns="when"), PART, Columns(target="y"))

    for check in (temporal_overlap.check, missing_purge.check, look_ahead.check):
        assert check(audit).status == "not_applicable"
