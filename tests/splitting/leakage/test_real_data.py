"""What is known to leak in real sets is named, and what is strong and legitimate is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, SPLIT
from experiment_cycle.splitting.records import Finding

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DATA / "README.md").is_file(), reason="the folder ../shared/data is not there"
    ),
]

Found = dict[str, Finding]


@pytest.fixture(scope="module")
def audited(save: Callable[[Any], Any]) -> Callable[..., Found]:
    """Audit a real set, split at random by row or by a column's values."""

    def run(file: str, by: str | None = None, **columns: Any) -> Found:
        frame = pd.read_csv(DATA / file)
        random = np.random.default_rng(0)
        unit = np.arange(len(frame)) if by is None else pd.factorize(frame[by])[0]
        part = random.choice(3, unit.max() + 1, p=[0.7, 0.15, 0.15])[unit]
        split = pd.Categorical.from_codes(part, categories=pd.Index(PARTS))
        report = audit_leakage(
            save(frame),
            pd.DataFrame({SPLIT: split}, index=pd.RangeIndex(len(frame), name=ROW)),
            Columns(**columns),
            SplittingOptions(strategy="random", override_reason="a test"),
        )
        json.dumps(report.model_dump(mode="json"), allow_nan=False)
        return {finding.code: finding for finding in report.findings}

    return run


def failed(found: Found) -> list[str]:
    return [code for code, finding in found.items() if finding.status == "failed"]


@pytest.mark.parametrize("file", ["adult_train.csv", "adult_test.csv"])
def test_strong_columns_of_adult_are_not_accused(audited: Callable[..., Found], file: str) -> None:
    found = audited(file, target="income")

    assert failed(found) == []
    assert found["LEAK004"].status == found["LEAK005"].status == "passed"


def test_the_duration_of_a_call_is_asked_about(audited: Callable[..., Found]) -> None:
    found = audited("bank_marketing.csv", target="y")

    assert (found["LEAK004"].status, found["LEAK004"].columns) == ("warning", ("duration",))
    assert "known_at" in found["LEAK004"].message
    assert found["LEAK008"].status == "warning"  # rows in the order of time
    assert failed(found) == []


def test_the_parts_of_a_sum_and_the_row_number_fail(audited: Callable[..., Found]) -> None:
    found = audited("bike_hour.csv", target="cnt")

    assert "'casual' + 'registered'" in found["LEAK005"].message
    assert (found["LEAK007"].status, found["LEAK007"].columns) == ("failed", ("instant",))
    assert found["LEAK010"].columns == ("dteday",)


def test_a_declared_time_ignored_fails(audited: Callable[..., Found]) -> None:
    found = audited("bike_hour.csv", target="cnt", time="dteday")

    assert found["LEAK010"].status == "failed"


def test_the_duplicates_of_wine_fail(audited: Callable[..., Found]) -> None:
    found = audited("wine_quality.csv", target="quality")

    assert found["LEAK002"].status == "failed"
    assert found["LEAK002"].evidence["share_of_test_rows_not_by_chance"] > 0.2


def test_persons_seen_many_times_fail_and_their_proxy_is_named(
    audited: Callable[..., Found],
) -> None:
    by_row = audited("parkinsons_updrs.csv", target="total_UPDRS")
    declared = audited("parkinsons_updrs.csv", target="total_UPDRS", group="subject#")
    by_group = audited(
        "parkinsons_updrs.csv", by="subject#", target="total_UPDRS", group="subject#"
    )

    assert by_row["LEAK013"].status == "failed"
    assert "subject#" in by_row["LEAK013"].message
    assert declared["LEAK001"].status == "failed"
    assert by_group["LEAK004"].columns == ("motor_UPDRS",)
    assert by_group["LEAK006"].columns == ("motor_UPDRS",)
    assert failed(by_group) == []


def test_a_small_clean_set_passes(audited: Callable[..., Found]) -> None:
    assert failed(audited("german_credit.csv", target="bad")) == []
