"""How long a search may go on."""

from __future__ import annotations

import time


class Stopwatch:
    """Counts the wall time of a study, that of earlier runs included, against its limit.

    It can be handed to other processes of the machine, and goes on there.
    """

    def __init__(self, limit: float | None, spent_before: float) -> None:
        """Start counting.

        Args:
            limit: Seconds; None: no limit.
            spent_before: Seconds of earlier runs.
        """
        self._limit = limit
        self._spent_before = spent_before
        self._started = time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return self._spent_before + time.monotonic() - self._started

    @property
    def is_over(self) -> bool:
        """Whether the time is used up."""
        return self._limit is not None and self.spent >= self._limit
