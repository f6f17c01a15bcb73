"""A part of the cycle, run again in a fresh process by the code of its time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from experiment_cycle.errors import TrainingError
from experiment_cycle.tracking.champions import NO_CHAMPION, STANDS_IN

STAGES = ("data_versioning", "splitting", "tuning", "training", "evaluation")
"""In their order. What comes after them decides, and a reproduction does not."""
MOST_LINES = 15
FOREIGN = ("GIT_", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT", "KEDRO_ENV")
"""How names of variables begin that would lead the run elsewhere."""


def stages_until(last: str) -> tuple[str, ...]:
    """Name the stages up to one, and with it."""
    return STAGES[: STAGES.index(last) + 1]


def own_pipelines(folder: Path, package: str, known: Sequence[str]) -> tuple[str, ...]:
    """Name the pipelines of the user's own that the checked-out project has too."""
    found = {place.parent.name for place in (folder / "src" / package).glob("pipelines/*/*.py")}
    after = {"__default__", "data_preparation", "decision", "reporting", "prediction"}
    return tuple(name for name in known if name in found - after - set(STAGES))


def run_again(folder: Path, env: str, pipelines: Sequence[str], champion: int | None) -> None:
    """Run pipelines in the checked-out project.

    Args:
        folder: The project, with its configuration and data in place.
        env: The environment.
        pipelines: Their names.
        champion: The version that was champion then; None: there was none.

    Raises:
        TrainingError: the run fails; its last lines are told.
    """
    environment = {name: v for name, v in os.environ.items() if not name.startswith(FOREIGN)}
    paths = [str(folder / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment |= {
        "PYTHONPATH": os.pathsep.join(paths),
        STANDS_IN: NO_CHAMPION if champion is None else str(champion),
    }
    command = ["-m", "kedro", "run", f"--env={env}", f"--pipelines={','.join(pipelines)}"]
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        start = next((at for at, line in enumerate(lines) if line.startswith("Error:")), None)
        told = lines[-MOST_LINES:] if start is None else lines[start:]
        raise TrainingError(
            "The run could not be done again; it ended with:\n"
            + "\n".join(f"  {line}" for line in told)
            + "\nNext step: see whether the environment differs from the recorded one, as told "
            "above, and install what it says."
        )
