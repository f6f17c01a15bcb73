"""What the leakage audit costs, and its look for identical rows against a plain row-hash lookup.

    python -m benchmarks.leakage_cost [--rows 1000000]

Twenty features: ten independent numbers, ten whole numbers and texts. In the table for the lookup
a tenth of the rows are copies. The lookup hashes all features and asks of each test row whether its
hash is in train or validation; both are timed in turn, in CPU seconds, and must count the same.
"""

from __future__ import annotations

import argparse
import resource
import time
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.leaks import shuffled
from experiment_cycle.columns import ROW, Columns
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.snapshot import Snapshot, quoted
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.leakage.twins import find_twins
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, SPLIT

MOST_SECONDS, MOST_GIGABYTES, MOST_TIMES = 60, 2.0, 1.5
REPEATS = 5


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    random = np.random.default_rng(0)
    frame, part = table(rows, random), shuffled(rows, random)
    with TemporaryDirectory() as folder:
        dataset = SnapshotDataset(filepath=f"{folder}/unique.parquet")
        dataset.save(frame)
        copied = SnapshotDataset(filepath=f"{folder}/copied.parquet")
        frame.iloc[: rows // 10] = frame.iloc[rows // 2 : rows // 2 + rows // 10].to_numpy()
        copied.save(frame.sample(frac=1, random_state=0, ignore_index=True))
        del frame
        whole_audit(dataset.load(), part)
        identical_rows(copied.load(), part)


def table(rows: int, random: np.random.Generator) -> pd.DataFrame:
    """Draw the table."""
    columns: dict[str, object] = {f"x{j}": random.normal(size=rows) for j in range(10)}
    columns |= {f"n{j}": random.integers(0, 10 ** (j + 1), rows) for j in range(6)}
    for j, many in enumerate((5, 20, 45, 80)):
        levels = np.array([f"level {code}" for code in range(many)])
        columns[f"c{j}"] = levels[random.integers(0, many, rows)]
    frame = pd.DataFrame(columns)
    frame["y"] = (frame["x0"] + frame["x1"] + random.logistic(size=rows) > 0).astype(int)
    return frame


def whole_audit(snapshot: Snapshot, part: np.ndarray) -> None:
    """Run all checks once."""
    split = pd.Categorical.from_codes(part, categories=pd.Index(PARTS))
    assignment = pd.DataFrame({SPLIT: split}, index=pd.RangeIndex(len(part), name=ROW))
    started, used = time.perf_counter(), time.process_time()
    audit_leakage(snapshot, assignment, Columns(target="y"), SplittingOptions(strategy="random"))
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(part):,} rows: {wall:.1f} s wall, {cpu:.1f} s CPU, {peak:.2f} GB at most")
    print(f"  allowed at 1,000,000: {MOST_SECONDS} s, {MOST_GIGABYTES} GB")


def identical_rows(snapshot: Snapshot, part: np.ndarray) -> None:
    """Time both ways in turn."""
    features = [name for name in snapshot.types if name != "y"]
    ratios = []
    for _ in range(REPEATS):
        started = time.process_time()
        plain = lookup(snapshot, part, features)
        between = time.process_time()
        ours = find_twins(snapshot, part, features).test
        ratios.append((time.process_time() - between) / (between - started))
        assert plain == ours, f"{plain} and {ours} test rows with a twin"
    print(f"identical rows: {np.median(ratios):.2f} times a plain lookup ({MOST_TIMES} allowed)")


def lookup(snapshot: Snapshot, part: np.ndarray, features: list[str]) -> int:
    """Count test rows whose hash is in train or validation."""
    listed = ", ".join(quoted(name) for name in features)
    with snapshot.connect() as connection:
        connection.register("split", pa.table({"part": part, ROW: np.arange(len(part))}))
        connection.execute(
            f"CREATE TEMP TABLE hashed AS SELECT split.part, hash({listed}) AS hash "
            f"FROM dataset JOIN split USING ({ROW})"
        )
        found = connection.execute(
            "SELECT count(*) FROM hashed WHERE part = 2 AND hash IN "
            "(SELECT hash FROM hashed WHERE part < 2)"
        ).fetchall()
    return int(found[0][0])


if __name__ == "__main__":
    main()
