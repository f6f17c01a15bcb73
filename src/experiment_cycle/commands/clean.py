"""`kedro cycle clean`: remove what nothing refers to any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from experiment_cycle.tracking.removable import Removable


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many of the newest cycles keep everything.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed, and its size.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def clean(
    metadata: Any, *, keep: int, dry_run: bool, yes: bool, env: str | None, as_json: bool
) -> None:
    """Remove old intermediate data, never what a decision refers to.

    Of cycles older than the newest ones: artifacts, if nothing was decided, no model of the
    registry comes from it, and nothing that is kept names it; journals that every tracker has;
    checkpoints and searches. Besides, data versions that no record names, and what killed processes
    left. Parameters, metrics and tags of every cycle stay. Exits with 1 if something cannot go.
    """
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.tracking.project_lock import ProjectLock  # noqa: PLC0415

    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask: add --yes or --dry-run.")
    store = open_store(metadata, env)
    lock = ProjectLock(store.folder)
    if not dry_run:
        lock.acquire("kedro cycle clean")
    try:
        _clean(store, keep, dry_run=dry_run, yes=yes, as_json=as_json)
    finally:
        lock.release()


def _clean(store: Any, keep: int, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from experiment_cycle.commands.clean_table import clean_table  # noqa: PLC0415
    from experiment_cycle.commands.what_may_go import find_removable, remove_one  # noqa: PLC0415
    from experiment_cycle.reporting.numbers import size  # noqa: PLC0415

    with Console(stderr=True).status("Looking for what nothing refers to …"):
        found, kept = find_removable(store, keep)
    total = size(sum(one.size_bytes for one in found))
    if as_json:
        plain = [one.model_dump(mode="json") for one in found]
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        if found:
            Console().print(clean_table(found))
        click.echo(kept)
    if not found or dry_run:
        if not as_json:
            click.echo(f"{total} would be removed." if found else "There is nothing to remove.")
        return
    if not yes:
        click.confirm(f"Remove {total} for good?", abort=True)
    failed = [(one, told) for one in found if (told := _removed(remove_one, store, one))]
    for one, told in failed:
        click.echo(f"{one.kind} {one.name} stays: {told}", err=True)
    if failed:
        raise SystemExit(1)
    if not as_json:
        click.echo(f"{total} removed.")


def _removed(remove_one: Any, store: Any, one: Removable) -> str:
    """Remove one thing; tell what stands in the way, if anything does."""
    try:
        remove_one(store, one)
    except OSError as error:
        return f"{error.strerror or error}: {Path(str(error.filename or one.places[0]))}"
    return ""
