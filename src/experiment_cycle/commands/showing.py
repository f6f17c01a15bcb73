"""How a command shows a list of records: as a table, or as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

import click
from rich.console import Console, RenderableType

from experiment_cycle.options import Record

Listed = TypeVar("Listed", bound=Record)


def show(
    records: Sequence[Listed],
    table: Callable[[Sequence[Listed], int], RenderableType],
    none: str,
    as_json: bool,
) -> None:
    """Print records.

    Args:
        records: What is listed.
        table: Makes a table of them that fits the number of columns.
        none: What is said where there are none.
        as_json: Print JSON instead.
    """
    if as_json:
        plain = [record.model_dump(mode="json") for record in records]
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    elif records:
        console = Console()
        console.print(table(records, console.width))
    else:
        click.echo(none)
