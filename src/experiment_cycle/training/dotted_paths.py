"""Classes of the user's own, named by dotted path."""

from __future__ import annotations

import inspect
from typing import Any

from experiment_cycle.dotted_paths import load
from experiment_cycle.errors import ConfigurationError, near_misses


def load_class(path: str, key: str, example: str) -> type[Any]:
    """Import the class that a dotted path names.

    Args:
        path: Module and class.
        key: Where the path stands in the parameters, for messages.
        example: A path such as is meant.

    Raises:
        ConfigurationError: nothing can be imported there, or it is no class.
    """
    meant = (
        f"Next step: write module and class, such as {example}, of a package that is installed or "
        "lies in src/."
    )
    found = load(path, f"{key} is '{path}', which", meant)
    if not isinstance(found, type):
        raise ConfigurationError(f"{key} is '{path}', which is no class. {meant}")
    return found


def refuse_unknown_parameters(kind: type[Any], given: dict[str, Any], key: str) -> None:
    """Raise ConfigurationError if a constructor does not take a parameter.

    Args:
        kind: The class.
        given: Names and values.
        key: Where they stand in the parameters, for messages.
    """
    known = parameters_of(kind)
    unknown = [] if known is None else [name for name in given if name not in known]
    if unknown and known is not None:
        hints = " ".join(f"'{name}': {near_misses(name, known)}" for name in unknown)
        raise ConfigurationError(
            f"{key} names what {kind.__module__}.{kind.__qualname__} does not take. {hints}"
        )


def parameters_of(kind: type[Any]) -> frozenset[str] | None:
    """Name what a constructor takes; None where it takes any name (`**`), or does not tell."""
    try:
        taken = inspect.signature(kind).parameters.values()
    except ValueError:
        return None
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in taken):
        return None
    return frozenset(one.name for one in taken if one.kind is not inspect.Parameter.VAR_POSITIONAL)
