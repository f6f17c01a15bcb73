"""The file of a model: what it holds, and whether it predicts alike in a process of its own.

Run as a program, this module is that process: `python -m experiment_cycle.training.saved_model
FOLDER` predicts what the folder asks for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import skops.io

from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.errors import IntegrityError
from experiment_cycle.fresh_process import run_module
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs

TIMEOUT = 600
"""Seconds; a model is loaded and predicts a hundred rows."""
REQUEST, ROWS, PREDICTION = "request.json", "rows.parquet", "prediction.npy"


@dataclass(frozen=True)
class SavedModel:
    """What is known of a file: its size, and the types it needs to have trusted."""

    model_bytes: int
    trusted_types: tuple[str, ...]

    @classmethod
    def of(cls, file: Path) -> SavedModel:
        """Look into a file without loading anything of it."""
        types = skops.io.get_untrusted_types(file=file)
        return cls(model_bytes=file.stat().st_size, trusted_types=tuple(sorted(types)))


def try_saved_model(
    file: Path, rows: pd.DataFrame, problem: Problem, expected: Floats, trusted: Sequence[str]
) -> None:
    """Load a model in a fresh process, and let it predict.

    Args:
        file: The model's file.
        rows: Raw rows.
        problem: What is predicted.
        expected: What the model said of them in the process that trained it.
        trusted: Types to be trusted besides those of this package.

    Raises:
        IntegrityError: the file cannot be loaded there, or does not predict the same to the last
            bit.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows.to_parquet(folder / ROWS)
        asked = {
            "file": str(file.absolute()),
            "problem": problem.model_dump(mode="json"),
            "trusted": list(trusted),
        }
        (folder / REQUEST).write_text(json.dumps(asked), encoding="utf-8")
        failed = run_module(__name__, str(folder), timeout=TIMEOUT)
        if failed is not None:
            raise _not_loadable(file, failed)
        predicted = np.load(folder / PREDICTION, allow_pickle=False)
    if predicted.shape == expected.shape and predicted.tobytes() == expected.tobytes():
        return
    differ = "its shape" if predicted.shape != expected.shape else _difference(predicted, expected)
    raise IntegrityError(
        f"The model saved to {file} does not predict what the trained one did: of {len(rows)} "
        f"validation rows, {differ} differs in a fresh process. Next step: use another estimator "
        "or transformer if it is your own (its state must be in its attributes); to go on all the "
        "same, set training.check_saved_model to false."
    )


def _difference(predicted: Floats, expected: Floats) -> str:
    differs = (predicted != expected).reshape(len(expected), -1).any(axis=1)
    first = int(differs.argmax())
    return (
        f"the prediction for {int(differs.sum())} (first for number {first + 1}: "
        f"{predicted[first]} instead of {expected[first]})"
    )


def _not_loadable(file: Path, why: str) -> IntegrityError:
    return IntegrityError(
        f"The model saved to {file} cannot be used in a fresh process: {why.rstrip('.')}. Next "
        "step: see that its classes can be imported by whoever loads it, and that "
        "training.estimators.custom.trusted_types names those of your own; to go on all the same, "
        "set training.check_saved_model to false."
    )


def _predict(folder: Path) -> None:
    asked: dict[str, Any] = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    model = load_model(Path(asked["file"]), asked["trusted"])
    problem = Problem.model_validate(asked["problem"])
    predicted = predict_outputs(model, pd.read_parquet(folder / ROWS), problem)
    np.save(folder / PREDICTION, predicted)


if __name__ == "__main__":
    _predict(Path(sys.argv[1]))
