"""Make the challenger champion, if that was decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.records import Decision, Promotion
from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.options import fingerprint
from experiment_cycle.tracking.champions import (
    CHAMPION,
    STAGING,
    champion_version,
    version_tags,
)
from experiment_cycle.tracking.record import read_back
from experiment_cycle.tracking.registry import register_champion
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.records import ModelRecord

DECISION = "decision/decision.json"


def promote(  # noqa: PLR0913, PLR0917 each is evidence of its own kind
    decision: Decision,
    challenger: Pipeline,
    challenger_record: dict[str, Any],
    incumbent_record: dict[str, Any],
    seen_rows: pd.DataFrame,
    registered_model: str,
    ledger: Path,
    example: pd.DataFrame,
    split: tuple[dict[str, Any], pd.DataFrame] | None = None,
) -> Promotion:
    """Register the challenger as the new champion if the decision is to promote; else do nothing.

    Done again after a crash, it goes on where it stopped and registers no model twice.

    Args:
        decision: The decision; it must be in the record already.
        challenger: The fitted model.
        challenger_record: A `ModelRecord`, as stored.
        incumbent_record: An `IncumbentRecord`, as stored.
        seen_rows: Keys of all rows that influenced the challenger; registered with it.
        registered_model: Name in the model registry.
        ledger: The file that counts the looks; they start again after a promotion.
        example: A few raw feature rows, for the signature of the registered model.
        split: Manifest and keys of the split it was trained on, for later ones to inherit.

    Raises:
        IntegrityError: the decision does not read back from the record, the model is not the one
            that was compared, or there is another champion by now.
    """
    incumbent = IncumbentRecord.model_validate(incumbent_record)
    if decision.decision != "promote" or decision.look is None:
        return _unmoved(
            registered_model,
            incumbent.version,
            incumbent.version,
            f"The decision is to {decision.decision}, so the registry stays as it was.",
        )
    identity = _check(decision, challenger, challenger_record)
    version = _version_of(registered_model, incumbent.version, identity)
    if version is not None:
        Ledger(ledger).record_promotion(decision.look)
        return _unmoved(
            registered_model,
            version,
            incumbent.version,
            f"Version {version} of '{registered_model}' is this very model already.",
        )
    version = register_champion(
        registered_model,
        challenger,
        challenger_record,
        seen_rows,
        version_description(decision, identity),
        incumbent.version,
        example,
        split,
        reason=f"decision {fingerprint(decision)[:12]} on hypothesis {decision.hypothesis_id}",
    )
    Ledger(ledger).record_promotion(decision.look)
    return _moved(registered_model, version, incumbent.version)


def _version_of(registered_model: str, compared: int | None, identity: str) -> int | None:
    """Name the champion that followed the compared one, if it is the challenger already."""
    present = champion_version(registered_model)
    known = version_tags(registered_model, present).get("identity")
    return present if present != compared and known == identity else None


def _check(decision: Decision, challenger: Pipeline, challenger_record: dict[str, Any]) -> str:
    """See that decision and model are the recorded and the compared one; return its identity."""
    if json.loads(read_back(DECISION)) != decision.model_dump(mode="json"):
        raise IntegrityError(
            f"The record's {DECISION} is not the decision that is to be carried out. Next step: "
            "kedro run --pipelines=decision,reporting"
        )
    identity = model_identity(challenger)
    record = ModelRecord.model_validate(challenger_record)
    if not identity == record.identity == decision.evidence["challenger"]:
        raise IntegrityError(
            f"The challenger at hand is {identity[:12]}, but the decision was made about "
            f"{decision.evidence['challenger'][:12]}. Next step: kedro run "
            "--pipelines=training,evaluation,decision,reporting"
        )
    return identity


def version_description(decision: Decision, identity: str) -> dict[str, str]:
    """Write what the tags of a version tell of where it comes from."""
    return {
        "identity": identity,
        "decision_hash": fingerprint(decision),
        "hypothesis_id": decision.hypothesis_id,
        "hypothesis_hash": decision.hypothesis_hash,
        "content_hash": decision.evidence["content"],
        "split_hash": decision.evidence["split_manifest"],
    }


def _moved(registered_model: str, version: int, previous: int | None) -> Promotion:
    replaced = "the first champion" if previous is None else f"after {previous}"
    return Promotion(
        moved=True,
        registered_model=registered_model,
        version=version,
        previous_version=previous,
        aliases=(CHAMPION, STAGING),
        sentence=f"Version {version} of '{registered_model}' is champion, {replaced}.",
    )


def _unmoved(
    registered_model: str, version: int | None, previous: int | None, sentence: str
) -> Promotion:
    return Promotion(
        moved=False,
        registered_model=registered_model,
        version=version,
        previous_version=previous,
        aliases=(),
        sentence=sentence,
    )
