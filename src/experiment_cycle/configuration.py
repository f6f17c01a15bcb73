"""Check all parameters at once, before anything is loaded."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, Field, ValidationError

from experiment_cycle.backends import check_backend
from experiment_cycle.columns import Columns
from experiment_cycle.contradictions import find_contradictions
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.errors import BackendError, ConfigurationError, near_misses
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import Options
from experiment_cycle.prediction.options import PredictionOptions
from experiment_cycle.problem import Task
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.tracking.options import TrackingOptions
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions

ESTIMATORS = ("training", "estimators")
"""The block of what tuning may search."""


class Configuration(Options):
    """Every parameter of the project, as typed options."""

    task: Task
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)]
    columns: Columns
    hypothesis: Hypothesis
    data_versioning: DataVersioningOptions
    splitting: SplittingOptions
    tuning: TuningOptions
    training: TrainingOptions
    evaluation: EvaluationOptions
    decision: DecisionOptions
    reporting: ReportingOptions
    prediction: PredictionOptions = PredictionOptions()


def check_parameters(
    parameters: dict[str, Any],
    read_elsewhere: Iterable[str],
    folders: Iterable[Path],
    *,
    to_run: bool = True,
) -> Configuration:
    """Turn all parameters into typed options, or say everything that is wrong with them.

    Args:
        parameters: The merged parameters of the environment.
        read_elsewhere: Top-level keys that nodes of the user's own read; they may be anything.
        folders: Configuration folders, the one that wins first; only to name a key's file.
        to_run: Also look for contradictions, which imports the modules that dotted paths name.
            Commands that run no cycle do not: to look at a project must not execute it.

    Raises:
        ConfigurationError: keys are unknown, missing or out of range, or contradict each other.
    """
    ours = set(Configuration.model_fields)
    own = {key: value for key, value in parameters.items() if key in ours}
    strangers = set(parameters) - ours - set(read_elsewhere)
    problems = [
        f"{key}: unknown key, which no node reads. {near_misses(key, ours)}"
        for key in sorted(strangers)
    ]
    try:
        configuration = Configuration.model_validate(own)
    except ValidationError as error:
        problems += [_describe(item) for item in error.errors()]
        configuration = None
    if configuration is not None and to_run:
        problems += find_contradictions(configuration)
    if problems or configuration is None:
        raise ConfigurationError(_compose(problems, list(folders)))
    return configuration


def check_tracking(
    tree: dict[str, Any],
    credentials: Mapping[str, Any] | None = None,
    folders: Iterable[Path] = (),
) -> TrackingOptions:
    """Turn `tracking.yml` into typed options, and look for the trackers that it names.

    Args:
        tree: The merged settings of the environment.
        credentials: All of `credentials.yml`; None: it is not looked for keys.
        folders: Configuration folders, the one that wins first; only to name files.

    Raises:
        ConfigurationError: a key is unknown or out of range, there is no such tracker, its package
            is not installed, or it is to be online without a key.
    """
    problems = []
    try:
        options = TrackingOptions.model_validate(tree)
    except ValidationError as error:
        problems = [_describe(item, TrackingOptions) for item in error.errors()]
        options = TrackingOptions()
    for name in options.trackers:
        try:
            check_backend("trackers", name)
        except BackendError as error:
            problems.append(f"trackers: {error.message.replace('backend', 'tracker')}")
        keys = ((credentials or {}).get("tracking") or {}).get(name) or {}
        online = options.of(name).get("mode") == "online"
        if credentials is not None and online and not keys.get("api_key"):
            problems.append(
                f"{name}.mode: online, but there is no key. Set {name.upper()}_API_KEY, or the "
                "mode to offline."
            )
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        files = [folder / "tracking.yml" for folder in folders]
        named = [f"conf/{f.parent.name}/{f.name}" for f in files if f.is_file()]
        raise ConfigurationError(
            f"tracking.yml cannot be used; nothing was run.{lines}\nNext step: mend "
            f"{' or '.join(named) or 'it in conf/'}."
        )
    return options


def _describe(item: Any, root: type[BaseModel] | None = None) -> str:
    """Put one of pydantic's findings into a line that says what is allowed."""
    path = ".".join(str(part) for part in item["loc"])
    told = _told_of_keys(item, root or Configuration) or _told_of_value(item)
    if told:
        return f"{path}: {told}"
    given = "" if isinstance(item["input"], dict | list) else f" Given: {item['input']!r}."
    message = item["msg"].removeprefix("Value error, ")
    return f"{path}: {message}.{given}" if path else f"{message}."


