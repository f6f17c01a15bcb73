"""What is the user's own, named by dotted path."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from experiment_cycle.errors import ConfigurationError, near_misses


def load(path: str, subject: str, next_step: str) -> Any:
    """Import what a dotted path names. The user's module is run by that.

    Args:
        path: Module and name.
        subject: The beginning of the message, such as `The metric 'my_project.costs.benefit'`.
        next_step: What to write instead.

    Raises:
        ConfigurationError: nothing can be imported there.
    """
    module, _, name = path.rpartition(".")
    try:
        holder = import_module(module)
        if not hasattr(holder, name):
            public = [each for each in vars(holder) if not each.startswith("_")]
            raise AttributeError(
                f"'{module}' has no '{name}'. {near_misses(name, public)}".rstrip(".")
            )
        return getattr(holder, name)
    # whatever the user's module raises when it is run, it cannot be imported
    except Exception as error:
        raise ConfigurationError(
            f"{subject} cannot be imported: {type(error).__name__}: {error}. {next_step}"
        ) from error
