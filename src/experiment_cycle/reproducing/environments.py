"""In what this environment differs from the one that a run was made in."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from pathlib import Path

from experiment_cycle.options import Record
from experiment_cycle.training.environment import LOCK_FILE, code_state, describe_environment
from experiment_cycle.training.records import Environment

MOST = 5
"""Changes that are named in a line."""
MACHINE = ("python", "system", "processor", "cores", "gpu")


class EnvironmentChange(Record):
    """One thing: what was recorded, and what is here; None where it is lacking."""

    name: str
    recorded: str | None
    here: str | None


class EnvironmentCheck(Record):
    """What differs, and how to have it as it was."""

    packages: tuple[EnvironmentChange, ...]
    machine: tuple[EnvironmentChange, ...]
    install: str | None
    """A command; None where every recorded package is here."""

    def told(self) -> str:
        """Say it in a line."""
        changes = [*self.packages, *self.machine]
        if not changes:
            return "The environment is the recorded one."
        named = ", ".join(
            f"{each.name} {each.here or 'is lacking'} (recorded: {each.recorded})"
            for each in changes[:MOST]
        )
        more = f" and {len(changes) - MOST} more" if len(changes) > MOST else ""
        install = f" To have the recorded packages: {self.install}" if self.install else ""
        return f"The environment differs from the recorded one: {named}{more}.{install}"


def compare_environments(recorded: Environment, project: Path, lock: Path) -> EnvironmentCheck:
    """Compare packages and machine.

    Packages that are here only are left out: nothing that the run used is among them.

    Args:
        recorded: Of the run.
        project: The project's folder.
        lock: The lock file in the code of the run; it need not be there.
    """
    here = describe_environment(project, code_state(project))
    packages = _changes(recorded.packages, here.packages)
    before, now = (each.model_dump(mode="json") for each in (recorded, here))
    machine = _changes(
        {name: str(before[name]) for name in MACHINE}, {name: str(now[name]) for name in MACHINE}
    )
    return EnvironmentCheck(
        packages=packages, machine=machine, install=_install(packages, recorded, lock)
    )


def _changes(recorded: Mapping[str, str], here: Mapping[str, str]) -> tuple[EnvironmentChange, ...]:
    return tuple(
        EnvironmentChange(name=name, recorded=value, here=here.get(name))
        for name, value in sorted(recorded.items())
        if here.get(name) != value
    )


def _install(
    packages: tuple[EnvironmentChange, ...], recorded: Environment, lock: Path
) -> str | None:
    """Write the command: by the lock, where it is the recorded one and has these versions."""
    if not packages:
        return None
    pinned = [f"{change.name}=={change.recorded}" for change in packages]
    content = lock.read_bytes() if lock.is_file() else b""
    if hashlib.sha256(content).hexdigest() == recorded.lock_hash:
        listed = {line.split(";")[0].strip() for line in content.decode("utf-8").splitlines()}
        if listed.issuperset(pinned):
            names = " ".join(change.name for change in packages)
            return f"python -m pip install --constraint {LOCK_FILE} {names}"
    return f"python -m pip install {shlex.join(pinned)}"
