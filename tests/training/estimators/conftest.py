"""Prepared matrices made by hand, and fits on them that are stopped on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skops.io
from scipy import sparse

from experiment_cycle.datasets.skops_model import TRUSTED_TYPES
from experiment_cycle.problem import Problem
from experiment_cycle.training import trainer
from experiment_cycle.training.checkpoints import CheckpointFolder
from experiment_cycle.training.features import Features
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.prepared import Prepared
from experiment_cycle.training.trainer import check_hyperparameters

PROBLEMS = ["binary", "multiclass", "regression", "ranking"]
ROWS, TRAIN = 900, 600


def _make(kind: str, *, gaps: bool = True, weighted: bool = False) -> Prepared:
    """Column 0 holds codes of categories, the others numbers, one with gaps."""
    draw = np.random.default_rng(5)
    matrix = draw.normal(size=(ROWS, 5))
    matrix[:, 0] = draw.integers(0, 6, ROWS)
    score = matrix[:, 1] + matrix[:, 2] * matrix[:, 3] + (matrix[:, 0] % 3 - 1)
    score += 0.5 * draw.normal(size=ROWS)
    if gaps:
        matrix[draw.random(ROWS) < 0.05, 1] = np.nan
    query = None
    target: Any = score * 100 + 1000
    problem = Problem(type="regression")
    if kind == "binary":
        problem, target = Problem(type="binary", classes=(False, True)), (score > 0.3).astype(int)
    elif kind == "multiclass":
        problem = Problem(type="multiclass", classes=("low", "middle", "high"))
        target = np.digitize(score, [-0.8, 0.8])
    elif kind == "ranking":
        problem, target = Problem(type="ranking"), np.digitize(score, [0.0, 1.0, 2.0]) * 1.0
        query = np.arange(ROWS) // 15
    return Prepared(
        problem=problem,
        features=Features(numeric=tuple("bcde"), categorical=("a",)),
        preprocess=None,
        categorical=(0,) if gaps else (),
        train=matrix[:TRAIN],
        train_target=target[:TRAIN],
        validation=matrix[TRAIN:],
        validation_target=target[TRAIN:],
        train_weight=draw.exponential(size=TRAIN) if weighted else None,
        train_query=None if query is None else query[:TRAIN],
        validation_query=None if query is None else query[TRAIN:],
    )


def _as_sparse(prepared: Prepared) -> Prepared:
    return replace(
        prepared,
        train=sparse.csr_matrix(prepared.train),
        validation=sparse.csr_matrix(prepared.validation),
    )


def _options(threads: int = 1, **early_stopping: Any) -> TrainingOptions:
    return TrainingOptions.model_validate({"threads": threads, "early_stopping": early_stopping})


def _fit(estimator: str, prepared: Prepared, given: dict[str, Any], chosen=None, seed=3, **more):
    """Fit as the trainer does: the fitted estimator and the history."""
    chosen = chosen or _options()
    checked = check_hyperparameters(estimator, given, chosen)
    return trainer.fit(estimator, prepared, checked, chosen, seed, **more)


class Killed(BaseException):
    """Stands for the end of a process."""


def _fit_stopped_at(steps, folder, every, *args, **named):
    """Fit with checkpoints, be killed after each of `steps`, and go on each time."""
    killed = 0
    for last in (*steps, None):
        checkpoints = CheckpointFolder(folder, "0" * 64, every)
        first = checkpoints.kept() or 0
        told = []

        def kill(value, best, told=told, left=(last or 0) - first):
            told.append(value)
            if len(told) == left:
                raise Killed

        try:
            ended = _fit(*args, on_step=kill, checkpoints=checkpoints, **named)
        except Killed:
            killed += 1
    assert killed == len(steps)
    return ended


def _stored(estimator: Any, trusted: tuple[str, ...] = ()) -> Any:
    """Write an estimator with skops and read it as the project does."""
    return skops.io.loads(skops.io.dumps(estimator), trusted=[*TRUSTED_TYPES, *trusted])


@pytest.fixture(scope="session")
def make():
    return _make


@pytest.fixture(scope="session")
def as_sparse():
    return _as_sparse


@pytest.fixture(scope="session")
def options():
    return _options


@pytest.fixture(scope="session")
def fit():
    return _fit


@pytest.fixture(scope="session")
def fit_stopped_at():
    return _fit_stopped_at


@pytest.fixture(scope="session")
def stored():
    return _stored
