"""Both models are timed on the same rows, in turns; the ratio has an interval that holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.evaluation import prediction_cost
from experiment_cycle.evaluation.prediction_cost import measure_prediction_cost, ratio_of_pairs
from experiment_cycle.problem import Problem


class Clock:
    """A clock that moves only when a model says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Timed:
    """A model that takes its time, and an array of so many MiB."""

    def __init__(
        self, clock: Clock, seconds: float, mib: int = 0, reads: tuple[str, ...] = ("a",)
    ) -> None:
        self.clock, self.seconds, self.mib = clock, seconds, mib
        self.feature_names_in_ = np.array(reads, dtype=object)
        self.seen: list[tuple[int, tuple[str, ...]]] = []

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        self.seen.append((len(rows), tuple(rows.columns)))
        # each twentieth call is slow
        self.clock.now += self.seconds * (1 if len(self.seen) % 20 else 9) * len(rows) ** 0.5
        room = np.ones(self.mib * 2**17)
        return np.zeros(len(rows)) + room.size * 0.0


def test_time_memory_and_size_are_those_of_each_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(prediction_cost, "time", clock)
    slow, fast = Timed(clock, 0.004, mib=8), Timed(clock, 0.001, reads=("b", "a"))
    (tmp_path / "slow").write_bytes(b"12345")
    rows = pd.DataFrame({"a": np.arange(900.0), "b": 1, "c": 2})

    found = measure_prediction_cost(
        slow, fast, rows, Problem(type="regression"), (tmp_path / "slow", tmp_path / "none")
    )

    assert found.batch_rows == 900
    assert (found.challenger.row.p50_ms, found.incumbent.row.p50_ms) == pytest.approx((4.0, 1.0))
    assert found.challenger.row.p95_ms > 4.0
    assert found.challenger.batch.p50_ms == pytest.approx(120.0)
    assert found.challenger.batch_memory_mib == pytest.approx(8.0, abs=0.2)
    assert found.incumbent.batch_memory_mib < 0.5
    assert (found.challenger.model_bytes, found.incumbent.model_bytes) == (5, None)
    assert found.row_ratio.value == pytest.approx(4.0)
    assert (found.row_ratio.lower, found.row_ratio.upper) == pytest.approx((4.0, 4.0))
    # 0.4 s of pairs that take 5 ms, and as few pairs as there may be of those that take longer
    assert 40 < found.row_ratio.pairs <= 81
    assert found.batch_ratio.pairs == 10
    # the same rows, in the columns and the order that each one reads
    assert {columns for _, columns in fast.seen} == {("b", "a")}
    assert {count for count, _ in slow.seen} == {1, 900}
    assert len(slow.seen) == len(fast.seen)


def test_of_many_rows_a_batch_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(prediction_cost, "time", clock)
    model = Timed(clock, 0.01)

    found = measure_prediction_cost(
        *(model, model, pd.DataFrame({"a": np.arange(5000.0)})),
        *(Problem(type="regression"), (tmp_path / "none", tmp_path / "none")),
    )

    assert found.batch_rows == 1000
    assert found.batch_ratio.value == pytest.approx(1.0)


def test_the_interval_of_the_ratio_covers_the_median_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        seconds = np.exp(generator.standard_t(2, (60, 2)))
        found = ratio_of_pairs(seconds)
        held += found.lower <= 1.0 <= found.upper
    assert 0.93 <= held / 400 <= 0.99


@settings(max_examples=50)
@given(
    seconds=st.lists(
        st.tuples(st.floats(1e-6, 1.0), st.floats(1e-6, 1.0)), min_size=10, max_size=80
    ),
    scale=st.sampled_from([0.5, 2.0, 1024.0]),
)
def test_a_slower_machine_changes_no_ratio(
    seconds: list[tuple[float, float]], scale: float
) -> None:
    pairs = np.asarray(seconds)

    found = ratio_of_pairs(pairs)

    assert ratio_of_pairs(pairs * scale) == found
    assert found.lower <= found.value <= found.upper
    assert found.pairs == len(pairs)


def test_few_pairs_have_no_interval() -> None:
    found = ratio_of_pairs(np.array([[2.0, 1.0]] * 5))

    assert (found.value, found.lower, found.upper) == (2.0, None, None)
