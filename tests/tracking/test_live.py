"""Steps of training are recorded while it runs, and each of them once."""

from __future__ import annotations

import math
from threading import Thread

import pytest

from experiment_cycle.live_metrics import listen, stop_listening, tell, telling
from experiment_cycle.tracking import live
from experiment_cycle.tracking.entries import MetricPoint, Metrics
from experiment_cycle.tracking.live import LiveMetrics
from experiment_cycle.tracking.translation import entry_of

HISTORY = {
    "train": {"log_loss": [0.6, 0.5, 0.4]},
    "validation": {"log_loss": [0.7, 0.65, 0.66]},
}


def values(step: int) -> dict[str, dict[str, float]]:
    return {part: {"log_loss": curve["log_loss"][step - 1]} for part, curve in HISTORY.items()}


def whole() -> Metrics:
    entry = entry_of("history", "training_history", HISTORY)
    assert isinstance(entry, Metrics)
    return entry


def plain(points: list[MetricPoint]) -> list[tuple[str, int, float]]:
    return sorted((point.name, point.step, point.value) for point in points)


def test_what_was_recorded_live_is_not_recorded_again_and_the_rest_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "SECONDS", 0.0)
    kept: list[MetricPoint] = []
    watch = LiveMetrics(lambda metrics: kept.extend(metrics.points))
    # the first step is of an earlier process, which had a checkpoint
    for step in (2, 3):
        watch.take(step, values(step))  # type: ignore[arg-type]
    assert len(kept) == 4
    kept.extend(watch.rest_of(whole()).points)
    assert plain(kept) == plain(list(whole().points))


def test_points_wait_for_a_second_and_none_is_lost() -> None:
    records: list[Metrics] = []
    watch = LiveMetrics(records.append)
    for step in (1, 2, 3):
        watch.take(step, values(step))  # type: ignore[arg-type]
    watch.take(3, {"train": {"log_loss": math.nan}})
    assert records == []
    watch.flush()
    (record,) = records
    assert plain(list(record.points)) == plain(list(whole().points))


def test_only_the_training_that_is_told_is_heard() -> None:
    heard: list[int] = []

    def hear(step: int, told: object) -> None:
        heard.append(step)

    listen(hear)
    try:
        tell(1, {})
        with telling():
            tell(2, {})
            other = Thread(target=tell, args=(3, {}))
            other.start()
            other.join()
        tell(4, {})
    finally:
        stop_listening(hear)
    with telling():
        tell(5, {})
    assert heard == [2]
