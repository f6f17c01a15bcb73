"""Metrics of each step of training, recorded while training runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock

from experiment_cycle.live_metrics import Values
from experiment_cycle.tracking.entries import MetricPoint, Metrics
from experiment_cycle.tracking.translation import milliseconds, step_name

SECONDS = 1.0
"""Between two records: a store takes ten milliseconds for one, however many points are in it."""


class LiveMetrics:
    """Collects the points of a training, and records them about once a second."""

    def __init__(self, record: Callable[[Metrics], None]) -> None:
        """Record through `record`."""
        self._record = record
        self._waiting: list[MetricPoint] = []
        self._known: set[tuple[str, int]] = set()
        self._last = time.monotonic()
        self._lock = Lock()

    def take(self, step: int, values: Values) -> None:
        """Take the values of one step; see `live_metrics.Listener`."""
        now = milliseconds()
        with self._lock:
            for part, metrics in values.items():
                for name, value in metrics.items():
                    key = (step_name(part, name), step)
                    if math.isfinite(value) and key not in self._known:
                        self._known.add(key)
                        self._waiting.append(
                            MetricPoint(
                                name=key[0], value=float(value), step=step, milliseconds=now
                            )
                        )
            due = time.monotonic() - self._last >= SECONDS
        if due:
            self.flush()

    def flush(self) -> None:
        """Record what waits."""
        with self._lock:
            points, self._waiting = tuple(self._waiting), []
            self._last = time.monotonic()
        if points:
            self._record(Metrics(points=points))

    def rest_of(self, history: Metrics) -> Metrics:
        """Leave out of a whole history what was recorded while it came about."""
        self.flush()
        new = (p for p in history.points if (p.name, p.step) not in self._known)
        return Metrics(points=tuple(new))
