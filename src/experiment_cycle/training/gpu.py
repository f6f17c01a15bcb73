"""The graphics processors of a machine."""

from __future__ import annotations

import subprocess

TIMEOUT = 5


def gpu_names() -> tuple[str, ...]:
    """Name NVIDIA's processors in the order of the driver; nothing where there is no driver."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    if done.returncode != 0:
        return ()
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return tuple(line.strip() for line in lines if line.strip())
