"""The ledger's copy beside the records: no look is forgotten with a file that was lost or cut."""

from __future__ import annotations

import logging
from pathlib import Path

from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.errors import IntegrityError
from experiment_cycle.replacing import replacing
from experiment_cycle.tracking.shared_file import keep_copy, newest_copy, read_copy

FOLDER = "decision"
TAG = "experiment_cycle.ledger"

logger = logging.getLogger(__name__)


def copy_ledger(path: Path) -> None:
    """Keep a copy of the ledger in the active run, if there is a ledger and a run.

    Raises:
        IntegrityError: the ledger is not as it was left.
    """
    entries = Ledger(path).entries()
    if entries:
        keep_copy(path, FOLDER, TAG, {"lines": len(entries), "hash": entries[-1]["hash"]})


def restore_ledger(path: Path) -> None:
    """Take the copy in place of a ledger that lacks lines, as in a fresh clone.

    The chain of hashes shows a changed line, but not that the last ones are gone; the copy does.

    Raises:
        IntegrityError: the ledger is not as it was left, the copy cannot be read, or both have
            lines that the other does not have.
    """
    found = newest_copy(TAG)
    if found is None:
        return
    note, source = found
    entries = Ledger(path).entries()
    lines = int(note["lines"])
    if len(entries) >= lines and entries[lines - 1]["hash"] == note["hash"]:
        return
    with replacing(path) as unfinished:
        unfinished.write_bytes(read_copy(source))
        copied = Ledger(unfinished).entries()
        if copied[: len(entries)] != entries:
            raise IntegrityError(
                f"The ledger {path} and its copy in MLflow ({source}) went different ways after "
                f"line {_common(copied, entries)}: looks were taken in two places that did not "
                "know of each other. Next step: replace the file by the copy; a look that only the "
                "file knows is taken anew, at the level that is left."
            )
    logger.warning(
        "The ledger %s lacked %d of its %d lines; they were restored from MLflow.",
        *(path, len(copied) - len(entries), len(copied)),
    )


def _common(one: list[dict[str, object]], other: list[dict[str, object]]) -> int:
    pairs = zip(one, other, strict=False)
    return next(
        (line for line, (a, b) in enumerate(pairs) if a != b),
        min(len(one), len(other)),
    )
