"""The ledger: every look at a test set, and what each was granted.

One JSON object a line, only ever appended to. Each line carries the hash of the line before, so
that a changed, inserted or removed line breaks the chain. What the file cannot tell by itself is
that its last lines, or all of it, are gone: that is what its copy beside the records is for.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from experiment_cycle.decision.families import TestSet
from experiment_cycle.decision.records import Look
from experiment_cycle.decision.spending import granted_level
from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import fingerprint

logger = logging.getLogger(__name__)

FAMILY_DIGITS = 16
"""Of the name of a family."""

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
        self,
        tested: TestSet,
        compared: dict[str, str],
        alpha: float,
        hypothesis_id: str,
        planned_looks: int | None = None,
    ) -> Look:
        """Grant a look before anything of it is computed; it is on disk when this returns.

        A test set joins the families it has units in common with (see `TestSet.joins`). Where
        these are several, the look counts in all of them, and the most spent one grants its level.

        Args:
            tested: The test set that is looked at.
            compared: Hashes of all that makes this look what it is: predictions, hypothesis, ...
                The same again is the same look, with the number and level it had.
            alpha: Chance of a false promotion that is allowed over all looks at the family.
            hypothesis_id: Written down for people to read.
            planned_looks: How many looks at the family there will be; None: nobody knows.

        Raises:
            IntegrityError: the file is not as it was left.
        """
        entries = self.entries()
        identity = fingerprint({"target": tested.target, "compared": compared})
        for entry in entries:
            if entry["kind"] == "look" and entry["id"] == identity:
                return _look(entry, reused=True)
        standing = _standing(tested, entries, restarts=planned_looks is None)
        if not any(entry["id"] == tested.id for entry in entries if entry["kind"] == "test_set"):
            families = {"families": standing.families}
            self._append({"kind": "test_set", "id": tested.id, **families, **tested.write()})
        return _look(
            self._append(
                {
                    "kind": "look",
                    "id": identity,
                    "family": standing.family,
                    "families": standing.families,
                    "test_set": tested.id,
                    "number": standing.number,
                    "alpha": granted_level(alpha, standing.number, planned_looks),
                    "hypothesis_id": hypothesis_id,
                    "compared": compared,
                }
            ),
            reused=False,
        )

    def next_level(self, tested: TestSet, alpha: float, planned_looks: int | None = None) -> float:
        """Tell the level that a look would be granted now; nothing is written, nothing is spent.

        Raises:
            IntegrityError: the file is not as it was left.
        """
        standing = _standing(tested, self.entries(), restarts=planned_looks is None)
        return granted_level(alpha, standing.number, planned_looks)

    def record_promotion(self, look: Look) -> None:
        """Record that a look led to a promotion, once; counting starts again after it.

        Raises:
            IntegrityError: the file is not as it was left, or has no such look.
        """
        entries = self.entries()
        looks = {entry["id"]: entry for entry in entries if entry["kind"] == "look"}
        if look.id not in looks:
            raise IntegrityError(
                f"The ledger {self.path} does not have the look {look.id[:12]} that led to this "
                "promotion. Next step: restore the ledger as it was when the models were compared."
            )
        promoted = {entry["look"] for entry in entries if entry["kind"] == "promotion"}
        if look.id not in promoted:
            families = looks[look.id]["families"]
            self._append({"kind": "promotion", "families": families, "look": look.id})

    def _append(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Add a line in one write, wait until the disk has it, and return the entry."""
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
        return entry

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


class _Standing(NamedTuple):
    """The families of a test set, the most spent of them, and the number of its next look."""

    families: list[str]
    family: str
    number: int


def _standing(tested: TestSet, entries: list[dict[str, Any]], *, restarts: bool) -> _Standing:
    sets = [entry for entry in entries if entry["kind"] == "test_set"]
    known = [entry["families"] for entry in sets if entry["id"] == tested.id]
    # a family is named after its first test set
    families = known[0] if known else _joined(tested, sets) or [tested.id[:FAMILY_DIGITS]]
    counts = {each: _looks(entries, each, restarts=restarts) for each in families}
    # of equals the first in their order
    family = max(families, key=lambda each: counts[each])
    return _Standing(families, family, counts[family] + 1)


def _joined(tested: TestSet, sets: list[dict[str, Any]]) -> list[str]:
    """Name the families that a test set joins, the oldest first."""
    members: dict[str, list[dict[str, Any]]] = {}
    for entry in sets:
        for family in entry["families"]:
            members.setdefault(family, []).append(entry)
    return [family for family, known in members.items() if tested.joins(known)]


def _looks(entries: list[dict[str, Any]], family: str, *, restarts: bool) -> int:
    """Count the looks at a family; those since its last promotion, if that starts anew."""
    count = 0
    for entry in entries:
        if family not in entry["families"]:
            continue
        if entry["kind"] == "look":
            count += 1
        elif entry["kind"] == "promotion" and restarts:
            count = 0
    return count


def _look(entry: dict[str, Any], *, reused: bool) -> Look:
    return Look(
        id=entry["id"],
        family=entry["family"],
        number=entry["number"],
        alpha=entry["alpha"],
        reused=reused,
    )


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
