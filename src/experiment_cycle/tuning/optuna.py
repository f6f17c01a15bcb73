"""Search with Optuna: random, or Bayesian with the tree-structured Parzen estimator (TPE)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tuning.contract import Objective, Study, Trial
from experiment_cycle.tuning.options import SearchSpace

CAUSE = "cause"
LOCK_GRACE = 5
"""Seconds after which the lock of a process that died while writing is taken away."""


class OptunaTuner:
    """Keeps each study in a journal file of Optuna's, one line a trial.

    The trial under way lives in memory only and is written when it is finished. So the process may
    die at any moment and leaves no trial half done, and a trial costs one write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        optuna.logging.set_verbosity(optuna.logging.WARNING)

    def finished(self, study: Study) -> list[Trial]:
        """List the trials that an earlier run finished; see `Tuner.finished`."""
        file = self._file(study)
        if not file.exists():
            return []
        return [_trial(frozen) for frozen in self._journal(study).trials[: study.trials]]

    def run(
        self, study: Study, objective: Objective, on_trial: Callable[[Trial], None]
    ) -> list[Trial]:
        """Continue the study up to its number of trials; see `Tuner.run`."""
        journal = self._journal(study)
        present = optuna.create_study(direction=_direction(study))
        present.add_trials(journal.trials[: study.trials])
        for number in range(len(present.trials), study.trials):
            present.sampler = _sampler(study, number)
            live = present.ask()
            parameters = {name: _suggest(live, name, study.space[name]) for name in study.space}
            value, cause = _attempt(objective, parameters)
            if cause is None:
                frozen = present.tell(live, value)
            else:
                live.set_user_attr(CAUSE, cause)
                frozen = present.tell(live, state=TrialState.FAIL)
            journal.add_trial(frozen)
            on_trial(_trial(frozen))
        return [_trial(frozen) for frozen in present.trials]

    def _file(self, study: Study) -> Path:
        return self._folder / f"{study.key}.journal"

    def _journal(self, study: Study) -> optuna.Study:
        file = self._file(study)
        _drop_unfinished_line(file)
        # Optuna's default lock is a symbolic link, which Windows does not let everyone make
        lock = JournalFileOpenLock(str(file), grace_period=LOCK_GRACE)
        storage = JournalStorage(JournalFileBackend(str(file), lock_obj=lock))
        # asked first, because creating a study writes a line even where there is one
        if study.key in optuna.get_all_study_names(storage):
            return optuna.load_study(study_name=study.key, storage=storage)
        return optuna.create_study(
            study_name=study.key, storage=storage, direction=_direction(study)
        )


def _direction(study: Study) -> Literal["maximize", "minimize"]:
    return "maximize" if study.greater_is_better else "minimize"


def _sampler(study: Study, number: int) -> optuna.samplers.BaseSampler:
    """Make the sampler of one trial.

    One sampler for the whole study would start over with its first draws after a resume.
    """
    seed = int(np.random.SeedSequence([study.seed, number]).generate_state(1)[0])
    if study.method == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


def _suggest(live: optuna.Trial, name: str, space: SearchSpace) -> Any:
    if space.choices is not None:
        return live.suggest_categorical(name, space.choices)
    low, high = space.low or 0, space.high or 0
    if space.type == "int":
        return live.suggest_int(name, int(low), int(high), log=space.log)
    return live.suggest_float(name, float(low), float(high), log=space.log)


def _attempt(objective: Objective, parameters: dict[str, Any]) -> tuple[float | None, str | None]:
    """Measure one configuration; return its value, or the cause of its failure."""
    try:
        value = float(objective(parameters))
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"
    if not math.isfinite(value):
        return None, f"the metric is {value}"
    return value, None


def _trial(frozen: FrozenTrial) -> Trial:
    return Trial(
        number=frozen.number,
        parameters=dict(frozen.params),
        value=frozen.value if frozen.state == TrialState.COMPLETE else None,
        duration_seconds=frozen.duration.total_seconds() if frozen.duration else 0.0,
        cause=frozen.user_attrs.get(CAUSE),
    )


def _drop_unfinished_line(file: Path) -> None:
    """Cut off what a dying process left half written, so that the next line starts on its own.

    Raises:
        IntegrityError: a line before the last one is no JSON.
    """
    if not file.exists():
        return
    content = file.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            json.loads(line)
        except ValueError as error:
            raise IntegrityError(
                f"Line {number} of the study {file} is damaged. Next step: delete the file; the "
                "search then starts anew."
            ) from error
    if len(whole) < len(content):
        with file.open("r+b") as handle:
            handle.truncate(len(whole))
