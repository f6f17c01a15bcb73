from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from experiment_cycle.training.resources import ResourceMeter

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


def test_sleeping_takes_time_and_no_processor():
    with ResourceMeter() as meter:
        time.sleep(0.2)
    assert meter.wall_seconds >= 0.2
    assert meter.cpu_seconds < 0.15


def test_the_processor_time_of_children_counts():
    with ResourceMeter() as meter:
        subprocess.run([sys.executable, "-c", BURN], check=True)
    assert meter.cpu_seconds >= 0.28


def test_a_passing_peak_of_memory_is_seen():
    with ResourceMeter() as quiet:
        time.sleep(0.05)
    with ResourceMeter() as busy:
        block = np.ones(200 * 2**17)  # 200 MiB
        time.sleep(0.1)
        del block
    assert busy.peak_memory_mib >= quiet.peak_memory_mib + 150


def test_an_error_ends_the_measurement_and_passes_through():
    meter = ResourceMeter()
    with pytest.raises(ZeroDivisionError), meter:
        1 / 0  # noqa: B018
    assert meter.wall_seconds > 0


def test_the_record_holds_what_was_measured():
    with ResourceMeter() as meter:
        time.sleep(0.01)
    record = meter.resources(train_rows=7, validation_rows=3)
    assert record.wall_seconds == meter.wall_seconds >= 0.01
    assert record.peak_memory_mib == meter.peak_memory_mib
    assert (record.train_rows, record.validation_rows) == (7, 3)


class Gpu:
    """As much of `torch.cuda` as is asked."""

    def __init__(self, used):
        self.used, self.peak = used, 5 * 2**20

    def is_available(self):
        return True

    def is_initialized(self):
        return self.used

    def reset_peak_memory_stats(self):
        self.peak = 0

    def max_memory_allocated(self):
        return self.peak


@pytest.mark.parametrize(("used", "told"), [(True, 3.0), (False, None)])
def test_the_memory_of_a_gpu_is_that_of_the_block(used, told, monkeypatch):
    gpu = Gpu(used)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=gpu))
    with ResourceMeter() as meter:
        gpu.peak += 3 * 2**20
    assert meter.gpu_memory_mib == told


def test_without_pytorch_there_is_no_memory_of_a_gpu(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with ResourceMeter() as meter:
        pass
    assert meter.gpu_memory_mib is None
    assert "torch" not in sys.modules
