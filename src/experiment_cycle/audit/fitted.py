"""LEAK017: judge what was fitted on which rows."""

from __future__ import annotations

from typing import Any

from experiment_cycle.audit.verdict import conclude
from experiment_cycle.audit.witness import Seen
from experiment_cycle.splitting.leakage.findings import About, Accusation
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK017", "Fitted on test rows", "high")
REMEDY = "fit it on train alone, in the model's preprocessing or in a node that reads 'train'."
SHOWN = 5


def fit_witness_finding(
    seen: list[Seen], options: AuditOptions, validated_in: frozenset[str] = frozenset()
) -> Finding:
    """Judge what was fitted: a single test row fails.

    A structural check (types L1.2 and L1.3 of Kapoor and Narayanan, Patterns 4(9), 2023). That
    preprocessing was fitted on validation rows in a node that tunes or trains is told, and no more.

    Args:
        seen: What a `FitWitness` saw.
        options: Waivers.
        validated_in: The nodes that tune or train.
    """
    calls = sum(each.calls for each in seen)
    finding = conclude(
        options,
        ABOUT,
        _accusations(seen),
        f"{calls:,} fits were watched, and none saw a test row."
        if seen
        else "No estimator in the scikit-learn style was fitted.",
        REMEDY,
        fits=calls,
        fitted=[_told(each) for each in seen],
    )
    remarks = _remarks(seen, validated_in)
    return finding.model_copy(update={"message": " ".join([finding.message, *remarks])})


def _accusations(seen: list[Seen]) -> list[Accusation]:
    leaking = [each for each in seen if _rows(each).get("test")]
    # an inner step is told only where no outer one is
    outer = [each for each in leaking if not each.nested] or leaking
    found = []
    for each in outer:
        rows = _rows(each)["test"]
        message = f"In the node '{each.node}' {each.estimator} was fitted on {rows:,} test rows."
        found.append(Accusation((), "failed", message, rows, 0, rows))
    return found


def _remarks(seen: list[Seen], training: frozenset[str]) -> list[str]:
    on_validation = sorted(
        {
            each.estimator
            for each in seen
            if each.node in training and _rows(each).get("validation") and not each.learns_target
        }
    )
    unknown = [each for each in seen if each.rows is None and not each.nested]
    remarks = []
    if on_validation:
        remarks.append(
            "Preprocessing was fitted on validation rows in training "
            f"({', '.join(on_validation)}), so validation metrics may be optimistic; the test is "
            "not touched by that."
        )
    if unknown:
        named = ", ".join(f"{each.estimator} in '{each.node}'" for each in unknown[:SHOWN])
        remarks.append(
            f"Which rows were seen could not be told for {len(unknown)} kinds of fit, whose data "
            f"had lost index and values ({named}); LEAK018 covers them."
        )
    return remarks


def _rows(seen: Seen) -> dict[str, int]:
    return seen.rows or {}


def _told(seen: Seen) -> dict[str, Any]:
    return {
        "node": seen.node,
        "estimator": seen.estimator,
        "nested": seen.nested,
        "rows": seen.rows,
        "recognised_by": seen.how,
        "calls": seen.calls,
    }
