"""LEAK015: test rows are not drawn from the population the claim is about."""

from __future__ import annotations

from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.findings import (
    About,
    Accusation,
    conclude,
    not_applicable,
)
from experiment_cycle.splitting.leakage.testable import FAILS, NAMED, POPULATION, all_tests
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK015", "Test rows differ from the declared population", "medium")


def check(audit: Audit) -> Finding:
    """Test each declared column of test against the declared population (type L3.3).

    Levels against shares by the chi-squared test; columns of a file by the two-sample tests of
    LEAK014. One row a group; Holm's method over all tests of the audit: 5 % warn, 0.5 % fail.
    """
    if audit.options.population is None:
        return not_applicable(
            ABOUT, "No population is declared ('splitting.audit.population'): nothing to compare."
        )
    results = [each for each in all_tests(audit) if each.family == POPULATION]
    if not results:
        return not_applicable(ABOUT, "The declared population has no column of the dataset.")
    accusations = [
        Accusation(
            (each.column,),
            "failed" if each.adjusted <= FAILS else "warning",
            f"'{each.column}' is distributed otherwise in test than in the population (effect "
            f"{each.difference.effect:.3f}, p {each.adjusted:.2g} over all tests).",
            each.adjusted,
            FAILS if each.adjusted <= FAILS else NAMED,
        )
        for each in sorted(results, key=lambda each: each.adjusted)
        if each.adjusted <= NAMED
    ]
    return conclude(
        audit,
        ABOUT,
        accusations,
        f"Test rows are distributed like the declared population in {len(results)} columns.",
        "draw the data so that they represent the population, or narrow the claim (and "
        "'splitting.audit.population') to the rows there are.",
        tests=len(results),
    )
