"""What the gates look at, and what each answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd

from experiment_cycle.audit.records import AuditReport
from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.decision.records import Comparison
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.splitting.duration import Duration


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything a decision rests on, as the earlier stages stored it.

    Attributes:
        hypothesis: The hypothesis as it is configured now.
        columns: The roles of the columns.
        versions: The versions of the dataset, in the backend that the data version names.
        dataset_version: A `DatasetVersion`.
        split_manifest: A `SplitManifest`.
        leakage_report: A `LeakageReport`.
        environment: An `Environment`.
        edge_cases: An `EdgeCases`; None or empty where nothing was tried.
        behaviour: A `Behaviour`; None or empty where nothing is expected.
        declared_artifacts: What the record must hold by now: by its path there, the file on disk.
        retrained: A `Retrained`, empty if it was not made; None where none was asked for.
        audit: What `kedro cycle audit` found for this split; None where it was not run.
        comparison: The comparison this decision is about.
        challenger_record: A `ModelRecord`.
        incumbent_record: An `IncumbentRecord`.
        test_rows: Keys of the test rows (see `row_keys`), indexed by `__row__`.
        challenger_seen_rows: Keys of all rows that influenced the challenger.
        incumbent_seen_rows: Keys of all rows that influenced the incumbent.
        max_duplicate_share: Share of test rows that may have an identical twin elsewhere.
        label_horizon: How long after its moment a row's label is known; None: at once.
    """

    hypothesis: Hypothesis
    columns: Columns
    versions: Versions
    dataset_version: dict[str, Any]
    split_manifest: dict[str, Any]
    leakage_report: dict[str, Any]
    environment: dict[str, Any]
    comparison: Comparison
    challenger_record: dict[str, Any]
    incumbent_record: dict[str, Any]
    test_rows: pd.DataFrame
    challenger_seen_rows: pd.DataFrame
    incumbent_seen_rows: pd.DataFrame
    max_duplicate_share: float
    edge_cases: dict[str, Any] | None = None
    behaviour: dict[str, Any] | None = None
    declared_artifacts: Mapping[str, Path] = field(default_factory=dict)
    retrained: dict[str, Any] | None = None
    audit: AuditReport | None = None
    label_horizon: Duration | None = None


class Outcome(NamedTuple):
    """What a gate found, and the sentence that says so."""

    status: Literal["passed", "failed", "not_run"]
    evidence: str
