"""The whole cycle against one bare script that does the same: CPU seconds, side by side in one run.

Also without the trial of the saved model in a fresh process, which the script does not make.

On the example, and on Adult where `--adult FILE` names its table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import pandas as pd
import yaml

from benchmarks.projects import Cost, copy_project, kedro, measure, use_table

BAR = 1.3
UNCHECKED = "training.check_saved_model=false"
"""The script does not try its model's file in a fresh process, which is mostly imports."""
ADULT = {
    "target": "income",
    "positive": None,
    "identifier": None,
    "group": None,
    "query": None,
    "weight": None,
    "sensitive": ["sex"],
    "drop": ["fnlwgt"],
}


def compare(project: Path, table: Path, store: Path, repeats: int) -> dict[str, float]:
    """Measure the cycle, the same without what the script leaves out, and the script, in turn.

    Returns:
        The median CPU seconds of each, over `repeats`.
    """
    found: dict[str, list[Cost]] = {"cycle": [], "unchecked": [], "script": []}
    roles = yaml.safe_load((project / "conf/base/parameters_task.yml").read_text())["columns"]
    for _ in range(repeats):
        with TemporaryDirectory() as folder:
            places = {name: Path(folder) / name for name in found}
            for name, place in places.items():
                if name == "script":
                    place.mkdir()
                else:
                    shutil.copytree(project, place)
                shutil.copy(store, place / "mlflow.db")
            assignment = places["cycle"] / "data/03_primary/split_assignment.parquet"
            script = [sys.executable, "-m", "benchmarks.bare_script", table, assignment]
            found["cycle"].append(measure(kedro("run"), places["cycle"]))
            found["unchecked"].append(
                measure(kedro("run", f"--params={UNCHECKED}"), places["unchecked"])
            )
            found["script"].append(
                measure(
                    [*map(str, script), json.dumps(roles), str(places["script"])],
                    Path(__file__).parents[1],
                )
            )
            check_same_trials(places["cycle"], places["script"])
        for name, costs in found.items():
            print(f"  {name:<10} {costs[-1].wall:6.1f} s wall  {costs[-1].cpu:6.1f} s CPU")
    return {name: median(cost.cpu for cost in costs) for name, costs in found.items()}


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
            seconds = compare(project, source.resolve(), store, options.repeats)
            for told in ("cycle", "unchecked"):
                ratio = seconds[told] / seconds["script"]
                bar = f" (at most {BAR})" if told == "unchecked" else ""
                print(f"  median CPU ratio, {told}: {ratio:.2f}{bar}")


if __name__ == "__main__":
    main()
