"""`kedro cycle reproduce`: a run made again from its record alone, and compared with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from experiment_cycle.commands.record_store import RecordStore
    from experiment_cycle.reproducing.reproduction import Recorded
    from experiment_cycle.tracking.past_cycles import PastCycle

LAST = ("data_versioning", "splitting", "tuning", "training", "evaluation")


@click.command()
@click.argument("cycle", default="latest")
@click.option(
    "--until",
    type=click.Choice(LAST),
    default=LAST[-1],
    show_default=True,
    help="The last stage that is run again.",
)
@click.option("--env", "-e", help="Environment of conf/ that names the tracking store.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def reproduce(metadata: Any, cycle: str, until: str, env: str | None, *, as_json: bool) -> None:
    """Run CYCLE again as it was, and compare every metric, prediction and artifact.

    CYCLE is an id, enough of its first characters, champion, or latest. Its code is checked out at
    its commit, with the changes that were not committed, into a temporary folder; its data come
    from the versioning backend, parameters and seed from the record. That code is then run, as you
    would run it: reproduce what you trust. Your folder is not touched, no look at the test set is
    spent, and nothing is decided.

    Exits with 0 where all is identical, with 1 where something differs, 3 where it cannot be told.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    import mlflow  # noqa: PLC0415
    from kedro.framework.project import pipelines  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from experiment_cycle.commands.project import open_project  # noqa: PLC0415
    from experiment_cycle.commands.record_store import open_store  # noqa: PLC0415
    from experiment_cycle.commands.reproduction_table import on_terminal  # noqa: PLC0415
    from experiment_cycle.errors import CycleError  # noqa: PLC0415
    from experiment_cycle.reproducing.reproduction import Home  # noqa: PLC0415
    from experiment_cycle.reproducing.reproduction import reproduce as run_again  # noqa: PLC0415
    from experiment_cycle.tracking.past_cycles import find_cycle  # noqa: PLC0415

    try:
        store = open_store(metadata, env)
        found = find_cycle(store.experiment_id, cycle, store.registered_model)
        home = Home(
            project=store.folder,
            package=metadata.package_name,
            pipelines=list(pipelines),
            versioning=store.configuration.data_versioning,
            credentials=open_project(metadata, env).credentials(),
            registry=mlflow.get_registry_uri(),
            trusted_types=store.configuration.training.trusted_types,
        )
        with TemporaryDirectory() as folder:
            recorded = _read(found, store, Path(folder))
            told = run_again(recorded, home, until, lambda text: click.echo(text, err=True))
    except CycleError as error:
        error.exit_code = 3  # type: ignore[misc]
        raise
    if as_json:
        click.echo(told.model_dump_json(indent=2))
    else:
        Console().print(on_terminal(told))
    if not told.same:
        raise click.exceptions.Exit(1)


def _read(found: PastCycle, store: RecordStore, folder: Path) -> Recorded:
    """Fetch what a run is made again from, and what the outcome is compared with."""
    from experiment_cycle.commands.recorded_run import read_recorded  # noqa: PLC0415
    from experiment_cycle.errors import DataError, IntegrityError  # noqa: PLC0415
    from experiment_cycle.reproducing.reproduction import Recorded  # noqa: PLC0415
    from experiment_cycle.tracking.past_records import read_artifact, read_run  # noqa: PLC0415

    record = read_recorded(found, folder / "read")
    if record.environment is None or record.data is None or not record.configuration:
        raise DataError(
            f"The run {found.run_id} has no record of its environment, data version or "
            "parameters: it ended before these were known. Next step: name another cycle; kedro "
            "cycle runs --all lists them."
        )
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    for stage in LAST:
        try:
            read_artifact(found.run_id, stage, artifacts)
        except IntegrityError:
            continue
    return Recorded(
        run_id=found.run_id,
        env=read_run(found.run_id).data.tags.get("env") or "local",
        configuration=record.configuration,
        dataset_version=record.data,
        environment=record.environment,
        diff=record.diff,
        metrics=record.metrics,
        champion=_champion(found, store, artifacts),
        artifacts=artifacts,
    )


def _champion(found: PastCycle, store: RecordStore, artifacts: Path) -> int | None:
    """Tell which version was champion when the run compared itself, or else when it began."""
    from experiment_cycle.evaluation.records import IncumbentRecord  # noqa: PLC0415
    from experiment_cycle.tracking.champions import champion_on  # noqa: PLC0415

    file = artifacts / "evaluation" / "incumbent_record.json"
    if file.is_file():
        return IncumbentRecord.model_validate_json(file.read_text("utf-8")).version
    move = champion_on(store.registered_model, found.started)
    return None if move is None else move.version
