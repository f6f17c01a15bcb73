"""What a piece of work costs: time, processor, memory."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType
from typing import Self

import psutil

MIB = 2**20
INTERVAL = 0.02
"""Seconds between two looks at the memory; shorter peaks may be missed."""


class ResourceMeter:
    """Measures the block it surrounds.

    Wall seconds; processor seconds of all threads and of child processes that have ended; and the
    highest resident memory of the whole process in MiB (libraries and data held before the block
    included), looked at every 20 ms. The system's own high-water mark is not used: it covers the
    whole life of the process and cannot be set back.
    """

    def __init__(self) -> None:
        self.wall_seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_memory_mib = 0.0
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch_memory, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._started = time.perf_counter(), _processor_seconds()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        wall, cpu = self._started
        self.wall_seconds = time.perf_counter() - wall
        self.cpu_seconds = _processor_seconds() - cpu
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch_memory(self) -> None:
        while not self._stop.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        resident = self._process.memory_info().rss / MIB
        self.peak_memory_mib = max(self.peak_memory_mib, resident)


def _processor_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
