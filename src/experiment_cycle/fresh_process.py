"""A module run as a program, in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def run_module(module: str, *arguments: str, timeout: float | None = None) -> str | None:
    """Run a module in a fresh interpreter, which finds the same modules as this one.

    Args:
        module: Its dotted path; what is below its `__main__` is run.
        arguments: What it is given.
        timeout: Seconds after which it is stopped; None: never.

    Returns:
        None where it ended well, else its last line of error.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    told = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return told[-1] if told else f"exit code {done.returncode}"
