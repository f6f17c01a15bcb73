"""What a decision says of test rows that the champion has seen."""

from __future__ import annotations

from experiment_cycle.decision.records import Comparison


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
        f"{told} So nothing is decided by this comparison. Next step: keep the "
        "champion's split (splitting.inherit: champion, with the settings it was made with), or "
        "set decision.on_overlap to restrict or retrain.",
    ]
