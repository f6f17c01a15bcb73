"""Wall, CPU and peak memory of each stage on the example: a first run, then a second one.

All stages run in one process, so that imports are paid once and shown apart; each stage is a Kedro
session of its own, reading and writing its files and its part of the record.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.projects import copy_project

STAGES = (
    "data_versioning",
    "splitting",
    "tuning",
    "training",
    "evaluation",
    "decision",
    "reporting",
)


@contextmanager
def measured(label: str) -> Iterator[None]:
    """Print what the block cost."""
    from experiment_cycle.training.resources import ResourceMeter

    with ResourceMeter() as meter:
        yield
    print(
        f"  {label:<16} {meter.wall_seconds:7.2f} s wall {meter.cpu_seconds:7.2f} s CPU "
        f"{meter.peak_memory_mib:7.0f} MiB peak"
    )


def run(project: Path, stage: str) -> None:
    """Run one stage."""
    from kedro.framework.session import KedroSession

    with KedroSession.create(project_path=project) as session:
        session.run(pipeline_names=[stage])


def main() -> None:
    """Print the table."""
    started, used = time.perf_counter(), time.process_time()
    from kedro.framework.project import pipelines
    from kedro.framework.startup import bootstrap_project

    with TemporaryDirectory() as folder:
        project = copy_project(Path(folder) / "project")
        bootstrap_project(project)
        list(pipelines["__default__"].nodes)
        logging.disable(logging.INFO)
        print(
            f"  {'imports':<16} {time.perf_counter() - started:7.2f} s wall "
            f"{time.process_time() - used:7.2f} s CPU "
            f"{psutil.Process().memory_info().rss / 2**20:7.0f} MiB"
        )
        for label in ("first run", "second run"):
            print(label)
            with measured("all stages"):
                for stage in STAGES:
                    with measured(stage):
                        run(project, stage)


if __name__ == "__main__":
    main()
