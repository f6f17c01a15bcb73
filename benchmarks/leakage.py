"""How often the leakage audit names a seeded leak, and how often it fails a clean table.

    python -m benchmarks.leakage [--seeds 50] [--clean 200] [--only NAME] [--calibrate] [--write]

Every kind of leak is drawn with as many seeds; it counts as named if its code failed or warned.
Clean tables take the shapes in turn. Thresholds were set on the seeds of `--calibrate`; what is
published comes from others. `--write` puts the table into docs/leakage/index.md.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from benchmarks.clean_tables import CLEAN
from benchmarks.leaks import LEAKS, Case, choose_columns, selection_before_the_split
from experiment_cycle.audit.perturbation import perturbation_finding
from experiment_cycle.columns import ROW, Columns
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, PURGED, SPLIT
from experiment_cycle.splitting.records import LeakageReport

PUBLISHED, CALIBRATION = 2_000_000, 0
DOCS = Path(__file__).parents[1] / "docs" / "leakage" / "index.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LEAST, MOST = 0.95, 4


def main() -> None:
    """Measure both rates, print them, and write them down if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="of each kind of leak")
    parser.add_argument("--clean", type=int, default=200, help="clean tables")
    parser.add_argument("--only", help="one kind or shape")
    parser.add_argument("--calibrate", action="store_true", help="the seeds thresholds were set on")
    parser.add_argument("--write", action="store_true", help="write docs/leakage/index.md")
    told = parser.parse_args()
    base = CALIBRATION if told.calibrate else PUBLISHED
    found = detection(told.seeds, base, told.only)
    lines = [*found, "", *false_alarms(told.clean, base, told.only)]
    if told.write:
        text = DOCS.read_text()
        before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
        DOCS.write_text("\n".join([before, "", *lines, "", after]))


def run(case: Case) -> LeakageReport:
    """Audit one table."""
    options = {"label_horizon": case.horizon} if case.horizon is not None else {}
    split = pd.Categorical.from_codes(case.part, categories=[*PARTS, PURGED])
    index = pd.RangeIndex(len(case.frame), name=ROW)
    with TemporaryDirectory() as folder:
        dataset = SnapshotDataset(filepath=f"{folder}/table.parquet")
        dataset.save(case.frame)
        return audit_leakage(
            dataset.load(),
            pd.DataFrame({SPLIT: split}, index=index),
            Columns(**case.columns),
            SplittingOptions.model_validate({"strategy": "random", **options}),
        )


def statuses(report: LeakageReport) -> dict[str, str]:
    """Map each code to its status."""
    return {finding.code: finding.status for finding in report.findings}


def detection(seeds: int, base: int, only: str | None) -> list[str]:
    """Audit every kind of leak; return the lines of the table."""
    lines = ["| leak | code | named | failed | other failed checks |", "|---|---|---|---|---|"]
    show(lines)
    for number, (name, make) in enumerate(LEAKS.items()):
        if only not in (None, name) or not seeds:
            continue
        if make is None:
            lines.append(_canary(name, [base + 1000 * number + seed for seed in range(seeds)]))
        else:
            lines.append(_kind(name, make, [base + 1000 * number + seed for seed in range(seeds)]))
        show(lines[-1:])
    return lines


def _kind(name: str, make: Callable[[np.random.Generator], Case], seeds: list[int]) -> str:
    named = failed = 0
    others: Counter[str] = Counter()
    codes: tuple[str, ...] = ()
    for seed in seeds:
        case = make(np.random.default_rng(seed))
        found, codes = statuses(run(case)), case.codes
        held = [found[code] for code in codes]
        named += any(status in ("failed", "warning") for status in held)
        failed += "failed" in held
        if not any(status in ("failed", "warning") for status in held):
            print(f"   missed: {name} seed {seed} {case.note} {case.frame.shape}", flush=True)
        others.update(c for c, status in found.items() if status == "failed" and c not in codes)
    many = len(seeds)
    listed = ", ".join(f"{code} {count / many:.0%}" for code, count in others.most_common(4))
    if named < LEAST * many:
        print(f"   BELOW THE BAR: {name}: named {named} of {many}", flush=True)
    return f"| {name} | {', '.join(codes)} | {named / many:.0%} | {failed / many:.0%} | {listed} |"


def _canary(name: str, seeds: list[int]) -> str:
    """Let the perturbation canary judge a function that selects before the split."""
    failed = 0
    for seed in seeds:
        table, columns = selection_before_the_split(np.random.default_rng(seed))
        tested = np.arange(len(table) // 2, len(table))
        found = perturbation_finding(choose_columns, table, tested, columns, seed)
        failed += found.status == "failed"
    return f"| {name} | LEAK018 | {failed / len(seeds):.0%} | {failed / len(seeds):.0%} |  |"


def false_alarms(tables: int, base: int, only: str | None) -> list[str]:
    """Audit clean tables, the shapes in turn; return the lines of the table."""
    shapes = [name for name in CLEAN if only in (None, name)]
    if not shapes:
        return []
    counts = {name: Counter[str]() for name in shapes}
    drawn: Counter[str] = Counter()
    wrong = 0
    started = time.perf_counter()
    for number in range(tables):
        name = shapes[number % len(shapes)]
        case = CLEAN[name](np.random.default_rng(base + 500_000 + number))
        found = statuses(run(case))
        drawn[name] += 1
        wrong += "failed" in found.values()
        counts[name].update(f"{code} {status}" for code, status in found.items() if status in NAMED)
        for code, status in found.items():
            if status == "failed":
                print(f"   {name} {number} {case.frame.shape} {code} {status}", flush=True)
    lines = ["| clean tables | drawn | failed | warned |", "|---|---|---|---|"]
    for name in shapes:
        told = {
            status: ", ".join(
                f"{key.split()[0]} ({count})"
                for key, count in sorted(counts[name].items())
                if key.endswith(status)
            )
            for status in NAMED
        }
        lines.append(f"| {name} | {drawn[name]} | {told['failed']} | {told['warning']} |")
    lines.append(f"| **all: tables with a failed check** | {tables} | **{wrong}** | |")
    show(lines)
    print(f"{(time.perf_counter() - started) / max(1, tables):.1f} s a table")
    if wrong > MOST * tables / 200:
        print(f"   ABOVE THE BAR: {wrong} of {tables} clean tables failed", flush=True)
    return lines


NAMED = ("failed", "warning")


def show(lines: list[str]) -> None:
    """Print lines as they are found."""
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
