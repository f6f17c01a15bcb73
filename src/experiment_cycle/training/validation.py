"""What a model does on the rows its training was steered by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from experiment_cycle.columns import Columns
from experiment_cycle.metrics.catalogue import known_metrics, measure
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs
from experiment_cycle.training.records import SeedSpread, ThresholdRecord, ValidationReport
from experiment_cycle.training.seeds import spread


def predict_part(
    model: Pipeline, frame: pd.DataFrame, problem: Problem, columns: Columns, part: str
) -> Outcomes:
    """Put beside each other what came true and what a model says, at the usual threshold.

    Args:
        model: Takes raw rows.
        frame: Rows as cut from the dataset.
        problem: What is predicted.
        columns: The roles of the columns.
        part: Names the rows, for messages.
    """
    query = None
    if problem.type == "ranking":
        query = pd.factorize(frame[columns.query], use_na_sentinel=False)[0].astype(np.int64)
    features = frame[columns.features(frame.columns)]
    return Outcomes(
        problem=problem.type,
        target=problem.encode(frame[columns.target], part),
        prediction=predict_outputs(model, features, problem),
        query=query,
        classes=problem.names,
    )


def report_validation(
    trained: Sequence[Outcomes],
    problem: Problem,
    threshold: ThresholdRecord | None,
    tracked: Iterable[str],
    note: str = "",
) -> ValidationReport:
    """Measure the models of one run on the validation rows.

    Args:
        trained: Of the challenger, then of its further seeds.
        problem: What is predicted.
        threshold: Of the run: it holds for every seed.
        tracked: Metrics to measure besides those that are always shown.
        note: What else these rows were used for.
    """
    if threshold is not None:
        trained = [replace(outcomes, threshold=threshold.value) for outcomes in trained]
    first = trained[0]
    names = tuple(dict.fromkeys([*known_metrics(problem.type), *tracked]))
    values = {name: [measure(name, outcomes) for outcomes in trained] for name in names}
    return ValidationReport(
        rows=len(first.target),
        metrics={name: None if np.isnan(found[0]) else found[0] for name, found in values.items()},
        confusion=_confusion(first, problem) if problem.classes else None,
        classes=tuple(_name(problem, code) for code in range(len(problem.classes))),
        seeds=tuple(_spreads(values)) if len(trained) > 1 else (),
        note=note,
    )


def _spreads(values: dict[str, list[float]]) -> Iterable[SeedSpread]:
    """Leave out a metric that is not defined for one of the models."""
    return (spread(name, found) for name, found in values.items() if not np.isnan(found).any())


def _confusion(outcomes: Outcomes, problem: Problem) -> tuple[tuple[int, ...], ...]:
    classes = len(problem.classes)
    pairs: npt.NDArray[np.int64] = outcomes.target.astype(np.int64) * classes + called(outcomes)
    counts = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    return tuple(tuple(row) for row in counts.tolist())


def _name(problem: Problem, code: int) -> str:
    level = problem.classes[code]
    return f"not {problem.classes[-1]}" if level is None else str(level)
