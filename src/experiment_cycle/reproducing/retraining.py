"""The challenger trained again in a fresh process, from what a run left.

Run as a program, this module is that process: `python -m experiment_cycle.reproducing.retraining
FOLDER` trains what the folder describes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.fresh_process import run_module
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.reproducing.records import Retrained
from experiment_cycle.training.identity import model_identity
from experiment_cycle.training.logical_run import run_plan
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import ModelRecord

logger = logging.getLogger(__name__)

REQUEST, TRAIN, VALIDATION = "request.json", "train.parquet", "validation.parquet"
IDENTITY, PREDICTION = "identity.txt", "prediction.npy"


def retrain(challenger: Pipeline, record: ModelRecord, plan: Plan) -> Retrained:
    """Train a model again, and tell whether the same comes of it.

    The fresh process gets tables, hyperparameters, options and seed by file, and nothing else: no
    checkpoint, no state of this process. It takes the time of its imports and of one training.

    Args:
        challenger: The fitted pipeline, as it was read back from its file.
        record: What was recorded of it.
        plan: How it was trained; of several seeds, the first alone is trained again.
    """
    rows = plan.validation[plan.columns.features(plan.validation.columns)]
    expected = predict_outputs(challenger, rows, record.problem)
    with TemporaryDirectory() as name:
        folder = Path(name)
        _ask(folder, plan)
        failed = run_module(__name__, str(folder))
        again = None if failed else np.load(folder / PREDICTION, allow_pickle=False)
        identity = None if failed else (folder / IDENTITY).read_text(encoding="utf-8")
    found = Retrained(
        identity=record.identity,
        identity_again=identity,
        predictions=_hash(expected),
        predictions_again=None if again is None else _hash(again),
        rows=len(rows),
        differing=None if again is None else _count_differing(expected, again),
        failed=failed,
    )
    if not found.same:
        logger.warning(
            "The challenger does not come out the same when it is trained again: nothing can be "
            "promoted while the gate 'reproducible' is required. %s",
            found.failed or "What it draws at random does not come from the seed alone.",
        )
    return found


def _ask(folder: Path, plan: Plan) -> None:
    plan.train.to_parquet(folder / TRAIN)
    plan.validation.to_parquet(folder / VALIDATION)
    asked = {
        "estimator": plan.estimator,
        "hyperparameters": plan.hyperparameters,
        "columns": plan.columns.model_dump(mode="json"),
        "options": plan.options.model_dump(mode="json"),
        "task": plan.task,
        "seed": plan.seed,
    }
    (folder / REQUEST).write_text(json.dumps(asked), encoding="utf-8")


def _answer(folder: Path) -> None:
    asked: dict[str, Any] = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    plan = Plan(
        estimator=asked["estimator"],
        hyperparameters=asked["hyperparameters"],
        train=pd.read_parquet(folder / TRAIN),
        validation=pd.read_parquet(folder / VALIDATION),
        columns=Columns.model_validate(asked["columns"]),
        options=TrainingOptions.model_validate(asked["options"]),
        task=asked["task"],
        seed=asked["seed"],
    )
    run = run_plan(plan)
    rows = plan.validation[plan.columns.features(plan.validation.columns)]
    np.save(folder / PREDICTION, predict_outputs(run.models[0], rows, run.problem))
    (folder / IDENTITY).write_text(model_identity(run.models[0]), encoding="utf-8")


def _hash(predicted: Floats) -> str:
    shape = f"{predicted.dtype.str} {predicted.shape} ".encode()
    return hashlib.sha256(shape + np.ascontiguousarray(predicted).tobytes()).hexdigest()


def _count_differing(one: Floats, other: Floats) -> int:
    if one.shape != other.shape:
        return len(one)
    return int((one != other).reshape(len(one), -1).any(axis=1).sum())


if __name__ == "__main__":
    _answer(Path(sys.argv[1]))
