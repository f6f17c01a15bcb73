"""Gate: neither model has seen the test rows.

Rows are recognised by keys (see `row_keys`). What is the same row depends on what is declared:

- a group column: a test row is seen if its group is; one such row fails the gate;
- an identifier: a test row is seen if its identifier is; one such row fails the gate;
- neither: a row is known by its values alone, so that a twin cannot be told from the row itself;
  the gate fails if a greater share of test rows than `max_duplicate_share` is seen.

In every case test rows with the features of a seen row count as twins, and fail the gate above
`max_duplicate_share`, which the leakage check tolerates too. Where there is no test set, every
fold was predicted by models that were tuned and trained on the other folds. Keys depend on values
and types: a group or identifier column whose type was changed is not recognised.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiment_cycle.decision.gates.evidence import Evidence, Outcome

TITLE = "Neither model has seen the test rows"
KEYS = ("features", "row", "unit")


def check(evidence: Evidence) -> Outcome:
    """Look for the test rows among the rows that influenced the challenger and the incumbent."""
    folds = evidence.comparison.folds
    if folds is not None and folds.decides:
        return Outcome(
            "passed",
            f"There is no test set: in each of {folds.folds} folds, both procedures were tuned and "
            "trained on the other folds alone.",
        )
    tested = len(evidence.test_rows)
    if tested != evidence.comparison.rows:
        return Outcome(
            "failed",
            f"The models were compared on {evidence.comparison.rows} rows, but there are keys of "
            f"{tested} test rows.",
        )
    outcomes = [
        _look_for(evidence, "challenger", evidence.challenger_seen_rows),
        _look_for(evidence, "incumbent", evidence.incumbent_seen_rows),
    ]
    for status in ("failed", "not_run"):
        told = [outcome.evidence for outcome in outcomes if outcome.status == status]
        if told:
            return Outcome(status, " ".join(told))
    return Outcome("passed", " ".join(outcome.evidence for outcome in outcomes))


def _look_for(evidence: Evidence, model: str, seen: pd.DataFrame) -> Outcome:
    missing = [key for key in KEYS if key not in seen.columns]
    if seen.empty or missing:
        return Outcome("not_run", f"What the {model} has seen is not known: its table is empty.")
    tests = evidence.test_rows
    shared = {key: np.isin(tests[key].to_numpy(), seen[key].to_numpy()) for key in KEYS}
    rows = len(tests)
    allowed = evidence.max_duplicate_share
    for declared, key in (("group", "unit"), ("identifier", "row")):
        column = getattr(evidence.columns, declared)
        count = int(shared[key].sum())
        if column is not None and count:
            return Outcome(
                "failed",
                f"The {model} has seen {count:,} of {rows:,} test rows (same '{column}').",
            )
    twins = int((shared["features"] | shared["row"]).sum())
    if twins > allowed * rows:
        return Outcome(
            "failed",
            f"The {model} has seen rows identical to {twins:,} of {rows:,} test rows; up to "
            f"{allowed:.1%} may be (splitting.max_duplicate_share).",
        )
    if not twins and _is_unrecognisable(evidence, model, seen):
        return Outcome(
            "not_run",
            f"Not one row the {model} has seen is found in the present data, so its rows cannot be "
            "recognised. Next step: declare columns.group or columns.identifier.",
        )
    twin = f", {twins:,} of them with an identical twin" if twins else ""
    return Outcome(
        "passed", f"The {model} has seen none of {rows:,} test rows{twin} ({len(seen):,} seen)."
    )


def _is_unrecognisable(evidence: Evidence, model: str, seen: pd.DataFrame) -> bool:
    """Tell whether a champion's rows, known by their values alone, are all unlike the present ones.

    A column added, dropped or of a new type changes every such key.
    """
    columns = evidence.columns
    if model != "incumbent" or columns.group is not None or columns.identifier is not None:
        return False
    present = evidence.challenger_seen_rows
    return not any(np.isin(present[key].to_numpy(), seen[key].to_numpy()).any() for key in KEYS)
