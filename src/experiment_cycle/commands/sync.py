"""`kedro cycle sync`: give trackers what they did not take while runs were recorded."""

from __future__ import annotations

import json
from typing import Any

import click


@click.command()
@click.option(
    "--tracker", "only", multiple=True, metavar="NAME", help="Only this one; may be given twice."
)
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def sync(metadata: Any, *, only: tuple[str, ...], env: str | None, as_json: bool) -> None:
    """Deliver to each tracker of tracking.yml what it lacks of past runs, from where it stopped.

    What was kept offline is uploaded where the tracker's service can be reached. Doing it twice
    changes nothing. Exits with 1 if a tracker still lacks something.
    """
    from rich.console import Console  # noqa: PLC0415

    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.commands.sync_table import sync_table  # noqa: PLC0415
    from experiment_cycle.errors import near_misses  # noqa: PLC0415
    from experiment_cycle.tracking.command_record import JOURNALS  # noqa: PLC0415
    from experiment_cycle.tracking.syncing import sync as sync_all  # noqa: PLC0415

    store = open_store(metadata, env)
    unknown = [name for name in only if name not in store.tracking.trackers]
    if unknown:
        raise click.UsageError(
            f"'{unknown[0]}' is not among the trackers of tracking.yml. "
            f"{near_misses(unknown[0], store.tracking.trackers)}"
        )
    found = []
    console = Console(stderr=True)
    with console.status("Looking for what trackers lack …"):
        folder = store.folder / JOURNALS
        for item in sync_all(folder, store.folder, store.tracking, store.credentials, only):
            found.append(item)
            if item.state in {"brought up to date", "uploaded"}:
                console.print(f"{item.run_id[:8]} {item.tracker}: {item.state}")
    if as_json:
        plain = [item.model_dump(mode="json") for item in found]
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    elif found:
        Console().print(sync_table(found))
    else:
        click.echo(
            "There is nothing to deliver: no run was recorded by a tracker besides MLflow, and "
            "MLflow has everything."
        )
    if any(item.state in {"behind", "offline"} for item in found):
        raise SystemExit(1)
