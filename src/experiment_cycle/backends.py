"""Find a backend by the name written in YAML, ours and a stranger's alike."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from typing import Any

from packaging.requirements import Requirement

from experiment_cycle.errors import BackendError, near_misses

DISTRIBUTION = "experiment-cycle"


def known_backends(family: str) -> list[str]:
    """Name the installed backends of a family, such as ``versioners`` or ``tuners``."""
    return sorted({point.name for point in entry_points(group=f"experiment_cycle.{family}")})


def check_backend(family: str, name: str) -> None:
    """Check that a backend is known and its packages are installed, without importing them.

    Raises:
        BackendError: no such name, or a package it needs is not installed.
    """
    known = known_backends(family)
    if name not in known:
        raise BackendError(f"there is no backend '{name}'. {near_misses(name, known)}")
    for text in requires(DISTRIBUTION) or ():
        requirement = Requirement(text)
        if requirement.marker is None or not requirement.marker.evaluate({"extra": name}):
            continue
        try:
            version(requirement.name)
        except PackageNotFoundError as error:
            raise _not_installed(family, name, requirement.name) from error


def load_backend(family: str, name: str) -> Any:
    """Import the class registered as `name` under the entry-point group of `family`.

    Raises:
        BackendError: no such name, or a package it needs is not installed.
    """
    for point in entry_points(group=f"experiment_cycle.{family}", name=name):
        try:
            return point.load()
        except ImportError as error:
            raise _not_installed(family, name, error.name) from error
    raise BackendError(
        f"There is no {family} backend '{name}'. {near_misses(name, known_backends(family))}"
    )


def _not_installed(family: str, name: str, package: str | None) -> BackendError:
    return BackendError(
        f"The {family} backend '{name}' needs the package '{package}', which is not installed. "
        f'Next step: pip install "{DISTRIBUTION}[{name}]".'
    )
