"""`kedro cycle compare`: what differs between two runs, and whether it made a difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

MARKDOWN = ".md"
PAGES = (".html", ".htm", MARKDOWN)


def _page(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in PAGES:
        raise click.BadParameter(
            f"'{value}' is neither a page nor Markdown: the name ends in {', '.join(PAGES)}."
        )
    return value


@click.command()
@click.argument("run_a")
@click.argument("run_b")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    callback=_page,
    help="Write it as one page (.html), or as Markdown (.md).",
)
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def compare(
    metadata: Any, run_a: str, run_b: str, report: Path | None, env: str | None, *, as_json: bool
) -> None:
    """Say what differs between RUN_A and RUN_B: parameters, data, code, environment, metrics.

    A RUN is the id of a cycle, enough of its first characters, latest, or champion. Where both were
    tried on the same rows, their stored predictions are compared by the tests that decisions rest
    on. It describes only: nothing is decided, no look is spent, no test set is opened.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.commands.recorded_run import read_recorded  # noqa: PLC0415
    from experiment_cycle.commands.run_difference import differ  # noqa: PLC0415
    from experiment_cycle.errors import DataError  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycle  # noqa: PLC0415

    store = open_store(metadata, env)
    cycles = [
        find_cycle(store.experiment_id, name, store.registered_model) for name in (run_a, run_b)
    ]
    if cycles[0].run_id == cycles[1].run_id:
        raise DataError(
            f"'{run_a}' and '{run_b}' are one run, {cycles[0].run_id}, which does not differ from "
            "itself. Next step: name two; kedro cycle runs --all lists them."
        )
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        one, other = (
            read_recorded(cycle, Path(folder))
            for cycle, folder in zip(cycles, (first, second), strict=True)
        )
    _show(differ(one, other, store.folder), report, as_json=as_json)


def _show(found: Any, report: Path | None, *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from experiment_cycle.commands.run_pages import (  # noqa: PLC0415
        as_html,
        as_markdown,
        on_terminal,
    )

    if report is not None:
        markdown = report.suffix.lower() == MARKDOWN
        _write(report, as_markdown(found) if markdown else as_html(found))
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    Console().print(on_terminal(found))
    if report is not None:
        click.echo(f"The comparison was written to {report}.")


def _write(file: Path, text: str) -> None:
    from experiment_cycle.errors import ConfigurationError  # noqa: PLC0415
    from experiment_cycle.replacing import replacing  # noqa: PLC0415

    try:
        with replacing(file) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The comparison cannot be written to {file}: {error.strerror}. Next step: name a file "
            "in a folder that is there and may be written to."
        ) from error
