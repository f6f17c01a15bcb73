"""Whose turn it is to move an alias, among processes and machines that share a registry.

MLflow has no compare and swap. A name in the registry is given once only, though, in every store
that it has: who creates the registered model `<name>.moving` has the turn, and deletes it after.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.left_running import PROCESS, is_gone, this_process

SUFFIX = ".moving"
PAUSE = 0.05
PATIENCE = 30.0
"""Seconds to wait for another's turn to end, which takes well under one."""
FORGOTTEN = 120.0
"""Seconds after which a turn of a process that cannot be asked after counts as left behind."""


@contextmanager
def one_at_a_time(registered_model: str) -> Iterator[None]:
    """Keep everybody else waiting while the block runs.

    The turn of a process that was killed ends with it on its machine, and elsewhere after two
    minutes.

    Raises:
        IntegrityError: it was another's turn all the time.
    """
    name, until = f"{registered_model}{SUFFIX}", time.monotonic() + PATIENCE
    while not _taken(name):
        if _is_left_behind(name):
            _end(name)
        elif time.monotonic() > until:
            raise IntegrityError(
                f"Another process has been moving the champion of '{registered_model}' for "
                f"{PATIENCE:.0f} s. Next step: try again; if none is at it, delete the registered "
                f"model '{name}' in MLflow."
            )
        else:
            time.sleep(PAUSE)
    try:
        yield
    finally:
        _end(name)


def _taken(name: str) -> bool:
    try:
        MlflowClient().create_registered_model(name, tags={PROCESS: this_process()})
    except mlflow.MlflowException as error:
        if error.error_code == "RESOURCE_ALREADY_EXISTS":
            return False
        raise
    return True


def _is_left_behind(name: str) -> bool:
    try:
        found = MlflowClient().get_registered_model(name)
    except mlflow.MlflowException:
        return False
    age = time.time() - found.creation_timestamp / 1000
    return age > FORGOTTEN or is_gone(found.tags.get(PROCESS, ""))


def _end(name: str) -> None:
    try:
        MlflowClient().delete_registered_model(name)
    except mlflow.MlflowException as error:
        # somebody else ended it
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
