"""LEAK014: test rows are drawn from another population than train rows."""

from __future__ import annotations

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.testable import (
    ALL,
    BIAS,
    FAILS,
    MODELS,
    NAMED,
    Tested,
    all_tests,
)
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK014", "Test rows differ from train rows", "medium")


def check(audit: Audit) -> Finding:
    """Test each column, and all together, for a difference between train and test (type L3.3).

    All together: whether a model tells the two apart, predicts the one better, or is surer of it.
    One row a group, for rows of one group are not independent: row-level tests accuse every clean
    split by group. Holm's method over all tests of the audit: 5 % warn, 0.5 % fail. A split by time
    differs by nature, and only warns.
    """
    results = [each for each in all_tests(audit) if each.family == BIAS]
    if not results:
        return not_applicable(ABOUT, "There are too few rows in train or test.")
    worst = sorted((each for each in results if each.adjusted <= NAMED), key=lambda each: each[3])
    return conclude(
        audit,
        ABOUT,
        [_accuse(audit, each) for each in worst],
        f"None of {len(results)} tests tells test from train.",
        "if the split was made elsewhere, find out how test rows were chosen; a split drawn by "
        "'splitting.strategy' has no such difference."
        if not audit.by_time
        else "expect the score to differ from that of a random split, and look at the columns that "
        "moved; a later test part is what the model will meet.",
        tests=len(results),
        smallest_adjusted_p_value=min(each.adjusted for each in results),
        unit="row" if audit.columns.group is None and audit.columns.query is None else "group",
    )


def _accuse(audit: Audit, result: Tested) -> Accusation:
    fails = result.adjusted <= FAILS and not audit.by_time
    named = "A model" if result.column == ALL else f"'{result.column}'"
    named = named if result.column not in MODELS[1:] else result.column.capitalize()
    message = (
        f"{named} tells test rows from train rows (effect {result.difference.effect:.3f}, "
        f"p {result.adjusted:.2g} over all tests)."
    )
    return Accusation(
        () if result.column in MODELS else (result.column,),
        "failed" if fails else "warning",
        message,
        result.adjusted,
        FAILS if fails else NAMED,
    )
