"""Find a backend by the name written in YAML, ours and a stranger's alike."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from experiment_cycle.errors import BackendError, near_misses


def known_backends(family: str) -> list[str]:
    """Name the installed backends of a family, such as ``versioners`` or ``tuners``."""
    return sorted({point.name for point in entry_points(group=f"experiment_cycle.{family}")})


def load_backend(family: str, name: str) -> Any:
    """Import the class registered as `name` under the entry-point group of `family`.

    Raises:
        BackendError: no such name, or a package it needs is not installed.
    """
    for point in entry_points(group=f"experiment_cycle.{family}", name=name):
        try:
            return point.load()
        except ImportError as error:
            raise BackendError(
                f"The {family} backend '{name}' needs the package '{error.name}', which is not "
                f'installed. Next step: pip install "experiment-cycle[{name}]".'
            ) from error
    raise BackendError(
        f"There is no {family} backend '{name}'. {near_misses(name, known_backends(family))}"
    )
