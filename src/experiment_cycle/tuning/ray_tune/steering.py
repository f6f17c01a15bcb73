"""What connects Ray Tune's loop to a study: it asks for trials here, and tells of their ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.exceptions import RayError
from ray.tune.search import Searcher

from experiment_cycle.errors import BackendError
from experiment_cycle.tuning.ray_tune.course import MOST_DEATHS, Course

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether trials get their CPUs."""
ROOM_SECONDS = 5.0
"""How long a trial waits for a CPU before one that waits for it makes room."""
WARN_SECONDS = 60.0
"""How long no trial runs before a warning."""
LEAVE_SECONDS = 120.0
"""How long there is no CPU in the whole cluster before the search ends."""
CAUSE_LENGTH = 300


class _Steering:
    """Leaves nothing behind when Ray pickles it, for a resume of its own that is not used."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


class Asking(_Steering, Searcher):
    """Gives Ray Tune the trials of a course."""

    def __init__(self, course: Course) -> None:
        super().__init__(metric="value", mode="min")
        self._course = course

    def suggest(self, trial_id: str) -> Any:
        """Give the next trial; None: not now."""
        asked = self._course.ask()
        if asked is not None:
            return {"trial": asked[0], "parameters": asked[1]}
        return Searcher.FINISHED if self._course.is_over else None

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Do nothing: `Telling` is told, too, and told more."""

    def save(self, checkpoint_path: str) -> None:
        """Save nothing: the study's store has it."""

    def restore(self, checkpoint_path: str) -> None:
        """Restore nothing."""


class Ending(_Steering, tune.Stopper):
    """Ends the search when its time is up, or after an error; the error is kept for `run`."""

    def __init__(self, course: Course) -> None:
        self.error: BaseException | None = None
        self._course = course

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Let each trial go on: the desk stops them."""
        return False

    def stop_all(self) -> bool:
        """Tell whether it ends here; trials under way are then dropped."""
        return self.error is not None or self._course.is_time_up

    def guard(self, work: Callable[[], None]) -> None:
        """Work that ends the search where it raises; Ray would hide what was raised."""
        if self.error is not None:
            return
        try:
            work()
        except RayError as error:
            self.error = lost(error)
        except BaseException as error:
            self.error = error


class Telling(_Steering, tune.Callback):
    """Tells a course what becomes of its trials, and looks that they get their CPUs."""

    def __init__(self, course: Course, desk: Any, ending: Ending) -> None:
        self._course = course
        self._desk = desk
        self._ending = ending
        self._looked = time.monotonic()
        self._pending: dict[int, float] = {}
        self._idle_since: float | None = None
        self._warned = False

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Keep a trial that came to its end."""
        self._ending.guard(lambda: self._close(trial.config["trial"]))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        """Let a trial whose worker died be run again, once."""
        self._ending.guard(lambda: self._bury(trial))

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        """Look whether trials wait for a CPU."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._ending.guard(lambda: self._look(trials))
            self._looked = time.monotonic()

    def _close(self, number: int) -> None:
        if not self._take(number):
            # it stepped back
            self._course.hold(number)

    def _take(self, number: int) -> bool:
        """Keep what the desk has of a trial; False: it has nothing."""
        outcome = ray.get(self._desk.take.remote(number))
        if outcome is None:
            return False
        self._course.finish(*outcome)
        return True

    def _bury(self, trial: Any) -> None:
        number = trial.config["trial"]
        # it may have finished before its worker died
        if self._take(number) or not self._course.died(number):
            return
        curve = ray.get(self._desk.give_up.remote(number))
        self._course.fail(number, curve, f"{MOST_DEATHS} workers failed at it: {_cause(trial)}")

    def _look(self, trials: list[Any]) -> None:
        now = time.monotonic()
        under_way = {
            trial.config["trial"]: trial.status
            for trial in trials
            if trial.status in (trial.PENDING, trial.RUNNING)
        }
        running = [number for number, status in under_way.items() if status == "RUNNING"]
        self._pending = {
            number: self._pending.get(number, now)
            for number in sorted(under_way)
            if number not in running
        }
        self._look_for_room(running, now)
        self._look_for_cpus(bool(running) or not under_way, now)

    def _look_for_room(self, running: list[int], now: float) -> None:
        """Let a trial that waits at a rung make room for one that it waits for."""
        starved = [each for each, since in self._pending.items() if now - since > ROOM_SECONDS]
        if not starved or not running or max(running) < starved[0]:
            return
        waiting = ray.get(self._desk.waiting.remote())
        if set(running) <= set(waiting):
            ray.get(self._desk.send_back.remote(max(running)))

    def _look_for_cpus(self, is_well: bool, now: float) -> None:
        if is_well:
            self._idle_since = None
            return
        self._idle_since = self._idle_since or now
        idle = now - self._idle_since
        if idle > WARN_SECONDS and not self._warned:
            self._warned = True
            logger.warning(
                "No trial runs since %.0f seconds: the workers of the Ray cluster are busy with "
                "something else, or still starting.",
                idle,
            )
        cpus = ray.cluster_resources().get("CPU", 0)  # type: ignore[no-untyped-call]
        if idle > LEAVE_SECONDS and cpus < 1:
            raise BackendError(
                "No worker of the Ray cluster has a CPU any more. Next step: start workers with "
                "`ray start --address=…`, then run again; finished trials are kept."
            )


def lost(error: Exception) -> BackendError:
    """Make an error of one by which Ray could not go on."""
    return BackendError(
        f"Ray could not go on with the search: {_shortened(str(error))} Next step: run again; "
        "finished trials are kept."
    )


def _cause(trial: Any) -> str:
    """Read of what a trial's last worker died."""
    file = Path(trial.error_file) if trial.error_file else None
    if file is None or not file.exists():
        return "Ray does not know of what."
    return _shortened(file.read_text("utf-8").split("(occurred at")[-1].partition("\n")[2])


def _shortened(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= CAUSE_LENGTH else f"{said[:CAUSE_LENGTH]}…"
