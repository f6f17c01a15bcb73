"""Git, asked about the repository that a folder lies in, and about no other."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

logger = logging.getLogger(__name__)

TIMEOUT = 60
"""Seconds."""


def git(
    folder: Path,
    *arguments: str,
    stdin: bytes | None = None,
    index: Path | None = None,
    timeout: float = TIMEOUT,
) -> bytes | None:
    """Run git in a folder.

    Args:
        folder: It may lie anywhere inside a repository.
        arguments: As on the command line.
        stdin: What git is given to read.
        index: Another index than the repository's own.
        timeout: Seconds.

    Returns:
        What it prints; None if it is missing, slow, or fails.
    """
    # a hook of git's own sets variables that would lead to another repository
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    } | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.info("git gives no answer: %s", error)
        return None
    if done.returncode == 0:
        return done.stdout
    message = done.stderr.decode("utf-8", "replace").strip()
    # `rev-parse --quiet` fails without a word where there is no commit yet
    if message and "not a git repository" not in message:
        logger.warning("git %s failed: %s", arguments[0], message)
    return None
