"""What the challenger is compared with: the champion where there is one, else the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pydantic import ValidationError
from sklearn.pipeline import Pipeline

from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.tracking.registry import Champion, load_champion
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.records import ModelRecord


@dataclass(frozen=True)
class Incumbent:
    """The incumbent's model, where it comes from, and the keys of all rows that influenced it."""

    model: Pipeline
    record: IncumbentRecord
    seen_rows: pd.DataFrame


def choose(
    baseline: Pipeline,
    baseline_record: ModelRecord,
    seen_rows: pd.DataFrame,
    registered_model: str,
    trusted_types: Sequence[str] = (),
) -> Incumbent:
    """Choose the incumbent.

    Args:
        baseline: The model that stands in for a missing champion.
        baseline_record: What is known of it.
        seen_rows: What the baseline has seen.
        registered_model: The name under which a champion would be registered.
        trusted_types: Types of the user's own that a champion may hold, as they are configured.

    Raises:
        IntegrityError: there is a champion, but its files cannot be read or trusted.
    """
    champion = load_champion(registered_model, trusted_types)
    if champion is None:
        record = IncumbentRecord(
            kind="baseline",
            identity=model_identity(baseline),
            registered_model=registered_model,
            **_known(baseline_record),
        )
        return Incumbent(baseline, record, seen_rows)
    record = IncumbentRecord(
        kind="champion",
        identity=model_identity(champion.model),
        registered_model=registered_model,
        version=champion.version,
        run_id=champion.run_id,
        split_hash=champion.tags.get("split_hash"),
        **_known(_stored_record(champion, registered_model)),
    )
    return Incumbent(champion.model, record, champion.seen_rows)


def _known(record: ModelRecord) -> dict[str, Any]:
    """Take over what a comparison needs to know of a model."""
    return {
        "problem": record.problem,
        "threshold": None if record.threshold is None else record.threshold.value,
        "estimator": record.estimator,
        "hyperparameters": record.hyperparameters,
    }


def _stored_record(champion: Champion, registered_model: str) -> ModelRecord:
    try:
        return ModelRecord.model_validate(champion.record)
    except ValidationError as error:
        keys = sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})
        raise IntegrityError(
            f"The record of the champion, version {champion.version} of '{registered_model}', is "
            f"not one of a model: see {', '.join(keys)}. Next step: restore its file "
            "model_record.json, or compare with a fresh baseline under another "
            "decision.registered_model."
        ) from error
