"""A person overrules the decision: possible, with a reason, and recorded for all to see."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.decision.promotion import version_description
from experiment_cycle.decision.records import Decision
from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.tracking.champions import (
    Move,
    champion_version,
    move_champion,
    moves,
    version_tags,
)
from experiment_cycle.tracking.past_cycles import PastCycle, read_artifact, read_record, reopened
from experiment_cycle.tracking.record import record_tags
from experiment_cycle.tracking.registry import register_champion
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.signature import example_rows

FORCED = "promotion.forced"


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
    tables = {
        name: pd.read_parquet(read_artifact(cycle.run_id, path, folder))
        for name, path in (
            ("seen", "training/seen_rows.parquet"),
            ("keys", "splitting/split_keys.parquet"),
        )
    }
    manifest, signature, example = (
        read_record(cycle.run_id, path, folder)
        for path in (
            "splitting/split_manifest.json",
            "training/model_signature.json",
            "training/input_example.json",
        )
    )
    with reopened(cycle.run_id):
        version = register_champion(
            registered_model,
            model,
            record,
            tables["seen"],
            tags,
            present,
            example_rows(signature, example),
            (manifest, tables["keys"]),
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
        version: Which; None: the one before the present champion.

    Raises:
        DataError: there is no such earlier champion.
        IntegrityError: the champion is another by now.
    """
    present = champion_version(registered_model)
    listed = moves(registered_model)
    versions = {move.version for move in listed} | {move.previous for move in listed}
    earlier = sorted(version for version in versions if version not in {present, None})
    if version is None and listed:
        version = listed[-1].previous
    if version is None or version not in earlier:
        asked = (
            "There is no champion before the present one"
            if version is None
            else (f"Version {version} was no champion before the present one")
        )
        raise DataError(
            f"{asked} (of '{registered_model}'). Allowed: "
            f"{', '.join(map(str, earlier)) or 'none yet'}. Next step: kedro cycle runs "
            "--champions lists them."
        )
    return move_champion(registered_model, version, present, "rollback", reason)


def _compared(decision: Decision) -> str:
    return decision.evidence["challenger"]
