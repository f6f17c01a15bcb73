"""What native libraries print once Python itself has ended, kept from the user.

DuckDB 2 lists, after the interpreter is gone, some fifty objects that other libraries still held,
below the summary or the error that the user is to read. There is no switch for it.
"""

from __future__ import annotations

import atexit
import os

_muted = False


def mute_native_exit() -> None:
    """Close standard error as the last thing that Python does in this process."""
    global _muted  # noqa: PLW0603 - a process ends once
    if not _muted:
        _muted = True
        # functions are called in the reverse order: those registered later still can speak
        atexit.register(_close_standard_error)


def _close_standard_error() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
