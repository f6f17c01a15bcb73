"""How busy the machine is while a run lasts: processor, memory, disk, and GPUs if there are any."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

from experiment_cycle.tracking.entries import MetricPoint, Metrics
from experiment_cycle.tracking.translation import milliseconds

MIB = 2**20


class SystemMetrics:
    """Looks every few seconds, in a thread that sleeps in between; a look takes a millisecond."""

    def __init__(self, record: Callable[[Metrics], None], seconds: float, folder: Path) -> None:
        """Record through `record`, every `seconds`, also how full the disk of `folder` is."""
        self._record = record
        self._seconds = seconds
        self._folder = folder
        self._process = psutil.Process()
        self._gpus = _gpus()
        self._over = Event()
        self._looks = 0
        self._thread = Thread(target=self._watch, name="system-metrics", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        # the first answer is since the one before
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._thread.start()

    def stop(self) -> None:
        """Look once more, and no more after that."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._seconds):
            self._look()
        self._look()

    def _look(self) -> None:
        self._looks += 1
        now = milliseconds()
        self._record(
            Metrics(
                points=tuple(
                    MetricPoint(
                        name=f"system.{name}", value=value, step=self._looks, milliseconds=now
                    )
                    for name, value in self._values().items()
                )
            )
        )

    def _values(self) -> dict[str, float]:
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(self._folder))
        values = {
            "cpu_percent": psutil.cpu_percent(),
            "process_cpu_percent": self._process.cpu_percent(),
            "process_memory_mib": self._process.memory_info().rss / MIB,
            "memory_used_percent": memory.percent,
            "disk_used_percent": disk.percent,
            "disk_free_mib": disk.free / MIB,
        }
        for number, gpu in enumerate(self._gpus):
            values |= {f"gpu_{number}.{name}": value for name, value in _look_at(gpu).items()}
        return values


def _gpus() -> list[Any]:
    """Find NVIDIA's GPUs, where their library is installed and finds any."""
    if find_spec("pynvml") is None:
        return []
    import pynvml  # noqa: PLC0415 - optional

    try:
        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []


def _look_at(gpu: Any) -> dict[str, float]:
    import pynvml  # noqa: PLC0415 - optional

    try:
        rates, memory = (
            pynvml.nvmlDeviceGetUtilizationRates(gpu),
            pynvml.nvmlDeviceGetMemoryInfo(gpu),
        )
    except pynvml.NVMLError:
        return {}
    return {
        "utilization_percent": float(rates.gpu),
        "memory_used_mib": memory.used / MIB,
        "memory_used_percent": 100.0 * memory.used / memory.total,
    }
