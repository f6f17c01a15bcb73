from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage.not_yet_known import check

Auditing = Callable[..., Any]


def loans() -> pd.DataFrame:
    when = pd.date_range("2024-01-01", periods=6, freq="D")
    return pd.DataFrame(
        {
            "asked": when,
            "balance": range(6),
            "balance_date": when - pd.Timedelta(days=1),
            "y": [0, 1, 0, 1, 0, 1],
        }
    )


COLUMNS = {"target": "y", "time": "asked", "known_at": {"balance": "balance_date"}}
PART = [0, 0, 0, 0, 1, 2]


def test_a_value_known_the_day_before_passes(audit_of: Auditing) -> None:
    assert check(audit_of(loans(), PART, Columns.model_validate(COLUMNS))).status == "passed"


def test_a_single_row_known_later_fails_with_its_column(audit_of: Auditing) -> None:
    frame = loans()
    frame.loc[3, "balance_date"] += pd.Timedelta(days=2)

    finding = check(audit_of(frame, PART, Columns.model_validate(COLUMNS)))

    assert (finding.code, finding.status, finding.columns) == ("LEAK006", "failed", ("balance",))
    assert finding.evidence["accused"][0]["rows"] == 1
    assert "1 of 6 rows" in finding.message


def test_a_moment_that_is_missing_is_a_warning(audit_of: Auditing) -> None:
    frame = loans()
    frame.loc[3, "balance_date"] = pd.NaT

    finding = check(audit_of(frame, PART, Columns.model_validate(COLUMNS)))

    assert finding.status == "warning"
    assert finding.evidence["rows_without_moment"] == {"balance": 1}


def test_columns_known_with_the_outcome_are_told_as_withheld(audit_of: Auditing) -> None:
    columns = Columns.model_validate({"target": "y", "known_at": {"balance": "outcome"}})

    finding = check(audit_of(loans().drop(columns="balance_date"), PART, columns))

    assert finding.status == "passed"
    assert finding.evidence["withheld"] == ["balance"]


def test_names_that_speak_of_the_outcome_warn_and_others_do_not(audit_of: Auditing) -> None:
    frame = pd.DataFrame(
        {
            "account_closed": [1, 2, 3],
            "motorUPDRS": [1, 2, 3],
            "duration": [3, 1, 2],
            "afternoon": [0, 1, 0],
            "total_UPDRS": [5, 6, 7],
        }
    )

    finding = check(audit_of(frame, [0, 1, 2], Columns(target="total_UPDRS")))

    assert (finding.status, finding.columns) == ("warning", ("account_closed", "motorUPDRS"))


def test_a_date_after_the_prediction_warns(audit_of: Auditing) -> None:
    frame = loans().drop(columns="balance_date")
    frame["paid_back"] = frame["asked"] + pd.Timedelta(days=90)

    finding = check(audit_of(frame, PART, Columns(target="y", time="asked")))

    assert (finding.status, finding.columns) == ("warning", ("paid_back",))
