"""The result of `kedro cycle audit`, as it is stored."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from experiment_cycle.columns import Columns
from experiment_cycle.options import Record, fingerprint
from experiment_cycle.problem import Task
from experiment_cycle.replacing import replacing
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import Finding
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions


class AuditReport(Record):
    """All checks, those that ran the code again included; `passed` unless one of them failed."""

    passed: bool
    split: str
    """Hash of the split that was audited; see `SplitManifest`."""
    parameters: str
    """Hash of the parameters that what was audited depends on; see `parameters_hash`."""
    split_problems: tuple[str, ...]
    """A sentence for each way in which the split is not what its manifest says."""
    findings: tuple[Finding, ...]
    not_run: dict[str, str]
    """The checks that were left out, by code, and why."""
    unused_waivers: tuple[str, ...] = ()


def parameters_hash(
    task: Task,
    seed: int,
    columns: Columns,
    splitting: SplittingOptions,
    tuning: TuningOptions,
    training: TrainingOptions,
) -> str:
    """Hash the parameters that the result of an audit depends on: SHA-256 (hex)."""
    options = {"columns": columns, "splitting": splitting, "tuning": tuning, "training": training}
    plain = {name: each.model_dump(mode="json") for name, each in options.items()}
    return fingerprint({"task": task, "seed": seed, **plain})


def present_report(file: Path, split: str, parameters: str) -> AuditReport | None:
    """Read the report of an audit of this split with these parameters; None if there is none.

    Args:
        file: Where the report is.
        split: Hash of the split; see `SplitManifest`.
        parameters: See `parameters_hash`.
    """
    report = read_report(file)
    if report is None or (report.split, report.parameters) != (split, parameters):
        return None
    return report


def read_report(file: Path) -> AuditReport | None:
    """Read the report of an audit; None if there is none, or it is of another version.

    The file need not belong to the present cycle: see `present_report`.
    """
    try:
        return AuditReport.model_validate_json(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None


def write_report(report: AuditReport, file: Path) -> None:
    """Write the report; the file appears at once and whole."""
    with replacing(file) as unfinished:
        unfinished.write_text(
            json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
