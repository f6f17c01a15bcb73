"""`kedro cycle data log | show | diff | checkout`: the versions of the dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from experiment_cycle.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from experiment_cycle.commands.project import Project
    from experiment_cycle.data_versioning.records import DatasetVersion

CHECKOUTS = "data/02_intermediate/checkout"
Command = Callable[..., Any]


@click.group()
def data() -> None:
    """List, describe, compare and get back the versions of the dataset.

    A VERSION is an id or the first characters of one, a tag, a content hash, or latest.
    """


def _environment(command: Command) -> Command:
    return click.option("--env", "-e", help="Environment of conf/ to read; default: local.")(
        command
    )


def _as_json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


@data.command()
@_environment
@_as_json
@click.pass_obj
def log(metadata: Any, env: str | None, *, as_json: bool) -> None:
    """List every version of the dataset, the newest first."""
    from experiment_cycle.commands.version_tables import log_table  # noqa: PLC0415

    project = _open(metadata, env)
    versions = project.versions()
    entries = list(reversed(versions.log()))
    used, pinned = project.last_used(), project.pinned(versions)
    if as_json:
        _print_json(
            [
                {
                    **each.model_dump(mode="json"),
                    "last_used": each.version.id == used,
                    "pinned": each.version.id == pinned,
                }
                for each in entries
            ]
        )
    elif entries:
        _print(log_table(entries, used, pinned, _console().width))
    else:
        click.echo(
            "No data version was committed yet. Next step: kedro run --pipelines=data_versioning"
        )


@data.command()
@click.argument("version")
@click.option(
    "--contract",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a data contract that the version fulfils.",
)
@_environment
@_as_json
@click.pass_obj
def show(
    metadata: Any, version: str, contract: Path | None, env: str | None, *, as_json: bool
) -> None:
    """Describe VERSION and each of its columns."""
    from experiment_cycle.commands.version_tables import version_table  # noqa: PLC0415
    from experiment_cycle.data_versioning.profile import profile  # noqa: PLC0415

    project = _open(metadata, env)
    versions = project.versions()
    entry = versions.find(version)
    _check_absent(contract, "--contract", force=False)
    with _waiting("Reading the version"), versions.opened(entry.version) as snapshot:
        columns = project.columns_in(snapshot)
        described = profile(snapshot, columns, project.options.top_values)
        if contract is not None:
            from experiment_cycle.data_versioning.data_contract.draft import (  # noqa: PLC0415
                write_contract,
            )

            with _writing(contract):
                write_contract(snapshot, columns, contract, entry.version.id)
    if as_json:
        _print_json({**entry.model_dump(mode="json"), "profile": described.model_dump(mode="json")})
        return
    _print(version_table(entry, described, project.columns, _console().width))
    if contract is not None:
        click.echo(f"The data contract was written to {contract}.")


@data.command()
@click.argument("old")
@click.argument("new")
@_environment
@_as_json
@click.pass_obj
def diff(metadata: Any, old: str, new: str, env: str | None, *, as_json: bool) -> None:
    """Show what changed from the version OLD to the version NEW.

    Rows are recognised by the identifier in parameters_task.yml, if one is declared, else by place
    or values. Drift: are the rows that came (or went) distributed like the others? With a group
    declared, rows of a group count as alike. At most 5 of 100 pairs of versions without drift
    accuse any column.
    """
    from experiment_cycle.commands.difference_tables import difference_tables  # noqa: PLC0415
    from experiment_cycle.commands.version_difference import version_difference  # noqa: PLC0415

    project = _open(metadata, env)
    versions = project.versions()
    earlier, later = versions.find(old), versions.find(new)
    with _waiting("Comparing the versions"):
        found = version_difference(project, versions, earlier, later)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        _print(difference_tables(found))


@data.command()
@click.argument("version")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Default: {CHECKOUTS}/<backend>_<id>.parquet in the project.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@_environment
@click.pass_obj
def checkout(
    metadata: Any, version: str, file: Path | None, env: str | None, *, force: bool
) -> None:
    """Write VERSION to a Parquet file, verified.

    The dataset that the pipeline built stays as it is: to run with VERSION, name it in
    data_versioning.version.
    """
    project = _open(metadata, env)
    versions = project.versions()
    kept = versions.find(version).version
    if file is None:
        file = project.folder / CHECKOUTS / _file_name(kept)
    if file.resolve() == project.dataset_file().resolve():
        raise DataError(
            f"{file} is the dataset that the pipeline built, which is not replaced by hand: what "
            f"was made from it would not fit any more. Next step: set 'data_versioning.version' to "
            f"'{version}' and run the pipeline, or name another file with --to."
        )
    _check_absent(file, "--to", force=force)
    with _waiting("Reading the version"), _writing(file):
        versions.checkout(kept, file)
    click.echo(f"{file}\n{kept.rows:,} rows, {kept.columns} columns, hash {kept.content_hash}")


def _open(metadata: Any, env: str | None) -> Project:
    from experiment_cycle.commands.project import open_project  # noqa: PLC0415

    return open_project(metadata, env)


def _check_absent(file: Path | None, option: str, *, force: bool) -> None:
    if file is not None and file.exists() and not force:
        hint = ", add --force" if option == "--to" else ""
        raise DataError(
            f"{file} exists and is not replaced. Next step: name another file with {option}{hint}, "
            "or delete it."
        )


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{file} cannot be written: {error.strerror or error}. Nothing half-written was left. "
            "Next step: name a file in a folder that can be written to and has room."
        ) from error


def _file_name(version: DatasetVersion) -> str:
    plain = "".join(sign if sign.isalnum() else "_" for sign in version.id)
    return f"{version.backend}_{plain}.parquet"


def _print_json(content: Any) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print(content: RenderableType) -> None:
    _console().print(content)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=stderr)


def _waiting(what: str) -> Any:
    """Show in a terminal that work is going on; scripts read the other stream."""
    return _console(stderr=True).status(f"{what} ...")
