"""The ledger counts every look once, and shows when it was tampered with."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment_cycle.decision.families import Sketch, TestSet
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.records import Look
from experiment_cycle.decision.spending import SPENT, granted_level
from experiment_cycle.errors import IntegrityError

ALPHA = 0.05


FIRST, SECOND = range(100), range(1000, 1100)


def a_test_set(rows: range) -> TestSet:
    keys = Sketch.of(pd.util.hash_array(np.asarray(rows)))
    return TestSet("y", "identifier", keys, keys)


def look(ledger: Ledger, name: str, rows: range = FIRST, **options: int) -> Look:
    return ledger.reserve(a_test_set(rows), {"models": name}, ALPHA, "H1", **options)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "folder" / "ledger.jsonl")


@pytest.fixture
def five_lines(ledger: Ledger) -> Ledger:
    first = look(ledger, "a")
    look(ledger, "b")
    look(ledger, "c", rows=SECOND)
    ledger.record_promotion(first)
    look(ledger, "d")
    return ledger


def test_looks_are_numbered_and_granted_less_and_less(ledger: Ledger) -> None:
    looks = [look(ledger, name) for name in "abc"]

    assert [item.number for item in looks] == [1, 2, 3]
    assert looks[0].alpha == pytest.approx(0.0304, abs=5e-5)
    assert [item.alpha / looks[0].alpha for item in looks] == pytest.approx([1, 1 / 4, 1 / 9])


def test_all_looks_together_are_granted_alpha() -> None:
    total = math.fsum(granted_level(ALPHA, number) for number in range(1, 200_000))

    assert total == pytest.approx(ALPHA, rel=1e-4)


def test_five_looks_at_five_percent_can_promote_and_the_sixth_cannot() -> None:
    assert [granted_level(ALPHA, number) >= SPENT for number in (5, 6)] == [True, False]


def test_the_same_look_again_keeps_its_number_and_level_and_adds_no_line(ledger: Ledger) -> None:
    first = look(ledger, "a")
    look(ledger, "b")
    again = look(ledger, "a")

    assert again == first.model_copy(update={"reused": True})
    assert [entry["kind"] for entry in ledger.entries()] == ["test_set", "look", "look"]


def test_families_are_counted_apart(five_lines: Ledger) -> None:
    assert look(five_lines, "e", rows=SECOND).number == 2


def test_counting_starts_again_after_a_promotion(five_lines: Ledger) -> None:
    numbers = [entry["number"] for entry in five_lines.entries() if entry["kind"] == "look"]

    assert numbers == [1, 2, 1, 1]


def test_a_promotion_is_recorded_once(ledger: Ledger) -> None:
    first = look(ledger, "a")
    ledger.record_promotion(first)
    look(ledger, "b")
    ledger.record_promotion(first)

    assert look(ledger, "c").number == 2


def test_a_promotion_of_a_look_that_was_never_taken_is_refused(ledger: Ledger) -> None:
    stranger = Look(id="x" * 64, family="f", number=1, alpha=0.03, reused=False)

    with pytest.raises(IntegrityError, match="restore the ledger"):
        ledger.record_promotion(stranger)
    assert not ledger.path.exists()


def test_the_look_is_in_the_file_when_reserve_returns(ledger: Ledger) -> None:
    taken = look(ledger, "a")
    line = json.loads(ledger.path.read_text().splitlines()[1])

    assert (line["id"], line["number"], line["line"]) == (taken.id, 1, 2)


@pytest.mark.parametrize("position", range(1, 8))
def test_an_edited_line_is_named(position: int, five_lines: Ledger) -> None:
    lines = five_lines.path.read_text().splitlines(keepends=True)
    entry = json.loads(lines[position - 1])
    entry["families"] = ["elsewhere"]
    lines[position - 1] = json.dumps(entry) + "\n"
    five_lines.path.write_text("".join(lines))

    with pytest.raises(IntegrityError, match=f"line {position} was changed"):
        look(five_lines, "new")


@pytest.mark.parametrize("position", range(1, 7))
def test_a_removed_line_is_named(position: int, five_lines: Ledger) -> None:
    lines = five_lines.path.read_text().splitlines(keepends=True)
    del lines[position - 1]
    five_lines.path.write_text("".join(lines))

    with pytest.raises(IntegrityError, match=f"line {position} does not follow"):
        five_lines.entries()


def test_a_line_that_is_no_json_is_named(five_lines: Ledger) -> None:
    lines = five_lines.path.read_text().splitlines(keepends=True)
    lines[1] = "not a line\n"
    five_lines.path.write_text("".join(lines))

    with pytest.raises(IntegrityError, match="line 2 cannot be read"):
        five_lines.entries()


def test_an_edited_last_line_without_its_newline_is_no_crash(five_lines: Ledger) -> None:
    text = five_lines.path.read_text().replace('"number": 1', '"number": 9')
    five_lines.path.write_text(text.rstrip("\n"))

    with pytest.raises(IntegrityError, match="line 2 was changed"):
        five_lines.entries()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_after_a_crash_at_any_byte_the_line_is_written_again(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.jsonl")
        look(ledger, "a")
        kept = ledger.path.stat().st_size
        look(ledger, "b")
        whole = ledger.path.read_bytes()
        os.truncate(ledger.path, data.draw(st.integers(kept, len(whole) - 1)))

        again = look(ledger, "b")

        assert again.number == 2
        assert len(ledger.entries()) == 3
        assert look(ledger, "c").number == 3
