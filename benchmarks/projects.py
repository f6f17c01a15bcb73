"""Fresh copies of the project to measure, on the example or on a table of one's own."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True)
class Cost:
    """Seconds of one process and its children."""

    wall: float
    cpu: float
    peak_mib: float


def copy_project(folder: Path) -> Path:
    """Copy what a fresh clone has, besides the code, which is imported from where it is."""
    for name in ("conf", "data/01_raw"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("pyproject.toml", "requirements.lock", ".telemetry"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "src").mkdir()
    return folder


def use_table(project: Path, file: Path, columns: dict[str, Any], splitting: str) -> None:
    """Point a copy at a CSV table of its own."""
    catalog = project / "conf/base/catalog_data_versioning.yml"
    entries = yaml.safe_load(catalog.read_text())
    entries["raw_data"] = {"type": "pandas.CSVDataset", "filepath": str(file)}
    catalog.write_text(yaml.safe_dump(entries))
    task = project / "conf/base/parameters_task.yml"
    parameters = yaml.safe_load(task.read_text())
    task.write_text(yaml.safe_dump(parameters | {"columns": columns}))
    evaluation = project / "conf/base/parameters_evaluation.yml"
    asked = yaml.safe_load(evaluation.read_text())
    asked["evaluation"]["behaviour"] = []  # what is expected of the example's columns
    evaluation.write_text(yaml.safe_dump(asked))
    split = project / "conf/base/parameters_splitting.yml"
    options = yaml.safe_load(split.read_text())
    options["splitting"]["strategy"] = splitting
    split.write_text(yaml.safe_dump(options))


def measure(command: list[str], folder: Path) -> Cost:
    """Run a command in a folder and measure it with all its children.

    Raises:
        subprocess.CalledProcessError: it failed; its output is printed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:])
        done.check_returncode()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used, after.ru_maxrss / 1024)


def kedro(*arguments: str) -> list[str]:
    """Spell a kedro command of this environment."""
    return [sys.executable, "-m", "kedro", *arguments]
