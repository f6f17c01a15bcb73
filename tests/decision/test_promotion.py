"""The alias moves once: for a recorded decision to promote, and from the right champion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from experiment_cycle.decision.families import Sketch, TestSet
from experiment_cycle.decision.ledger import Ledger
from experiment_cycle.decision.promotion import promote
from experiment_cycle.decision.records import Decision, Promotion
from experiment_cycle.errors import IntegrityError
from experiment_cycle.options import fingerprint
from experiment_cycle.problem import Problem
from experiment_cycle.tracking.champions import champion_version
from experiment_cycle.tracking.registry import load_champion
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.records import ModelRecord, ThresholdRecord

NAME = "test-model"


def train(seed: int) -> tuple[Pipeline, pd.DataFrame]:
    frame = pd.DataFrame(np.random.default_rng(seed).normal(size=(50, 2)), columns=["a", "b"])
    model = Pipeline([("preprocess", StandardScaler()), ("estimator", LogisticRegression())])
    return model.fit(frame, (frame["a"] > 0).astype("int8")), frame


@dataclass
class Promoter:
    """The arguments of one promotion, and the decision in the active record."""

    ledger: Path
    seed: int = 0
    outcome: str = "promote"
    version: int | None = None
    recorded: bool = True
    seen: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            {"features": [1], "row": [2], "unit": [3]}, dtype="uint64"
        )
    )

    def __post_init__(self) -> None:
        self.model, self.frame = train(self.seed)
        record = ModelRecord(
            estimator="linear",
            identity=model_identity(self.model),
            problem=Problem(type="binary", classes=(0, 1)),
            features=("a", "b"),
            hyperparameters={},
            best_step=None,
            threshold=ThresholdRecord(value=0.4, choose_by="metric", detail="f1"),
        )
        self.record: dict[str, Any] = record.model_dump(mode="json")
        self.look = Ledger(self.ledger).reserve(
            TestSet("y", "identifier", Sketch.of([1]), Sketch.of([1])),
            {"models": str(self.seed)},
            0.05,
            "H1",
        )

    @property
    def decision(self) -> Decision:
        return Decision.model_validate(
            {
                "decision": self.outcome,
                "reasons": ["r"],
                "hypothesis_id": "H1",
                "hypothesis_hash": "e" * 64,
                "incumbent_kind": "baseline" if self.version is None else "champion",
                "look": self.look,
                "evidence": {
                    "challenger": self.record["identity"],
                    "content": "d" * 64,
                    "split_manifest": "c" * 64,
                },
            }
        )

    def promote(self) -> Promotion:
        if self.recorded:
            mlflow.log_dict(self.decision.model_dump(mode="json"), "decision/decision.json")
        kind = "baseline" if self.version is None else "champion"
        return promote(
            self.decision,
            self.model,
            self.record,
            {
                "kind": kind,
                "identity": "b" * 64,
                "problem": self.record["problem"],
                "threshold": 0.5,
                "estimator": "linear",
                "hyperparameters": {},
                "registered_model": NAME,
                "version": self.version,
            },
            self.seen,
            NAME,
            self.ledger,
            self.frame.head(),
        )


@pytest.fixture
def first(tmp_path: Path, record: mlflow.ActiveRun) -> Promoter:
    return Promoter(tmp_path / "ledger.jsonl")


def promotions(promoter: Promoter) -> int:
    return sum(entry["kind"] == "promotion" for entry in Ledger(promoter.ledger).entries())


def test_the_first_champion_is_registered_with_all_that_belongs_to_it(first: Promoter) -> None:
    promotion = first.promote()
    champion = load_champion(NAME)

    assert (promotion.moved, promotion.version, promotion.previous_version) == (True, 1, None)
    assert promotion.aliases == ("champion", "staging")
    assert champion is not None
    assert champion.record == first.record
    assert ModelRecord.model_validate(champion.record).threshold.value == 0.4
    pd.testing.assert_frame_equal(champion.seen_rows, first.seen)
    assert champion.tags["decision_hash"] == fingerprint(first.decision)
    assert champion.tags["split_hash"] == "c" * 64
    assert champion.tags["content_hash"] == "d" * 64
    assert champion.tags["hypothesis_id"] == "H1"
    assert promotions(first) == 1


@pytest.mark.parametrize("outcome", ["iterate", "abandon"])
def test_any_other_decision_leaves_registry_and_ledger_as_they_were(
    outcome: str, first: Promoter
) -> None:
    first.outcome = outcome
    promotion = first.promote()

    assert not promotion.moved
    assert outcome in promotion.sentence
    assert champion_version(NAME) is None
    assert promotions(first) == 0


def test_a_second_champion_follows_the_one_it_was_compared_with(first: Promoter) -> None:
    first.promote()
    second = Promoter(first.ledger, seed=1, version=1).promote()

    assert (second.moved, second.version, second.previous_version) == (True, 2, 1)
    assert champion_version(NAME) == 2


def test_done_again_after_a_crash_nothing_is_registered_twice(first: Promoter) -> None:
    first.promote()
    again = first.promote()

    assert (again.moved, again.version) == (False, 1)
    assert "this very model already" in again.sentence
    assert len(mlflow.MlflowClient().search_model_versions(f"name='{NAME}'")) == 1
    assert promotions(first) == 1


def test_a_crash_before_the_ledger_was_written_is_made_good(first: Promoter) -> None:
    first.promote()
    lines = first.ledger.read_text().splitlines(keepends=True)
    first.ledger.write_text("".join(lines[:2]))
    first.promote()

    assert promotions(first) == 1


def test_another_champion_by_now_stops_the_promotion(first: Promoter) -> None:
    first.promote()
    late = Promoter(first.ledger, seed=1)

    with pytest.raises(IntegrityError, match="now version 1"):
        late.promote()
    assert champion_version(NAME) == 1
    assert promotions(first) == 1


def test_a_decision_that_is_not_in_the_record_is_not_carried_out(first: Promoter) -> None:
    first.recorded = False

    with pytest.raises(IntegrityError, match=r"decision/decision\.json"):
        first.promote()
    assert champion_version(NAME) is None


def test_a_decision_that_reads_back_changed_is_not_carried_out(first: Promoter) -> None:
    altered = {**first.decision.model_dump(mode="json"), "reasons": ["another"]}
    mlflow.log_dict(altered, "decision/decision.json")
    first.recorded = False

    with pytest.raises(IntegrityError, match="not the decision that is to be carried out"):
        first.promote()
    assert champion_version(NAME) is None


def test_a_model_other_than_the_compared_one_is_not_registered(first: Promoter) -> None:
    first.model, _ = train(seed=5)

    with pytest.raises(IntegrityError, match="the decision was made about"):
        first.promote()
    assert champion_version(NAME) is None
