"""Which version is champion, which was it when, and how another takes its place.

MLflow forgets where an alias pointed before. Each move is therefore a tag of the registered model,
written before the alias moves: what a crash leaves is a move that did not take place, which the
next one shows, or the present alias.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Literal

import mlflow
from mlflow.tracking import MlflowClient
from pydantic import AwareDatetime

from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import Record
from experiment_cycle.tracking.turns import one_at_a_time

CHAMPION = "champion"
STAGING = "staging"
STANDS_IN, NO_CHAMPION = "EXPERIMENT_CYCLE_CHAMPION", "none"
"""A variable of the environment: while a past cycle is run again, which version was champion then,
or that there was none."""
MOVE = "champion."
"""Before the moment of a move, in the name of a tag."""

Way = Literal["decision", "force", "rollback"]


class Move(Record):
    """One move of the alias `champion`: when, where to, where from, how and why."""

    at: AwareDatetime
    version: int
    previous: int | None
    way: Way
    reason: str
    by: str


def champion_version(registered_model: str) -> int | None:
    """Tell which version has the alias `champion`; None where there is no champion."""
    then = os.environ.get(STANDS_IN)
    if then:
        return None if then == NO_CHAMPION else int(then)
    try:
        found = MlflowClient().get_model_version_by_alias(registered_model, CHAMPION)
    except mlflow.MlflowException as error:
        # an alias that does not exist is an invalid parameter to MLflow
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    return int(found.version)


def version_tags(registered_model: str, version: int | None) -> dict[str, str]:
    """Read the tags of a version, its `identity` among them; empty for None."""
    if version is None:
        return {}
    return dict(MlflowClient().get_model_version(registered_model, str(version)).tags)


def check_still_champion(registered_model: str, expected: int | None) -> None:
    """Refuse to replace a champion that is not the one that was compared.

    Raises:
        IntegrityError: it is another by now.
    """
    present = champion_version(registered_model)
    if present != expected:
        raise IntegrityError(
            f"The champion of '{registered_model}' is now {_named(present)}, but the comparison "
            f"was with {_named(expected)}. Next step: run the cycle again, so that the challenger "
            "is compared with the present champion."
        )


@contextmanager
def swapping(
    registered_model: str, expected: int | None
) -> Iterator[Callable[[int, Way, str], Move]]:
    """Compare and swap: while the block runs, nobody else moves the champion.

    Args:
        registered_model: Name in the registry.
        expected: The version that has to be champion; None: there must be none.

    Yields:
        What gives a version the aliases `champion` and `staging`, told how and why.

    Raises:
        IntegrityError: the champion is another by now, or somebody else is at it all the time.
    """
    with one_at_a_time(registered_model):
        check_still_champion(registered_model, expected)
        yield partial(_move, registered_model, expected)


def move_champion(
    registered_model: str, version: int, expected: int | None, way: Way, reason: str
) -> Move:
    """Give a version the aliases `champion` and `staging`, if the champion is the expected one.

    Raises:
        IntegrityError: the champion is another by now.
    """
    with swapping(registered_model, expected) as move:
        return move(version, way, reason)


def moves(registered_model: str) -> list[Move]:
    """List the moves of the alias, the oldest first, without those that did not take place.

    Raises:
        IntegrityError: a move was changed by hand.
    """
    found = MlflowClient().search_registered_models(f"name = '{registered_model}'", max_results=1)
    tags = {} if not found else dict(found[0].tags)
    try:
        listed = [
            Move.model_validate_json(tags[name]) for name in sorted(tags) if name.startswith(MOVE)
        ]
    except ValueError as error:
        raise IntegrityError(
            f"A tag '{MOVE}…' of the registered model '{registered_model}' was changed: "
            f"{' '.join(str(error).split())[:200]}. Next step: restore it, or delete it."
        ) from error
    if not listed:
        return []
    after = [*(move.previous for move in listed[1:]), champion_version(registered_model)]
    # what a crash cut off: the champion was afterwards what it had been before
    return [
        move
        for move, then in zip(listed, after, strict=True)
        if then == move.version or then != move.previous
    ]


def moved_by_others(registered_model: str, listed: list[Move]) -> bool:
    """Tell whether the champion is one that no recorded move made champion."""
    return champion_version(registered_model) != (listed[-1].version if listed else None)


def champion_on(registered_model: str, moment: datetime) -> Move | None:
    """Tell by which move the champion of a moment had become it; None: there was none."""
    until = [move for move in moves(registered_model) if move.at <= moment]
    return until[-1] if until else None


def earlier_champions(registered_model: str) -> list[int]:
    """List the champions that stand behind the present one, the latest first.

    A version that was rolled back from does not stand there any more, unless it was made champion
    again by its number.
    """
    standing: list[int] = []
    for move in moves(registered_model):
        if move.previous is not None and move.previous not in standing:
            standing.append(move.previous)
        if move.way == "rollback" and move.version in standing:
            del standing[standing.index(move.version) :]
        standing.append(move.version)
    present = champion_version(registered_model)
    return [version for version in reversed(standing) if version != present]


def _move(registered_model: str, previous: int | None, version: int, way: Way, reason: str) -> Move:
    move = Move(
        at=datetime.now(UTC),
        version=version,
        previous=previous,
        way=way,
        reason=reason,
        by=getpass.getuser(),
    )
    client = MlflowClient()
    name = f"{MOVE}{move.at:%Y%m%dT%H%M%S.%f}"
    client.set_registered_model_tag(registered_model, name, move.model_dump_json())
    for alias in (CHAMPION, STAGING):
        client.set_registered_model_alias(registered_model, alias, str(version))
    return move


def _named(version: int | None) -> str:
    return "none" if version is None else f"version {version}"
