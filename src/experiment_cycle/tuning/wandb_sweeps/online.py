"""A search whose trials W&B's server chooses, run by W&B's agents."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from experiment_cycle.errors import BackendError
from experiment_cycle.replacing import replacing
from experiment_cycle.tuning.budgets import Stopwatch
from experiment_cycle.tuning.contract import Objective, Searched, Study, Trial
from experiment_cycle.tuning.options import WandbOptions
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.tuning.wandb_sweeps.agents import AgentProcess, Agents
from experiment_cycle.tuning.wandb_sweeps.configuration import parameters_read, sweep_configuration
from experiment_cycle.tuning.wandb_sweeps.wire import LOG, UNANSWERED, Assigned, Task, Word

KEY = "WANDB_API_KEY"
SWEEP = "sweep.json"
"""The file in a study's folder that names its sweep."""
CAVEAT = (
    "The trials were chosen by W&B's server: another search with the same seed has other trials."
)
DEATHS = 3
"""So many agents may die in one search."""


class OnlineSweep:
    """Goes on with a study whose trials W&B's server chooses.

    The server's choices depend on the server alone: another run of the same study has other trials.
    Those that are finished are kept at once, and a rerun goes on with the same sweep.
    """

    def __init__(self, study: Study, store: StudyStore, options: WandbOptions) -> None:
        self._study = study
        self._store = store
        self._options = options
        self._trials: dict[int, Trial] = {}
        self._running: dict[int, dict[str, Any]] = {}
        # told to ask the server for a trial, which counts as one already
        self._drawing: set[AgentProcess] = set()
        self._ended = False
        self._deaths = 0
        self._repeats = 0

    def run(self, objective: Objective, on_trial: Callable[[Trial], None]) -> Searched:
        """Run trials until the budget is used up, or the server has no more.

        Args:
            objective: Measures one configuration.
            on_trial: Told of each new trial.

        Raises:
            BackendError: no key, a wrong one, no server, none of its answers in time, or another
                process is at it.
        """
        self._on_trial: Callable[[Trial], None] = lambda trial: None
        self._take_in()
        self._on_trial = on_trial
        self._clock = Stopwatch(self._study.seconds, self._store.spent)
        if self._wants_more():
            _require_key()
            with self._alone():
                self._search(objective)
        if self._study.seconds is not None and self._clock.is_over:
            self._store.note_spent(self._clock.spent)
        return Searched(
            trials=tuple(self._trials[number] for number in sorted(self._trials)),
            stopped_because=self._because(),
            spent_seconds=self._clock.spent,
            caveats=(CAVEAT,),
        )

    def _search(self, objective: Objective) -> None:
        task = Task(
            study=self._study,
            objective=objective,
            options=self._options,
            folder=self._store.folder.parent,
            clock=self._clock,
            sweep=None,
            with_first=False,
        )
        most = min(self._study.workers, self._study.trials - len(self._trials))
        with Agents(task, most) as agents:
            self._start(agents)
            while agents.are_there:
                for agent, word, content in agents.messages():
                    self._answer(agents, agent, word, content)
                if self._has_no_time():
                    agents.tell_all_that_it_is_over()
                if agents.longest_wait() > self._options.wait_seconds:
                    raise self._broken(
                        f"the server has handed out no trial for {self._options.wait_seconds:g} "
                        "seconds (tuning.wandb.wait_seconds); the sweep may be paused"
                    )

    def _start(self, agents: Agents) -> None:
        with_first = self._study.first is not None and 0 not in self._trials
        agents.start(self._kept_sweep(), with_first=with_first)

    def _answer(self, agents: Agents, agent: AgentProcess, word: Word, content: Any) -> None:
        answer: Any = None
        match word:
            case "created":
                self._keep_sweep(content)
                self._start(agents)
            case "free":
                self._drawing.discard(agent)
                answer = self._wants_more()
                if answer:
                    self._drawing.add(agent)
            case "drawn":
                self._drawing.discard(agent)
                answer = self._assigned(content)
                agent.trial = answer.number
            case "kept" | "dropped":
                self._running.pop(content, None)
                self._take_in()
            case "ended":
                self._ended = True
            case "broken":
                raise self._broken(content)
            case "gone":
                self._drawing.discard(agent)
                self._mourn(agents, agent)
        if word not in UNANSWERED:
            agent.tell(answer)

    def _wants_more(self) -> bool:
        there = len(self._trials) + len(self._running) + len(self._drawing)
        return not self._ended and there < self._study.trials and not self._has_no_time()

    def _has_no_time(self) -> bool:
        # without a complete trial there is nothing to show for the time
        return self._clock.is_over and any(
            trial.state == "complete" for trial in self._trials.values()
        )

    def _assigned(self, drawn: dict[str, Any]) -> Assigned:
        """Give a trial the next number; on a grid, find the one that was the same.

        A grid of W&B's knows no conditions, so that points differ in what does not hold.
        """
        parameters = parameters_read(drawn, self._study.space)
        if self._study.method == "grid":
            for trial in self._trials.values():
                if trial.parameters == parameters:
                    self._repeat()
                    return Assigned(trial.number, is_new=False)
        taken = self._trials.keys() | self._running.keys()
        number = next(number for number in count() if number not in taken)
        self._running[number] = parameters
        return Assigned(number, is_new=True)

    def _repeat(self) -> None:
        """Count a point that was handed out again; there are not more of them than points."""
        self._repeats += 1
        parameters = sweep_configuration(self._study)["parameters"]
        if self._repeats > math.prod(len(one["values"]) for one in parameters.values()):
            raise self._broken("the server hands out the same configurations over and over")

    def _take_in(self) -> None:
        for trial in self._store.read():
            if trial.number < self._study.trials and trial.number not in self._trials:
                self._trials[trial.number] = trial
                self._on_trial(trial)

    def _mourn(self, agents: Agents, agent: AgentProcess) -> None:
        """Start another agent where one was killed, unless that goes on."""
        if agent.process.returncode == 0:
            return
        self._take_in()
        if agent.trial is not None:
            self._running.pop(agent.trial, None)
        self._deaths += 1
        if self._deaths > DEATHS:
            code = agent.process.returncode
            raise self._broken(
                f"{self._deaths} agents died, the last one with code {code}"
                # who was killed, negative, could not say why
                + (self._last_words() if code > 0 else "")
            )
        if self._wants_more():
            self._start(agents)

    def _last_words(self) -> str:
        lines = (self._store.folder / LOG).read_text("utf-8", "replace").strip().splitlines()
        return f" ({lines[-1]})" if lines else ""

    def _because(self) -> str:
        done, asked = len(self._trials), self._study.trials
        if done >= asked:
            return f"All {asked} trials were run."
        if self._ended:
            return f"W&B's server had no more trials: {done} configurations were tried."
        return (
            f"The time was up: {self._clock.spent:.1f} of {self._study.seconds:g} seconds, after "
            f"{done} of {asked} trials."
        )

    @property
    def _sweep_file(self) -> Path:
        return self._store.folder / SWEEP

    def _kept_sweep(self) -> str | None:
        try:
            return str(json.loads(self._sweep_file.read_text("utf-8"))["sweep"])
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise BackendError(
                f"{self._sweep_file} does not name a sweep. Next step: delete it; the search then "
                "goes on in a new sweep."
            ) from error

    def _keep_sweep(self, sweep: str) -> None:
        with replacing(self._sweep_file) as unfinished:
            unfinished.write_text(json.dumps({"sweep": sweep}), "utf-8")

    def _broken(self, said: str) -> BackendError:
        key = os.environ.get(KEY)
        shown = said.replace(key, "…") if key else said
        again = f", delete {self._sweep_file} if the sweep is gone" if self._kept_sweep() else ""
        return BackendError(
            f"W&B Sweeps cannot go on: {shown}. Next step: check {KEY}, WANDB_BASE_URL and the "
            f"network{again}, and run again (finished trials are kept); or set tuning.wandb.mode "
            f"to offline. What its agents have printed is in {self._store.folder / LOG}."
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the sweep for this process: trials are numbered here."""
        self._store.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._store.folder / ".online.lock", timeout=0):
                yield
        except Timeout as error:
            raise BackendError(
                f"The sweep of {self._store.folder} is being searched by another process. Next "
                "step: wait for it, or stop it; what it has finished is kept."
            ) from error


def _require_key() -> None:
    if not os.environ.get(KEY):
        raise BackendError(
            f"tuning.wandb.mode is online, but {KEY} is not set in the environment. Next step: set "
            "it to your key (https://wandb.ai/authorize), or set tuning.wandb.mode to offline, "
            "which needs no account."
        )
