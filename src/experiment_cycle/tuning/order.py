"""Which trials may be run now, and with what parameters: every worker finds the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from experiment_cycle.tuning.choice import Choice
from experiment_cycle.tuning.contract import Study, Trial


class TrialOrder:
    """Asks a choice for the trials of a study in the order of their numbers.

    Trial k is chosen by what trials 0 to k - `Study.batch` have shown. So a worker need not be told
    what others are trying: it asks its own choice, which answers as theirs do.
    """

    def __init__(self, study: Study, choice: Choice) -> None:
        self.done: dict[int, Trial] = {}
        self._study = study
        self._choice = choice
        self._chosen: dict[int, dict[str, Any]] = {}
        self._asked = 0
        self._told = 0
        self._lowest = 0
        self._end = study.trials

    @property
    def end(self) -> int:
        """How many trials there are at most, as far as is known."""
        return self._end

    @property
    def is_through(self) -> bool:
        """Whether every trial is finished."""
        return self._lowest >= self._end

    @property
    def has_complete(self) -> bool:
        """Whether a trial has come to its end."""
        return any(trial.state == "complete" for trial in self.done.values())

    def add(self, trial: Trial) -> bool:
        """Take in a finished trial; False: it is none of this search, or was known before."""
        if trial.number >= self._study.trials or trial.number in self.done:
            return False
        self.done[trial.number] = trial
        self._chosen.pop(trial.number, None)
        while self._lowest in self.done:
            self._lowest += 1
        return True

    def open(self) -> Iterator[int]:
        """List the unfinished trials for which all is known that they are chosen by, ascending."""
        for number in range(self._lowest, min(self._lowest + self._study.batch, self._end)):
            if number not in self.done:
                yield number

    def unfinished_before(self, number: int) -> list[int]:
        """List the unfinished trials of lower numbers, ascending."""
        return [other for other in range(self._lowest, number) if other not in self.done]

    def parameters(self, number: int) -> dict[str, Any] | None:
        """Find the parameters of an open trial; None: there is no such trial."""
        while self._asked <= number < self._end:
            self._ask()
        return self._chosen[number] if number < self._end else None

    def _ask(self) -> None:
        number = self._asked
        while self._told <= number - self._study.batch:
            self._choice.tell(self.done[self._told])
            self._told += 1
        if number in self.done:
            self._choice.take_up(self.done[number])
        else:
            chosen = self._choice.choose(number)
            if chosen is None:
                self._end = number
                return
            self._chosen[number] = chosen
        self._asked += 1
