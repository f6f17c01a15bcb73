"""What `kedro cycle audit` shows: a bar while it works, and a table at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from experiment_cycle.audit.records import AuditReport

STYLES = {
    "passed": "green",
    "failed": "bold red",
    "warning": "yellow",
    "waived": "cyan",
    "not applicable": "dim",
    "not run": "magenta",
}


@contextmanager
def steps_bar(total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar while the block runs, on a terminal only; it vanishes at the end.

    Yields:
        A function to call after each step with its name.
    """
    terminal = sys.stderr.isatty()
    # said openly, because reruns switch the bars of training off by the environment
    console = Console(stderr=True, force_terminal=terminal)
    bar = Progress(
        TextColumn("audit: {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not terminal,
    )
    with bar:
        task = bar.add_task("split", total=total)

        def advance(step: str) -> None:
            bar.update(task, advance=1, description=step)

        yield advance


def audit_table(report: AuditReport, file: str) -> RenderableType:
    """Tabulate the checks, worst news first in the line below."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("code", "check", "status", "what was found"):
        table.add_column(title, overflow="fold")
    split = "failed" if report.split_problems else "passed"
    told = " ".join(report.split_problems) or "The split is the one that was recorded."
    table.add_row("", "Split", _status(split), Text(told))
    rows = [
        (item.code, item.title, item.status.replace("_", " "), item.message)
        for item in report.findings
    ]
    rows += [(code, "", "not run", why) for code, why in report.not_run.items()]
    for code, title, status, message in sorted(rows):
        table.add_row(code, title, _status(status), Text(message))
    failed = [item.code for item in report.findings if item.status == "failed"]
    failed = [*(["the split"] if report.split_problems else []), *failed]
    end = f"Failed: {', '.join(failed)}." if failed else "No check failed."
    if report.not_run:
        end += f" Not run, so not passed: {', '.join(report.not_run)}."
    unused = [Text(sentence) for sentence in report.unused_waivers]
    return Group(table, Text(""), *unused, Text(f"{end} Written to {file}."))


def _status(status: str) -> Text:
    return Text(status, style=STYLES[status])
