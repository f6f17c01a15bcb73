"""Which points a service was sent, where it would keep a second one beside the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiment_cycle.tracking.entries import MetricPoint


class SentPoints:
    """A list of points that survives the process, in a file that is only appended to."""

    def __init__(self, file: Path) -> None:
        """Go on with the list in `file`, if there is one."""
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._pending: list[str] = []
        self._known = set(file.read_text(encoding="utf-8").splitlines()) if file.exists() else set()

    def new(self, points: Sequence[MetricPoint]) -> list[MetricPoint]:
        """Leave out what was sent before."""
        return [point for point in points if _key(point) not in self._known]

    def note(self, points: Sequence[MetricPoint]) -> None:
        """Note that points were sent; in the file once `keep` is called."""
        keys = [_key(point) for point in points]
        self._pending += keys
        self._known.update(keys)

    def keep(self) -> None:
        """Write down what was noted, now that the service has it for good."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write("".join(f"{key}\n" for key in self._pending))
        self._pending = []


def _key(point: MetricPoint) -> str:
    return f"{point.step} {point.milliseconds} {point.value!r} {point.name}"
