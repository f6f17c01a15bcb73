"""The alias moves only from the champion that was compared, and every move is remembered."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking import turns
from experiment_cycle.tracking.champions import (
    champion_on,
    champion_version,
    earlier_champions,
    move_champion,
    moved_by_others,
    moves,
)
from experiment_cycle.tracking.left_running import PROCESS, this_process

NAME = "m"
RACE = """
import sys, time
from pathlib import Path
import mlflow
from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.champions import move_champion

store, version, others = sys.argv[1:]
mlflow.set_tracking_uri(store)
mlflow.tracking.MlflowClient().get_registered_model("m")
ready = Path(others)
(ready / version).touch()
while len(list(ready.iterdir())) < 2:
    time.sleep(0.001)
try:
    move_champion("m", int(version), 1, "decision", "")
except IntegrityError as error:
    sys.exit(error.message)
"""


@pytest.fixture
def versions(store: Path) -> Path:
    """A model with three versions, none of them champion."""
    client = MlflowClient()
    client.create_registered_model(NAME)
    for _ in range(3):
        client.create_model_version(NAME, source=str(store))
    return store


def test_a_champion_follows_the_one_it_was_compared_with(versions: Path) -> None:
    move_champion(NAME, 1, None, "decision", "first")
    move_champion(NAME, 2, 1, "force", "I know better")

    assert champion_version(NAME) == 2
    assert [(m.version, m.previous, m.way, m.reason) for m in moves(NAME)] == [
        (1, None, "decision", "first"),
        (2, 1, "force", "I know better"),
    ]
    assert int(MlflowClient().get_model_version_by_alias(NAME, "staging").version) == 2


def test_the_loser_of_a_race_is_told_to_compare_again(versions: Path) -> None:
    move_champion(NAME, 1, None, "decision", "")
    move_champion(NAME, 2, 1, "decision", "")

    with pytest.raises(
        IntegrityError, match="now version 2, but the comparison was with version 1"
    ):
        move_champion(NAME, 3, 1, "decision", "")
    assert champion_version(NAME) == 2
    assert len(moves(NAME)) == 2


def test_who_was_champion_when_is_known(versions: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    first = move_champion(NAME, 1, None, "decision", "")
    second = move_champion(NAME, 2, 1, "decision", "")
    back = move_champion(NAME, 1, 2, "rollback", "")

    asked = [before, first.at, second.at, back.at, datetime.now(UTC)]
    told = [champion_on(NAME, moment) for moment in asked]
    assert [move and move.version for move in told] == [None, 1, 2, 1, 1]


def test_a_move_that_a_crash_cut_off_did_not_take_place(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_champion(NAME, 1, None, "decision", "")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "set_registered_model_alias", crash)
        with pytest.raises(KeyboardInterrupt):
            move_champion(NAME, 2, 1, "decision", "")

    assert champion_version(NAME) == 1
    assert [move.version for move in moves(NAME)] == [1]


def test_a_history_that_was_edited_is_told(versions: Path) -> None:
    move_champion(NAME, 1, None, "decision", "")
    tags = MlflowClient().get_registered_model(NAME).tags
    MlflowClient().set_registered_model_tag(NAME, next(iter(tags)), "{}")

    with pytest.raises(IntegrityError, match="was changed"):
        moves(NAME)


def test_without_a_model_there_is_no_history(store: Path) -> None:
    assert moves("other") == []
    assert champion_on("other", datetime.now(UTC)) is None


def test_of_two_processes_at_once_one_wins_and_the_other_is_told_to_compare_again(
    versions: Path,
) -> None:
    move_champion(NAME, 1, None, "decision", "")
    ready = versions / "ready"
    ready.mkdir()
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, mlflow.get_tracking_uri(), str(version), str(ready)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for version in (2, 3)
    ]
    told = {process.communicate(timeout=60)[1]: process.returncode for process in racing}

    assert sorted(told.values()) == [0, 1]
    (message,) = (text for text, code in told.items() if code)
    winner = champion_version(NAME)
    assert f"is now version {winner}, but the comparison was with version 1" in message
    assert "run the cycle again" in message
    assert [(move.version, move.previous) for move in moves(NAME)] == [(1, None), (winner, 1)]
    assert [each.name for each in MlflowClient().search_registered_models()] == [NAME]


def test_a_turn_that_a_killed_process_left_behind_is_taken_over(versions: Path) -> None:
    machine = this_process().partition(":")[0]
    MlflowClient().create_registered_model(f"{NAME}.moving", tags={PROCESS: f"{machine}:0:0"})

    move_champion(NAME, 1, None, "decision", "")

    assert champion_version(NAME) == 1


def test_whoever_waits_in_vain_is_told_what_to_delete(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    MlflowClient().create_registered_model(f"{NAME}.moving", tags={PROCESS: this_process()})

    before = time.monotonic()
    with pytest.raises(IntegrityError, match=r"delete the registered model 'm\.moving'"):
        move_champion(NAME, 1, None, "decision", "")
    assert time.monotonic() - before >= 0.2
    assert champion_version(NAME) is None


def test_each_rollback_goes_further_back(versions: Path) -> None:
    for version, previous in ((1, None), (2, 1), (3, 2)):
        move_champion(NAME, version, previous, "decision", "")
    assert earlier_champions(NAME) == [2, 1]

    move_champion(NAME, 2, 3, "rollback", "")
    assert earlier_champions(NAME) == [1]
    move_champion(NAME, 1, 2, "rollback", "")
    assert earlier_champions(NAME) == []
    # by its number, a version that was thrown out stands again
    move_champion(NAME, 3, 1, "rollback", "")
    assert earlier_champions(NAME) == [1]
    move_champion(NAME, 2, 3, "force", "")
    assert earlier_champions(NAME) == [3, 1]


def test_a_move_that_a_crash_cut_off_is_none_also_after_later_ones(
    versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_champion(NAME, 1, None, "decision", "")
    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "set_registered_model_alias", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            move_champion(NAME, 2, 1, "decision", "")
    move_champion(NAME, 3, 1, "decision", "")

    assert [move.version for move in moves(NAME)] == [1, 3]
    assert earlier_champions(NAME) == [1]


def test_an_alias_moved_by_other_means_is_noticed(versions: Path) -> None:
    move_champion(NAME, 1, None, "decision", "")
    move_champion(NAME, 2, 1, "decision", "")
    assert not moved_by_others(NAME, moves(NAME))

    MlflowClient().set_registered_model_alias(NAME, "champion", "3")

    assert [move.version for move in moves(NAME)] == [1, 2]
    assert moved_by_others(NAME, moves(NAME))
    assert earlier_champions(NAME) == [2, 1]
