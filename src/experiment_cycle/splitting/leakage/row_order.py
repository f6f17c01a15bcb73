"""LEAK008: where a row stands in the file tells its target."""

from __future__ import annotations

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.testable import NAMED, ORDER, all_tests
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK008", "Row order tells the target", "medium")
WORTH = 0.02
"""Share of the target's variance between stretches of the file that is worth a word."""


def check(audit: Audit) -> Finding:
    """Test the mean target of twenty stretches of the file against each other (type L2).

    An F-test, one row a group (of a number: of its ranks), at 5 % over all tests of the audit. It
    warns: sorted data are no leak as long as rows are shuffled before they are divided, and as long
    as no feature tells the position.
    """
    found = [each for each in all_tests(audit) if each.family == ORDER]
    if not found:
        why = (
            f"The rows have a declared time, '{audit.columns.time}', which tells more than their "
            "order."
            if audit.columns.time is not None
            else "There are too few rows."
        )
        return not_applicable(ABOUT, why)
    result = found[0]
    accusations = []
    if result.adjusted <= NAMED and result.difference.effect >= WORTH:
        message = (
            f"Where a row stands in the file tells its target: {result.difference.effect:.1%} of "
            f"its variance lies between twentieths of the file (p {result.adjusted:.2g})."
        )
        accusations.append(Accusation((), "warning", message, result.difference.effect, WORTH))
    return conclude(
        audit,
        ABOUT,
        accusations,
        "The target does not depend on where a row stands in the file.",
        "never divide or read such rows unshuffled (the strategies here shuffle); if the order is "
        "that of time, name the column in 'columns.time' and split by time.",
        p_value=result.difference.p_value,
        adjusted_p_value=result.adjusted,
        effect=result.difference.effect,
    )
