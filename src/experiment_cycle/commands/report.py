"""`kedro cycle report`: render the report anew, or compute every number in it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from experiment_cycle.commands.arguments import configured
from experiment_cycle.commands.audit import CYCLE, OPENINGS

COMMAND = "kedro cycle report --verify"


@click.command()
@configured
@click.option(
    "--verify", is_flag=True, help="Compute all numbers again from the stored predictions."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def report(
    metadata: Any, env: str | None, params: dict[str, Any], *, verify: bool, as_json: bool
) -> None:
    """Render the report from what the last run stored, or verify what it says.

    What was changed since it was recorded is refused, and named.

    With --verify nothing is rendered: the predictions of both models are taken as they are stored,
    everything that rests on them is computed again, and each file is compared bit for bit with the
    one that the run left. The exit code is 1 if a number differs. The test set is opened for that,
    which is recorded; nothing else of the project changes.
    """
    if verify:
        _verify(metadata, env, params, as_json=as_json)
    else:
        for file in _render(metadata, env, params):
            click.echo(file)


def _render(metadata: Any, env: str | None, params: dict[str, Any]) -> list[str]:
    """Render the reports, and put them in their place; name their files."""
    from experiment_cycle.audit.recomputing import recomputed  # noqa: PLC0415
    from experiment_cycle.commands.audited_project import open_subject  # noqa: PLC0415
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.commands.stored_results import (  # noqa: PLC0415
        check_as_recorded,
        check_there,
        stored_inputs,
    )
    from experiment_cycle.replacing import replacing  # noqa: PLC0415

    subject = open_subject(metadata, env, params, OPENINGS, CYCLE)
    nodes = subject.pipeline.only_nodes_with_tags("reporting")
    given = {"run_command": _command(metadata, env, params)}
    needed = stored_inputs(subject.catalog, nodes) - set(given)
    check_there(subject.catalog, sorted(needed), "to report")
    open_store(metadata, env)
    unknown = check_as_recorded(subject, needed)
    if unknown is not None:
        click.echo(
            f"Whether the results are those of their record is not known: {unknown}.", err=True
        )
    written = []
    with recomputed(nodes, subject.folder, subject.catalog, given, {}) as files:
        for again in files.values():
            with replacing(again.stored) as unfinished:
                unfinished.write_bytes(again.made.read_bytes())
            written.append(again.stored.relative_to(subject.folder).as_posix())
    return written


def _verify(metadata: Any, env: str | None, params: dict[str, Any], *, as_json: bool) -> None:
    from experiment_cycle.commands.audited_project import open_subject  # noqa: PLC0415
    from experiment_cycle.commands.stored_results import record_opening  # noqa: PLC0415
    from experiment_cycle.commands.verification import (  # noqa: PLC0415
        check_same_parameters,
        verification_lines,
        verification_table,
        verify,
    )

    subject = open_subject(metadata, env, params, OPENINGS, CYCLE)
    check_same_parameters(metadata, env, params, subject.folder / CYCLE)
    record_opening(subject, COMMAND)
    found = verify(subject, _command(metadata, env, params))
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        from rich.console import Console  # noqa: PLC0415

        Console().print(verification_table(found))
        for line in ("", *verification_lines(found)):
            click.echo(line)
    if not found.passed:
        raise click.exceptions.Exit(1)


def _command(metadata: Any, env: str | None, params: dict[str, Any]) -> str:
    from experiment_cycle.commands.audited_project import open_configuration  # noqa: PLC0415
    from experiment_cycle.commands.run_command import run_command  # noqa: PLC0415

    loader: Any = open_configuration(metadata, env, params)
    return run_command(loader.env, loader.default_run_env, params, Path(loader.conf_source))
