"""The whole cycle against one bare script that does the same: CPU seconds, side by side in one run.

On the example, and on Adult where `--adult FILE` names its table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import pandas as pd
import yaml

from benchmarks.projects import Cost, copy_project, kedro, measure, use_table

BAR = 1.3
ADULT = {
    "target": "income",
    "positive": None,
    "identifier": None,
    "group": None,
    "sensitive": ["sex"],
    "drop": ["fnlwgt"],
}


def compare(project: Path, table: Path, store: Path, repeats: int) -> float:
    """Measure both, `repeats` times in turn; print each and return the ratio of the medians."""
    pairs: list[tuple[Cost, Cost]] = []
    roles = yaml.safe_load((project / "conf/base/parameters_task.yml").read_text())["columns"]
    for _ in range(repeats):
        with TemporaryDirectory() as folder:
            fresh, out = Path(folder) / "project", Path(folder) / "script"
            shutil.copytree(project, fresh)
            out.mkdir()
            for place in (fresh, out):
                shutil.copy(store, place / "mlflow.db")
            cycle = measure(kedro("run"), fresh)
            assignment = fresh / "data/03_primary/split_assignment.parquet"
            script = [sys.executable, "-m", "benchmarks.bare_script", table, assignment]
            bare = measure(
                [*map(str, script), json.dumps(roles), str(out)], Path(__file__).parents[1]
            )
            check_same_trials(fresh, out)
        pairs.append((cycle, bare))
        for name, cost in (("cycle", cycle), ("script", bare)):
            print(
                f"  {name:<7} {cost.wall:6.1f} s wall  {cost.cpu:6.1f} s CPU"
                f"  {cost.cpu / bare.cpu:5.2f}"
            )
    middle = repeats // 2
    cycles, bares = (sorted(costs, key=lambda c: c.cpu) for costs in zip(*pairs, strict=True))
    return cycles[middle].cpu / bares[middle].cpu


def check_same_trials(project: Path, script: Path) -> None:
    """Make sure that both did the same work."""
    ours = pd.read_csv(project / "data/06_models/trials.csv")["value"]
    theirs = pd.read_csv(script / "trials.csv")["value"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adult", type=Path, help="adult_train.csv of the UCI repository")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    tables = {"doctor_visits": None, "adult": options.adult}
    for name, table in tables.items():
        if name == "adult" and table is None:
            print("adult: left out, no --adult FILE was given")
            continue
        with TemporaryDirectory() as folder:
            project = copy_project(Path(folder) / "template")
            if table is not None:
                use_table(project, table.resolve(), ADULT, "stratified")
            source = table or project / "data/01_raw/doctor_visits.parquet"
            print(name)
            store = Path(folder) / "mlflow.db"
            mlflow.MlflowClient(tracking_uri=f"sqlite:///{store}").search_experiments()
            ratio = compare(project, source.resolve(), store, options.repeats)
            print(f"  median CPU ratio {ratio:.2f} (at most {BAR})")


if __name__ == "__main__":
    main()
