"""`kedro cycle runs`: the cycles so far, also those that led to nothing, and the champions."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click

DECISIONS = ("promote", "iterate", "abandon")
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.option("--decision", type=click.Choice(DECISIONS), help="Only cycles that ended so.")
@click.option("--hypothesis", metavar="ID", help="Only cycles of this hypothesis.")
@click.option("--metric", metavar="CONDITION", help="On the challenger's test rows: 'roc_auc>0.7'.")
@click.option("--since", type=DAY, help="Started then or later (UTC).")
@click.option("--until", type=DAY, help="Started before (UTC).")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True)
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
    champions: bool,
    on: datetime | None,
    env: str | None,
    as_json: bool,
) -> None:
    """List the cycles so far, the newest first, whatever was decided.

    A result that led to nothing is kept as any other: find it by hypothesis, decision, metric or
    date.
    """
    from experiment_cycle.commands.cycle_tables import champions_table, runs_table  # noqa: PLC0415
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.commands.showing import show  # noqa: PLC0415
    from experiment_cycle.tracking.champions import champion_on, moves  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycles  # noqa: PLC0415

    if on is not None and not champions:
        raise click.UsageError("--on asks for the champion of a moment: add --champions.")
    store = open_store(metadata, env)
    if champions:
        listed = moves(store.registered_model)
        if on is not None:
            found = champion_on(store.registered_model, _utc(on))
            listed = [] if found is None else [found]
        show(
            listed,
            champions_table,
            f"No model of '{store.registered_model}' was champion.",
            as_json,
        )
        return
    cycles = find_cycles(
        store.experiment_id,
        decision=decision,
        hypothesis=hypothesis,
        metric=metric,
        since=None if since is None else _utc(since),
        until=None if until is None else _utc(until),
    )
    none = "No cycle like that is recorded. Next step: ask for less, or kedro run"
    show(list(islice(cycles, limit)), runs_table, none, as_json)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
