"""A person overrules the decision: possible, with a reason, and recorded for all to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.decision.promotion import version_description
from experiment_cycle.decision.records import Decision
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.tracking.champions import (
    Move,
    champion_version,
    earlier_champions,
    move_champion,
    moves,
    version_tags,
)
from experiment_cycle.tracking.past_cycles import FORCED, PastCycle
from experiment_cycle.tracking.past_records import read_artifact, read_record, reopened
from experiment_cycle.tracking.record import record_tags
from experiment_cycle.tracking.registry import register_champion
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.signature import example_rows


def force_promotion(
    cycle: PastCycle,
    registered_model: str,
    reason: str,
    folder: Path,
    trusted_types: tuple[str, ...] = (),
) -> int:
    """Make the challenger of a cycle champion, whatever was decided.

    The looks at the test set are counted on as if nothing had happened: only a promotion that was
    earned starts them anew.

    Args:
        cycle: Whose challenger it is; something must have been decided in it.
        registered_model: Name in the registry.
        reason: Why; shown wherever the champion's history is.
        folder: Empty, for what is fetched from the record.
        trusted_types: What the model's file may hold besides what all models do.

    Returns:
        The number of the new version.

    Raises:
        DataError: nothing was decided in the cycle, or its challenger is champion already.
        IntegrityError: the record is not whole, or its model is not the one that was compared.
    """
    if cycle.decision is None:
        raise DataError(
            f"Nothing was decided in the cycle {cycle.run_id}, so that there is nothing to "
            "overrule. Next step: kedro cycle runs lists the others."
        )
    decision = Decision.model_validate(read_record(cycle.run_id, "decision/decision.json", folder))
    record = read_record(cycle.run_id, "training/challenger_record.json", folder)
    model_file = read_artifact(cycle.run_id, "training/challenger.skops", folder)
    model = load_model(model_file, trusted_types)
    identity = model_identity(model)
    if not identity == ModelRecord.model_validate(record).identity == _compared(decision):
        raise IntegrityError(
            f"The challenger in the record {cycle.run_id} is {identity[:12]}, not the model that "
            f"was compared, {_compared(decision)[:12]}. Next step: restore the record."
        )
    present = champion_version(registered_model)
    if version_tags(registered_model, present).get("identity") == identity:
        raise DataError(
            f"The challenger of the cycle {cycle.run_id} is champion already: version {present} of "
            f"'{registered_model}'."
        )
    tags = {**version_description(decision, identity), FORCED: reason}
    kept = _kept(cycle.run_id, folder)
    with reopened(cycle.run_id):
        version = register_champion(
            registered_model,
            model,
            record,
            kept.seen_rows,
            tags,
            present,
            kept.example,
            kept.split,
            way="force",
            reason=reason,
        )
        record_tags({FORCED: f"version {version}: {reason}"})
    return version


def roll_back(registered_model: str, reason: str, version: int | None = None) -> Move:
    """Make an earlier champion champion again.

    Args:
        registered_model: Name in the registry.
        reason: Why; shown wherever the champion's history is.
        version: Which; None: the one before the present champion. Versions that were rolled back
            from are passed over; only by number do they come back.

    Raises:
        DataError: there is no such earlier champion.
        IntegrityError: the champion is another by now.
    """
    present = champion_version(registered_model)
    standing = earlier_champions(registered_model)
    listed = moves(registered_model)
    known = {move.version for move in listed} | {move.previous for move in listed}
    named = sorted(each for each in known if each not in {present, None})
    if version is None and standing:
        version = standing[0]
    if version is None or version not in named:
        raise DataError(_no_champion(registered_model, version, named))
    return move_champion(registered_model, version, present, "rollback", reason)


@dataclass(frozen=True, eq=False)
class _Kept:
    """What a record keeps of a challenger besides its model."""

    seen_rows: pd.DataFrame
    example: pd.DataFrame
    split: tuple[dict[str, Any], pd.DataFrame]


def _kept(run_id: str, folder: Path) -> _Kept:
    tables = [
        pd.read_parquet(read_artifact(run_id, path, folder))
        for path in ("training/seen_rows.parquet", "splitting/split_keys.parquet")
    ]
    manifest, signature, example = (
        read_record(run_id, path, folder)
        for path in (
            "splitting/split_manifest.json",
            "training/model_signature.json",
            "training/input_example.json",
        )
    )
    return _Kept(tables[0], example_rows(signature, example), (manifest, tables[1]))


def _no_champion(registered_model: str, version: int | None, named: list[int]) -> str:
    asked = (
        "No champion stands behind the present one"
        if version is None
        else f"Version {version} was no champion before the present one"
    )
    allowed = f"--to with {', '.join(map(str, named))}" if named else "none yet"
    return (
        f"{asked} (of '{registered_model}'). Allowed: {allowed}. Next step: kedro cycle runs "
        "--champions lists them."
    )


def _compared(decision: Decision) -> str:
    return decision.evidence["challenger"]
