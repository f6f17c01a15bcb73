"""`kedro cycle runs`: the cycles so far, also those that led to nothing, and the champions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from experiment_cycle.tracking.past_cycles import PastCycle

DECISIONS = ("promote", "iterate", "abandon")
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.option("--decision", type=click.Choice(DECISIONS), help="Only cycles that ended so.")
@click.option("--hypothesis", metavar="ID", help="Only cycles of this hypothesis.")
@click.option("--metric", metavar="CONDITION", help="On the challenger's test rows: 'roc_auc>0.7'.")
@click.option("--since", type=DAY, help="Started then or later (UTC).")
@click.option("--until", type=DAY, help="Started before (UTC).")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--all", "show_all", is_flag=True, help="Also cycles in which nothing was decided.")
@click.option("--champions", is_flag=True, help="List which model became champion, when and why.")
@click.option("--on", type=DAY, help="With --champions: only the champion of this moment (UTC).")
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def runs(  # noqa: PLR0913 - a filter each
    metadata: Any,
    *,
    decision: str | None,
    hypothesis: str | None,
    metric: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    show_all: bool,
    champions: bool,
    on: datetime | None,
    env: str | None,
    as_json: bool,
) -> None:
    """List the cycles that came to a decision, the newest first, whatever was decided.

    A result that led to nothing is kept as any other: find it by hypothesis, decision, metric or
    date. The effect is the primary metric's improvement over the incumbent.
    """
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycles  # noqa: PLC0415

    if on is not None and not champions:
        raise click.UsageError("--on asks for the champion of a moment: add --champions.")
    store = open_store(metadata, env)
    if champions:
        _show_champions(store.registered_model, on, as_json=as_json)
        return
    cycles = find_cycles(
        store.experiment_id,
        decision=decision,
        hypothesis=hypothesis,
        metric=metric,
        since=None if since is None else _utc(since),
        until=None if until is None else _utc(until),
    )
    _show_cycles(cycles, limit, show_all=show_all, as_json=as_json)


def _show_cycles(cycles: Iterator[PastCycle], limit: int, *, show_all: bool, as_json: bool) -> None:
    from experiment_cycle.commands.cycle_tables import runs_table  # noqa: PLC0415
    from experiment_cycle.commands.showing import show  # noqa: PLC0415

    listed: list[PastCycle] = []
    passed_over, more = 0, False
    for cycle in cycles:
        if not show_all and cycle.decision is None:
            passed_over += 1
        elif len(listed) == limit:
            more = True
            break
        else:
            listed.append(cycle)
    show(
        listed,
        runs_table,
        "No cycle like that is recorded. Next step: ask for less, or kedro run",
        as_json,
    )
    notes = []
    if passed_over:
        count = "1 cycle" if passed_over == 1 else f"{passed_over} cycles"
        notes.append(f"Not shown: {count} in which nothing was decided; see --all.")
    if more:
        notes.append(f"There are more than {limit}; see --limit.")
    if notes and not as_json:
        click.echo(" ".join(notes))


def _show_champions(registered_model: str, on: datetime | None, *, as_json: bool) -> None:
    from experiment_cycle.commands.cycle_tables import champions_table  # noqa: PLC0415
    from experiment_cycle.commands.showing import show  # noqa: PLC0415
    from experiment_cycle.tracking.champions import (  # noqa: PLC0415
        champion_on,
        moved_by_others,
        moves,
    )

    listed = moves(registered_model)
    if moved_by_others(registered_model, listed):
        click.echo(
            f"The alias 'champion' of '{registered_model}' was moved by other means than this "
            "project's: the history does not tell when, nor why.",
            err=True,
        )
    if on is not None:
        found = champion_on(registered_model, _utc(on))
        listed = [] if found is None else [found]
    then = "" if on is None else f" on {on:%Y-%m-%d %H:%M} (UTC)"
    show(listed, champions_table, f"No model of '{registered_model}' was champion{then}.", as_json)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
