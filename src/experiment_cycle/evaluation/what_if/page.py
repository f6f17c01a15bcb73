"""The What-If page: Google's tool with test rows, what came true and what both models say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.evaluation.predictions import MODELS, Predictions, rows_behind
from experiment_cycle.evaluation.what_if.examples import to_examples
from experiment_cycle.evaluation.what_if.front_end import INSTALL
from experiment_cycle.evaluation.what_if.sampling import sample
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem

TITLE = "What-If: challenger and incumbent on test rows"
MOST_SHOWN_CLASSES = 10
CLOSED = "default-src 'unsafe-inline' 'unsafe-eval' data: blob:"
"""The page may load nothing and send nothing: rows of the test set stay where they are."""
OWN_SERVER = "connect-src 'self'"
COMMAND = "kedro cycle what-if"


@dataclass(frozen=True, eq=False)
class PageRows:
    """Test rows as the page shows them.

    Attributes:
        table: What models may read, sensitive columns, the target as a number, and `__row__`.
        outputs: By model what it says of them, shape (n, outputs).
        of: How many test rows there are in all.
    """

    table: pd.DataFrame
    outputs: Mapping[str, Floats]
    of: int


def page_rows(
    test: pd.DataFrame, predictions: Predictions, columns: Columns, most: int, seed: int
) -> PageRows:
    """Choose the rows of the page.

    Args:
        test: The rows behind the predictions, indexed by `__row__`.
        predictions: Of both models.
        columns: The roles of the columns; features and sensitive columns are shown.
        most: How many rows at most, a seeded sample.
        seed: Of the sample.
    """
    chosen = sample(predictions.table, most, seed, "what-if page")
    some = Predictions(chosen, predictions.problem, predictions.thresholds)
    rows = rows_behind(test.loc[test.index.isin(chosen.index)], chosen)
    names = columns.features(test.columns)
    names += [name for name in columns.sensitive if name not in names]
    table = rows[[name for name in names if name != columns.target]].reset_index(drop=True)
    target = some.target
    table[columns.target] = target if target.dtype.kind == "f" else target.astype(np.int64)
    table.insert(0, ROW, chosen.index.to_numpy())
    outputs = {
        model: np.asarray(some.outcomes(model).prediction).reshape(len(chosen), -1)
        for model in MODELS
    }
    return PageRows(table, outputs, len(predictions.table))


def what_if_page(
    tool: str,
    rows: PageRows,
    predictions: Predictions,
    target: str,
    mode: Literal["static", "live"],
) -> str:
    """Write the page.

    Args:
        tool: The tool's own page, as it is installed.
        rows: What is shown.
        predictions: They say what is predicted, and the thresholds.
        target: Its column.
        mode: `live`: served by a process that predicts anew; `static`: a file that only shows.

    Returns:
        One HTML document without any other file; markup in data stays text.
    """
    problem = predictions.problem
    content = {
        "examples": to_examples(rows.table),
        "inferences": {model: results(held, problem) for model, held in rows.outputs.items()},
        "mode": mode,
        "models": list(rows.outputs),
        "type": "classification" if problem.classes else "regression",
        "classes": list(problem.names),
        "multiclass": problem.type == "multiclass",
        "shown": min(len(problem.classes), MOST_SHOWN_CLASSES) or 1,
        "thresholds": [predictions.thresholds.get(model, 0.5) for model in rows.outputs],
        "target": target,
    }
    policy = f"{CLOSED}; {OWN_SERVER}" if mode == "live" else CLOSED
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<title>{TITLE}</title><link rel="icon" href="data:,">{_sentence(rows, mode)}'
    )
    script = files("experiment_cycle.evaluation.what_if").joinpath("page.js").read_text("utf-8")
    return (
        f"{head}{tool}"
        f'<script type="application/json" id="what-if">{_script_json(content)}</script>'
        f"<script>{script}</script>"
    )


def page_without_tool() -> str:
    """Say in a page what would be here, and how to get it."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>'
        "<p>Here would be test rows in Google's What-If Tool, which is not installed.</p>"
        f"<p>Next step: <code>{INSTALL}</code>, then <code>kedro run --pipelines=evaluation</code> "
        f"or <code>{COMMAND}</code>.</p>\n"
    )


def results(outputs: Floats, problem: Problem) -> list[Any]:
    """Write what a model says as the tool reads it: the probability of each class, or a value."""
    if not problem.classes:
        return [{"value": float(value)} for value in outputs[:, 0]]
    if problem.type == "binary":
        outputs = np.column_stack([1.0 - outputs[:, 0], outputs[:, 0]])
    return [
        {"classes": [{"label": str(code), "score": float(p)} for code, p in enumerate(row)]}
        for row in outputs
    ]


def _sentence(rows: PageRows, mode: str) -> str:
    """Say above the tool which rows these are, and what can be done with them."""
    count = (
        f"{len(rows.table):,}"
        if len(rows.table) == rows.of
        else f"{len(rows.table):,} of {rows.of:,}"
    )
    more = (
        "Change a value and press “Predict”: both models predict anew. "
        if mode == "live"
        else f"The predictions are those of the run; to change values and predict anew: {COMMAND}. "
    )
    return (
        '<p style="font: 14px sans-serif; margin: 8px 12px">'
        f"{count} test rows. {more}These rows show outcomes of the test set: a challenger built "
        "from them can no longer be judged on it.</p>"
    )


def _script_json(content: object) -> str:
    """Write JSON that cannot end a script element, or open a comment in it, whatever it holds."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
