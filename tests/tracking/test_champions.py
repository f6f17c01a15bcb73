"""The alias moves only from the champion that was compared, and every move is remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from experiment_cycle.errors import IntegrityError
from experiment_cycle.tracking.champions import (
    champion_on,
    champion_version,
    move_champion,
    moves,
)

NAME = "m"


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
