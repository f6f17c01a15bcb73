"""What predicting costs with each model: time, memory, and the size of its file.

Clock values differ from run to run. A criterion of the hypothesis that names a cost is decided by
this record: given the record, the verdict is the same again.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.evaluation.median_in_time import MedianInTime
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.options import Record
from experiment_cycle.problem import Problem
from experiment_cycle.training.memory import MIB
from experiment_cycle.training.predicting import outputs_of

BATCH = 1000
WARM_UP = 3
LEAST_PAIRS, ENOUGH_PAIRS, MOST_PAIRS = 10, 60, 200
SECONDS, MOST_SECONDS = 0.4, 5.0
"""For the pairs of one size: once there are `ENOUGH_PAIRS` for bounds that say something; and in
all, unless `LEAST_PAIRS` take longer."""
CONFIDENCE = 0.95


class Latency(Record):
    """Milliseconds of one call, over many of them."""

    p50_ms: float
    p95_ms: float


class ModelCost(Record):
    """One model: a call with one row, one with a batch, its memory, and the bytes of its file."""

    row: Latency
    batch: Latency
    batch_memory_mib: float
    """The most that Python and numpy held at once beyond what they held before; not what a library
    takes past them."""
    model_bytes: int | None
    training_seconds: float | None = None
    """Of the one training; None of a champion, and of its procedure trained again."""


class Ratio(Record):
    """The challenger's time over the incumbent's: the median of pairs, with its interval."""

    value: float
    lower: float | None
    upper: float | None
    pairs: int


class PredictionCost(Record):
    """Both models on the same validation rows, taking turns."""

    batch_rows: int
    challenger: ModelCost
    incumbent: ModelCost
    row_ratio: Ratio
    batch_ratio: Ratio
    row_pairs_ms: tuple[tuple[float, float], ...] = ()
    """Of each turn: the challenger's call and the incumbent's, to 0.1 microseconds."""
    batch_pairs_ms: tuple[tuple[float, float], ...] = ()


def measure_prediction_cost(
    challenger: Any,
    incumbent: Any,
    features: pd.DataFrame,
    problem: Problem,
    files: tuple[Path, Path],
    training_seconds: tuple[float | None, ...] = (None, None),
) -> PredictionCost:
    """Time both models on the same rows, warm, one after the other and in turns first.

    Takes about a second with fast models.

    Args:
        challenger: A fitted pipeline that takes raw feature frames.
        incumbent: Likewise; it may read other columns.
        features: Raw rows, at least one; the first `BATCH` of them are used.
        problem: What is predicted.
        files: Of challenger and incumbent.
        training_seconds: Of both, where it is known.
    """
    batch = features.head(BATCH)
    calls = [_caller(model, problem) for model in (challenger, incumbent)]
    tables = [
        [_read(model, rows) for model in (challenger, incumbent)] for rows in (batch, batch.head(1))
    ]
    batches, singles = (time_in_turns(calls, both) for both in tables)
    costs = [
        ModelCost(
            row=_latency(singles[:, place]),
            batch=_latency(batches[:, place]),
            batch_memory_mib=_memory(calls[place], tables[0][place]),
            model_bytes=files[place].stat().st_size if files[place].is_file() else None,
            training_seconds=training_seconds[place],
        )
        for place in (0, 1)
    ]
    return PredictionCost(
        batch_rows=len(batch),
        challenger=costs[0],
        incumbent=costs[1],
        row_ratio=ratio_of_pairs(singles),
        batch_ratio=ratio_of_pairs(batches),
        row_pairs_ms=_pairs_ms(singles),
        batch_pairs_ms=_pairs_ms(batches),
    )


def ratio_of_pairs(seconds: Floats) -> Ratio:
    """Take the median ratio of pairs, with its interval; see `MedianInTime`.

    Args:
        seconds: Of both models, in the order they were measured, shape (pairs, 2), above 0.
    """
    found = MedianInTime.of(seconds[:, 0] / seconds[:, 1])
    lower, upper = found.bounds((1 - CONFIDENCE) / 2, (1 - CONFIDENCE) / 2)
    return Ratio(value=found.value, lower=lower, upper=upper, pairs=len(seconds))


def _caller(model: Any, problem: Problem) -> Callable[[pd.DataFrame], Floats]:
    return lambda rows: outputs_of(model, rows, problem.type)


def _read(model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Take the columns that a model reads, in the order it was trained on."""
    names = [str(name) for name in getattr(model, "feature_names_in_", rows.columns)]
    return rows[names]


def time_in_turns(
    calls: list[Callable[[pd.DataFrame], Floats]], tables: list[pd.DataFrame]
) -> Floats:
    """Time two models call by call; who comes first alternates (ABBA), so that a drift cancels.

    Args:
        calls: Of both models.
        tables: What each is called with.

    Returns:
        Seconds, in the order of time, shape (pairs, 2).
    """
    for _ in range(WARM_UP):
        for call, rows in zip(calls, tables, strict=True):
            call(rows)
    pairs: list[list[float]] = []
    begun = time.perf_counter()
    while not _is_enough(len(pairs), time.perf_counter() - begun):
        pair = [0.0, 0.0]
        for place in (0, 1) if len(pairs) % 2 else (1, 0):
            started = time.perf_counter()
            calls[place](tables[place])
            pair[place] = time.perf_counter() - started
        pairs.append(pair)
    return np.asarray(pairs)


def _is_enough(pairs: int, seconds: float) -> bool:
    if pairs < LEAST_PAIRS:
        return False
    return pairs >= MOST_PAIRS or seconds >= (SECONDS if pairs >= ENOUGH_PAIRS else MOST_SECONDS)


def _pairs_ms(seconds: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((round(1000 * own, 4), round(1000 * other, 4)) for own, other in seconds.tolist())


def _latency(seconds: Floats) -> Latency:
    middle, slow = np.quantile(1000 * seconds, [0.5, 0.95])
    return Latency(p50_ms=float(middle), p95_ms=float(slow))


def _memory(call: Callable[[pd.DataFrame], Floats], rows: pd.DataFrame) -> float:
    """Measure the peak of one call's own allocations, in MiB."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call(rows)
        return (tracemalloc.get_traced_memory()[1] - before) / MIB
    finally:
        if not tracing:
            tracemalloc.stop()
