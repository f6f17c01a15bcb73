"""The champion is the incumbent, or the baseline where there is none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation import incumbent
from experiment_cycle.problem import Problem
from experiment_cycle.tracking.registry import Champion
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.records import ModelRecord, ThresholdRecord

X = np.arange(12.0).reshape(6, 2)
BASELINE = make_pipeline(LogisticRegression()).fit(X, [0, 0, 1, 0, 1, 1])
CHAMPION = make_pipeline(LogisticRegression()).fit(X, [1, 0, 1, 0, 1, 0])
SEEN = pd.DataFrame({"row": [1, 2]})


def record(model: Pipeline, estimator: str, threshold: float | None = 0.3) -> ModelRecord:
    return ModelRecord(
        estimator=estimator,
        identity=model_identity(model),
        problem=Problem(type="binary", classes=("no", "yes")),
        features=("age",),
        hyperparameters={"C": 1.0},
        best_step=None,
        threshold=threshold
        and ThresholdRecord(value=threshold, choose_by="fixed", detail="as told"),
    )


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the registry holds by name."""
    held: dict[str, Any] = {}
    monkeypatch.setattr(incumbent, "load_champion", lambda name, trusted: held.get(name))
    return held


def champion(stored: dict[str, Any]) -> Champion:
    return Champion(
        version=3,
        run_id="abc",
        model=CHAMPION,
        record=stored,
        seen_rows=SEEN.iloc[:1],
        tags={"split_hash": "h"},
    )


@pytest.mark.parametrize("threshold", [0.3, None])
def test_without_a_champion_the_baseline_stands_in(
    registered: dict[str, Any], threshold: float | None
) -> None:
    found = incumbent.choose(BASELINE, record(BASELINE, "linear", threshold), SEEN, "visits")

    assert found.model is BASELINE
    assert found.seen_rows is SEEN
    assert found.record.model_dump() == {
        "kind": "baseline",
        "identity": model_identity(BASELINE),
        "problem": {"type": "binary", "classes": ("no", "yes")},
        "threshold": threshold,
        "estimator": "linear",
        "hyperparameters": {"C": 1.0},
        "registered_model": "visits",
        "version": None,
        "run_id": None,
        "split_hash": None,
        "retrained": False,
    }


def test_a_champion_comes_with_its_own_record(registered: dict[str, Any]) -> None:
    registered["visits"] = champion(record(CHAMPION, "lightgbm", 0.7).model_dump(mode="json"))

    found = incumbent.choose(BASELINE, record(BASELINE, "linear"), SEEN, "visits")

    assert found.model is CHAMPION
    assert len(found.seen_rows) == 1
    assert (found.record.kind, found.record.version, found.record.run_id) == ("champion", 3, "abc")
    assert found.record.identity == model_identity(CHAMPION)
    assert (found.record.estimator, found.record.threshold) == ("lightgbm", 0.7)
    assert found.record.split_hash == "h"


def test_a_champion_whose_record_is_damaged_is_refused(registered: dict[str, Any]) -> None:
    stored = record(CHAMPION, "lightgbm").model_dump(mode="json")
    del stored["problem"]
    registered["visits"] = champion(stored)

    with pytest.raises(IntegrityError, match=r"version 3 of 'visits'.*see problem\. Next step"):
        incumbent.choose(BASELINE, record(BASELINE, "linear"), SEEN, "visits")
