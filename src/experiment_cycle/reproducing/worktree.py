"""The code as it was at a commit, with the changes on top of it, in a folder of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.git import git
from experiment_cycle.training.records import Environment

TIMEOUT = 600
"""Seconds, for a large repository."""
UNRECORDED = ("new file, too large to be shown: ", "The diff could not be made.")
"""How lines of a recorded diff begin that tell of a change without having it."""


@contextmanager
def checked_out(project: Path, environment: Environment, diff: str) -> Iterator[Path]:
    """Check the code of a run out; neither the project's files nor its index are touched.

    Git notes the folder among the repository's worktrees while the block runs.

    Args:
        project: The project's folder, in a repository that has the commit.
        environment: What was recorded of the code.
        diff: The recorded changes against the commit, as `code_state` writes them.

    Yields:
        The project's folder in the worktree.

    Raises:
        DataError: there is no repository, no recorded commit, or it does not have the commit.
        IntegrityError: the diff is not the recorded one, or does not fit the commit.
    """
    commit = _commit(project, environment)
    _check(environment, diff)
    prefix = os.fsdecode((git(project, "rev-parse", "--show-prefix") or b"").rstrip(b"\n"))
    # a user's hooks could run anything here, and expect the user's folder
    without_hooks = ("-c", f"core.hooksPath={os.devnull}")
    with TemporaryDirectory(prefix="experiment_cycle_reproduce_") as folder:
        tree = Path(folder).resolve() / "code"
        added = git(
            *(project, *without_hooks, "worktree", "add", "--detach", "--quiet", str(tree)),
            commit,
            timeout=TIMEOUT,
        )
        try:
            if added is None:
                raise IntegrityError(
                    f"Git cannot check out the commit {commit[:12]} in {folder}; its message is "
                    "above. Next step: see that there is room, and that `git worktree list` works."
                )
            _apply(tree, diff, prefix, commit)
            yield tree / prefix
        finally:
            git(project, "worktree", "remove", "--force", "--force", str(tree), timeout=TIMEOUT)


def unrecorded_changes(diff: str) -> list[str]:
    """List what a recorded diff says was changed, but does not have."""
    return [line for line in diff.splitlines() if line.startswith(UNRECORDED)]


def _commit(project: Path, environment: Environment) -> str:
    commit = environment.git_commit
    if commit is None:
        raise DataError(
            "The record does not tell the commit of its code: the project was not under git then, "
            "or had no commit. Next step: commit the code (git init, git add, git commit) before a "
            "run that is to be reproduced; kedro cycle report --verify computes every number "
            "again from the stored predictions."
        )
    if git(project, "rev-parse", "--is-inside-work-tree") is None:
        raise DataError(
            f"The project {project} is not under git, so that the code of the commit {commit[:12]} "
            "cannot be checked out. Next step: run the command in a clone of the project's "
            "repository."
        )
    if git(project, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is None:
        raise DataError(
            f"The repository does not have the commit {commit[:12]}, with which the run was made. "
            "Next step: git fetch --all, or ask whoever made the run to push it."
        )
    return commit


def _check(environment: Environment, diff: str) -> None:
    found = hashlib.sha256(diff.encode()).hexdigest() if diff else None
    if found != environment.diff_hash:
        raise IntegrityError(
            "The recorded changes, training/code.diff, are not those that the record tells the "
            "hash of. Next step: restore the artifact in the tracking store."
        )


def _apply(tree: Path, diff: str, prefix: str, commit: str) -> None:
    if not any(line.startswith("diff --git ") for line in diff.splitlines()):
        return
    where = (f"--directory={prefix}",) if prefix else ()
    whole = ("--whitespace=nowarn", "--binary", *where, "-")
    if git(tree, "apply", *whole, stdin=diff.encode(), timeout=TIMEOUT) is None:
        raise IntegrityError(
            f"The recorded changes do not fit the commit {commit[:12]}; git's message is above. "
            "Next step: restore training/code.diff in the tracking store."
        )
