"""Gate: trained again in a fresh process, the challenger comes out the same."""

from __future__ import annotations

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.reproducing.records import Retrained

TITLE = "Challenger is reproducible"


def check(evidence: Evidence) -> Outcome:
    """Read what came of training it again, and see that it was this challenger."""
    if not evidence.retrained:
        return Outcome("not_run", "The challenger was not trained again (decision.reproduce).")
    again = Retrained.model_validate(evidence.retrained)
    if again.identity != evidence.challenger_record["identity"]:
        return Outcome(
            "failed",
            f"Another model than the challenger was trained again: {again.identity[:12]}.",
        )
    if again.failed is not None:
        return Outcome("failed", f"It could not be trained again: {again.failed}")
    if not again.same:
        return Outcome(
            "failed",
            f"Trained again on the same rows with the same seed, it is another model, and "
            f"predicts {again.differing:,} of {again.rows:,} validation rows otherwise. Next step: "
            "see that everything it draws comes from random_state, and nothing from the clock, "
            "threads or the order of a set.",
        )
    return Outcome(
        "passed",
        f"Trained again in a fresh process, it is model {again.identity[:12]} again, and predicts "
        f"all {again.rows:,} validation rows alike, bit for bit.",
    )
