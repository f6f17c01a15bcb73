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


class Steady(Timed):
    """A model whose calls all take the same time."""

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        self.clock.now += self.seconds
        return np.zeros(len(rows))


def test_time_memory_and_size_are_those_of_each_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(prediction_cost, "time", clock)
    # in powers of 2, so that the clock adds up without rounding
    slow, fast = Timed(clock, 2.0**-8, mib=8), Timed(clock, 2.0**-10, reads=("b", "a"))
    (tmp_path / "slow").write_bytes(b"12345")
    rows = pd.DataFrame({"a": np.arange(900.0), "b": 1, "c": 2})

    found = measure_prediction_cost(
        slow, fast, rows, Problem(type="regression"), (tmp_path / "slow", tmp_path / "none")
    )

    assert found.batch_rows == 900
    assert (found.challenger.row.p50_ms, found.incumbent.row.p50_ms) == pytest.approx(
        (1000 / 256, 1000 / 1024), abs=1e-4
    )
    assert found.challenger.row.p95_ms > 4.0
    assert found.challenger.batch.p50_ms == pytest.approx(30 * 1000 / 256, abs=1e-3)
    assert found.challenger.batch_memory_mib == pytest.approx(8.0, abs=0.2)
    assert found.incumbent.batch_memory_mib < 0.5
    assert (found.challenger.model_bytes, found.incumbent.model_bytes) == (5, None)
    assert found.row_ratio.value == pytest.approx(4.0)
    assert (found.row_ratio.lower, found.row_ratio.upper) == pytest.approx((4.0, 4.0))
    # 0.4 s of pairs that take 5 ms, and 5 s of those that take too long for 60
    assert 40 < found.row_ratio.pairs <= 82
    assert 20 < found.batch_ratio.pairs < 30
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
    assert found.pairs == len(pairs)
    assert found.lower is None or found.lower <= found.value <= found.upper


@pytest.mark.parametrize(("seconds", "pairs"), [(0.001, 200), (0.005, 60), (0.05, 50), (3.0, 10)])
def test_slow_models_are_called_less_often(
    seconds: float, pairs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(prediction_cost, "time", clock)
    rows, files = pd.DataFrame({"a": [1.0]}), (tmp_path / "none", tmp_path / "none")

    found = measure_prediction_cost(
        *(Steady(clock, seconds), Steady(clock, seconds), rows),
        *(Problem(type="regression"), files),
    )

    assert found.row_ratio.pairs == pytest.approx(pairs, abs=1)


def test_few_pairs_have_no_interval() -> None:
    found = ratio_of_pairs(np.array([[2.0, 1.0]] * 5))

    assert (found.value, found.lower, found.upper) == (2.0, None, None)
