"""What a decision says of test rows that the champion has seen."""

from __future__ import annotations

from experiment_cycle.decision.records import Comparison, Overlap


def has_seen_tests(comparison: Comparison) -> bool:
    """Tell whether a model was compared on rows it has seen: whatever the gates, nothing follows.

    A gate that is made advisory lets the comparison be shown; it does not make it say anything.
    """
    return comparison.overlap is not None and not comparison.overlap.left_out


def describe_overlap(comparison: Comparison) -> list[str]:
    """Say what was not compared, and what the claim is about; nothing where nobody saw a row."""
    sentences = []
    if comparison.retrained:
        sentences.append(
            "The champion has seen test rows, so that its procedure, tuned and trained on the "
            "present rows, stood in for it: the verdicts are of the two procedures. That the "
            "challenger wins over the champion itself is not asserted; promoting it puts the "
            "better procedure in the place of the champion, which is checked to be the same still."
        )
    overlap = comparison.overlap
    if overlap is None:
        return sentences
    if overlap.left_out:
        return [
            *sentences,
            f"{overlap.told} Compared are the other {overlap.rows - overlap.left_out:,}: "
            f"{overlap.left_out:,} were left out (decision.on_overlap: restrict).",
        ]
    why = f" The test set was not restricted: {overlap.note}." if overlap.note else ""
    told = f"A model has seen {overlap.seen:,} of {overlap.rows:,} test rows.{why}"
    return [
        *sentences,
        f"{told} So nothing is decided by this comparison. Next step: {what_mends(overlap)}.",
    ]


def what_mends(overlap: Overlap) -> str:
    """Say how a comparison is made that can be decided: of what was not tried yet."""
    ways = "retrain" if overlap.on_overlap == "restrict" else "restrict or retrain"
    return (
        "keep the champion's split (splitting.inherit: champion, with the settings it was made "
        f"with), or set decision.on_overlap to {ways}"
    )


def describe_measured(comparison: Comparison, rows: int) -> str:
    """Say what the metrics of the stage evaluation are of, where that is not what was compared.

    Args:
        comparison: What was compared.
        rows: So many test rows the metrics are of.

    Returns:
        One sentence; empty where nobody has seen a test row.
    """
    if comparison.retrained:
        return (
            "The champion's values are those of its procedure, tuned and trained on the present "
            "rows."
        )
    overlap = comparison.overlap
    if overlap is None:
        return ""
    told = (
        f"These metrics are of all {rows:,} test rows, also of the {overlap.seen:,} that a model "
        "has seen, on which it looks too good"
    )
    if overlap.left_out:
        return f"{told}; the verdicts are of the other {comparison.rows:,}."
    return f"{told}."
