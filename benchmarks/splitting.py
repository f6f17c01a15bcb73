"""Splitting a large table: this project's way, and `train_test_split` on the frame.

Run from the project's folder: `python benchmarks/splitting.py [--quick]`. Both divide the same
table of 10 columns in one process, in CPU seconds. Ours gives every row its part; scikit-learn cuts
the frame twice, at random. Writing files is measured for neither. scikit-learn's frame is in
memory; what ours takes to read its columns from the snapshot is shown apart.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.model_selection import train_test_split

from experiment_cycle.columns import Columns
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

ROWS = 10_000_000
SEED = 7
REPEATS = 3
"""The least of so many measurements counts, for the machine may be busy."""
MOST = 0.05
"""Ours takes no more than this share of scikit-learn's time."""
CASES: dict[str, dict[str, str]] = {
    "random": {},
    "stratified": {},
    "group": {"group": "person"},
    "stratified_group": {"group": "person"},
    "time": {"time": "moment"},
    "group_time": {"group": "person", "time": "moment"},
    "key_hash": {"identifier": "number"},
}
ASKED = ("random", "stratified", "group", "time", "key_hash")
"""The strategies that are held to `MOST`; the others do more than scikit-learn is asked to."""


def main() -> None:
    """Print seconds and shares for each strategy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    rows = ROWS // 10 if parser.parse_args().quick else ROWS
    with TemporaryDirectory() as folder:
        snapshot = Snapshot(Path(folder) / "table.parquet")
        theirs = measure_theirs(table(rows), snapshot.path)
        print(f"{rows:,} rows x 10 columns; train_test_split twice: {theirs:.1f} CPU s")
        print(f"{'strategy':<18} {'read':>6} {'assign':>6} {'share':>6}")
        worst = max(report(snapshot, strategy, theirs) for strategy in CASES)
    print(f"worst of {', '.join(ASKED)}: {worst:.3f} (at most {MOST})")


def measure_theirs(frame: pd.DataFrame, file: Path) -> float:
    """Save the table and cut it; the frame is let go before ours is measured."""
    pq.write_table(pa.Table.from_pandas(frame), file)
    return min(seconds_of(lambda: twice(frame)) for _ in range(REPEATS))


def report(snapshot: Snapshot, strategy: str, theirs: float) -> float:
    """Print one line; return the share, 0 for a strategy that is not held to it."""
    options = SplittingOptions.model_validate({"strategy": strategy})
    columns = Columns.model_validate({"target": "y", **CASES[strategy]})
    needed = ["y", *CASES[strategy].values()]
    reading = min(seconds_of(lambda: snapshot.to_pandas(needed)) for _ in range(REPEATS))
    both = min(seconds_of(lambda: assign(snapshot, columns, options, SEED)) for _ in range(REPEATS))
    share = (both - reading) / theirs
    print(f"{strategy:<18} {reading:>6.2f} {both - reading:>6.2f} {share:>6.3f}", flush=True)
    return share if strategy in ASKED else 0.0


def table(rows: int) -> pd.DataFrame:
    """Make a table as they are: a target, numbers, a person in ten rows, a moment, text."""
    random = np.random.default_rng(SEED)
    moments = np.datetime64("2024-01-01", "us") + random.integers(0, 86_400 * 365, rows) * 10**6
    towns = np.array([f"town {number}" for number in range(500)])
    return pd.DataFrame(
        {
            "y": random.random(rows) < 0.3,
            "number": random.permutation(rows),
            "person": random.integers(0, rows // 10, rows),
            "moment": moments,
            "town": pd.Series(towns[random.integers(0, 500, rows)], dtype="str"),
            "code": pd.Series(towns[random.integers(0, 500, rows)], dtype="str"),
            "kind": pd.Categorical.from_codes(random.integers(0, 500, rows), categories=towns),
            **{f"x{number}": random.random(rows) for number in range(3)},
        }
    )


def twice(frame: pd.DataFrame) -> tuple[Any, ...]:
    """Cut as is usual: test first, then validation from the rest."""
    rest, test = train_test_split(frame, test_size=0.15, random_state=SEED)
    train, validation = train_test_split(rest, test_size=0.15 / 0.85, random_state=SEED)
    return train, validation, test


def seconds_of(work: Any) -> float:
    """Measure the CPU seconds of one call, all threads together; the result is let go."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
