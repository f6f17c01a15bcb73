"""How many rows were left after each step, from the raw tables to train, validation and test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from experiment_cycle.reporting.drawing import Bar
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import number, percent, signed
from experiment_cycle.splitting.parts import REASONS
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.tracking.row_counts import NodeRows, RowCounts

UNKNOWN = "not counted"


@dataclass(frozen=True)
class RowLine:
    """One table on the way, with what became of the rows of the one it was made from."""

    table: str
    origin: str
    """Where it comes from: a raw table, the name of a node, a part of the dataset."""
    rows: str
    change: str
    """Against the first table that the step read, such as ``-412 (2 %)``; empty for a raw table."""
    reason: str
    bar: Bar | None


@dataclass(frozen=True)
class _Flow:
    table: str
    origin: str
    rows: int | None
    before: int | None = None
    reason: str = ""
    start: int = 0
    """How many rows of the dataset lie in the parts before this one."""


def row_lines(report: Report) -> list[RowLine]:
    """Write the way of the rows, the raw tables first."""
    flows = [*_preparation(report.row_counts), *_parts(report.split, report.row_counts.dataset)]
    widest = max((rows for flow in flows for rows in (flow.rows, flow.before) if rows), default=1)
    return [_line(flow, widest) for flow in flows]


def _preparation(counts: RowCounts) -> Iterator[_Flow]:
    made: set[str] = set()
    for step in counts.steps:
        for name in step.reads:
            if name not in made:
                yield _Flow(name, "raw table", step.reads[name])
        made |= {*step.reads, *step.makes}
        for name, rows in step.makes.items():
            yield _Flow(name, step.node, rows, next(iter(step.reads.values()), None), _why(step))
    if "dataset" not in made:
        yield _Flow("dataset", "snapshot", counts.dataset)


def _why(step: NodeRows) -> str:
    _, *others = [f"{name} ({_rows(rows)})" for name, rows in step.reads.items()] or [""]
    return " ".join(filter(None, (step.reason, f"Read with {_listed(others)}." if others else "")))


def _parts(split: SplitManifest, dataset: int) -> Iterator[_Flow]:
    start = 0
    for name, part in split.parts.items():
        yield _Flow(name, f"{percent(part.share)} of dataset", part.rows, start=start)
        start += part.rows
    for reason, rows in split.purged.items():
        why = f"In no part of the split: {REASONS[reason]}."
        yield _Flow("left out", "of dataset", rows, reason=why, start=start)
        start += rows
    if start < dataset:
        why = f"In no part of the split ({label(split.strategy)})."
        yield _Flow("left out", "of dataset", dataset - start, reason=why, start=start)


def _line(flow: _Flow, widest: int) -> RowLine:
    return RowLine(
        table=flow.table,
        origin=flow.origin,
        rows=UNKNOWN if flow.rows is None else number(flow.rows),
        change=_change(flow.before, flow.rows),
        reason="" if flow.before is not None and flow.before == flow.rows else flow.reason,
        bar=None
        if flow.rows is None
        else Bar.of(flow.start, flow.rows, max(0, (flow.before or 0) - flow.rows), widest),
    )


def _change(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return ""
    if before == after:
        return "all kept"
    share = f" ({percent(abs(after - before) / before)})" if before else ""
    return f"{signed(after - before)}{share}"


def _rows(rows: int | None) -> str:
    return UNKNOWN if rows is None else f"{number(rows)} rows"


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
