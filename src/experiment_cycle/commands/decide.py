"""`kedro cycle decide`: what was decided, as an exit code for CI."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from experiment_cycle.tracking.past_cycles import PastCycle

CODES = {"promote": 0, "iterate": 1, "abandon": 2}
ERROR, WRONG_USE = 3, 4
"""The usual 1 and 2 of errors would be taken for decisions."""


class Deciding(click.Command):
    """A command whose exit code is a decision, so that no error has the code of one."""

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        """Read the command line."""
        with _errors_told_apart():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _errors_told_apart():
            return super().invoke(ctx)


@click.command(cls=Deciding)
@click.argument("cycle", default="latest")
@click.option(
    "--exit-code", is_flag=True, help="Exit with 0 (promote), 1 (iterate) or 2 (abandon)."
)
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def decide(metadata: Any, cycle: str, env: str | None, *, exit_code: bool, as_json: bool) -> None:
    """Say what was decided in CYCLE, and why.

    CYCLE is an id, enough of its first characters, champion, or latest: the latest cycle in which
    something was decided. Nothing is decided anew: that would be another look at the test set.

    An error exits with 3, a command line that cannot be read with 4, with --exit-code and without.
    `kedro run` itself exits with 0 whatever is decided.
    """
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.decision.records import Decision  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycle  # noqa: PLC0415

    store = open_store(metadata, env)
    found = find_cycle(store.experiment_id, cycle, store.registered_model, decided=True)
    stored = _read_decision(found)
    decision = Decision.model_validate(stored)
    if as_json:
        told = {**stored, "cycle": found.run_id, "forced": found.forced}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        click.echo(f"{decision.decision}: {found.name}, cycle {found.run_id}")
        if decision.decided_by:
            click.echo(f"Made by {decision.decided_by}, {decision.decided_at}.")
        for reason in decision.reasons:
            click.echo(f"- {reason}")
        if found.forced is not None:
            click.echo(f"Overruled by force: {found.forced}")
    if exit_code:
        raise SystemExit(CODES[decision.decision])


def _read_decision(found: PastCycle) -> dict[str, Any]:
    from experiment_cycle.errors import DataError  # noqa: PLC0415
    from experiment_cycle.tracking.past_records import read_record  # noqa: PLC0415

    if found.decision is None:
        raise DataError(
            f"Nothing was decided in the cycle {found.run_id}, which is {found.status.lower()}. "
            "Next step: kedro run --pipelines=decision,reporting, or a whole kedro run"
        )
    with TemporaryDirectory() as folder:
        return dict(read_record(found.run_id, "decision/decision.json", Path(folder)))


@contextmanager
def _errors_told_apart() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        wrong_use = isinstance(error, click.UsageError)
        error.exit_code = WRONG_USE if wrong_use else ERROR  # type: ignore[misc]
        raise
    except (click.exceptions.Exit, click.Abort):
        raise
    except Exception:
        # Python itself would exit with 1
        traceback.print_exc()
        raise SystemExit(ERROR) from None
