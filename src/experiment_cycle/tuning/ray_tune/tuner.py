"""Search on the workers of a Ray cluster: trials run by Ray Tune, chosen by Optuna's samplers."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle, tune
from ray.exceptions import RayError
from ray.tune import TuneError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from experiment_cycle.errors import BackendError
from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial
from experiment_cycle.tuning.halving import SuccessiveHalving
from experiment_cycle.tuning.options import RayOptions
from experiment_cycle.tuning.optuna_choice import OptunaChoice
from experiment_cycle.tuning.own_folder import OwnFolder
from experiment_cycle.tuning.ray_tune.attempt import run_trial
from experiment_cycle.tuning.ray_tune.cluster import cluster
from experiment_cycle.tuning.ray_tune.course import Course
from experiment_cycle.tuning.ray_tune.desk import Desk
from experiment_cycle.tuning.ray_tune.steering import Asking, Ending, Telling, lost
from experiment_cycle.tuning.store import StudyStore

LEAST_STORE = 100 * 2**20
"""Bytes that workers share; Ray takes no less than 75 MiB."""


class RayTuner:
    """Runs each trial of a study as one of Ray Tune's, on any node of a cluster.

    This process chooses the trials, and keeps what is finished at once; Ray keeps nothing. The
    matrices are handed to each node once.
    """

    def __init__(self, folder: Path, options: RayOptions | None = None) -> None:
        self._folder = folder
        self._options = options or RayOptions()

    def finished(self, study: Study) -> list[Trial]:
        """List the trials that an earlier run finished; see `Tuner.finished`."""
        return StudyStore(self._folder, study).finished()

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> Searched:
        """Continue the study up to its budget; see `Tuner.run`."""
        store = StudyStore(self._folder, study)
        course = Course(study, store, OptunaChoice(study), on_trial)
        asked = course.ask()
        if asked is not None:
            course.put_back(asked[0])
            workers = min(study.workers, study.batch)
            size = max(LEAST_STORE, 2 * _size_of(objective))
            with _quiet(), cluster(self._options.address, workers, size):
                _search(course, study, objective, workers)
        return course.searched()


def _search(course: Course, study: Study, objective: Objective, workers: int) -> None:
    stopping = None
    if study.halving is not None:
        stopping = SuccessiveHalving(study.halving, study.greater_is_better)
    desk = _desk(stopping, course)
    ending = Ending(course)
    given = {"objective": objective, "stopping": stopping, "desk": desk}
    try:
        with OwnFolder("ray_tune") as folder:
            tune.Tuner(
                tune.with_resources(tune.with_parameters(run_trial, **given), {"cpu": 1}),
                tune_config=tune.TuneConfig(
                    search_alg=Asking(course),
                    num_samples=-1,
                    max_concurrent_trials=workers,
                    reuse_actors=True,
                    trial_dirname_creator=lambda trial: trial.trial_id,
                ),
                run_config=tune.RunConfig(
                    name="study",
                    storage_path=str(folder),
                    stop=ending,
                    callbacks=[Telling(course, desk, ending)],
                    verbose=0,
                ),
            ).fit()
    except (RayError, TuneError) as error:
        ending.error = ending.error or lost(error)
    finally:
        with suppress(RayError):
            ray.kill(desk)
    if ending.error is not None:
        raise ending.error
    if not (course.is_over or course.is_time_up):
        raise lost(RuntimeError("it ended on its own."))


def _desk(stopping: SuccessiveHalving | None, course: Course) -> Any:
    """Start the desk on this node, which lives as long as the search itself does."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(Desk).options(num_cpus=0, scheduling_strategy=here)
    return actor.remote(stopping, course.finished)


def _size_of(objective: Objective) -> int:
    """Count the bytes that an objective takes when it is handed over, without copying them."""
    buffers: list[pickle.PickleBuffer] = []
    given = {"protocol": 5, "buffer_callback": buffers.append}
    try:
        rest: bytes = cloudpickle.dumps(objective, **given)  # type: ignore[no-untyped-call]
    # what cannot be pickled raises what its part at fault raises
    except Exception as error:
        raise BackendError(
            "The work of a trial cannot be handed to other processes, as Ray must do it "
            f"({type(error).__name__}: {error}). Next step: set tuning.backend to optuna."
        ) from error
    return len(rest) + sum(buffer.raw().nbytes for buffer in buffers)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Ray's own log to itself: what matters is said by the search."""
    rays = logging.getLogger("ray")
    before = rays.level
    rays.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        rays.setLevel(before)
