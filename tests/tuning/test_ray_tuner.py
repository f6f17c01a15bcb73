from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("ray")

from experiment_cycle.backends import load_backend
from experiment_cycle.testing.objectives import Deadly, Slow, squared
from experiment_cycle.testing.studies import HALVING, a_study, outcomes
from experiment_cycle.testing.tuners import TunerContract
from experiment_cycle.tuning.halving import SuccessiveHalving
from experiment_cycle.tuning.ray_tune.cluster import cluster
from experiment_cycle.tuning.ray_tune.desk import STEP_BACK, Desk

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ray_here():
    """One Ray for all tests."""
    with cluster(None, workers=2, store_bytes=100 * 2**20):
        yield


@pytest.mark.usefixtures("ray_here")
class TestRayTuner(TunerContract):
    backend = "ray"
    reference = "optuna"
    most_workers = 2
    # choice, stopping and store are those of the backend optuna, where these are tested; that both
    # give the same trials and curves is seen where workers die and searches are interrupted
    test_each_trial_lies_in_the_space_and_the_first_is_the_configuration = None
    test_the_seed_decides_however_many_workers_there_are_and_whoever_was_stopped = None
    test_every_worker_s_trials_are_told = None
    test_curves_are_kept_by_step = None
    test_another_seed_gives_other_trials = None
    test_bayesian_search_closes_in_where_random_search_does_not = None
    test_hyperband_stops_what_is_not_promising = None
    test_studies_of_other_keys_have_nothing_in_common = None

    def pytest_generate_tests(self, metafunc):
        """Try less than other backends do: each study starts processes, for seconds."""
        for name, value in {"method": "hyperband", "workers": 2}.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, [value])


def run(folder, objective=squared, tuner="ray", **changes):
    folder.mkdir(exist_ok=True)
    told = []
    made = load_backend("tuners", tuner)(folder)
    searched = made.run(a_study(**changes), objective, told.append)
    assert sorted(told, key=lambda trial: trial.number) == list(searched.trials)
    return searched.trials


@pytest.mark.usefixtures("ray_here")
def test_a_trial_whose_worker_dies_is_run_again_once(tmp_path):
    study = {"method": "hyperband", "trials": 8, "workers": 2}
    # the first trial is never stopped early, and later ones overtake it
    uneven = Slow(0.01, uneven=True)
    deadly = Deadly(tmp_path, numbers=(0,), times=1, step=1, objective=uneven)
    whole = run(tmp_path / "optuna", tuner="optuna", **study)
    assert outcomes(run(tmp_path / "once", deadly, **study)) == outcomes(whole)
    assert len(list(tmp_path.glob("*.death"))) == 1


@pytest.mark.usefixtures("ray_here")
def test_a_trial_that_kills_its_worker_twice_has_failed(tmp_path):
    deadly = Deadly(tmp_path, numbers=(0,), times=9, step=2)
    trials = run(tmp_path / "twice", deadly, method="hyperband", trials=4, workers=2)
    assert len(list(tmp_path.glob("*.death"))) == 2
    assert [trial.state == "failed" for trial in trials] == [True, False, False, False]
    assert "2 workers failed at it" in trials[0].reason
    assert len(trials[0].curve) == 1


def test_what_is_finished_is_read_without_ray(tmp_path, monkeypatch):
    trials = run(tmp_path / "studies", tuner="optuna")
    monkeypatch.setattr("experiment_cycle.tuning.ray_tune.tuner.cluster", None)
    tuner = load_backend("tuners", "ray")(tmp_path / "studies")
    assert tuner.finished(a_study()) == list(trials)
    assert tuner.run(a_study(), squared, lambda trial: None).trials == trials


def test_a_trial_that_is_waited_for_gets_the_place_of_one_that_waits():
    async def meet():
        desk = Desk(SuccessiveHalving(HALVING, greater_is_better=False), [])
        waits = asyncio.ensure_future(desk.judge(1, (0.5,)))
        await asyncio.sleep(0)
        assert await desk.waiting() == [1]
        await desk.send_back(1)
        assert await waits == STEP_BACK
        assert await desk.judge(0, (0.1,)) is None
        assert "number 2 of 2" in await desk.judge(1, (0.5,))

    asyncio.run(meet())
