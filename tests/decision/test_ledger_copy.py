"""A ledger that was lost or cut is restored from the records; two that differ are not mixed."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

from experiment_cycle.decision.families import Sketch, TestSet
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.ledger_copy import copy_ledger, restore_ledger
from experiment_cycle.errors import IntegrityError

TESTED = TestSet("y", "identifier", Sketch.of([1]), Sketch.of([1]))


def look(path: Path, name: str) -> int:
    return Ledger(path).reserve(TESTED, {"models": name}, 0.05, "H1").number


@pytest.fixture
def path(tmp_path: Path, record: mlflow.ActiveRun) -> Path:
    path = tmp_path / "project" / "ledger.jsonl"
    for name in "ab":
        look(path, name)
    copy_ledger(path)
    return path


def test_in_a_fresh_clone_the_looks_are_known(path: Path) -> None:
    path.unlink()
    restore_ledger(path)

    assert look(path, "c") == 3


def test_last_lines_that_were_cut_off_come_back(path: Path) -> None:
    before = path.read_bytes()
    path.write_bytes(b"".join(before.splitlines(keepends=True)[:2]))
    restore_ledger(path)

    assert path.read_bytes() == before


def test_another_run_finds_the_copy_of_the_last_one(path: Path) -> None:
    experiment = mlflow.active_run().info.experiment_id
    mlflow.end_run()
    with mlflow.start_run(experiment_id=experiment):
        path.unlink()
        restore_ledger(path)

    assert look(path, "c") == 3


def test_a_ledger_that_knows_more_than_its_copy_stays_as_it_is(path: Path) -> None:
    look(path, "c")
    before = path.read_bytes()
    restore_ledger(path)

    assert path.read_bytes() == before


def test_two_ledgers_that_went_different_ways_are_told_and_left_alone(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    look(path, "c")
    copy_ledger(path)
    path.write_bytes(b"".join(lines[:2]))
    look(path, "elsewhere")
    before = path.read_bytes()

    with pytest.raises(IntegrityError, match="went different ways after line 2"):
        restore_ledger(path)
    assert path.read_bytes() == before


def test_without_a_record_nothing_is_restored(tmp_path: Path) -> None:
    restore_ledger(tmp_path / "ledger.jsonl")

    assert not (tmp_path / "ledger.jsonl").exists()
