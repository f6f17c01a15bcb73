"""What the challenger is compared with: the champion where there is one, else the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.tracking.registry import load_champion
from experiment_cycle.training.identity import model_identity


@dataclass(frozen=True)
class Incumbent:
    """The incumbent's model, where it comes from, and the keys of all rows that influenced it."""

    model: Pipeline
    record: IncumbentRecord
    seen_rows: pd.DataFrame


def choose(baseline: Pipeline, seen_rows: pd.DataFrame, registered_model: str) -> Incumbent:
    """Choose the incumbent.

    Args:
        baseline: The model that stands in for a missing champion.
        seen_rows: What the baseline has seen.
        registered_model: The name under which a champion would be registered.

    Raises:
        IntegrityError: there is a champion, but its files cannot be read or trusted.
    """
    champion = load_champion(registered_model)
    if champion is None:
        record = IncumbentRecord(
            kind="baseline", identity=model_identity(baseline), registered_model=registered_model
        )
        return Incumbent(baseline, record, seen_rows)
    record = IncumbentRecord(
        kind="champion",
        identity=model_identity(champion.model),
        registered_model=registered_model,
        version=champion.version,
        run_id=champion.run_id,
        split_hash=champion.tags.get("split_hash"),
    )
    return Incumbent(champion.model, record, champion.seen_rows)
