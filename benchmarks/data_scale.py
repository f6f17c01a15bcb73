"""Snapshot, content hash and profile of many rows, against DuckDB's `COPY` and `SUMMARIZE`.

Run from the project's folder: `python -m benchmarks.data_scale [--rows N] [--growth N ...]`. A
table of 15 columns is generated as CSV and as Parquet. Each measurement is a process of its own:
on one side what the stage data_versioning does with an entry of the catalog, from loading it to
the profile; on the other a plain copy of the same file to Parquet, and `SUMMARIZE` of the file.
Content hashes are asserted to be the same for all entries. Scratch files need some 300 bytes a row.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROWS = 10_000_000
QUICK_ROWS = 300_000
CHUNK = 1_000_000
"""Rows generated at a time, and of a row group: so many does pandas write."""
SEED = 7
DUCKDB = {"backend": "duckdb", "database": ":memory:"}
ENTRIES: dict[str, dict[str, Any]] = {
    "DuckDB, Parquet": {
        "type": "ibis.FileDataset",
        "file_format": "parquet",
        "connection": DUCKDB,
    },
    "DuckDB, CSV": {"type": "ibis.FileDataset", "file_format": "csv", "connection": DUCKDB},
    "lazy Polars, Parquet": {"type": "polars.LazyPolarsDataset", "file_format": "parquet"},
    "lazy Polars, CSV": {
        "type": "polars.LazyPolarsDataset",
        "file_format": "csv",
        "load_args": {"try_parse_dates": True},
    },
}


def main() -> None:
    """Print seconds, ratios and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the table")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows, once")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each; the least counts")
    parser.add_argument(
        "--growth",
        type=int,
        nargs="*",
        default=[1_000_000, 10_000_000],
        help="rows of tables of growing length, from Parquet; 100000000 takes ten minutes",
    )
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(STEPS[options.step[0]](*options.step[1:])))
        return
    rows, repeat = (QUICK_ROWS, 1) if options.quick else (options.rows, options.repeat)
    compare_entries(rows, repeat)
    if not options.quick and options.growth:
        compare_sizes(options.growth)


def compare_entries(rows: int, repeat: int) -> None:
    """Measure each entry beside the plain way, on the same file."""
    print(f"{rows:,} rows x 15 columns; wall and CPU seconds, the least of {repeat}")
    print(
        f"{'':22} {'ours':>7} {'CPU':>7} {'plain':>7} {'CPU':>7} {'ratio':>6} {'CPU':>6} {'MB':>6}"
    )
    with TemporaryDirectory(prefix="data_scale_") as folder:
        run("generate", folder, str(rows), "csv")
        digests = set()
        plain: dict[str, dict[str, Any]] = {}
        for name, entry in ENTRIES.items():
            kind = entry["file_format"]
            ours = best(repeat, "ours", folder, name)
            if kind not in plain:
                plain[kind] = best(repeat, "plain", folder, kind)
            digests.add(ours["digest"])
            print(f"{name:22} {_compared(ours, plain[kind])}", flush=True)
        assert len(digests) == 1, "the entries do not give the same content"
        for step, what in (("hash", "from the snapshot"), ("hash_arrow", "from Arrow in memory")):
            found = best(repeat, step, folder)
            assert found["digest"] in digests
            speed = found["bytes"] / 1e9 / found["wall"]
            print(f"hash {what}: {speed:.2f} GB/s of Arrow data, {found['cpu']:.2f} s CPU")


def compare_sizes(sizes: list[int]) -> None:
    """Measure tables of growing length."""
    print("from Parquet through DuckDB; microseconds of CPU a row")
    print(f"{'rows':>12} {'ours':>7} {'CPU':>7} {'plain':>7} {'CPU':>7} {'us/row':>7} {'MB':>6}")
    for rows in sizes:
        with TemporaryDirectory(prefix="data_scale_") as folder:
            run("generate", folder, str(rows), "parquet")
            ours, plain = run("ours", folder, "DuckDB, Parquet"), run("plain", folder, "parquet")
        print(
            f"{rows:>12,} {ours['wall']:>7.1f} {ours['cpu']:>7.1f} {plain['wall']:>7.1f} "
            f"{plain['cpu']:>7.1f} {ours['cpu'] / rows * 1e6:>7.2f} {ours['peak']:>6.0f}",
            flush=True,
        )


def best(repeat: int, step: str, *arguments: str) -> dict[str, Any]:
    """Run a step some times: the least wall and CPU seconds, the greatest peak of memory."""
    found = [run(step, *arguments) for _ in range(repeat)]
    least = {name: min(each[name] for each in found) for name in ("wall", "cpu")}
    return found[0] | least | {"peak": max(each["peak"] for each in found)}


