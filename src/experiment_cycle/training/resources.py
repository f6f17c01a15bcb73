"""What a piece of work costs: time, processor, memory."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self

import psutil

from experiment_cycle.training.records import Resources

MIB = 2**20
INTERVAL = 0.02
"""Seconds between two looks at the memory; shorter peaks may be missed."""


class ResourceMeter:
    """Measures the block it surrounds.

    Wall seconds; processor seconds of all threads and of child processes that have ended; and the
    highest resident memory of the whole process in MiB (libraries and data held before the block
    included), looked at every 20 ms; on a GPU the highest memory that PyTorch gave out, None where
    it was not used. The system's own high-water mark is not used: it covers the
    whole life of the process and cannot be set back.
    """

    def __init__(self) -> None:
        self.wall_seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_memory_mib = 0.0
        self.gpu_memory_mib: float | None = None
        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch_memory, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        _forget_gpu_peak()
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
        self.gpu_memory_mib = _gpu_memory()

    def resources(self, train_rows: int, validation_rows: int) -> Resources:
        """Tell what the block cost, once it is over."""
        return Resources(
            wall_seconds=self.wall_seconds,
            cpu_seconds=self.cpu_seconds,
            peak_memory_mib=self.peak_memory_mib,
            gpu_memory_mib=self.gpu_memory_mib,
            train_rows=train_rows,
            validation_rows=validation_rows,
        )

    def _watch_memory(self) -> None:
        while not self._stop.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        resident = self._process.memory_info().rss / MIB
        self.peak_memory_mib = max(self.peak_memory_mib, resident)


def _processor_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _cuda() -> Any:
    """Find PyTorch's door to the GPU, if it is in use; it is never imported for this."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    return cuda if cuda is not None and cuda.is_available() else None


def _forget_gpu_peak() -> None:
    cuda = _cuda()
    if cuda is not None and cuda.is_initialized():
        cuda.reset_peak_memory_stats()


def _gpu_memory() -> float | None:
    cuda = _cuda()
    if cuda is None or not cuda.is_initialized():
        return None
    return float(cuda.max_memory_allocated()) / MIB
