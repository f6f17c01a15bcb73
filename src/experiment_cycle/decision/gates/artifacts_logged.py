"""Gate: the evidence is in the record, and comes back from it as it went in."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pandas as pd

from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.tracking.record import read_back, recorded_artifacts

TITLE = "Evidence is in the record"

PREDICTIONS = "_predictions"
"""How the names of the hashes of predictions end."""
DECLARED = (
    "configuration.yml",
    "data_versioning/dataset_profile.json",
    "data_versioning/dataset_version.json",
    "data_versioning/row_counts.json",
    "splitting/split_assignment.parquet",
    "splitting/split_keys.parquet",
    "splitting/split_manifest.json",
    "splitting/leakage_report.json",
    "tuning/best_hyperparameters.json",
    "training/challenger.skops",
    "training/challenger_record.json",
    "training/validation_report.json",
    "training/baseline_record.json",
    "training/training_history.json",
    "training/seen_rows.parquet",
    "training/environment.json",
    "evaluation/incumbent.skops",
    "evaluation/incumbent_record.json",
    "evaluation/incumbent_seen_rows.parquet",
    "evaluation/test_predictions.parquet",
    "evaluation/test_rows.parquet",
    "evaluation/metrics.json",
    "evaluation/slice_metrics.csv",
    "evaluation/fairness.json",
    "evaluation/failure_cases.csv",
    "decision/comparison.json",
)
"""What a decision cannot be followed without; paths inside the record."""


def check(evidence: Evidence) -> Outcome:
    """Look for every declared artifact, and read back those that can be compared."""
    present = recorded_artifacts()
    if not present:
        return Outcome("not_run", "No record is active, or it has no artifacts.")
    missing = [path for path in DECLARED if path not in present]
    if missing:
        return Outcome("failed", f"The record lacks {', '.join(missing)}.")
    changed = [path for path, held in _held(evidence).items() if _read_json(path) != held]
    changed += [] if _are_predictions_intact(evidence) else ["evaluation/test_predictions.parquet"]
    if changed:
        return Outcome(
            "failed",
            f"Read back from the record, these are not what they were: {', '.join(changed)}.",
        )
    _read_json("evaluation/metrics.json")
    return Outcome("passed", f"All {len(DECLARED)} artifacts are there, and come back unaltered.")


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
    return json.loads(read_back(path))


def _are_predictions_intact(evidence: Evidence) -> bool:
    table = pd.read_parquet(BytesIO(read_back("evaluation/test_predictions.parquet")))
    overlap = evidence.comparison.overlap
    if overlap is not None and overlap.left_out:
        table = table.loc[table.index.isin(evidence.test_rows.index)]
    paired = PairedPredictions.from_table(
        table, evidence.challenger_record, evidence.incumbent_record
    )
    cited = evidence.comparison.evidence.items()
    return paired.hashes() == {name: value for name, value in cited if name.endswith(PREDICTIONS)}
