"""Counterfactuals as a table and a sentence."""

from __future__ import annotations

from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.numbers import number

WORDS = {
    "binary": "probability",
    "multiclass": "probability of the other class",
    "regression": "prediction",
}
OTHERS = {"group": ", each of another group", "query": ", each of another query"}


def counterfactual_table(report: Report) -> tuple[list[str], list[list[str]]]:
    """Write the counterfactuals as titles and rows of text; none where none were searched."""
    found = report.counterfactuals.found
    if not found:
        return [], []
    word = WORDS.get(report.problem.type, "prediction")
    titles = ["test row", "came true", "called", "would be", word, "if"]
    return titles, [
        [
            str(each.row),
            each.target,
            each.called,
            each.wanted,
            f"{number(each.before)} → {number(each.after)}",
            "; ".join(
                f"{change.feature}: {change.value} → {change.other}" for change in each.changes
            ),
        ]
        for each in found
    ]


def counterfactual_sentence(report: Report) -> str:
    """Say which rows these are and what was searched, or why nothing was."""
    searched = report.counterfactuals
    if searched.note is not None:
        return searched.note
    kept = f" {', '.join(searched.immutable)} may not change." if searched.immutable else ""
    wrong = (
        f"{number(searched.wrong)} of {number(searched.rows)} test rows looked at are called "
        "wrongly; some of them, from the nearly right to the most wrong"
        f"{OTHERS.get(report.metrics.unit, '')}."
    )
    missed = (
        f" For {number(searched.not_found)} more no training row nearby has the other prediction."
        if searched.not_found
        else ""
    )
    return (
        f"{wrong} The values come from the nearest of {number(searched.donors)} training rows with "
        f"the other prediction, and none of the changes can be left out.{kept}{missed}"
    )
