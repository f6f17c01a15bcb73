"""New rows go through the same preparation as the raw tables, and come from a file named anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DataCatalog
from kedro.pipeline import Node, Pipeline

from experiment_cycle.errors import ConfigurationError, CycleError, DataError
from experiment_cycle.prediction.options import PredictionOptions

RAW = "raw_data"
NEW_ROWS = "new_rows"
OUTPUT = "predictions_file"
OF_NEW_ROWS = "_of_new_rows"
"""Behind the name of a dataset or node: the same, for new rows."""


def repeated(preparation: Pipeline, table: str | None = None) -> tuple[Pipeline, str]:
    """Repeat the nodes that make `raw_data` for new rows.

    Args:
        preparation: The project's own nodes.
        table: The raw table that new rows come as; it may be left out if there is only one.

    Returns:
        The same nodes on other datasets, and the dataset that they make; without such nodes, an
        empty pipeline and `new_rows`.
    """
    if RAW not in preparation.all_outputs():
        return Pipeline([]), NEW_ROWS
    needed = preparation.to_outputs(RAW)
    tables = sorted(name for name in needed.inputs() if not _is_parameter(name))
    replaced = table or (tables[0] if len(tables) == 1 else None)
    if replaced not in tables:
        return Pipeline([_refusal(tables, table)]), RAW + OF_NEW_ROWS
    renamed = needed.all_outputs() | {str(replaced)}
    return Pipeline([_repeat(node, renamed) for node in needed.nodes]), RAW + OF_NEW_ROWS


def place_files(
    catalog: DataCatalog, pipeline: Pipeline, options: PredictionOptions, project: Path
) -> None:
    """Let the catalog read new rows from, and write predictions to, the files that options name.

    New rows that are prepared are read as the raw table that they come as is.

    Args:
        catalog: The project's; some entries are replaced.
        pipeline: The pipeline `prediction`.
        options: The files, if they are to take the place of those of the catalog.
        project: Folder at which relative names start.
    """
    if NEW_ROWS not in catalog:
        return
    default = str(getattr(catalog.get(NEW_ROWS), "_filepath", ""))
    source = _absolute(options.input, project) or default
    for name in sorted(pipeline.inputs()):
        if name == NEW_ROWS and options.input is not None:
            _replace(catalog, name, name, source)
        elif name.endswith(OF_NEW_ROWS):
            own = name in catalog
            _replace(catalog, name, name if own else name.removesuffix(OF_NEW_ROWS), source)
        elif name == OUTPUT and options.output is not None:
            _replace(catalog, name, name, str(_absolute(options.output, project)))


def _replace(catalog: DataCatalog, name: str, like: str, file: str) -> None:
    entry = dict(catalog.config_resolver.resolve_pattern(like))
    if "filepath" not in entry:
        return
    # Kedro warns of what is meant here
    logger = logging.getLogger("kedro.io.data_catalog")
    level = logger.level
    logger.setLevel(logging.ERROR)
    catalog[name] = AbstractDataset.from_config(name, entry | {"filepath": file})
    logger.setLevel(level)


def _absolute(name: str | None, project: Path) -> str | None:
    if name is None or "://" in name:
        return name
    return (project / name).as_posix()


def _repeat(node: Node, renamed: set[str]) -> Node:
    def rename(name: str) -> str:
        plain = name.split("@", maxsplit=1)[0]
        return plain + OF_NEW_ROWS if name in renamed or plain in renamed else name

    return Node(
        _explained(node.func, node.name),
        _renamed(node._inputs, rename),
        _renamed(node._outputs, rename),
        name=node.name + OF_NEW_ROWS,
        tags="prediction",
    )


def _renamed(names: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(names, dict):
        return {argument: rename(name) for argument, name in names.items()}
    if isinstance(names, str):
        return rename(names)
    return None if names is None else [rename(name) for name in names]


def _explained(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Say of an error that it is one of a step on new rows, which have no target."""

    def step(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except CycleError:
            raise
        except Exception as error:
            told = " ".join(f"{type(error).__name__}: {error}".split())
            raise DataError(
                f"The step '{name}' of data_preparation fails on the new rows: {told}. New rows "
                "may lack the target and whatever is known later. Next step: let the step do "
                "without them, or check the file of new rows."
            ) from error

    return update_wrapper(step, function)


def _refusal(tables: list[str], named: str | None) -> Node:
    def say_which_table(new_rows: Any) -> Any:
        wrong = f"'{named}' is none of the raw tables. " if named else ""
        raise ConfigurationError(
            f"{wrong}data_preparation reads {len(tables)} raw tables: {', '.join(tables)}. Next "
            "step: name the one that new rows come as in NEW_ROWS_COME_AS of "
            "pipelines/prediction/pipeline.py."
        )

    return Node(say_which_table, NEW_ROWS, RAW + OF_NEW_ROWS, name="say_which_table")


def _is_parameter(name: str) -> bool:
    return name.startswith("params:") or name == "parameters"
