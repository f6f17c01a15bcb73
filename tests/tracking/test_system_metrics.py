"""How busy the machine is, with a last look at the end."""

from __future__ import annotations

import time
from pathlib import Path

from experiment_cycle.tracking.entries import Metrics
from experiment_cycle.tracking.system_metrics import SystemMetrics

NAMES = {
    "system.cpu_percent",
    "system.process_cpu_percent",
    "system.process_memory_mib",
    "system.memory_used_percent",
    "system.disk_used_percent",
    "system.disk_free_mib",
}


def test_a_look_every_so_often_and_one_at_the_end(tmp_path: Path) -> None:
    looks: list[Metrics] = []
    watch = SystemMetrics(looks.append, 0.05, tmp_path)
    watch.start()
    while len(looks) < 3:
        time.sleep(0.01)
    watch.stop()
    done = len(looks)
    time.sleep(0.2)
    assert len(looks) == done
    assert {point.step for look in looks for point in look.points} == set(range(1, done + 1))
    for look in looks:
        values = {point.name: point.value for point in look.points}
        assert set(values) >= NAMES
        assert values["system.process_memory_mib"] > 10
        assert 0 < values["system.memory_used_percent"] <= 100


def test_a_short_run_has_one_look(tmp_path: Path) -> None:
    looks: list[Metrics] = []
    watch = SystemMetrics(looks.append, 3600.0, tmp_path)
    watch.start()
    watch.stop()
    assert len(looks) == 1
