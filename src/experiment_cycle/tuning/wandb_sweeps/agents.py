"""The processes of a sweep's agents."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, is_dataclass, replace
from types import TracebackType
from typing import Any, Self

from experiment_cycle.tuning.crew import ONE_THREAD
from experiment_cycle.tuning.hand_over import write_work
from experiment_cycle.tuning.own_folder import OwnFolder
from experiment_cycle.tuning.wandb_sweeps.wire import LOG, OVER, Task, Word

LOOK_SECONDS = 0.5
"""How long is listened before it is looked whether the time is up."""
END_SECONDS = 5.0
"""How long a process may take to end once it is told to."""


@dataclass(eq=False)
class AgentProcess:
    """One agent.

    Attributes:
        process: Its process.
        waiting_since: When it began to wait for the server; None: it is at a trial, or not begun.
        trial: The number of that.
    """

    process: subprocess.Popen[str]
    waiting_since: float | None
    trial: int | None = None

    def tell(self, answer: Any) -> None:
        """Answer what it has said, or tell it something, whether it can still hear that or not."""
        assert self.process.stdin is not None  # noqa: S101
        plain = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer
        with suppress(OSError):
            self.process.stdin.write(json.dumps(plain) + "\n")
            self.process.stdin.flush()


class Agents:
    """Starts the agents of one search, listens to them, and ends them.

    They are new interpreters that import nothing of the script that is running. Whatever an agent
    waits for, it cannot hold the search up.
    """

    def __init__(self, task: Task, most: int) -> None:
        """Prepare; see `start`.

        Args:
            task: What they do.
            most: How many of them.
        """
        self._task = task
        self._most = most
        self._agents: list[AgentProcess] = []
        self._heard: queue.SimpleQueue[tuple[AgentProcess, Word, Any]] = queue.SimpleQueue()
        self._temporary = OwnFolder("sweep-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for agent in self._agents:
            agent.process.kill()
        for agent in self._agents:
            self._bury(agent)
        self._temporary.remove()

    @property
    def are_there(self) -> bool:
        """Whether there are any."""
        return bool(self._agents)

    def start(self, sweep: str | None, *, with_first: bool) -> None:
        """Start those that are missing; only one where that has to prepare the sweep.

        Args:
            sweep: Its path; None: there is none yet.
            with_first: The configuration itself is to be measured first.
        """
        task = replace(self._task, sweep=sweep, with_first=with_first)
        prepares = sweep is None or with_first
        for _ in range(1 if prepares else self._most - len(self._agents)):
            self._start(task)

    def messages(self) -> Iterator[tuple[AgentProcess, Word, Any]]:
        """Listen for a moment, and give what was said, each with who said it."""
        with suppress(queue.Empty):
            said = self._heard.get(timeout=LOOK_SECONDS)
            while True:
                agent, word, _ = said
                if word == "gone":
                    self._bury(agent)
                    self._agents.remove(agent)
                agent.waiting_since = None if word == "drawn" else time.monotonic()
                yield said
                said = self._heard.get_nowait()

    def tell_all_that_it_is_over(self) -> None:
        """Have trials under way given up."""
        for agent in self._agents:
            agent.tell(OVER)

    def longest_wait(self) -> float:
        """Tell for how many seconds one of them has waited for the server."""
        now = time.monotonic()
        waiting = [agent.waiting_since for agent in self._agents if agent.waiting_since is not None]
        return now - min(waiting, default=now)

    def _start(self, task: Task) -> None:
        folder = self._temporary.path / str(time.monotonic_ns())
        folder.mkdir()
        write_work(folder, task)
        paths = [path or os.getcwd() for path in sys.path]
        threads = ONE_THREAD if task.study.workers > 1 else {}
        # unbuffered: one that is killed must have written what it printed
        command = [sys.executable, "-u", "-P", "-m", f"{__package__}.agent_process", str(folder)]
        with (task.folder / task.study.key / LOG).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=os.environ | threads | {"PYTHONPATH": os.pathsep.join(paths)},
                # so that Ctrl-C comes to this process alone
                process_group=0 if os.name == "posix" else None,
            )
        agent = AgentProcess(process, None)
        self._agents.append(agent)
        threading.Thread(target=self._listen_to, args=(agent,), daemon=True).start()

    def _listen_to(self, agent: AgentProcess) -> None:
        assert agent.process.stdout is not None  # noqa: S101
        for line in agent.process.stdout:
            word, content = json.loads(line)
            self._heard.put((agent, word, content))
        self._heard.put((agent, "gone", None))

    def _bury(self, agent: AgentProcess) -> None:
        with suppress(subprocess.TimeoutExpired):
            agent.process.wait(END_SECONDS)
        for stream in (agent.process.stdin, agent.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
