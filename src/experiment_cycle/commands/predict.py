"""`kedro cycle predict`: score new rows with the champion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

LOGGERS = (
    "kedro",
    "kedro.io",
    "kedro.framework",
    "kedro.pipeline.node",
    "experiment_cycle.prediction.predict",
)
"""What they say of nodes and findings is told in a few lines here."""


@click.command()
@click.argument("input", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--version",
    "model",
    metavar="VERSION",
    help="A version's number, or an alias of the registry; default: champion.",
)
@click.option("--keep", is_flag=True, help="Write the columns of INPUT as well.")
@click.option(
    "--unseen-levels",
    type=click.Choice(["warn", "refuse"]),
    help="What is done about levels of a text column that no training row has.",
)
@click.option(
    "--batch-rows", type=click.IntRange(min=1), help="Rows in memory at a time; default: 100000."
)
@click.option("--env", "-e", help="Environment of conf/ to read; default: local.")
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, for scripts.")
@click.pass_obj
def predict(  # noqa: PLR0913 - an option each
    metadata: Any,
    *,
    input: Path,
    output: Path,
    model: str | None,
    keep: bool,
    unseen_levels: str | None,
    batch_rows: int | None,
    env: str | None,
    as_json: bool,
) -> None:
    """Predict the rows of INPUT, and write the predictions to OUTPUT: Parquet or CSV.

    Columns, types, levels and ranges are checked against the training rows before the first row is
    scored. OUTPUT appears whole or not at all, with what is known of it in OUTPUT.json. The
    pipeline `prediction` is run: see conf/base/parameters_prediction.yml.
    """
    asked = {
        "input": str(input.absolute()),
        "output": str(output.absolute()),
        "model": model,
        "keep": keep or None,
        "unseen_levels": unseen_levels,
        "batch_rows": batch_rows,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    record = _run(metadata, env, {"prediction": given})
    for line in record.checks.warnings():
        click.echo(line, err=True)
    click.echo(record.model_dump_json(indent=2) if as_json else record.summary())


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let loggers tell nothing below critical."""
    import logging  # noqa: PLC0415

    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _run(metadata: Any, env: str | None, parameters: dict[str, Any]) -> Any:
    from kedro.framework.session import KedroSession  # noqa: PLC0415
    from kedro.runner import SequentialRunner  # noqa: PLC0415

    from experiment_cycle.prediction.records import PredictionRecord  # noqa: PLC0415

    session = KedroSession.create(
        metadata.project_path, save_on_close=False, env=env, runtime_params=parameters
    )
    with session, _quiet(*LOGGERS):
        session.run(pipeline_names=["prediction"], runner=SequentialRunner())
    sidecar = Path(f"{parameters['prediction']['output']}.json")
    return PredictionRecord.model_validate_json(sidecar.read_text(encoding="utf-8"))
