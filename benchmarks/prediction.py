"""Predictions of many new rows, against the bare model: seconds, rows a second, peak memory.

Run from the project's folder: `python -m benchmarks.prediction [--rows N ...] [--trees N]`. A
boosted model is trained on 20,000 rows of 13 columns (numbers, text, a date, a boolean). Then new
rows are written, and predicted from the file to the file, checks and hashes included, in a process
of its own. Beside it, the bare `model.predict_proba` of the same model, of the same batches, which
are in memory already.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROWS = 5_000_000
QUICK_ROWS = 200_000
TRAINING_ROWS = 20_000
CHUNK = 250_000
SEED = 7
NUMBERS = 9


def main() -> None:
    """Print seconds, rows a second, the ratio, and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[ROWS // 10, ROWS])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows only")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(STEPS[options.step[0]](Path(options.step[1]), *options.step[2:])))
        return
    print(f"{options.trees} trees, 13 columns; rows a second")
    print(
        f"{'rows':>10} {'from, to':>16} {'seconds':>8} {'rows/s':>10} {'bare':>10} {'ratio':>6} MB"
    )
    for rows in [QUICK_ROWS] if options.quick else options.rows:
        with TemporaryDirectory(prefix="prediction_") as name:
            folder = Path(name)
            run("train", folder, str(options.trees))
            run("generate", folder, str(rows))
            bare = rows / run("bare", folder)["wall"]
            for source, to in (("parquet", "parquet"), ("csv", "csv")):
                ours = run("ours", folder, source, to)
                speed = rows / ours["wall"]
                print(
                    f"{rows:>10,} {source + ', ' + to:>16} {ours['wall']:>8.1f} {speed:>10,.0f} "
                    f"{bare:>10,.0f} {speed / bare:>6.2f} {ours['peak']:.0f}",
                    flush=True,
                )


def run(step: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run one step in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.prediction"]
    done = subprocess.run(
        [*command, "--step", step, str(folder), *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def train(folder: Path, trees: str) -> dict[str, Any]:
    """Train the model, and keep it with what is known of it."""
    from experiment_cycle.datasets.skops_model import dump_model
    from experiment_cycle.training.known_features import describe_known
    from experiment_cycle.training.logical_run import run_plan
    from experiment_cycle.training.options import TrainingOptions
    from experiment_cycle.training.plan import Plan
    from experiment_cycle.training.stored_fit import StoredFit

    frame, columns, options = next(tables(TRAINING_ROWS, SEED)), roles(), TrainingOptions()
    frame["target"] = frame["number_0"] + frame["number_1"] * frame["number_2"] > 0
    asked = options.hyperparameters("lightgbm") | {"n_estimators": int(trees)}
    half = TRAINING_ROWS // 2
    patient = TrainingOptions.model_validate({"early_stopping": {"patience": 10_000}})
    plan = Plan(
        *("lightgbm", asked, frame[:half], frame[half:], columns, patient),
        *("classification", SEED),
    )
    fitted = run_plan(plan)
    dump_model(fitted.models[0], folder / "model.skops")
    record = StoredFit.of(plan, fitted).record
    (folder / "record.json").write_text(record.model_dump_json())
    (folder / "known.json").write_text(describe_known(plan.train, columns).model_dump_json())
    return {}


def generate(folder: Path, rows: str) -> dict[str, Any]:
    """Write the new rows, chunk by chunk, as Parquet and as CSV."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    writers: list[Any] = []
    for frame in tables(int(rows), SEED + 1):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writers = writers or [
            pq.ParquetWriter(folder / "rows.parquet", table.schema),
            pa_csv.CSVWriter(folder / "rows.csv", table.schema),
        ]
        for writer in writers:
            writer.write_table(table)
    for writer in writers:
        writer.close()
    return {}


def ours(folder: Path, source: str, to: str) -> dict[str, Any]:
    """Predict from file to file."""
    from experiment_cycle.prediction.options import PredictionOptions
    from experiment_cycle.prediction.predict import Order, predict
    from experiment_cycle.tracking.registered_model import RegisteredModel
    from experiment_cycle.training.known_features import KnownFeatures

    model, record = kept(folder)
    known = KnownFeatures.model_validate_json((folder / "known.json").read_text())
    registered = RegisteredModel("benchmark", 1, "", model, record, {})
    order = Order(folder / f"rows.{source}", registered, known, roles(), PredictionOptions())
    start = time.perf_counter()
    predict(order, folder / f"out.{to}")
    wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "peak": peak}


def bare(folder: Path) -> dict[str, Any]:
    """Let the model predict the same batches; reading them is not counted."""
    import pyarrow.parquet as pq

    from experiment_cycle.prediction.options import PredictionOptions

    model, record = kept(folder)
    wall = 0.0
    file = pq.ParquetFile(folder / "rows.parquet")
    for batch in file.iter_batches(PredictionOptions().batch_rows, columns=record["features"]):
        frame = batch.to_pandas()
        start = time.perf_counter()
        model.predict_proba(frame)
        wall += time.perf_counter() - start
    return {"wall": wall}


def kept(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Read the model and its record."""
    from experiment_cycle.datasets.skops_model import load_model

    return load_model(folder / "model.skops"), json.loads((folder / "record.json").read_text())


def roles() -> Any:
    """Give the roles of the columns."""
    from experiment_cycle.columns import Columns

    return Columns(target="target", identifier="identifier")


def tables(rows: int, seed: int) -> Iterator[Any]:
    """Make rows, some at a time."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    towns = np.array([f"town {place}" for place in range(40)])
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        numbers = rng.normal(size=(count, NUMBERS)).round(4)
        frame = pd.DataFrame({f"number_{place}": numbers[:, place] for place in range(NUMBERS)})
        frame["town"] = towns[rng.integers(0, len(towns), size=count)]
        frame["trade"] = np.array(["a", "b", "c"])[rng.integers(0, 3, size=count)]
        frame["since"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(
            rng.integers(0, 500, size=count), unit="D"
        )
        frame["member"] = rng.random(count) < 0.5
        frame["identifier"] = np.arange(start, start + count)
        yield frame


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": train,
    "generate": generate,
    "ours": ours,
    "bare": bare,
}

if __name__ == "__main__":
    main()
