"""Records as plain files, in a folder that can be read, copied and put under version control."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.entries import MetricPoint, Status

METRICS = "metrics.jsonl"
ARTIFACTS = "artifacts"


class LocalTracker:
    """Keeps a run in a folder named after it.

    It holds `run.json`, `parameters.json`, `metrics.jsonl` (one point a line), `tags.json`,
    `artifacts/` and, once the run has ended, `status.json`.
    """

    def __init__(
        self, options: Mapping[str, Any], credentials: Mapping[str, Any], folder: Path
    ) -> None:
        """Keep runs in the folder that the options name, relative to the project's."""
        self._home = Path(str(options["folder"]))
        self._run = Path()
        self._known: set[str] = set()

    def open(self, run: RunDescription, *, resumed: bool) -> str:
        """Make the folder of the run, or go on with it."""
        if (self._home / run.run_id).resolve().parent != self._home.resolve():
            raise ValueError(f"the record '{run.run_id}' would lie outside {self._home}")
        self._run = self._home / run.run_id
        self._run.mkdir(parents=True, exist_ok=True)
        self._write("run.json", run.model_dump(mode="json"))
        (self._run / "status.json").unlink(missing_ok=True)
        metrics = self._run / METRICS
        if metrics.exists():
            lines = metrics.read_text(encoding="utf-8").splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]
            if len(whole) < len(lines):
                # a process was killed within the last line
                self._write_text(METRICS, "".join(whole))
            self._known = set(whole)
        return str(self._run)

    def log_parameters(self, values: Mapping[str, str]) -> None:
        """Add to the parameters."""
        self._write("parameters.json", self._read("parameters.json") | dict(values))

    def log_metrics(self, points: Sequence[MetricPoint]) -> None:
        """Add points that are not there yet."""
        lines = [f"{point.model_dump_json()}\n" for point in points]
        new = [line for line in dict.fromkeys(lines) if line not in self._known]
        with (self._run / METRICS).open("a", encoding="utf-8") as file:
            file.write("".join(new))
        self._known.update(new)

    def log_tags(self, values: Mapping[str, str]) -> None:
        """Add to the tags."""
        self._write("tags.json", self._read("tags.json") | dict(values))

    def log_artifact(self, file: Path, path: str) -> None:
        """Copy a file or a folder."""
        target = self._run / ARTIFACTS / path
        if not target.resolve().is_relative_to((self._run / ARTIFACTS).resolve()):
            raise ValueError(f"the artifact '{path}' would lie outside the record")
        if file.is_dir():
            shutil.copytree(file, target, dirs_exist_ok=True)
            return
        with replacing(target) as unfinished:
            shutil.copyfile(file, unfinished)

    def close(self, status: Status) -> None:
        """Write down how the run ended."""
        self._write("status.json", {"status": status})

    def _read(self, name: str) -> dict[str, str]:
        file = self._run / name
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        self._write_text(name, json.dumps(content, indent=2, ensure_ascii=False))

    def _write_text(self, name: str, text: str) -> None:
        with replacing(self._run / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
