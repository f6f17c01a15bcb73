"""What differs between two runs: what went in, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiment_cycle.commands.recorded_run import RecordedRun
from experiment_cycle.decision.two_runs import PairedRuns, compare_runs
from experiment_cycle.options import Record
from experiment_cycle.tracking.past_cycles import PastCycle, challenger_metrics
from experiment_cycle.tracking.translation import as_text, flatten
from experiment_cycle.training.environment import diff_of_commits
from experiment_cycle.training.records import Environment

COSTS = {
    "challenger_resources.wall_seconds": "training, seconds",
    "challenger_resources.peak_memory_mib": "memory in training, MiB",
    "challenger_resources.model_bytes": "model, bytes",
    "prediction_cost.challenger.row.p50_ms": "one row, ms (median)",
    "prediction_cost.challenger.batch.p50_ms": "a batch, ms (median)",
}
NOT_TRIED = "A run without stored test predictions cannot be compared row by row: "
MACHINE = ("python", "system", "processor", "cores", "memory_mib", "gpu", "blas", "lock_hash")
DATA = ("backend", "id", "content_hash", "rows", "columns")


class Change(Record):
    """One thing that differs; None where a run does not have it."""

    name: str
    first: str | None
    second: str | None


class CodeChange(Record):
    """How the code differs: between the commits, and what was not committed then."""

    commits: tuple[str | None, str | None]
    uncommitted: tuple[bool, bool]
    same: bool | None
    """None where a run's code is not known."""
    between_commits: str | None
    """None where the commits are one, or git has not both."""
    diffs: tuple[str, str]


class RunDifference(Record):
    """Everything that differs between two runs, and by how much the second's model is better."""

    first: PastCycle
    second: PastCycle
    parameters: tuple[Change, ...]
    data: tuple[Change, ...]
    columns: tuple[Change, ...]
    """Columns of the data that hold other values, were added or removed, by their hashes."""
    split: tuple[Change, ...]
    code: CodeChange
    environment: tuple[Change, ...]
    packages: tuple[Change, ...]
    costs: tuple[Change, ...]
    paired: PairedRuns | None
    """The test of both on the same rows; None where there is none, as `why_unpaired` says."""
    why_unpaired: str | None
    unpaired: tuple[Change, ...]
    """Metrics side by side, where there is no test."""


def differ(first: RecordedRun, second: RecordedRun, project: Path) -> RunDifference:
    """Find what differs between two runs.

    Raises:
        DataError: a stored prediction is not one that the problem allows.
    """
    paired = _paired(first, second)
    one, other = (run.environment for run in (first, second))
    return RunDifference(
        first=first.cycle,
        second=second.cycle,
        parameters=tuple(_changes(_leaves(first.configuration), _leaves(second.configuration))),
        data=tuple(_changes(_of(first.data, DATA), _of(second.data, DATA))),
        columns=tuple(
            _changes(*((run.data or {}).get("column_hashes", {}) for run in (first, second)))
        ),
        split=tuple(_changes(_split(first), _split(second))),
        code=_code(first, second, project),
        environment=tuple(_changes(_machine(one), _machine(other))),
        packages=tuple(_changes(*((each.packages if each else {}) for each in (one, other)))),
        costs=tuple(_side_by_side(*(_costs_of(run.metrics) for run in (first, second)))),
        paired=None if isinstance(paired, str) else paired,
        why_unpaired=paired if isinstance(paired, str) else None,
        unpaired=tuple(
            _side_by_side(*(challenger_metrics(run.metrics) for run in (first, second)))
            if isinstance(paired, str)
            else ()
        ),
    )


def _paired(first: RecordedRun, second: RecordedRun) -> PairedRuns | str:
    without = [run.cycle.run_id[:8] for run in (first, second) if run.tried is None]
    if first.tried is None or second.tried is None:
        return f"{NOT_TRIED}{' and '.join(without)}."
    asked = [
        name
        for run in (second, first)
        for name in _named_metrics(run.configuration.get("hypothesis") or {})
    ]
    return compare_runs(first.tried, second.tried, asked)


def _named_metrics(hypothesis: Mapping[str, Any]) -> list[str]:
    criteria = hypothesis.get("success_criteria") or {}
    guardrails = criteria.get("guardrails") or []
    judged = [criteria.get("primary") or {}, *guardrails]
    return [str(each["metric"]) for each in judged] + list(hypothesis.get("metrics_to_track") or ())


def _costs_of(metrics: Mapping[str, float]) -> dict[str, float]:
    return {shown: metrics[name] for name, shown in COSTS.items() if name in metrics}


def _side_by_side(first: Mapping[str, float], second: Mapping[str, float]) -> Iterator[Change]:
    for name in dict.fromkeys([*first, *second]):
        one, other = (repr(each[name]) if name in each else None for each in (first, second))
        yield Change(name=name, first=one, second=other)


def _changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*first, *second]):
        one, other = (
            as_text(each[name]) if each.get(name) is not None else None for each in (first, second)
        )
        if one != other:
            yield Change(name=name, first=one, second=other)


def _leaves(configuration: dict[str, Any]) -> dict[str, Any]:
    return dict(flatten(configuration)) if configuration else {}


def _of(tree: Mapping[str, Any] | None, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: (tree or {}).get(name) for name in names}


def _split(run: RecordedRun) -> dict[str, Any]:
    manifest = run.manifest
    if manifest is None:
        return {}
    rows = {f"{part} rows": each.rows for part, each in manifest.parts.items()}
    tested = {"test rows (hash)": manifest.parts["test"].rows_hash}
    return {"strategy": manifest.strategy, "seed": manifest.seed, **rows, **tested}


def _machine(environment: Environment | None) -> dict[str, Any]:
    return _of(environment.model_dump(mode="json") if environment else None, MACHINE)


def _code(first: RecordedRun, second: RecordedRun, project: Path) -> CodeChange:
    known = [run.environment for run in (first, second)]
    one, other = (each.git_commit if each else None for each in known)
    between = None
    if one is not None and other is not None and one != other:
        between = diff_of_commits(project, one, other)
    same_diff = first.diff == second.diff
    alike = same_diff and (one == other or between == "")
    return CodeChange(
        commits=(one, other),
        uncommitted=(bool(first.diff), bool(second.diff)),
        same=None if one is None or other is None else alike,
        between_commits=between,
        diffs=("", "") if same_diff else (first.diff, second.diff),
    )
