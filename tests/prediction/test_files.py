"""What is on the disk before, during and after: whole predictions with their record, or nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiment_cycle.errors import DataError
from experiment_cycle.prediction.predict import predict
from experiment_cycle.prediction.records import PredictionRecord
from experiment_cycle.tracking.files import content_of

ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("problem", ["binary", "ranking"])
def test_the_batches_leave_no_trace(
    problem: str, trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    file, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    new_rows.to_parquet(file, row_group_size=41)
    predict(trained(problem).order(file), out)
    whole = pd.read_parquet(out)

    @settings(
        max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(batch=st.integers(20, 130))
    def same(batch: int) -> None:
        predict(trained(problem).order(file, batch_rows=batch), out)
        pd.testing.assert_frame_equal(pd.read_parquet(out), whole)

    same()


def test_the_record_lies_beside_the_predictions(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    file, out = tmp_path / "rows.parquet", tmp_path / "out.csv"
    new_rows.to_parquet(file)
    record = predict(trained("binary").order(file), out)
    stored = PredictionRecord.model_validate_json((tmp_path / "out.csv.json").read_text())
    assert stored == record
    assert (record.input_hash, record.output_hash) == (content_of(file), content_of(out))
    assert (record.version, record.rows, record.problem) == (3, 120, "binary")
    assert names(tmp_path) == ["out.csv", "out.csv.json", "rows.parquet"]


def test_a_parquet_file_says_which_model_made_it(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    new_rows.to_parquet(tmp_path / "rows.parquet")
    predict(trained("binary").order(tmp_path / "rows.parquet"), tmp_path / "out.parquet")
    note = pq.read_schema(tmp_path / "out.parquet").metadata[b"experiment_cycle"]
    assert json.loads(note) == {"registered_model": "people", "version": 3}


def test_kept_columns_come_first_and_unchanged(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    rows = new_rows.assign(note='a\nb, "c"')
    rows.to_csv(tmp_path / "rows.csv", index=False)
    predict(trained("binary").order(tmp_path / "rows.csv", keep=True), tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv", dtype={"person": str})
    assert list(found)[: len(rows.columns)] == list(rows)
    assert list(found["note"]) == list(rows["note"])
    assert list(found["person"]) == list(rows["person"])  # with its zeros


def test_no_rows_have_no_predictions(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    for problem in ("binary", "ranking"):
        new_rows.head(0).to_csv(tmp_path / "rows.csv", index=False)
        record = predict(trained(problem).order(tmp_path / "rows.csv"), tmp_path / "out.csv")
        assert record.rows == 0
        assert len(pd.read_csv(tmp_path / "out.csv")) == 0


@pytest.mark.parametrize("lazy", [False, True])
def test_tables_that_a_node_made_are_taken_too(
    lazy: bool, trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    rows = pl.from_pandas(new_rows.astype({"grade": int})).lazy() if lazy else new_rows
    record = predict(trained("regression").order(rows), tmp_path / "out.parquet")
    assert record.input_hash is None
    assert len(pd.read_parquet(tmp_path / "out.parquet")) == len(new_rows)


@pytest.mark.parametrize(
    ("source", "to", "told"),
    [
        ("nowhere.csv", "out.csv", "There is no file"),
        ("rows.xlsx", "out.csv", "Allowed: .parquet, .csv"),
        ("rows.csv", "out.txt", "Allowed: .parquet, .csv"),
        ("rows.csv", "rows.csv", "would replace the new rows"),
        ("damaged.parquet", "out.csv", "cannot be read"),
        ("semicolons.csv", "out.csv", "not separated by commas"),
        ("rows.csv", "file/out.csv", "were not written"),
    ],
)
def test_files_that_cannot_be_used_are_refused(
    trained: Callable[..., Any],
    new_rows: pd.DataFrame,
    tmp_path: Path,
    source: str,
    to: str,
    told: str,
) -> None:
    new_rows.to_csv(tmp_path / "rows.csv", index=False)
    new_rows.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    for name in ("rows.xlsx", "damaged.parquet", "file"):
        (tmp_path / name).write_bytes(b"PAR1 and nothing")
    before = names(tmp_path)
    with pytest.raises(DataError, match=told) as refused:
        predict(trained("binary").order(tmp_path / source), tmp_path / to)
    assert "Next step:" in refused.value.message
    assert names(tmp_path) == before


def test_what_fails_midway_leaves_the_older_predictions(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    out, model = tmp_path / "out.parquet", trained("binary")
    new_rows.to_parquet(tmp_path / "rows.parquet")
    predict(model.order(tmp_path / "rows.parquet"), out)
    before = content_of(out)
    asked = []

    class Failing:
        def predict_proba(self, rows: pd.DataFrame) -> Any:
            asked.append(len(rows))
            if len(asked) > 2:
                raise MemoryError
            return model.model.predict_proba(rows)

    order = model.order(tmp_path / "rows.parquet", batch_rows=30)
    object.__setattr__(order.model, "model", Failing())
    with pytest.raises(MemoryError):
        predict(order, out)
    assert content_of(out) == before
    assert names(tmp_path) == ["out.parquet", "out.parquet.json", "rows.parquet"]


KILLED = """
import sys, time
from pathlib import Path
from tests.prediction.conftest import TASKS, table, train
from experiment_cycle.prediction.predict import predict
folder = Path(sys.argv[1])
rows = table(20_000, 1).drop(columns=list(TASKS)).assign(person=range(20_000))
rows.to_parquet(folder / "rows.parquet")
model = train("binary", "linear")
predict(model.order(folder / "rows.parquet", batch_rows=5), folder / "out.parquet")
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_process_leaves_nothing_that_looks_whole(
    trained: Callable[..., Any], new_rows: pd.DataFrame, tmp_path: Path
) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT)
    scored = tmp_path / ".out.parquet.unfinished" / "out.parquet"
    until = time.monotonic() + 120
    while not scored.exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert scored.exists()
    assert names(tmp_path) == [".out.parquet.unfinished", "rows.parquet"]
    new_rows.to_parquet(tmp_path / "rows.parquet")
    predict(trained("binary").order(tmp_path / "rows.parquet"), tmp_path / "out.parquet")
    assert names(tmp_path) == ["out.parquet", "out.parquet.json", "rows.parquet"]
