"""Gate: neither model has seen the test rows.

How rows are recognised, and which twins count, is told in `seen_rows`. A shared group, identifier
or query, or a moment not after the last seen one, fails the gate with a single row. Rows seen by
their values fail it above `splitting.max_duplicate_share`, and only as far as the present training
rows do not account for them: the same chance that makes twins of independent rows, which LEAK002
does not hold against the split either. Of the present training rows themselves LEAK002 tells
whether more of them are in the test set than chance makes, and the gate repeats its answer.

Where there is no test set, every fold was predicted by models that were tuned and trained on the
other folds. Keys depend on values and types: a group or identifier column whose type was changed is
not recognised.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.decision.overlap import describe_faults, in_time, seen_tests
from experiment_cycle.seen_rows import KEYS, are_known
from experiment_cycle.splitting.records import LeakageReport, SplitManifest

TITLE = "Neither model has seen the test rows"
TWINS = "LEAK002"


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
    if are_known(evidence.challenger_seen_rows):
        outcomes.append(_twins(evidence))
    for status in ("failed", "not_run"):
        told = [outcome.evidence for outcome in outcomes if outcome.status == status]
        if told:
            return Outcome(status, " ".join(told))
    return Outcome(
        "passed", " ".join([*(each.evidence for each in outcomes), *_left_out(evidence)])
    )


def _look_for(evidence: Evidence, model: str, seen: pd.DataFrame) -> Outcome:
    if not are_known(seen):
        return Outcome("not_run", f"What the {model} has seen is not known: its table is empty.")
    manifest = SplitManifest.model_validate(evidence.split_manifest)
    found = seen_tests(
        evidence.test_rows,
        seen,
        evidence.challenger_seen_rows,
        evidence.columns,
        evidence.max_duplicate_share,
        evidence.label_horizon,
        ordered=model == "incumbent" and in_time(manifest),
    )
    rows = len(evidence.test_rows)
    if found.faults:
        return Outcome("failed", describe_faults(found, model, evidence.columns, rows))
    if _is_unrecognisable(evidence, model, seen):
        return Outcome(
            "not_run",
            f"Not one row the {model} has seen is found in the present data, so its rows cannot be "
            "recognised. Next step: declare columns.group or columns.identifier.",
        )
    few = int(found.rows.sum())
    told = f"{few:,} of {rows:,} test rows, which is within max_duplicate_share"
    return Outcome(
        "passed",
        f"The {model} has seen {told if few else f'none of {rows:,} test rows'} "
        f"({len(seen):,} seen).",
    )


def _twins(evidence: Evidence) -> Outcome:
    """Repeat what the leakage check found of identical rows; where it did not run, count them."""
    seen, tests = evidence.challenger_seen_rows, evidence.test_rows
    shared = [np.isin(tests[key], seen[key]) for key in ("features", "row")]
    twins = int(np.any(shared, axis=0).sum())
    if not twins:
        return Outcome("passed", "No test row has an identical twin among them.")
    report = LeakageReport.model_validate(evidence.leakage_report)
    ran = [item for item in report.findings if item.code == TWINS]
    told = f"{twins:,} of {len(tests):,} test rows have an identical twin among the training rows"
    if not ran or ran[0].status == "not_applicable":
        allowed = evidence.max_duplicate_share
        status: Literal["passed", "failed"] = "failed" if twins > allowed * len(tests) else "passed"
        return Outcome(status, f"{told}; up to {allowed:.1%} may (splitting.max_duplicate_share).")
    if ran[0].status == "failed":
        return Outcome("failed", f"{TWINS}: {ran[0].message}")
    return Outcome("passed", f"{told}, which {TWINS} does not hold against the split.")


def _left_out(evidence: Evidence) -> list[str]:
    overlap = evidence.comparison.overlap
    if overlap is None or not overlap.left_out:
        return []
    return [f"{overlap.left_out:,} test rows that a model has seen were left out."]


def _is_unrecognisable(evidence: Evidence, model: str, seen: pd.DataFrame) -> bool:
    """Tell whether a champion's rows, known by their values alone, are all unlike the present ones.

    A column added, dropped or of a new type changes every such key.
    """
    columns = evidence.columns
    if model != "incumbent" or columns.group is not None or columns.identifier is not None:
        return False
    present = pd.concat([evidence.challenger_seen_rows, evidence.test_rows])
    return not any(np.isin(present[key].to_numpy(), seen[key].to_numpy()).any() for key in KEYS)
