"""A look can be taken again at the ledger as it was, with the number and level that it had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.decision.families import Sketch, TestSet
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.ledger_before import ledger_before
from experiment_cycle.decision.records import Look

FIRST, SECOND = range(100), range(1000, 1100)
LOOKS = [("a", FIRST), ("b", FIRST), ("c", SECOND), ("d", FIRST)]


def take(ledger: Ledger, name: str, rows: range) -> Look:
    keys = Sketch.of(pd.util.hash_array(np.asarray(rows)))
    tested = TestSet("y", "identifier", keys, keys)
    return ledger.reserve(tested, {"models": name}, 0.05, "H1")


@pytest.mark.parametrize("place", range(len(LOOKS)))
def test_a_look_taken_again_before_itself_is_the_same(tmp_path: Path, place: int) -> None:
    ledger, again = Ledger(tmp_path / "ledger.jsonl"), Ledger(tmp_path / "again.jsonl")
    looks = [take(ledger, *each) for each in LOOKS]
    ledger.record_promotion(looks[1])

    again.path.write_bytes(ledger_before(ledger.path.read_bytes(), looks[place]))

    assert again.path.read_bytes() in ledger.path.read_bytes()
    assert take(again, *LOOKS[place]) == looks[place]


def test_a_look_that_was_known_already_stays_known(tmp_path: Path) -> None:
    ledger, again = Ledger(tmp_path / "ledger.jsonl"), Ledger(tmp_path / "again.jsonl")
    for each in LOOKS:
        take(ledger, *each)
    known = take(ledger, *LOOKS[1])
    assert known.reused

    again.path.write_bytes(ledger_before(ledger.path.read_bytes(), known))

    assert take(again, *LOOKS[1]) == known
    assert len(again.entries()) < len(ledger.entries())


def test_without_a_look_nothing_is_cut() -> None:
    assert ledger_before(b'{"kind": "look"}\nhalf a li', None) == b'{"kind": "look"}\nhalf a li'
