"""`kedro cycle decide`: what was decided, as an exit code for CI."""

from __future__ import annotations

import json
from typing import Any

import click

CODES = {"promote": 0, "iterate": 1, "abandon": 2}


@click.command()
@click.argument("cycle", default="latest")
@click.option(
    "--exit-code", is_flag=True, help="Exit with 0 (promote), 1 (iterate) or 2 (abandon)."
)
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def decide(metadata: Any, cycle: str, env: str | None, *, exit_code: bool, as_json: bool) -> None:
    """Say what was decided in CYCLE, and why.

    CYCLE is an id, enough of its first characters, or latest. Nothing is decided anew: that would
    be another look at the test set. `kedro run` itself exits with 0 whatever is decided.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.decision.records import Decision  # noqa: PLC0415
    from experiment_cycle.errors import DataError  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycle, read_record  # noqa: PLC0415

    store = open_store(metadata, env)
    found = find_cycle(store.experiment_id, cycle)
    if found.decision is None:
        raise DataError(
            f"Nothing was decided in the cycle {found.run_id}, which is {found.status.lower()}. "
            "Next step: kedro run --pipelines=decision,reporting, or a whole kedro run"
        )
    with TemporaryDirectory() as folder:
        from pathlib import Path  # noqa: PLC0415

        stored = read_record(found.run_id, "decision/decision.json", Path(folder))
    decision = Decision.model_validate(stored)
    if as_json:
        click.echo(json.dumps(stored, indent=2, ensure_ascii=False))
    else:
        click.echo(f"{decision.decision}: {found.name}, cycle {found.run_id}")
        for reason in decision.reasons:
            click.echo(f"- {reason}")
    if exit_code:
        raise SystemExit(CODES[decision.decision])
