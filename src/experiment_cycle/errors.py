"""Every error this project raises on purpose.

    CycleError                a mistake the user can mend; shown as one `Error:` line
    ├── ConfigurationError    a parameter, the hypothesis, or settings that contradict each other
    ├── DataError             the table itself: missing file, column, level, or too few rows
    ├── BackendError          a named backend is unknown, not installed, or does not answer
    ├── IntegrityError        stored bytes are not those that were recorded
    ├── TrainingError         a fit that cannot go on: it diverged, or memory or disk ran out
    └── SealedTestError       a node would read the test set without being allowed to

A message says what was wrong, where, what is allowed, and the next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import click


class CycleError(click.ClickException):
    """A mistake the user can mend; the command line shows the message without a traceback."""

    def __str__(self) -> str:
        return self.message


class ConfigurationError(CycleError):
    """A parameter is unknown, of the wrong kind, or contradicts another."""


class DataError(CycleError):
    """The data cannot be used as declared."""


class BackendError(CycleError):
    """A backend is unknown, not installed, or does not answer."""


class IntegrityError(CycleError):
    """What was read back is not what was recorded."""


class TrainingError(CycleError):
    """A fit cannot go on."""


class SealedTestError(CycleError):
    """A node that may not see the test set asks for it."""


def near_misses(name: str, known: Iterable[str]) -> str:
    """Say what is allowed in place of `name`, the likeliest first.

    Returns:
        A sentence such as ``Did you mean 'visits'? Known: idp, visits.``
    """
    allowed = sorted(known)
    if not allowed:
        return "Known: none."
    close = get_close_matches(name, allowed, n=1, cutoff=0.6)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}Known: {', '.join(allowed)}."
