"""A champion that has seen test rows is replaced by its procedure, trained on the present rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.incumbent import Incumbent
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.evaluation.retraining import Retraining
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.splitting.timed_keys import timed_keys
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.tuning.options import TuningOptions

COLUMNS = Columns(target="y", identifier="i")
TRAINING = TrainingOptions(estimator="linear", baseline="linear")
TUNING = TuningOptions(method="random", trials=1)
FOREST = {"n_estimators": 10, "min_samples_leaf": 1}


def table(rows: int = 600) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    data = pd.DataFrame(generator.normal(size=(rows, 3)), columns=list("abc"))
    odds = generator.logistic(size=rows)
    data["y"] = (data["a"] + odds > 0).astype(int)
    data["i"] = np.arange(rows)
    return data.rename_axis(ROW)


@pytest.fixture
def split() -> dict[str, pd.DataFrame]:
    data = table()
    return {"train": data[:300], "validation": data[300:400], "test": data[400:]}


def retraining(split: dict[str, pd.DataFrame], folder: Path) -> Retraining:
    keys = pd.concat([timed_keys(part, COLUMNS).assign(split=name) for name, part in split.items()])
    manifest = {
        "hash": "c" * 64,
        "content_hash": "d" * 64,
        "strategy": "random",
        "seed": 1,
        "requested": {},
        "parts": {},
        "guarantees": {},
        "override_reason": None,
    }
    return Retraining(
        *(split["train"], split["validation"], keys, SplitManifest.model_validate(manifest)),
        *(COLUMNS, TRAINING, TUNING, SplittingOptions(), "classification", 5, folder),
    )


def champion(seen: pd.DataFrame) -> Incumbent:
    """A forest that remembers what it was trained on."""
    hyperparameters = TRAINING.hyperparameters("random_forest") | FOREST
    run = run_plan(
        Plan("random_forest", hyperparameters, seen, seen, COLUMNS, TRAINING, "classification", 1)
    )
    record: dict[str, Any] = {
        "kind": "champion",
        "identity": "0" * 64,
        "problem": run.problem,
        "threshold": 0.5,
        "estimator": "random_forest",
        "hyperparameters": run.hyperparameters,
        "registered_model": "m",
        "version": 4,
        "run_id": "gone",
    }
    keys = timed_keys(seen, COLUMNS)
    return Incumbent(run.models[0], IncumbentRecord.model_validate(record), keys)


def accuracy(incumbent: Incumbent, rows: pd.DataFrame) -> float:
    features = rows[COLUMNS.features(rows.columns)]
    outputs = predict_outputs(incumbent.model, features, incumbent.record.problem)
    return float(((outputs > 0.5) == (rows["y"] == 1)).mean())


def test_the_procedure_of_a_champion_that_saw_test_rows_is_trained_on_the_present_ones(
    split: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    before = champion(split["test"])
    present = timed_keys(pd.concat([split["train"], split["validation"]]), COLUMNS)
    after = retraining(split, tmp_path).stand_in(before, present)

    assert accuracy(before, split["test"]) > 0.95
    assert accuracy(after, split["test"]) < 0.85
    assert after.record.retrained
    assert after.record.identity != before.record.identity
    # the one that is swapped out by a promotion is the deployed champion all the same
    assert (after.record.kind, after.record.version) == ("champion", 4)
    assert after.record.estimator == "random_forest"
    assert after.seen_rows is present


def test_a_champion_that_saw_no_test_row_is_compared_itself(
    split: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    before = champion(split["train"])
    present = timed_keys(pd.concat([split["train"], split["validation"]]), COLUMNS)

    assert retraining(split, tmp_path).stand_in(before, present) is before