def run(step: str, *arguments: str) -> dict[str, Any]:
    """Run one step in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.data_scale", "--step", step]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def generate(folder: str, rows: str, kind: str) -> dict[str, Any]:
    """Write the table as Parquet, and as CSV if asked for; chunk by chunk."""
    import duckdb
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    cities = np.array([f"city_{number}" for number in range(5_000)])
    colours = np.array(["blue", "green", "red", "violet", "yellow"])
    writer = None
    for start in range(0, int(rows), CHUNK):
        random = np.random.default_rng([SEED, start])
        count = min(CHUNK, int(rows) - start)
        missing = random.random(count) < 0.1
        chunk = {f"normal_{number}": random.normal(size=count) for number in range(4)}
        chunk |= {
            "id": np.arange(start, start + count),
            "price": random.lognormal(3, 1, count).round(2),
            "age": random.integers(0, 100, count).astype("int32"),
            "visits": random.poisson(3, count),
            "area": random.integers(0, 30_000, count),
            "colour": colours[random.integers(0, 5, count)],
            "city": cities[np.minimum(random.zipf(1.5, count), 5_000) - 1],
            "member": random.random(count) < 0.3,
            "score": pa.array(random.normal(size=count), mask=missing),
            "at": np.datetime64("2020-01-01T00:00:00.5", "us")
            + random.integers(0, 10**8, count).astype("timedelta64[s]"),
            "target": random.random(count) < 0.2,
        }
        table = pa.table(chunk)
        writer = writer or pq.ParquetWriter(f"{folder}/table.parquet", table.schema)
        writer.write_table(table, row_group_size=CHUNK)
    if writer is not None:
        writer.close()
    if kind == "csv":
        duckdb.execute(f"COPY (FROM '{folder}/table.parquet') TO '{folder}/table.csv'")
    return {}


def ours(folder: str, name: str) -> dict[str, Any]:
    """Take a snapshot of one catalog entry, hash and profile it."""
    from kedro.io import DataCatalog

    from experiment_cycle.columns import Columns
    from experiment_cycle.data_versioning.intake import take_in
    from experiment_cycle.data_versioning.profile import profile
    from experiment_cycle.datasets.snapshot import SnapshotDataset

    entry = ENTRIES[name] | {"filepath": f"{folder}/table.{ENTRIES[name]['file_format']}"}
    catalog = DataCatalog.from_config({"raw_data": entry})
    catalog.get("raw_data")  # imports the library
    columns = Columns(target="target", identifier="id")
    dataset = SnapshotDataset(filepath=f"{folder}/dataset.parquet")

    def work() -> str:
        dataset.save(take_in(catalog.load("raw_data"), columns, Path(folder, "staged.parquet")))
        return profile(dataset.load(), columns, top_values=10).content_hash.digest

    digest, measured = measure(work)
    return measured | {"digest": digest}


def plain(folder: str, kind: str) -> dict[str, Any]:
    """Copy the same file to Parquet and summarize it, with DuckDB as it comes."""
    import duckdb

    file, copy = f"{folder}/table.{kind}", f"{folder}/copy.parquet"

    def work() -> None:
        duckdb.execute(f"COPY (FROM '{file}') TO '{copy}'")
        duckdb.execute(f"SUMMARIZE FROM '{file}'").fetchall()

    return measure(work)[1]


def hash_stored(folder: str) -> dict[str, Any]:
    """Hash the snapshot, its decoding included."""
    import pyarrow.parquet as pq

    from experiment_cycle.data_versioning.content_hash import content_hash
    from experiment_cycle.snapshot import Snapshot

    path = Path(folder, "dataset.parquet")
    found, measured = measure(lambda: content_hash(Snapshot(path)))
    file = pq.ParquetFile(path)
    size = sum(batch.nbytes for batch in file.iter_batches())
    return measured | {"digest": found.digest, "bytes": size}


def hash_arrow(folder: str) -> dict[str, Any]:
    """Hash the columns of a table in memory."""
    import pyarrow.parquet as pq

    from experiment_cycle.data_versioning.content_hash import content_hash, hash_column
    from experiment_cycle.snapshot import Snapshot

    path = Path(folder, "dataset.parquet")
    table = pq.read_table(path)

    def work() -> list[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(
                pool.map(lambda column: hash_column(column.type, column.chunks), table.columns)
            )

    found, measured = measure(work)
    expected = content_hash(Snapshot(path))
    assert found == list(expected.columns.values())
    return measured | {"digest": expected.digest, "bytes": table.nbytes}


def measure(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Give what it returns, its wall and CPU seconds, and the peak memory of the process (MB)."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return found, {"wall": wall, "cpu": cpu, "peak": peak * unit / 1e6}


def _compared(ours: dict[str, Any], plain: dict[str, Any]) -> str:
    return (
        f"{ours['wall']:>7.1f} {ours['cpu']:>7.1f} {plain['wall']:>7.1f} {plain['cpu']:>7.1f} "
        f"{ours['wall'] / plain['wall']:>6.2f} {ours['cpu'] / plain['cpu']:>6.2f} "
        f"{ours['peak']:>6.0f}"
    )


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "generate": generate,
    "ours": ours,
    "plain": plain,
    "hash": hash_stored,
    "hash_arrow": hash_arrow,
}

if __name__ == "__main__":
    main()
