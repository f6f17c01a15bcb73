"""`kedro cycle promote` and `kedro cycle rollback`: what a person may do to the champion."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click


@click.command()
@click.argument("cycle", default="latest")
@click.option("--force", is_flag=True, help="Overrule the decision.")
@click.option("--reason", metavar="TEXT", help="Why; it is recorded and shown.")
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.pass_obj
def promote(metadata: Any, cycle: str, reason: str | None, env: str | None, *, force: bool) -> None:
    """Make the challenger of CYCLE champion although that was not decided.

    CYCLE is an id, enough of its first characters, or latest: the latest cycle in which something
    was decided. What was decided stays in the record, beside the reason for overruling it. Looks at
    the test set are counted on.
    """
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.decision.overruling import force_promotion  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycle  # noqa: PLC0415

    if not force or not (reason or "").strip():
        raise click.UsageError(
            "kedro run promotes what was decided to be promoted. To overrule a decision, give both "
            "--force and --reason 'why'."
        )
    store = open_store(metadata, env)
    found = find_cycle(store.experiment_id, cycle, store.registered_model, decided=True)
    with TemporaryDirectory() as folder:
        version = force_promotion(
            found,
            store.registered_model,
            str(reason),
            Path(folder),
            store.configuration.training.trusted_types,
        )
    click.echo(
        f"Version {version} of '{store.registered_model}' is champion, by force: the decision was "
        f"to {found.decision}. Reason: {reason}"
    )


@click.command()
@click.option(
    "--to", "version", type=int, metavar="VERSION", help="Any earlier champion, by its number."
)
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is recorded and shown.")
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.pass_obj
def rollback(metadata: Any, version: int | None, reason: str, env: str | None) -> None:
    """Make the champion before the present one champion again.

    Done once more, it goes one further back: a version that was rolled back from is passed over,
    and comes back by --to only.
    """
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.decision.overruling import roll_back  # noqa: PLC0415

    store = open_store(metadata, env)
    move = roll_back(store.registered_model, reason, version)
    click.echo(
        f"Version {move.version} of '{store.registered_model}' is champion again, in place of "
        f"{move.previous}. Reason: {reason}"
    )
