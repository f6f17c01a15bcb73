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


def compare(project: Path, table: Path, repeats: int) -> float:
    """Measure both, `repeats` times in turn; print each and return the ratio of the medians."""
    pairs: list[tuple[Cost, Cost]] = []
    roles = yaml.safe_load((project / "conf/base/parameters_task.yml").read_text())["columns"]
    for _ in range(repeats):
        with TemporaryDirectory() as folder:
            fresh = Path(folder) / "project"
            shutil.copytree(project, fresh)
            cycle = measure(kedro("run"), fresh)
            out = Path(folder) / "script"
            out.mkdir()
            assignment = fresh / "data/03_primary/split_assignment.parquet"
            script = [sys.executable, "-m", "benchmarks.bare_script", table, assignment]
            bare = measure(
                [*map(str, script), json.dumps(roles), str(out)], Path(__file__).parents[1]
            )
        pairs.append((cycle, bare))
        for name, cost in (("cycle", cycle), ("script", bare)):
            print(
                f"  {name:<7} {cost.wall:6.1f} s wall  {cost.cpu:6.1f} s CPU"
                f"  {cost.cpu / bare.cpu:5.2f}"
            )
    middle = repeats // 2
    cycles, bares = (sorted(costs, key=lambda c: c.cpu) for costs in zip(*pairs, strict=True))
    return cycles[middle].cpu / bares[middle].cpu


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
            ratio = compare(project, source.resolve(), options.repeats)
            print(f"  median CPU ratio {ratio:.2f} (at most {BAR})")


if __name__ == "__main__":
    main()
