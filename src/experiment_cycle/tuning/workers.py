"""Trials run side by side in processes, with the same outcome for any number of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from experiment_cycle.tuning.budgets import Stopwatch
from experiment_cycle.tuning.choice import Choice
from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial
from experiment_cycle.tuning.crew import Crew
from experiment_cycle.tuning.live import LiveFiles
from experiment_cycle.tuning.stopping import EarlyStopping
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.tuning.worker import Work, Worker

logger = logging.getLogger(__name__)


def run_trials(
    study: Study,
    store: StudyStore,
    objective: Objective,
    on_trial: Callable[[Trial], None],
    *,
    choice: Callable[[Study], Choice],
    stopping: EarlyStopping | None,
) -> Searched:
    """Go on with a study up to its budget; see `Tuner.run`.

    This process is one of its workers, others are begun beside it. Whoever else runs the same study
    in the same folder takes part in it.

    Args:
        study: What to search.
        store: Where it is kept.
        objective: Measures one configuration.
        on_trial: Told of each new trial.
        choice: Makes what chooses the trials; called once in each process. It can be pickled.
        stopping: What stops trials early.
    """
    earlier = store.read()
    clock = Stopwatch(study.seconds, store.spent)
    missing = study.trials - len({trial.number for trial in earlier if trial.number < study.trials})
    helpers = max(0, min(study.workers, study.batch, missing) - 1)
    work = Work(*(uuid4().hex, store.folder.parent, study, objective, choice, stopping, clock))
    with _crew(helpers, work) as crew:
        # rungs are told of under a name
        name = None if stopping is None else f"first of {work.run}"
        worker = Worker(work, store, name, crew, on_trial)
        worker.know(earlier)
        because = worker.work()
    searched = Searched(worker.trials, because, clock.spent)
    if study.seconds is not None and searched.spent_seconds >= study.seconds:
        store.note_spent(searched.spent_seconds)
    if helpers or stopping is not None:
        LiveFiles(store.folder).tidy({trial.number for trial in searched.trials})
    return searched


@contextmanager
def _crew(helpers: int, work: Work) -> Iterator[Crew | None]:
    """Have helpers while the block runs; it does without where there can be none."""
    if helpers == 0:
        yield None
        return
    try:
        crew = Crew(helpers, work)
    # what cannot be pickled raises what its part at fault raises
    except Exception as error:
        logger.warning(
            "The search has one worker, because other processes cannot be begun (%s: %s).",
            *(type(error).__name__, error),
        )
        yield None
        return
    try:
        # several fits at once have the cores to themselves
        with threadpool_limits(1):
            yield crew
    finally:
        crew.end()
