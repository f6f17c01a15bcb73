"""What the served What-If page asks: predictions of changed rows, and dependence on one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.what_if.dependence import POINTS, follow
from experiment_cycle.evaluation.what_if.examples import Reader
from experiment_cycle.evaluation.what_if.grids import Grid, grid, texts
from experiment_cycle.evaluation.what_if.page import results
from experiment_cycle.evaluation.what_if.predictor import AskedModel
from experiment_cycle.metrics.outcomes import Floats

MOST_ROWS = 200
"""Of those on the page, for a dependence that is not asked of one row."""
MOST_EXAMPLES = 20_000


class Playground:
    """Answers by the fitted models; one question at a time, because not every model likes two.

    Args:
        models: By name, the challenger first.
        rows: The rows on the page.
    """

    def __init__(self, models: Mapping[str, AskedModel], rows: pd.DataFrame) -> None:
        self._models = dict(models)
        self._names = list(
            dict.fromkeys(name for model in models.values() for name in model.features)
        )
        self._rows = rows[self._names].iloc[:MOST_ROWS].reset_index(drop=True)
        self._reader = Reader(rows[self._names])
        # of all rows, so that a value is tried at what the page has
        found = {name: grid(rows[name], POINTS) for name in self._names}
        self._grids = {name: values for name, values in found.items() if values is not None}
        self._lock = Lock()

    def answer(self, what: str, asked: Mapping[str, Any]) -> Any:
        """Answer one question.

        Args:
            what: One of `questions`.
            asked: Its arguments.

        Raises:
            DataError: a row, a value or a feature is none.
        """
        with self._lock:
            return self.questions[what](self, asked)

    def infer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Predict the rows `examples`, by every model."""
        examples = asked.get("examples")
        if not isinstance(examples, list) or not 0 < len(examples) <= MOST_EXAMPLES:
            raise DataError(f"Rows are a list of 1 to {MOST_EXAMPLES:,}.")
        rows = self._reader.read(examples)
        return {
            name: results(model.predict(rows), model.problem)
            for name, model in self._models.items()
        }

    def features(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """List the features that a dependence can be asked for."""
        del asked
        return [_described(values) for values in self._grids.values()]

    def sorted(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """List them with how far the models' predictions move, the furthest first."""
        rows = self._asked_rows(asked)
        found = []
        for values in self._grids.values():
            reach = [np.ptp(_means(model, rows, values), axis=0) for model in self._models.values()]
            interest = float(max(np.max(each) for each in reach))
            found.append({**_described(values), "interestingness": interest})
        return sorted(found, key=lambda each: -each["interestingness"])

    def dependence(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Predict `example`, or the mean of the rows of the page, over the values of `feature`.

        Numbers may be bounded by `low` and `high`.
        """
        usual = self._grids.get(str(asked.get("feature")))
        if usual is None:
            raise DataError(f"There is nothing to try of '{asked.get('feature')}'.")
        values = _between(usual, asked.get("low"), asked.get("high"))
        rows = self._asked_rows(asked)
        shown = texts(values.values, values.kind)
        return {
            "kind": "numeric" if values.kind == "number" else "categorical",
            "curves": {
                name: _series(model, _means(model, rows, values), shown)
                for name, model in self._models.items()
            },
        }

    def _asked_rows(self, asked: Mapping[str, Any]) -> pd.DataFrame:
        example = asked.get("example")
        return self._rows if example is None else self._reader.read([example])

    questions = {  # noqa: RUF012
        "infer": infer,
        "features": features,
        "sorted": sorted,
        "dependence": dependence,
    }


def _means(model: AskedModel, rows: pd.DataFrame, values: Grid) -> Floats:
    means: Floats = follow(model.predict, rows, values).mean(axis=1)
    return means


def _between(usual: Grid, low: Any, high: Any) -> Grid:
    """Try evenly spaced numbers between bounds, where those are not the usual ones."""
    if usual.kind != "number":
        return usual
    known = _described(usual)
    try:
        ends = float(low), float(high)
    except (TypeError, ValueError):
        return usual
    if ends == (known["observedMin"], known["observedMax"]) or not ends[0] < ends[1] < np.inf:
        return usual
    values = np.linspace(*ends, POINTS)
    if pd.api.types.is_integer_dtype(usual.values.dtype):
        values = np.unique(values.round())
    return replace(usual, values=pd.Series(values).astype(usual.values.dtype))


def _described(values: Grid) -> dict[str, Any]:
    if values.kind != "number":
        return {"name": values.name, "samples": texts(values.values, values.kind)}
    numbers = values.values.astype(float)
    return {
        "name": values.name,
        "observedMin": float(numbers.min()),
        "observedMax": float(numbers.max()),
    }


def _series(model: AskedModel, means: Floats, shown: list[str | float]) -> dict[str, Any]:
    """Write a curve for each output, as the tool draws it: of two classes the positive one."""
    kind = model.problem.type
    names = {"binary": ["1"], "multiclass": [str(code) for code in range(means.shape[1])]}
    return {
        name: [
            {"step": value, "scalar": float(mean)}
            for value, mean in zip(shown, means[:, place], strict=True)
        ]
        for place, name in enumerate(names.get(kind, ["value"]))
    }
