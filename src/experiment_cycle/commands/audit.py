"""`kedro cycle audit`: find leakage, also by running the project's own code again."""

from __future__ import annotations

from typing import Any

import click

from experiment_cycle.commands.arguments import configured

REPORT = "data/08_reporting/audit.json"
OPENINGS = "data/03_primary/test_openings.jsonl"
CYCLE = "data/08_reporting/cycle.json"
FEWEST_SHUFFLES = 20


def _shuffles(context: click.Context, parameter: click.Parameter, value: int) -> int:
    if value != 0 and value < FEWEST_SHUFFLES:
        raise click.BadParameter(
            f"{value} shuffles are too few to judge by. Allowed: 0 (none), or {FEWEST_SHUFFLES} "
            "and more."
        )
    return value


@click.command()
@configured
@click.option(
    "--shuffles",
    type=int,
    default=20,
    show_default=True,
    callback=_shuffles,
    help="How often labels are shuffled, 20 or more; 0 leaves LEAK019 out, which then is not run.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Trials of each search while the pipelines run again.",
)
@click.option(
    "--skip-canaries", is_flag=True, help="Leave out LEAK018 and LEAK019, which then are not run."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def audit(
    metadata: Any,
    env: str | None,
    params: dict[str, Any],
    shuffles: int,
    trials: int,
    *,
    skip_canaries: bool,
    as_json: bool,
) -> None:
    """Verify the split, and look for leakage in the data and in the code.

    The checks of the data are those of the stage splitting. Then everything up to training runs
    again, your own nodes included: once with a witness of every fit, once with the test rows
    corrupted, and on labels that mean nothing. Nothing that a run made is changed. The result is
    written to data/08_reporting/audit.json; the exit code is 1 if a check failed.
    """
    from experiment_cycle.audit.auditing import Scope, audit_project  # noqa: PLC0415
    from experiment_cycle.audit.records import write_report  # noqa: PLC0415
    from experiment_cycle.commands.audit_table import audit_table, steps_bar  # noqa: PLC0415
    from experiment_cycle.commands.audited_project import open_subject  # noqa: PLC0415

    subject = open_subject(metadata, env, params, OPENINGS, CYCLE)
    scope = Scope(shuffles, trials, canaries=not skip_canaries)
    with steps_bar(scope.steps) as advance:
        report = audit_project(subject, scope, advance)
    write_report(report, subject.folder / REPORT)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    else:
        from rich.console import Console  # noqa: PLC0415

        Console().print(audit_table(report, REPORT))
    if not report.passed:
        raise click.exceptions.Exit(1)
