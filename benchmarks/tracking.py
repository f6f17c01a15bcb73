"""What tracking costs a run: the cycle on the example without it, with MLflow, with every tracker.

Side by side, in turn; the least of `--repeats`. CPU seconds include the trackers' own processes.
Then 10,000 points to MLflow on SQLite, and what a store costs when it is first used.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import yaml

from benchmarks.projects import Cost, copy_project, kedro, measure
from experiment_cycle.testing.trackers import RUN
from experiment_cycle.tracking.entries import MetricPoint
from experiment_cycle.tracking.trackers.mlflow import MlflowTracker

OTHERS = ["local", "wandb", "comet", "neptune"]
VARIANTS = {"none": [], "mlflow": ["mlflow"], "local": ["mlflow", "local"], "all": OTHERS}
RECORDS = re.compile(rb'^\{"kind":"(?:parameters|metrics|tags|artifact)"', re.MULTILINE)
SHARE, SECONDS_A_RECORD = 0.05, 0.05
POINTS, POINT_SECONDS = 10_000, 2.0


def prepare(folder: Path, variant: str, store: Path) -> Path:
    """Make a project whose runs are tracked as the variant says."""
    project = copy_project(folder)
    shutil.copy(store, project / "mlflow.db")
    local = project / "conf" / "local"
    local.mkdir(parents=True, exist_ok=True)
    if variant == "none":
        off = {"tracking": {"disable_tracking": {"pipelines": ["__default__"]}}}
        (local / "mlflow.yml").write_text(yaml.safe_dump(off))
    else:
        trackers = list(dict.fromkeys(["mlflow", *VARIANTS[variant]]))
        (local / "tracking.yml").write_text(yaml.safe_dump({"trackers": trackers}))
    return project


def compare(repeats: int, store: Path) -> None:
    """Run every variant in turn, and print what each costs."""
    costs: dict[str, list[Cost]] = {variant: [] for variant in VARIANTS}
    records = 0
    for _ in range(repeats):
        for variant, found in costs.items():
            with TemporaryDirectory() as folder:
                project = prepare(Path(folder), variant, store)
                found.append(measure(kedro("run"), project))
                for journal in project.glob("data/08_reporting/tracking/*/journal.jsonl"):
                    records = len(RECORDS.findall(journal.read_bytes()))
    least = {
        variant: (min(c.wall for c in found), min(c.cpu for c in found))
        for variant, found in costs.items()
    }
    base = least["none"][0]
    allowed = max(SHARE * base, SECONDS_A_RECORD * records)
    print(f"{records} records a run; allowed: {allowed:.1f} s more than without")
    for variant, (wall, cpu) in least.items():
        print(f"{variant:7} {wall:6.1f} s wall  {cpu:6.1f} s CPU  {wall - base:+5.1f} s")


def many_points(store: Path) -> None:
    """Write 10,000 points of ten metrics, a second's worth of steps at a time."""
    with TemporaryDirectory() as folder:
        shutil.copy(store, Path(folder) / "mlflow.db")
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        with mlflow.start_run() as run:
            tracker = MlflowTracker({}, {}, Path(folder))
            tracker.open(RUN.model_copy(update={"run_id": run.info.run_id}), resumed=True)
            points = [
                MetricPoint(name=f"m{i % 10}", value=i / 7, step=i // 10 + 1, milliseconds=i)
                for i in range(POINTS)
            ]
            started = time.perf_counter()
            tracker.log_metrics(points)
            wall = time.perf_counter() - started
    print(f"{POINTS} points to MLflow on SQLite: {wall:.2f} s (at most {POINT_SECONDS})")


def first_use() -> None:
    """Open a new store twice, in processes of their own."""
    with TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/mlflow.db"
        script = (
            "import time, mlflow; started = time.perf_counter();"
            "mlflow.MlflowClient(tracking_uri=%r).search_experiments();"
            "print(time.perf_counter() - started)"
        )
        seconds = [
            float(
                subprocess.run(
                    [sys.executable, "-c", script % address],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            for _ in range(2)
        ]
    print(f"opening a store: {seconds[0]:.1f} s when it is new, {seconds[1]:.1f} s after that")


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    with TemporaryDirectory() as folder:
        store = Path(folder) / "mlflow.db"
        mlflow.MlflowClient(tracking_uri=f"sqlite:///{store}").search_experiments()
        compare(parser.parse_args().repeats, store)
        many_points(store)
    first_use()


if __name__ == "__main__":
    main()
