"""Ctrl-C while a model learns: the step is finished and kept first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from experiment_cycle.training.checkpoints import CheckpointFolder

NOTICE = b"\nStopping after this step, with a checkpoint. Ctrl-C once more stops at once.\n"


@contextmanager
def finishing_the_step(checkpoints: CheckpointFolder | None) -> Iterator[None]:
    """Let the first Ctrl-C inside the block wait for the end of the step; the second stops at once.

    Only where there are checkpoints, in the main thread, and where Ctrl-C is not ignored.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if checkpoints is None or not main or before in {None, signal.SIG_IGN}:
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        if checkpoints.stop_requested:
            raise KeyboardInterrupt
        checkpoints.stop_requested = True
        # not a log: a handler must not come upon a stream that is being written to
        with suppress(OSError):
            os.write(2, NOTICE)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if checkpoints.stop_requested:
        raise KeyboardInterrupt
