"""A Ray cluster to search on: one of our own on this machine, or one that is there already."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from experiment_cycle.errors import BackendError
from experiment_cycle.tuning.own_folder import OwnFolder

logger = logging.getLogger(__name__)

KEY = "tuning.ray.address"
ANSWER_SECONDS = 5.0
JOIN_SECONDS = 40.0
"""Mostly for importing Ray; left alone, it would try for minutes."""
LONGEST_TEMPORARY = 20
"""The names of Ray's sockets are some 80 characters longer, and 100 is the most a system takes."""
QUIET: dict[str, Any] = {
    "include_dashboard": False,
    "log_to_driver": False,
    "logging_level": logging.CRITICAL,
}
JOIN = """
import sys, ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level="CRITICAL")
"""


@contextmanager
def cluster(address: str | None, workers: int, store_bytes: int) -> Iterator[None]:
    """Have Ray in this process while the block runs; it is used and left where it runs already.

    Args:
        address: Of a cluster; None: one is started here, and ended.
        workers: CPUs of a cluster that is started.
        store_bytes: What workers share, of a cluster that is started.

    Raises:
        BackendError: the cluster cannot be reached or started.
    """
    if ray.is_initialized():
        yield
        return
    if address is None:
        with _started(workers, store_bytes):
            yield
        return
    _join(address)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _started(workers: int, store_bytes: int) -> Iterator[None]:
    folder = OwnFolder("ray", _short_folder())
    try:
        try:
            ray.init(
                "local",  # whatever the variable RAY_ADDRESS says
                num_cpus=workers,
                object_store_memory=store_bytes,
                _temp_dir=str(folder.path),
                **QUIET,
            )
        # each of its parts raises its own
        except Exception as error:
            raise BackendError(
                f"Ray cannot be started on this machine: {type(error).__name__}: {error}. Next "
                "step: see that there is memory and disk left, or set tuning.backend to optuna."
            ) from error
        yield
    finally:
        ray.shutdown()
        folder.remove()


def _short_folder() -> str:
    usual = tempfile.gettempdir()
    return usual if len(usual) <= LONGEST_TEMPORARY or sys.platform == "win32" else "/tmp"  # noqa: S108


def _join(address: str) -> None:
    if address != "auto":
        _check_port(address)
        _check_answer(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:
        raise _unreachable(address, f"{type(error).__name__}: {error}") from error


def _check_port(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
    except OSError as error:
        raise _unreachable(address, f"{error}.") from error


def _check_answer(address: str) -> None:
    """Join in another process first: one that tries in vain cannot be stopped but by killing it."""
    command = [sys.executable, "-c", JOIN, address]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=JOIN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        said = f"nothing there answered as Ray does within {JOIN_SECONDS:g} seconds."
        raise _unreachable(address, said) from error
    if done.returncode != 0:
        raise _unreachable(address, done.stderr.strip().rpartition("\n")[2])


def _unreachable(address: str, why: str) -> BackendError:
    return BackendError(
        f"The Ray cluster of {KEY}, '{address}', cannot be joined: {why} Next step: see that it "
        "runs (`ray status`), that this machine belongs to it (`ray start --address=…`), and that "
        f"both have the same versions of Ray and Python; or set {KEY} to null."
    )
