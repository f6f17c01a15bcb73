"""`kedro cycle what-if`: play with test rows, and let the models predict them anew."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import click

from experiment_cycle.commands.arguments import configured
from experiment_cycle.commands.audit import CYCLE, OPENINGS

if TYPE_CHECKING:
    from experiment_cycle.audit.auditing import Subject
    from experiment_cycle.evaluation.what_if.server import WhatIfServer

COMMAND = "kedro cycle what-if"
PORT = 8060
NEEDED = (
    "challenger",
    "incumbent",
    "challenger_record",
    "incumbent_record",
    "test",
    "cross_validated_rows",
    "test_predictions",
)


@click.command("what-if")
@configured
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port on this computer; 0: any that is free.",
)
@click.pass_obj
def what_if(metadata: Any, env: str | None, params: dict[str, Any], port: int) -> None:
    """Play with rows of the test set in Google's What-If Tool.

    Change values of a row and see what challenger and incumbent say then, or how their predictions
    depend on one feature. The page is served to this computer only, until Ctrl-C. It needs the tool
    (pip install --no-deps witwidget==1.8.1) and a finished run, and it opens the test set, which is
    recorded.
    """
    from experiment_cycle.commands.audited_project import open_subject  # noqa: PLC0415

    tool = _tool()
    subject = open_subject(metadata, env, params, OPENINGS, CYCLE)
    server = _serve(subject, tool, port)
    with server:
        click.echo(f"What-If on {server.address}  (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")


def _tool() -> str:
    from experiment_cycle.errors import BackendError  # noqa: PLC0415
    from experiment_cycle.evaluation.what_if.front_end import INSTALL, front_end  # noqa: PLC0415

    file = front_end()
    if file is None:
        raise BackendError(
            "The What-If Tool is not installed. Next step: into the same environment, "
            f"`{INSTALL}` (its dependencies are not needed)."
        )
    return file.read_text("utf-8")


def _serve(subject: Subject, tool: str, port: int) -> WhatIfServer:
    """Load what the run left, and bind the port."""
    from experiment_cycle.commands.stored_results import (  # noqa: PLC0415
        check_there,
        load,
        record_opening,
        trust,
    )
    from experiment_cycle.evaluation.predictions import Predictions  # noqa: PLC0415
    from experiment_cycle.evaluation.what_if.page import page_rows, what_if_page  # noqa: PLC0415
    from experiment_cycle.evaluation.what_if.playground import Playground  # noqa: PLC0415
    from experiment_cycle.evaluation.what_if.predictor import AskedModel  # noqa: PLC0415

    check_there(subject.catalog, NEEDED, "to play with")
    record_opening(subject, COMMAND)
    trust(subject, NEEDED)
    held = {name: load(subject.catalog, name) for name in NEEDED}
    options = load(subject.catalog, "params:evaluation").what_if
    predictions = Predictions.from_records(
        held["test_predictions"], held["challenger_record"], held["incumbent_record"]
    )
    tested = held["cross_validated_rows"] if held["test"].empty else held["test"]
    rows = page_rows(tested, predictions, subject.columns, options.page_rows, subject.seed)
    features = subject.columns.features(tested.columns)
    models = {
        name: AskedModel.of(held[name], predictions.problem, features) for name in rows.outputs
    }
    page = what_if_page(tool, rows, predictions, subject.columns.target, "live")
    return _bind(port, page, Playground(models, rows.table))


def _bind(port: int, page: str, playground: Any) -> WhatIfServer:
    from experiment_cycle.errors import ConfigurationError  # noqa: PLC0415
    from experiment_cycle.evaluation.what_if.server import WhatIfServer  # noqa: PLC0415

    try:
        return WhatIfServer(port, page, playground)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} is in use, perhaps by another `{COMMAND}`"
        else:
            why = f"Port {port} cannot be opened: {error.strerror}"
        raise ConfigurationError(
            f"{why}. Next step: end what uses it, or name another one with --port "
            "(0 takes any that is free)."
        ) from error
