"""What an agent's process and the search say to each other, line by line."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from experiment_cycle.tuning.budgets import Stopwatch
from experiment_cycle.tuning.contract import Objective, Study
from experiment_cycle.tuning.options import WandbOptions

Word = Literal["ready", "created", "free", "drawn", "kept", "dropped", "ended", "broken", "gone"]
"""What an agent says. Each is answered, but for the first one and the last two.

    ready     it has begun, and turns to the server
    created   the sweep is there, under this path
    free      it could ask for a trial; the answer is whether it is to
    drawn     it was handed out these values; the answer is an `Assigned`
    kept      it has finished and kept the trial of this number
    dropped   it has given up the trial of this number, because the search is over
    ended     the server hands out no more trials
    broken    it cannot go on, because of this
    gone      its process has ended; said for it
"""
LOG = "agent.log"
"""The file in a study's folder with all that agents print, and whoever runs in them."""
UNANSWERED: tuple[Word, ...] = ("ready", "broken", "gone")
OVER = "over"
"""What the search says unasked: trials under way are to be given up."""


@dataclass(frozen=True)
class Task:
    """What an agent is to do.

    Attributes:
        study: What is searched.
        objective: Measures one configuration.
        options: Where the sweep is to be.
        folder: That of all studies.
        clock: The study's.
        sweep: Its path, entity/project/id; None: create it.
        with_first: Measure the configuration itself, before anything else.
    """

    study: Study
    objective: Objective
    options: WandbOptions
    folder: Path
    clock: Stopwatch
    sweep: str | None
    with_first: bool


@dataclass(frozen=True)
class Assigned:
    """The number of a trial, and whether it is a new one; else it is not to be done again."""

    number: int
    is_new: bool


class Wire:
    """The agent's end: its standard input and output.

    The process ends as soon as the search is gone, whatever it is doing.
    """

    def __init__(self) -> None:
        """Take the standard streams over: what is printed from now on goes where errors go."""
        self._out = _taken_over()
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._over = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether trials under way are to be given up."""
        return self._over.is_set()

    def tell(self, word: Word, content: Any = None) -> None:
        """Say something."""
        self._out.write(json.dumps([word, content]) + "\n")
        self._out.flush()

    def ask(self, word: Word, content: Any = None) -> Any:
        """Say something, and wait for the answer."""
        self.tell(word, content)
        return self._answers.get()

    def _listen(self) -> None:
        for line in sys.stdin:
            said = json.loads(line)
            if said == OVER:
                self._over.set()
            else:
                self._answers.put(said)
        os._exit(0)


def _taken_over() -> TextIO:
    """Send what is printed to the standard error, and give the stream that it went to before."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out
