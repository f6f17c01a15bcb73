"""Whether the challenger does what is expected of it when a row is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.errors.behaviour_changes import (
    KEY,
    altered_rows,
    changed_rows,
)
from experiment_cycle.evaluation.errors.behaviour_options import BehaviourTest
from experiment_cycle.evaluation.errors.behaviour_records import (
    Behaviour,
    BehaviourResult,
    Violation,
)
from experiment_cycle.evaluation.options import EvaluationOptions
from experiment_cycle.evaluation.shares import share_interval
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import Units
from experiment_cycle.problem import Problem
from experiment_cycle.training.predicting import predict_outputs

MOST_ROWS = 20_000
"""Of more rows, as many are drawn: the share is known to half a percent then."""
EXAMPLES = 3
NOISE = 1e-12
"""Parts of a prediction that rounding alone may move it by."""
WAYS: dict[str, str] = {
    "increase": "rises",
    "decrease": "falls",
    "not_increase": "does not rise",
    "not_decrease": "does not fall",
}


def try_behaviour(
    model: Any,
    validation: pd.DataFrame,
    problem: Problem,
    columns: Columns,
    options: EvaluationOptions,
    seed: int,
) -> Behaviour:
    """Change rows as the tests say, and compare what the model says before and after.

    Only rows that the change alters are counted.

    Args:
        model: A fitted pipeline that takes raw feature frames.
        validation: The rows to change. Not those of the test set: no look at it is spent.
        problem: What is predicted.
        columns: The roles of the columns.
        options: The tests, and the confidence of intervals.
        seed: Draws rows where there are more than `MOST_ROWS`.

    Raises:
        ConfigurationError: a test names a column that is no feature, or a class that is none.
        DataError: a change makes no sense of a column's values.
    """
    refuse_unknown(options, columns.features(validation.columns), problem)
    many = len(validation) > MOST_ROWS
    rows = validation.sample(MOST_ROWS, random_state=seed) if many else validation
    rows = rows.sort_index()
    features, units = rows[columns.features(rows.columns)], columns.groups(rows)
    usual = _outputs(model, features, problem) if options.behaviour else np.empty((0, 1))
    tests = [
        _try_one(model, test, features, units, usual, problem, options.confidence)
        for test in options.behaviour
    ]
    return Behaviour(rows=len(rows), confidence=options.confidence, tests=tuple(tests))


def _try_one(
    model: Any,
    test: BehaviourTest,
    features: pd.DataFrame,
    units: npt.NDArray[np.int64],
    usual: Floats,
    problem: Problem,
    confidence: float,
) -> BehaviourResult:
    changed = changed_rows(features, test)
    altered = altered_rows(features, changed, list(test.change))
    shown = _shown(test, problem)
    after = _outputs(model, changed[altered], problem)[:, shown]
    before = usual[altered][:, shown]
    change, wrong_by = _compare(before, after, test)
    holds = (wrong_by <= 0).astype(np.float64)
    found = Units.from_codes(units[altered])
    bounds = share_interval(holds, found, confidence) if len(holds) else (None, None)
    share = float(holds.mean()) if len(holds) else None
    enough = share is not None and share >= test.min_share
    return BehaviourResult(
        name=test.name,
        change=", ".join(f"{name} {each.told()}" for name, each in test.change.items()),
        expected=_expected(test),
        status="not_applicable" if share is None else "passed" if enough else "failed",
        min_share=test.min_share,
        rows=len(holds),
        units=found.count,
        share=share,
        lower=bounds[0],
        upper=bounds[1],
        median_change=float(np.median(change)) if len(change) else None,
        violations=_worst(
            features[altered], changed[altered], (before, after), wrong_by, found, test
        ),
        note=None if len(holds) else "The change alters no row.",
    )


def refuse_unknown(options: EvaluationOptions, features: list[str], problem: Problem) -> None:
    """Refuse tests of what is not there.

    Args:
        options: The tests.
        features: What the models read.
        problem: What is predicted.

    Raises:
        ConfigurationError: a test names a column that is no feature, or a class that is none.
    """
    for place, test in enumerate(options.behaviour):
        _refuse_one(test, f"{KEY}[{place}]", features, problem)


def _refuse_one(test: BehaviourTest, where: str, features: list[str], problem: Problem) -> None:
    for name in test.change:
        if name not in features:
            raise ConfigurationError(
                f"{where} ('{test.name}') changes '{name}', which is no feature. "
                f"{near_misses(name, features)} Next step: correct it in "
                "parameters_evaluation.yml; for data without such expectations set behaviour to []."
            )
    several = problem.type == "multiclass" and test.type == "directional"
    if several and test.of_class not in problem.classes:
        raise ConfigurationError(
            f"{where} ('{test.name}') needs of_class, the class whose probability is to move: "
            f"{test.of_class!r} is none. Known: {', '.join(map(repr, problem.classes))}."
        )
    if not several and test.of_class is not None:
        raise ConfigurationError(
            f"{where} ('{test.name}'): of_class has no meaning for a {problem.type} problem. Next "
            "step: leave it out."
        )


def _shown(test: BehaviourTest, problem: Problem) -> list[int]:
    """Name the outputs that a test is about: all of them, or the probability of one class."""
    if test.of_class is None:
        return list(range(problem.outputs))
    return [problem.classes.index(test.of_class)]


def _outputs(model: Any, rows: pd.DataFrame, problem: Problem) -> Floats:
    """Predict, shape (n, outputs)."""
    return predict_outputs(model, rows, problem).reshape(len(rows), problem.outputs)


def _compare(before: Floats, after: Floats, test: BehaviourTest) -> tuple[Floats, Floats]:
    """Measure how each prediction moved, and by how much that is too far (0 or less: it holds)."""
    noise = NOISE * np.maximum(np.abs(before), np.abs(after)).max(axis=1, initial=0.0)
    if test.type == "invariance":
        change = np.abs(after - before).max(axis=1, initial=0.0)
        return change, change - float(test.max_change or 0.0) - noise
    change = (after - before)[:, 0]
    rising = test.expect in {"increase", "not_decrease"}
    good = change if rising else -change
    if str(test.expect).startswith("not_"):
        return change, -good - float(test.max_change or 0.0) - noise
    # no move at all is none in the right direction
    return change, np.where(good > noise, -good, np.maximum(-good, np.finfo(np.float64).tiny))


def _worst(
    features: pd.DataFrame,
    changed: pd.DataFrame,
    predicted: tuple[Floats, Floats],
    wrong_by: Floats,
    units: Units,
    test: BehaviourTest,
) -> tuple[Violation, ...]:
    """Take the rows on which it fails by most, the worst first, one of each unit."""
    before, after = predicted
    order = np.argsort(-wrong_by, kind="stable")
    order = order[wrong_by[order] > 0]
    _, first = np.unique(units.codes[order], return_index=True)
    places = order[np.sort(first)][:EXAMPLES].tolist()
    names = list(test.change)
    return tuple(
        Violation(
            row=int(features.index[place]),
            before={name: _plain(features[name].iloc[place]) for name in names},
            after={name: _plain(changed[name].iloc[place]) for name in names},
            predicted=float(before[place, moved]),
            predicted_after=float(after[place, moved]),
        )
        for place in places
        for moved in [int(np.abs(after[place] - before[place]).argmax())]
    )


def _plain(value: Any) -> Any:
    """Write one value so that JSON holds it."""
    if pd.isna(value):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, bool | int | float | str) else str(value)


def _expected(test: BehaviourTest) -> str:
    if test.type == "invariance":
        return f"moves by at most {test.max_change:g}"
    whose = "" if test.of_class is None else f"probability of {test.of_class} "
    room = f" by more than {test.max_change:g}" if test.max_change else ""
    return f"{whose}{WAYS[test.expect or 'increase']}{room}"
