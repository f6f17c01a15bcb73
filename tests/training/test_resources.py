from __future__ import annotations

import subprocess
import sys
import time

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
