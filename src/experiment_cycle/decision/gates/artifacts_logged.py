"""Gate: the evidence is in the record, and comes back from it as it went in."""

from __future__ import annotations

import json
from collections.abc import Collection
from io import BytesIO
from typing import Any

import pandas as pd

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.tracking.files import content_of
from experiment_cycle.tracking.record import (
    read_back,
    recorded_artifacts,
    recorded_content,
)

TITLE = "Evidence is in the record"

PREDICTIONS = "_predictions"
"""How the names of the hashes of predictions end."""
TEST_PREDICTIONS = "evaluation/test_predictions.parquet"


def check(evidence: Evidence) -> Outcome:
    """Look for every artifact that the catalog declares, read all back, and compare.

    Each must have the bytes that it has on disk; those that this decision cites must also say what
    the decision has in hand.
    """
    present = recorded_artifacts()
    if not present:
        return Outcome("not_run", "No record is active, or it has no artifacts.")
    held, declared = _held(evidence), evidence.declared_artifacts
    if not declared:
        return Outcome("not_run", "It is not known what the record should hold.")
    lost = [path for path, file in declared.items() if not file.exists()]
    if lost:
        return Outcome("failed", f"No longer on disk, to compare with: {', '.join(lost)}.")
    missing = [
        path for path in sorted({*declared, *held, TEST_PREDICTIONS}) if not _has(present, path)
    ]
    if missing:
        return Outcome("failed", f"The record lacks {', '.join(missing)}.")
    changed = {
        path for path, file in declared.items() if recorded_content(path) != content_of(file)
    }
    changed |= {path for path, in_hand in held.items() if _read_json(path) != in_hand}
    changed |= set() if _are_predictions_intact(evidence) else {TEST_PREDICTIONS}
    if changed:
        return Outcome(
            "failed",
            f"Read back from the record, these are not what they were: "
            f"{', '.join(sorted(changed))}.",
        )
    return Outcome(
        "passed",
        "Every artifact that the cycle has made is there, and comes back from the record with the "
        "bytes that it has on disk.",
    )


def _has(present: Collection[str], path: str) -> bool:
    """Tell whether the record has a file, or a folder with a file in it."""
    return path in present or any(each.startswith(f"{path}/") for each in present)


def _held(evidence: Evidence) -> dict[str, Any]:
    """Map paths in the record to what this decision has in hand."""
    return {
        "data_versioning/dataset_version.json": evidence.dataset_version,
        "splitting/split_manifest.json": evidence.split_manifest,
        "splitting/leakage_report.json": evidence.leakage_report,
        "training/challenger_record.json": evidence.challenger_record,
        "training/environment.json": evidence.environment,
        "evaluation/incumbent_record.json": evidence.incumbent_record,
        "decision/comparison.json": evidence.comparison.model_dump(mode="json"),
    }


def _read_json(path: str) -> Any:
    try:
        return json.loads(read_back(path))
    except ValueError:
        return None


def _are_predictions_intact(evidence: Evidence) -> bool:
    table = pd.read_parquet(BytesIO(read_back(TEST_PREDICTIONS)))
    overlap = evidence.comparison.overlap
    if overlap is not None and overlap.left_out:
        table = table.loc[table.index.isin(evidence.test_rows.index)]
    paired = PairedPredictions.from_table(
        table, evidence.challenger_record, evidence.incumbent_record
    )
    cited = evidence.comparison.evidence.items()
    return paired.hashes() == {name: value for name, value in cited if name.endswith(PREDICTIONS)}
