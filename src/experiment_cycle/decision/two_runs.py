"""The challengers of two finished runs on the test rows that both were tried on.

It describes. Nothing is decided by it: no level is granted, no look taken, no test set opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiment_cycle.decision.criteria import improvement
from experiment_cycle.decision.folds import PairedFolds
from experiment_cycle.decision.intervals import measure_effect, name_test
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.decision.verdicts import TWO_SIDED
from experiment_cycle.errors import ConfigurationError
from experiment_cycle.evaluation.predictions import MODELS, output_columns
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.metrics.catalogue import class_of, is_metric, known_metrics, metric
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.metrics.holm import holm
from experiment_cycle.metrics.units import UnitName
from experiment_cycle.options import Record
from experiment_cycle.problem import Problem
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.training.records import ModelRecord

OWN, OTHER = MODELS
FOLD = ("repeat", "fold")
THRESHOLD = "_threshold"
Compared = PairedPredictions | PairedFolds


@dataclass(frozen=True, eq=False)
class TriedRun:
    """What a run keeps of the test of its challenger; the tables as the stages describe them.

    Attributes:
        test_predictions: Indexed by `__row__`.
        fold_predictions: Of a cross-validation; empty without one.
        split_keys: Of all rows, indexed by `__row__`.
        record: Of the challenger.
        manifest: Of the split.
    """

    test_predictions: pd.DataFrame
    fold_predictions: pd.DataFrame
    split_keys: pd.DataFrame
    record: ModelRecord
    manifest: SplitManifest

    @property
    def by_folds(self) -> bool:
        """Tell whether there is no test set, so that the folds stand in for it."""
        return not self.manifest.parts["test"].rows and not self.fold_predictions.empty


class MetricPair(Record):
    """A metric of both challengers: by how much the second is better, with its 95 % interval.

    `p_value` is two-sided against no difference; `p_adjusted` holds for all metrics together.
    """

    metric: str
    first: float | None
    second: float | None
    effect: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    p_adjusted: float | None
    test: str
    note: str | None


class PairedRuns(Record):
    """The paired comparison of two challengers."""

    rows: int
    unit: UnitName
    units: int
    folds: int | None
    """How many decide where there is no test set."""
    metrics: tuple[MetricPair, ...]


def compare_runs(first: TriedRun, second: TriedRun, asked: Iterable[str]) -> PairedRuns | str:
    """Compare the challengers of two runs, if they were tried on the same rows.

    The tests, units and intervals are those of a decision. Costs as much as measuring two models.

    Args:
        first: One run.
        second: The other; effects are how much better its challenger is.
        asked: Metrics that are shown besides those that all models of the problem have.

    Returns:
        The comparison, or a sentence that says why there is none.

    Raises:
        DataError: a stored prediction is not one that the problem allows.
    """
    obstacle = _obstacle(first, second)
    if obstacle is not None:
        return obstacle
    by_folds = first.by_folds
    if by_folds:
        joined = _join(first, second, first.fold_predictions, second.fold_predictions, FOLD)
    else:
        joined = _join(first, second, first.test_predictions, second.test_predictions, ())
    if isinstance(joined, str):
        return joined
    records = (second.record.model_dump(mode="json"), _as_incumbent(first.record))
    folds = PairedFolds.from_table(joined, *records) if by_folds else None
    compared = folds or PairedPredictions.from_table(joined, *records)
    paired = compared.pooled if isinstance(compared, PairedFolds) else compared
    shown = _metrics(first.record.problem, asked)
    return PairedRuns(
        rows=len(paired.rows),
        unit=paired.unit,
        units=paired.units.count,
        folds=None if folds is None else len(folds.parts),
        metrics=tuple(_adjusted([_measure(name, compared) for name in shown])),
    )


def _obstacle(first: TriedRun, second: TriedRun) -> str | None:
    one, other = first.record.problem, second.record.problem
    if first.record.identity == second.record.identity:
        return "Both runs made the very same model, so that there is nothing to test."
    if one.type != other.type:
        return f"One run predicts for a {one.type} problem, the other for a {other.type} one."
    if one != other:
        return "The runs predict different classes."
    if first.by_folds != second.by_folds:
        return "One run was tried on a test set, the other by cross-validation."
    return None


def _join(
    first: TriedRun,
    second: TriedRun,
    one: pd.DataFrame,
    other: pd.DataFrame,
    fold: tuple[str, ...],
) -> pd.DataFrame | str:
    """Put the second run's predictions beside those of the first, or say why that cannot be."""
    if first.manifest.content_hash == second.manifest.content_hash:
        known = [pd.Series(table.index, index=table.index) for table in (one, other)]
    else:
        identifiers = {run.manifest.settings.get("identifier") for run in (first, second)}
        if len(identifiers) > 1 or None in identifiers:
            return (
                "The runs used different data, whose rows cannot be recognised without an "
                "identifier (columns.identifier)."
            )
        known = [
            run.split_keys["row"].reindex(table.index)
            for run, table in ((first, one), (second, other))
        ]
    keyed = [
        table.set_index([*(table[name] for name in fold), key.set_axis(table.index)])
        for table, key in zip((one, other), known, strict=True)
    ]
    if len(one) != len(other) or not keyed[0].index.sort_values().equals(
        keyed[1].index.sort_values()
    ):
        return f"They were not tried on the same rows ({len(one):,} and {len(other):,})."
    moved = keyed[1].reindex(keyed[0].index)
    if (moved["target"].to_numpy() != keyed[0]["target"].to_numpy()).any():
        return "What came true of the same rows differs between the runs."
    outputs = output_columns(OWN, first.record.problem)
    joined = one.drop(columns=[name for name in one if str(name).startswith((OWN, OTHER))])
    threshold = [f"{OWN}{THRESHOLD}"] if f"{OWN}{THRESHOLD}" in one and fold else []
    for name in [*outputs, *threshold]:
        joined[name] = moved[name].to_numpy()
        joined[name.replace(OWN, OTHER, 1)] = one[name].to_numpy()
    return _coarser(joined, moved)


