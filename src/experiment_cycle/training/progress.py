"""A progress bar that shows the present and the best value of a metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[float | None, float | None], None]


@contextmanager
def progress_bar(
    label: str, total: int, done: int = 0, console: Console | None = None
) -> Iterator[Advance]:
    """Show a bar while the block runs, on a terminal only; it vanishes at the end.

    Args:
        label: What is going on.
        total: Steps in all.
        done: Steps that were done before.
        console: Where to draw; standard error by default.

    Yields:
        A function to call after every step with the present and the best value, None if unknown.
    """
    console = console or Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[values]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(label, total=total, completed=done, values="")

        def advance(present: float | None, best: float | None) -> None:
            values = f"now {_shown(present)}  best {_shown(best)}"
            bar.update(task, advance=1, values=values)

        yield advance


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.5f}"
