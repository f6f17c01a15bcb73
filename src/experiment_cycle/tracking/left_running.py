"""Records of runs that were killed: MLflow calls them running for ever, unless somebody looks."""

from __future__ import annotations

import hashlib
import os
import socket

import psutil
from mlflow.tracking import MlflowClient

PROCESS = "process"
"""The tag that says which process writes a record."""


def this_process() -> str:
    """Name this process: machine (hashed), number, and second of its start."""
    return _name(psutil.Process(os.getpid()))


def close_left_running(experiment_id: str) -> list[str]:
    """Mark as killed what counts as running although its process, of this machine, is gone.

    Returns:
        The runs that were marked.
    """
    client = MlflowClient()
    found = client.search_runs([experiment_id], "attributes.status = 'RUNNING'")
    gone = [run.info.run_id for run in found if is_gone(run.data.tags.get(PROCESS, ""))]
    for run_id in gone:
        client.set_terminated(run_id, "KILLED", _last_sign(client, run_id))
    return gone


def _last_sign(client: MlflowClient, run_id: str) -> int | None:
    """Tell when a run last said anything, in milliseconds; None: nobody knows."""
    looks = client.get_metric_history(run_id, "system.cpu_percent")
    return max((look.timestamp for look in looks), default=None)


def is_gone(name: str) -> bool:
    """Tell whether a process, as `this_process` names it, is one of this machine and no more."""
    machine, _, rest = name.partition(":")
    number = rest.partition(":")[0]
    if machine != _machine() or not number.isdigit():
        return False
    try:
        return _name(psutil.Process(int(number))) != name
    except psutil.NoSuchProcess:
        return True


def _name(process: psutil.Process) -> str:
    # a number is given anew; together with the start it is not
    return f"{_machine()}:{process.pid}:{int(process.create_time())}"


def _machine() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]
