"""Trained again in a fresh process, a challenger is the same, or its gate fails."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.decision.gates import reproducible
from experiment_cycle.decision.options import DecisionOptions, GateOptions
from experiment_cycle.reproducing.records import Retrained
from experiment_cycle.reproducing.retraining import retrain
from experiment_cycle.training.identity import describe_model
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan

OWN = '''
import time

import numpy as np
from sklearn.tree import DecisionTreeClassifier

class ByTheClock(DecisionTreeClassifier):
    """Draws the rows it learns from, by the clock."""
    def fit(self, rows, target, sample_weight=None):
        drawn = np.random.default_rng(time.time_ns()).integers(0, len(rows), len(rows))
        return super().fit(rows[drawn], target[drawn])
'''
COLUMNS = Columns(target="outcome", positive="yes", identifier="id")
DECISION = {"registered_model": "m"}


@pytest.fixture
def table() -> pd.DataFrame:
    """Rows with every type that a file must keep, and gaps."""
    draw = np.random.default_rng(0)
    rows = 400
    number = draw.normal(size=rows)
    colour = draw.choice(["red", "green", "blue"], rows)
    gaps = draw.random(rows) < 0.2
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "number": np.where(gaps, np.nan, number),
            "whole": pd.array(np.where(gaps, None, draw.integers(0, 9, rows)), dtype="Int64"),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 99, rows), "D"),
            "flag": np.where(gaps, None, draw.random(rows) < 0.5),
            "colour": pd.Series(colour).where(~gaps),
            "size": pd.Categorical(draw.choice(["s", "m", "l"], rows)),
            "outcome": np.where(number + (colour == "green") > 0.5, "yes", "no"),
        },
        index=pd.RangeIndex(rows, name=ROW),
    )


def again(
    table: pd.DataFrame, estimator: str, hyperparameters: dict[str, Any], **options: Any
) -> Retrained:
    plan = Plan(
        *(estimator, hyperparameters, table[:250], table[250:], COLUMNS),
        *(TrainingOptions.model_validate(options), "classification", 42, 2),
    )
    run = run_plan(plan)
    record = describe_model(
        run.models[0],
        estimator=estimator,
        problem=run.problem,
        hyperparameters=run.hyperparameters,
        best_step=run.history.best_step,
        threshold=run.threshold,
        calibration=plan.options.calibration,
    )
    return retrain(run.models[0], record, plan)


def outcome(retrained: Retrained, identity: str | None = None) -> Any:
    record = {"identity": identity or retrained.identity}
    evidence: Any = SimpleNamespace(
        retrained=retrained.model_dump(mode="json"), challenger_record=record
    )
    return reproducible.check(evidence)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "estimators_of_this_test"
    (tmp_path / f"{name}.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    return name


def test_a_challenger_whose_draws_come_from_the_seed_passes(table: pd.DataFrame) -> None:
    drawing = {"n_estimators": 20, "subsample": 0.7, "colsample_bytree": 0.5}
    found = again(table, "lightgbm", drawing, calibration="sigmoid")

    assert found.same
    assert found.differing == 0
    assert found.rows == 150
    assert outcome(found).status == "passed"
    # of another model it says nothing
    assert outcome(found, identity="f" * 64).status == "failed"


def test_a_challenger_that_draws_from_the_clock_fails(
    table: pd.DataFrame, own: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"{own}.ByTheClock"
    found = again(
        table,
        "custom",
        {},
        estimators={"custom": {"path": path, "trusted_types": [path, "sklearn.tree._tree.Tree"]}},
    )

    assert found.failed is None
    assert found.identity_again not in {None, found.identity}
    assert found.differing
    failed = outcome(found)
    assert failed.status == "failed"
    assert f"{found.differing} of 150 validation rows" in failed.evidence
    assert "nothing can be promoted" in caplog.text


def test_a_process_that_ends_in_an_error_fails(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    found = again(table, "linear", {})

    assert not found.same
    assert found.failed == "exit code 1"
    failed = outcome(found)
    assert failed.status == "failed"
    assert "exit code 1" in failed.evidence


def test_what_was_not_trained_again_was_not_run() -> None:
    evidence: Any = SimpleNamespace(retrained={}, challenger_record={"identity": "f" * 64})

    assert reproducible.check(evidence).status == "not_run"


@pytest.mark.parametrize(
    ("reproduce", "need", "counts"),
    [("none", "required", False), ("retrain", "required", True), ("retrain", "advisory", False)],
)
def test_it_is_demanded_only_where_it_is_asked_for(reproduce: Any, need: Any, counts: bool) -> None:
    options = DecisionOptions.model_validate(
        {**DECISION, "reproduce": reproduce, "gates": GateOptions(reproducible=need)}
    )

    assert ("reproducible" in options.required_gates()) == counts
