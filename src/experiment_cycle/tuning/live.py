"""What the workers of a study tell each other of trials under way."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Live:
    """A trial that was begun.

    Attributes:
        workers: Who has begun it and may have died of it, one after the other.
        curve: The values that the last of them has told.
    """

    workers: tuple[str, ...] = ()
    curve: tuple[float, ...] = ()


class LiveFiles:
    """One small file a trial: a line for each worker that begins it, and one at each rung.

    A line holds JSON: the worker's name, the values since the last rung, or that a worker died, but
    of another trial. Only the holder of the trial's claim writes names and values. Files are opened
    anew each time, so that other machines see what is new.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, number: int, worker: str) -> None:
        """Note that a worker begins a trial."""
        self._append(number, worker)

    def add(self, number: int, values: list[float]) -> None:
        """Note the next values of a trial."""
        self._append(number, values)

    def acquit(self, number: int, worker: str) -> None:
        """Note that a worker did not die of a trial that it had begun."""
        self._append(number, {"innocent": worker})

    def begun_by(self, worker: str) -> list[int]:
        """List the trials that a worker has begun and not finished, ascending."""
        numbers = sorted(int(file.stem) for file in self._folder.glob("*.live"))
        return [number for number in numbers if worker in self.read(number).workers]

    def read(self, number: int) -> Live:
        """Read what was told of a trial; an unfinished last line is left out."""
        try:
            lines = self._file(number).read_text("utf-8").split("\n")[:-1]
        except OSError:
            # nobody has begun it, or it is finished
            return Live()
        workers: list[str] = []
        curve: list[float] = []
        for line in lines:
            with suppress(ValueError):
                told = json.loads(line)
                if isinstance(told, str):
                    workers.append(told)
                    curve.clear()
                elif isinstance(told, dict):
                    workers = [worker for worker in workers if worker != told["innocent"]]
                else:
                    curve.extend(told)
        return Live(tuple(workers), tuple(curve))

    def tidy(self, finished: Collection[int]) -> None:
        """Forget all finished trials; a worker that died may have left something of them."""
        for file in self._folder.glob("*.live"):
            if int(file.stem) in finished:
                self.remove(int(file.stem))

    def remove(self, number: int) -> None:
        """Forget a trial that is finished."""
        with suppress(OSError):
            self._file(number).unlink(missing_ok=True)

    def _append(self, number: int, told: str | list[float] | dict[str, str]) -> None:
        # a line that a dying worker left unfinished must not be gone on with
        line = f"\n{json.dumps(told)}\n"
        with self._file(number).open("a", encoding="utf-8") as handle:
            handle.write(line)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.live"
