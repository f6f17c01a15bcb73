from __future__ import annotations

import socket
import subprocess
import sys

import pytest

pytest.importorskip("ray")

from experiment_cycle.errors import BackendError
from experiment_cycle.testing.objectives import squared
from experiment_cycle.testing.studies import a_study, outcomes
from experiment_cycle.tuning.options import RayOptions
from experiment_cycle.tuning.optuna import OptunaTuner
from experiment_cycle.tuning.ray_tune.tuner import RayTuner

pytestmark = pytest.mark.slow

ON_TWO_NODES = """
import sys
from pathlib import Path
from ray.cluster_utils import Cluster
from experiment_cycle.testing.objectives import Slow
from experiment_cycle.testing.studies import a_study
from experiment_cycle.tuning.options import RayOptions
from experiment_cycle.tuning.ray_tune import steering
from experiment_cycle.tuning.ray_tune.tuner import RayTuner

memory = {"object_store_memory": 80 * 2**20}
# a dead node is noticed within a second; otherwise it would be fifteen
noticed = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 300,
    "health_check_failure_threshold": 3,
}
head = {"num_cpus": 0, "include_dashboard": False, "_system_config": noticed, **memory}
cluster = Cluster(initialize_head=True, head_node_args=head)
one, other = (cluster.add_node(num_cpus=1, **memory) for _ in range(2))
cluster.wait_for_nodes()
seen = []

def on_trial(trial):
    seen.append(trial)
    if len(seen) == 4:
        cluster.remove_node(other, allow_graceful=False)

tuner = RayTuner(Path(sys.argv[1]), RayOptions(address=cluster.address))
tuner.run(a_study("hyperband", 16, workers=2), Slow(0.3), on_trial)
print(len(seen), "trials were told")

cluster.remove_node(one, allow_graceful=False)
steering.LEAVE_SECONDS = 1.0
try:
    tuner.run(a_study("hyperband", 17), Slow(0.3), on_trial)
finally:
    cluster.shutdown()
"""


def test_the_death_of_a_node_changes_nothing_and_that_of_all_ends_the_search(tmp_path):
    folder = tmp_path / "studies"
    folder.mkdir()
    done = in_another_process(ON_TWO_NODES, folder, timeout=400)
    assert "16 trials were told" in done.stdout, done.stderr
    found = OptunaTuner(folder).finished(a_study("hyperband", 16))
    whole = OptunaTuner(tmp_path).run(a_study("hyperband", 16), squared, lambda trial: None)
    assert outcomes(found) == outcomes(whole.trials)
    assert "BackendError: No worker of the Ray cluster has a CPU any more" in done.stderr


NOT_INSTALLED = """
import sys
sys.modules["ray"] = None
from experiment_cycle.backends import load_backend
load_backend("tuners", "ray")
"""


def test_a_missing_ray_is_named_with_what_to_do():
    done = in_another_process(NOT_INSTALLED, timeout=120)
    assert "BackendError: The tuners backend 'ray' needs the package 'ray'" in done.stderr
    assert 'pip install "experiment-cycle[ray]"' in done.stderr


def test_an_address_where_nothing_listens_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    tuner = RayTuner(tmp_path, RayOptions(address=address))
    with pytest.raises(BackendError, match=rf"tuning.ray.address, '{address}'.*refused.*ray start"):
        tuner.run(a_study(), squared, lambda trial: None)


def test_an_address_where_somebody_else_listens_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("experiment_cycle.tuning.ray_tune.cluster.JOIN_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        tuner = RayTuner(tmp_path, RayOptions(address=f"127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(BackendError, match="nothing there answered as Ray does"):
            tuner.run(a_study(), squared, lambda trial: None)


@pytest.mark.parametrize("address", ["ray://head:10001", "http://head:8265", "head"])
def test_an_address_that_is_none_of_a_head_is_refused(address):
    with pytest.raises(ValueError, match=r"such as 10\.0\.0\.5:6379"):
        RayOptions(address=address)


def in_another_process(code, *arguments, timeout):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
