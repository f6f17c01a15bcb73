"""What stops trials early: a rule that knows values, and nothing of processes and waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from experiment_cycle.tuning.contract import State, Trial


@dataclass(frozen=True)
class Progress:
    """How far a trial has come.

    Attributes:
        number: The trial's.
        curve: The metric after each step, as far as it has come.
        state: What became of it; None where it is under way.
    """

    number: int
    curve: tuple[float, ...]
    state: State | None = None

    @classmethod
    def of(cls, trial: Trial) -> Progress:
        """Tell how far a finished trial came."""
        return cls(trial.number, trial.curve, trial.state)

    def reaches(self, step: int) -> bool:
        """Tell whether it is known how the trial stood after a step: it came there, or is over."""
        return self.state is not None or len(self.curve) >= step

    def after(self, step: int) -> Progress:
        """Tell how it stood after a step, whatever came of it later.

        It is over only where it ended before the step: so the outcome is the same, however far the
        trial has come by now.
        """
        if len(self.curve) < step:
            return self
        return Progress(self.number, self.curve[:step])


class EarlyStopping(Protocol):
    """Decides at its rungs which trials go on. It can be pickled, and remembers nothing."""

    def is_rung(self, step: int) -> bool:
        """Tell whether trials are compared after a step."""
        ...

    def reason(
        self, number: int, curve: Sequence[float], earlier: Sequence[Progress]
    ) -> str | None:
        """Say why a trial is to stop at a rung, or None.

        Args:
            number: The trial's.
            curve: Its values up to the rung, which is the last of them.
            earlier: All trials of lower numbers, in order, each as it stood after the same step,
                `Progress.after`. Whoever asks waits until each of them has come so far.
        """
        ...