def _coarser(joined: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """Take the units of the run that has fewer, if they differ: what belongs together, does."""
    if moved["unit"].nunique() < joined["unit"].nunique():
        joined["unit"] = moved["unit"].to_numpy()
    if "moment" not in moved and "moment" in joined:
        return joined.drop(columns="moment")
    return joined


def _as_incumbent(record: ModelRecord) -> dict[str, Any]:
    return IncumbentRecord(
        kind="baseline",
        identity=record.identity,
        problem=record.problem,
        threshold=record.threshold.value if record.threshold else None,
        estimator=record.estimator,
        hyperparameters=record.hyperparameters,
        registered_model="",
    ).model_dump(mode="json")


def _metrics(problem: Problem, asked: Iterable[str]) -> list[str]:
    return list(
        dict.fromkeys(
            [*(name for name in asked if _fits(name, problem)), *known_metrics(problem.type)]
        )
    )


def _fits(name: str, problem: Problem) -> bool:
    """Tell whether a metric is one of predictions, and of this problem."""
    try:
        known = is_metric(name) and problem.type in metric(name).problems
    except ConfigurationError:
        # one of the user's own that is not there any more
        return False
    return known and name not in COSTS and class_of(name) in {None, *problem.names}


def _measure(name: str, compared: Compared) -> MetricPair:
    criterion = improvement(name)
    if isinstance(compared, PairedFolds):
        effect, test = compared.effect(criterion), compared.test(criterion)
    else:
        effect, test = measure_effect(criterion, compared), name_test(criterion, compared)
    lower, upper = effect.bounds(TWO_SIDED / 2.0, TWO_SIDED / 2.0)
    return MetricPair(
        metric=name,
        first=effect.incumbent,
        second=effect.challenger,
        effect=effect.value,
        lower=lower,
        upper=upper,
        p_value=effect.two_sided(),
        p_adjusted=None,
        test=test,
        note=effect.note,
    )


def _adjusted(pairs: list[MetricPair]) -> list[MetricPair]:
    known = [each.p_value for each in pairs if each.p_value is not None]
    adjusted = iter(holm(known))
    return [
        each if each.p_value is None else each.model_copy(update={"p_adjusted": next(adjusted)})
        for each in pairs
    ]
