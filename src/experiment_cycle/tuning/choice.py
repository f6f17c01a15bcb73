"""What chooses the configurations of a study, apart from who runs them and where they are kept."""

from __future__ import annotations

from typing import Any, Protocol

from experiment_cycle.tuning.contract import Trial


class Choice(Protocol):
    """Chooses the trials of one study, asked for every number in order, from 0.

    When it is asked for trial k it has been told the outcomes of trials 0 to k - `Study.batch`, no
    more and no less. What it answers depends on them, on the study and on what it has answered
    before, on nothing else: each worker has a choice of its own, and all of them answer alike.
    """

    def choose(self, number: int) -> dict[str, Any] | None:
        """Choose the active parameters of a trial; None: nothing is left to try.

        They are in the order of the space, those that depend on others after them.
        """
        ...

    def take_up(self, trial: Trial) -> None:
        """Take note of a finished trial, in place of `choose`; not yet of its outcome."""
        ...

    def tell(self, trial: Trial) -> None:
        """Take in the outcome of a trial chosen or taken up before; in the order of numbers."""
        ...