def _told_of_keys(item: Any, root: type[BaseModel]) -> str:
    """Say which keys are there, where they are not as they should be."""
    if item["type"] == "extra_forbidden":
        siblings = _keys_at(root, item["loc"][:-1])
        return f"unknown key. {near_misses(str(item['loc'][-1]), siblings)}"
    if item["type"] == "missing":
        return "this key is missing."
    if item["type"] == "model_type":
        keys = ", ".join(sorted(_keys_at(root, item["loc"])))
        return f"keys are meant, of these: {keys}. Given: {item['input']!r}."
    return ""


def _told_of_value(item: Any) -> str:
    """Say how a value is written, where pydantic does not know."""
    given = item["input"]
    if item["type"] == "tuple_type":
        return f"a list is meant, such as [{given}]."
    if item["type"] == "literal_error":
        allowed = [str(each) for each in _choices(item["ctx"]["expected"])]
        return f"'{given}' is not allowed. {near_misses(str(given), allowed)}"
    if item["type"] == "string_type" and isinstance(given, int | float):
        return (
            f'a text is meant, which is written in quotes: "{given}" (in a file; --params makes a '
            "number of it)."
        )
    if isinstance(given, list) and item["loc"][:-2] == ESTIMATORS:
        return (
            f"{item['msg']}, and not a list. Next step: to try several values, write "
            f"tuning.spaces.{'.'.join(item['loc'][2:])}: {{type: categorical, choices: {given}}}."
        )
    return ""


def _choices(expected: str) -> list[str]:
    """Read pydantic's sentence of what is allowed: 'one', 'two' or 'three'."""
    return re.findall(r"'([^']*)'", expected) or [expected]


def _keys_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """Name the keys a block may have; `path` may go through lists and optional blocks."""
    here: Any = model
    for part in path:
        here = _model_in(here.model_fields[part].annotation) if part in here.model_fields else here
    return list(here.model_fields)


def _model_in(annotation: Any) -> Any:
    """Find the model inside `Model`, `Model | None`, `tuple[Model, ...]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, types.UnionType, tuple, list, dict, Annotated}:
        for part in get_args(annotation):
            found = _model_in(part)
            if found is not None:
                return found
    return None


def _compose(problems: list[str], folders: list[Path]) -> str:
    lines = [f"  {_file_of(problem.split(':')[0], folders)}{problem}" for problem in problems]
    count = "One parameter is" if len(lines) == 1 else f"{len(lines)} parameters are"
    return (
        f"{count} wrong; nothing was run.\n" + "\n".join(lines) + "\n"
        "Next step: mend the file named, or what was given with --params."
    )


def _file_of(key: str, folders: list[Path]) -> str:
    """Name the parameter file that has the key, or most of its blocks, as `file: `, or nothing."""
    path = key.split(".")
    written = [
        (f"{folder.parent.name}/{folder.name}/{file.name}: ", _read(file))
        for folder in folders
        for file in sorted(folder.glob("parameters*.yml"))
    ]
    for depth in range(len(path), 0, -1):
        for name, content in written:
            if _holds(content, path[:depth]):
                return name
    return ""


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text())
    except yaml.YAMLError:
        return None


def _holds(content: Any, path: list[str]) -> bool:
    """Tell whether a file has every block on the way, and the last key."""
    for part in path:
        if not isinstance(content, dict) or part not in content:
            return False
        content = content[part]
    return True
