"""How predictions change with one feature, all else as it is (Friedman, Annals of Statistics 2001).

Asked of the models themselves, many questions in one call: `sklearn.inspection` asks one value at a
time, writes numbers into columns of other types, and does not know models that rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiment_cycle.evaluation.what_if.grids import Grid, grid, texts
from experiment_cycle.evaluation.what_if.options import WhatIfOptions
from experiment_cycle.evaluation.what_if.predictor import Predict
from experiment_cycle.evaluation.what_if.sampling import sample
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem

POINTS = 20
MOST_ROWS = 50_000
"""Asked for in one call, so that memory stays small."""
COLUMNS = (
    "feature",
    "influence",
    "kind",
    "value",
    "model",
    "output",
    "mean",
    "low",
    "high",
    "rows",
)
OUTPUTS = {"binary": "probability", "regression": "prediction", "ranking": "score, in its sd"}


@dataclass(frozen=True, eq=False)
class Dependence:
    """One feature.

    Attributes:
        grid: Where it was tried.
        influence: How much the challenger's prediction changes on average when it is shuffled.
        curves: By model, what each row gets at each value: shape (g, n, outputs). The mean over
            rows is the partial dependence, each row by itself an individual conditional
            expectation (Goldstein et al., JCGS 2015).
    """

    grid: Grid
    influence: float
    curves: Mapping[str, Floats]


def dependences(
    models: Mapping[str, Predict], rows: pd.DataFrame, names: Sequence[str], most: int, seed: int
) -> list[Dependence]:
    """Follow the features that move the first model's predictions most, the most moving first.

    Args:
        models: By name; the first one chooses the features.
        rows: Raw rows, shape (n, columns), n > 0.
        names: The features that may be chosen.
        most: How many at most; those that move nothing are left out.
        seed: Shuffles.
    """
    first = next(iter(models.values()))
    moved = influences(first, rows, names, seed)
    ranked = sorted((name for name in names if moved[name] > 0), key=lambda name: -moved[name])
    found: list[Dependence] = []
    for name in ranked:
        values = grid(rows[name], POINTS)
        if values is None or len(found) == most:
            continue
        curves = {model: follow(predict, rows, values) for model, predict in models.items()}
        found.append(Dependence(values, moved[name], curves))
    return found


def influences(
    predict: Predict, rows: pd.DataFrame, names: Sequence[str], seed: int
) -> dict[str, float]:
    """Measure how much predictions change when one feature is shuffled among the rows.

    The mean over rows of half the sum over outputs of absolute differences where there are several
    outputs, else of the absolute difference. It needs no target, and sees interactions that
    average out in a partial dependence. Features that are alike share it among themselves.

    Args:
        predict: The model.
        rows: Raw rows, shape (n, columns).
        names: The features.
        seed: Shuffles; one order for all features.
    """
    shuffled = np.random.default_rng([seed, *b"influence"]).permutation(len(rows))
    before = predict(rows)
    found: dict[str, float] = {}
    at_once = max(MOST_ROWS // len(rows), 1)
    for start in range(0, len(names), at_once):
        chunk = names[start : start + at_once]
        usual = np.tile(np.arange(len(rows)), len(chunk))
        stacked = rows.iloc[usual].reset_index(drop=True)
        for place, name in enumerate(chunk):
            order = usual.copy()
            order[place * len(rows) : (place + 1) * len(rows)] = shuffled
            stacked[name] = rows[name].iloc[order].reset_index(drop=True)
        after = predict(stacked).reshape(len(chunk), *before.shape)
        changes = np.abs(after - before).sum(axis=2).mean(axis=1)
        changes /= 1 if before.shape[1] == 1 else 2
        found |= dict(zip(chunk, changes.tolist(), strict=True))
    return found


def follow(predict: Predict, rows: pd.DataFrame, values: Grid) -> Floats:
    """Predict every row at every value of a feature, shape (g, n, outputs)."""
    at_once = max(MOST_ROWS // len(rows), 1)
    found: list[Floats] = []
    for start in range(0, len(values.values), at_once):
        chunk = values.values.iloc[start : start + at_once]
        stacked = rows.iloc[np.tile(np.arange(len(rows)), len(chunk))].reset_index(drop=True)
        # a whole column at once, so that it keeps its type
        stacked[values.name] = chunk.repeat(len(rows)).reset_index(drop=True)
        outputs = predict(stacked)
        found.append(outputs.reshape(len(chunk), len(rows), -1))
    return np.concatenate(found)


def compare_dependence(
    models: Mapping[str, Predict],
    problem: Problem,
    rows: pd.DataFrame,
    names: Sequence[str],
    options: WhatIfOptions,
    seed: int,
) -> list[Dependence]:
    """Follow the features that move the first model most, on a sample of rows; see `dependences`.

    Scores that rank are measured in standard deviations of the model's own, around their mean,
    because those of two models share no unit.

    Args:
        models: By name, the challenger first.
        problem: What is predicted.
        rows: Raw rows, shape (n, columns), n > 0.
        names: The features that may be chosen.
        options: How many features and rows.
        seed: Of the sample, and of shuffles.
    """
    rows = sample(rows, options.rows, seed, "dependence")
    if problem.type == "ranking":
        models = {name: _standardised(predict, rows) for name, predict in models.items()}
    return dependences(models, rows, names, options.features, seed)


def _standardised(predict: Predict, rows: pd.DataFrame) -> Predict:
    usual = predict(rows)
    mean, deviation = float(usual.mean()), float(usual.std()) or 1.0
    return lambda asked: (predict(asked) - mean) / deviation


def tabulate(found: Sequence[Dependence], problem: Problem) -> pd.DataFrame:
    """Write the curves as a table.

    Returns:
        One row for each feature, model, output and value, with `COLUMNS`: `mean` is the partial
        dependence, `low` and `high` bound what the middle 80 % of the rows get.
    """
    several = problem.type == "multiclass"
    outputs = problem.names if several else (OUTPUTS[problem.type],)
    lines = [
        line
        for each in found
        for model in each.curves
        for place, output in enumerate(outputs)
        for line in _lines(each, model, place, output)
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _lines(each: Dependence, model: str, place: int, output: str) -> Iterator[tuple[object, ...]]:
    curve = each.curves[model][:, :, place]
    low, high = np.quantile(curve, [0.1, 0.9], axis=1)
    numbers = np.column_stack([curve.mean(axis=1), low, high]).tolist()
    shown = texts(each.grid.values, each.grid.kind)
    for value, told in zip(shown, numbers, strict=True):
        yield (
            each.grid.name,
            each.influence,
            each.grid.kind,
            str(value),
            model,
            output,
            *told,
            curve.shape[1],
        )
