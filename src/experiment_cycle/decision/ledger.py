"""The ledger: every look at a test set, and what each was granted.

One JSON object a line, only ever appended to. Each line carries the hash of the line before, so
that a changed, inserted or removed line breaks the chain. What the file cannot tell by itself is
that its last lines, or all of it, are gone: keep it under version control.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiment_cycle.decision.records import Look
from experiment_cycle.decision.spending import granted_level
from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import fingerprint

logger = logging.getLogger(__name__)

START = "0" * 64
"""What the first line has in place of the hash of the line before."""


@dataclass(frozen=True)
class Ledger:
    """The looks and promotions of a project, in the file `path`; no file means none yet."""

    path: Path

    def entries(self) -> list[dict[str, Any]]:
        """Read every entry, oldest first; what a crash left half-written is passed over.

        Raises:
            IntegrityError: a line is not the one that was written; its number is named.
        """
        return self._read()[0]

    def reserve(
        self, family: str, compared: dict[str, str], alpha: float, hypothesis_id: str
    ) -> Look:
        """Grant a look before anything of it is computed; it is on disk when this returns.

        Args:
            family: Key of the family of test sets that is looked at.
            compared: Hashes of all that makes this look what it is: predictions, hypothesis, ...
                The same again is the same look, with the number and level it had.
            alpha: Chance of a false promotion that is allowed over all looks at the family.
            hypothesis_id: Written down for people to read.

        Raises:
            IntegrityError: the file is not as it was left.
        """
        entries = self.entries()
        identity = fingerprint({"family": family, "compared": compared})
        for entry in entries:
            if entry["kind"] == "look" and entry["id"] == identity:
                return Look(
                    id=identity,
                    family=family,
                    number=entry["number"],
                    alpha=entry["alpha"],
                    reused=True,
                )
        number = _looks_since_promotion(entries, family) + 1
        level = granted_level(alpha, number)
        self._append(
            {
                "kind": "look",
                "id": identity,
                "family": family,
                "number": number,
                "alpha": level,
                "hypothesis_id": hypothesis_id,
                "compared": compared,
            }
        )
        return Look(id=identity, family=family, number=number, alpha=level, reused=False)

    def record_promotion(self, look: Look) -> None:
        """Record that a look led to a promotion, once; counting starts again after it.

        Raises:
            IntegrityError: the file is not as it was left, or has no such look.
        """
        entries = self.entries()
        looks = {entry["id"] for entry in entries if entry["kind"] == "look"}
        if look.id not in looks:
            raise IntegrityError(
                f"The ledger {self.path} does not have the look {look.id[:12]} that led to this "
                "promotion. Next step: restore the ledger as it was when the models were compared."
            )
        promoted = {entry["look"] for entry in entries if entry["kind"] == "promotion"}
        if look.id not in promoted:
            self._append({"kind": "promotion", "family": look.family, "look": look.id})

    def _append(self, entry: dict[str, Any]) -> None:
        """Add a line in one write, and wait until the disk has it."""
        entries, intact = self._read()
        previous = entries[-1]["hash"] if entries else START
        chained = {"line": len(entries) + 1, **entry, "previous": previous}
        line = json.dumps({**chained, "hash": fingerprint(chained)}) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        with self.path.open("ab") as file:
            if file.tell() > len(intact):
                logger.warning("%s: dropped a half-written last line.", self.path)
                file.truncate(len(intact))
            start = b"\n" if intact and not intact.endswith(b"\n") else b""
            file.write(start + line.encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(self.path.parent)

    def _read(self) -> tuple[list[dict[str, Any]], bytes]:
        """Check the chain; return the entries and the bytes that hold them."""
        content = self.path.read_bytes() if self.path.exists() else b""
        lines = content.splitlines(keepends=True)
        entries: list[dict[str, Any]] = []
        intact = b""
        for position, line in enumerate(lines, start=1):
            entry = _parse(line)
            if entry is None and position == len(lines) and not line.endswith(b"\n"):
                break
            self._check(entry, entries, position)
            entries.append(entry or {})
            intact += line
        return entries, intact

    def _check(
        self, entry: dict[str, Any] | None, before: list[dict[str, Any]], position: int
    ) -> None:
        previous = before[-1]["hash"] if before else START
        if entry is None:
            fault = "cannot be read"
        elif entry.get("hash") != _hash_of(entry):
            fault = "was changed after it was written"
        elif entry.get("previous") != previous:
            fault = f"does not follow from line {position - 1}: a line was removed or inserted"
        else:
            return
        raise IntegrityError(
            f"{self.path}: line {position} {fault}. The ledger counts the looks at each test set "
            "and is never edited. Next step: restore the file, for instance with git."
        )


def _looks_since_promotion(entries: list[dict[str, Any]], family: str) -> int:
    count = 0
    for entry in entries:
        if entry["family"] == family:
            count = count + 1 if entry["kind"] == "look" else 0
    return count


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _hash_of(entry: dict[str, Any]) -> str:
    return fingerprint({key: value for key, value in entry.items() if key != "hash"})


def _sync_folder(folder: Path) -> None:
    # a new file's name is on disk only once its folder is; Windows cannot open folders
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
