"""What the challenger does with unusual tables: it answers, it refuses clearly, or it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import CycleError
from experiment_cycle.evaluation.errors.edge_frames import Unusual, unusual_tables
from experiment_cycle.evaluation.errors.edge_records import Did, EdgeCase, EdgeCases
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs

ROWS = 20
MOST_COLUMNS = 30
TOLERANCE = 1e-6
"""How far the same prediction may be off, in parts of the greatest one: of single precision."""
MOST_TOLD = 300
"""So many characters of an error are kept."""

EXPECTED = {
    "answers": "predictions in range, or an error that names the column",
    "same": "the predictions of the same rows as they are",
    "same or refuses": "the predictions of the same rows, or an error that names the column",
    "refuses": "an error that names the column",
}


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of asking a model: predictions, shape (n, outputs), or how it ended."""

    did: Did
    told: str
    predicted: Floats | None = None


def try_edge_cases(
    model: Any, train: pd.DataFrame, problem: Problem, columns: Columns, seed: int
) -> EdgeCases:
    """Let a model predict unusual tables made of training rows.

    It is asked as this project asks any model, by `predict_outputs`. Each of the first
    `MOST_COLUMNS` columns that it reads is tried by itself.

    Args:
        model: A fitted pipeline that takes raw feature frames.
        train: The training rows.
        problem: What is predicted.
        columns: The roles of the columns.
        seed: Draws the `ROWS` rows that are changed.
    """
    features = train[columns.features(train.columns)]
    known = [str(name) for name in getattr(model, "feature_names_in_", features.columns)]
    read = [str(name) for name in features.columns if name in known]
    rows = features.sample(min(ROWS, len(features)), random_state=seed).sort_index()
    cases = list(_try_all(model, rows, features, read[:MOST_COLUMNS], problem))
    failed = sum(case.status == "failed" for case in cases)
    return EdgeCases(
        rows=len(rows),
        columns=len(read[:MOST_COLUMNS]),
        left_out=tuple(read[MOST_COLUMNS:]),
        passed=len(cases) - failed,
        failed=failed,
        cases=tuple(cases),
    )


def _try_all(
    model: Any, rows: pd.DataFrame, train: pd.DataFrame, read: list[str], problem: Problem
) -> Iterator[EdgeCase]:
    """Try the rows as they are; where the model answers, every unusual table too."""
    given = rows.copy()
    usual = _ask(model, given, problem)
    yield _usual(usual, given.equals(rows))
    if usual.predicted is not None:
        for unusual in unusual_tables(rows, train, read):
            yield _judge(unusual, _ask(model, unusual.frame, problem), usual.predicted)


def _ask(model: Any, frame: pd.DataFrame, problem: Problem) -> Answer:
    try:
        with np.errstate(all="ignore"):
            predicted = predict_outputs(model, frame, problem)
    except CycleError as error:
        return Answer("refused", _cut(error.message))
    except Exception as error:
        # whatever a model ends with is what is asked for
        return Answer("crashed", _cut(f"{type(error).__name__}: {error}"))
    return Answer("predicted", "", predicted if predicted.ndim > 1 else predicted[:, None])


def _judge(unusual: Unusual, answer: Answer, usual: Floats) -> EdgeCase:
    """Hold what a model did against what is expected of it."""
    moved = _moved(answer.predicted, usual, unusual.places)
    passed, told = answer.did == "predicted" and unusual.expected != "refuses", answer.told
    if answer.did == "predicted":
        told = "predicted" if moved is None else f"predicted, moved by up to {moved:.3g}"
        if unusual.expected.startswith("same"):
            passed = (moved or 0.0) <= TOLERANCE * float(np.abs(usual).max())
            told = "predicted the same" if passed else told
    elif answer.did == "refused" and unusual.expected != "same":
        passed = unusual.column is None or _names(answer.told, unusual.column)
        told = answer.told if passed else f"{answer.told} (It does not name the column.)"
    return EdgeCase(
        case=unusual.case,
        column=unusual.column,
        status="passed" if passed else "failed",
        expected=EXPECTED[unusual.expected],
        did=answer.did,
        told=told,
        moved=moved,
    )


def _names(told: str, column: str) -> bool:
    """Tell whether a message names a column: quoted, in a list, or after the word."""
    name = re.escape(column)
    return (
        re.search(rf"['\"`]{name}['\"`]|[:,] {name}[,.:;]|[Cc]olumns? {name}\b", told) is not None
    )


def _moved(predicted: Floats | None, usual: Floats, places: npt.NDArray[np.int64]) -> float | None:
    if predicted is None or not len(predicted) or len(predicted) != len(places):
        return None
    return float(np.abs(predicted - usual[places]).max())


def _usual(answer: Answer, untouched: bool) -> EdgeCase:
    """Tell whether training rows are predicted at all, and left as they were."""
    told = answer.told or "predicted"
    return EdgeCase(
        case="training rows",
        column=None,
        status="passed" if answer.did == "predicted" and untouched else "failed",
        expected="predictions in range, and the table left as it was",
        did=answer.did,
        told=told if untouched else f"{told}; the table it was given is another one afterwards",
    )


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_TOLD else f"{line[: MOST_TOLD - 1]}…"
