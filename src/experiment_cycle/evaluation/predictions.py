"""What both models, and further seeds of the challenger, predict for the same test rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.errors import DataError, IntegrityError
from experiment_cycle.evaluation.query_units import judged, query_units
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.metrics.units import UnitName, Units
from experiment_cycle.problem import Problem
from experiment_cycle.training.records import ModelRecord

MODELS = ("challenger", "incumbent")
"""The models that are compared."""

SEED = "challenger_seed_"
"""Before the number of a further seed of the challenger, from 2 on."""

AGAIN = "Next step: kedro run --pipelines=evaluation."


@dataclass(frozen=True, eq=False)
class Predictions:
    """The test predictions as a metric reads them.

    Attributes:
        table: Indexed by `__row__`, columns `unit` (int64, which rows stand or fall together),
            `query` (int64, ranking only), `moment` (int64, only where the test rows follow the
            others in time and nothing else holds them together), `target` (as `Problem.encode`
            writes it) and those of `output_columns` for the challenger, the incumbent and every
            further seed.
        problem: What is predicted.
        thresholds: Binary: per model, from which probability on it calls a row positive.
    """

    table: pd.DataFrame
    problem: Problem
    thresholds: dict[str, float] = field(default_factory=dict)

    models = MODELS

    @classmethod
    def from_records(
        cls,
        table: pd.DataFrame,
        challenger_record: ModelRecord | dict[str, Any],
        incumbent_record: IncumbentRecord | dict[str, Any],
    ) -> Predictions:
        """Read a table of test predictions by the records of its models.

        Args:
            table: As `predict_all` makes it.
            challenger_record: Says what is predicted, and the challenger's threshold.
            incumbent_record: Says the incumbent's threshold.

        Raises:
            DataError: a column is missing: the table was made for another problem.
        """
        challenger = ModelRecord.model_validate(challenger_record)
        incumbent = IncumbentRecord.model_validate(incumbent_record)
        problem = challenger.problem
        needed = [
            "unit",
            *(["query"] if problem.type == "ranking" else []),
            "target",
            *(name for model in MODELS for name in output_columns(model, problem)),
        ]
        missing = [name for name in needed if name not in table.columns]
        if missing:
            raise DataError(
                f"The test predictions lack the columns {', '.join(missing)}, which a challenger "
                f"for a {problem.type} problem has. {AGAIN}"
            )
        values = {
            "challenger": challenger.threshold.value if challenger.threshold else None,
            "incumbent": incumbent.threshold,
        }
        thresholds = {model: value for model, value in values.items() if value is not None}
        return cls(table, problem, thresholds)

    @property
    def seeds(self) -> tuple[str, ...]:
        """Name the further seeds of the challenger, in their order."""
        found = (re.match(rf"{SEED}(\d+)", str(name)) for name in self.table.columns)
        numbers = sorted({int(each[1]) for each in found if each is not None})
        return tuple(f"{SEED}{number}" for number in numbers)

    @cached_property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Tell which rows a metric depends on, shape (n,): not those of queries without relevance.

        All rows where nothing is ranked.
        """
        if self.problem.type != "ranking":
            return np.ones(len(self), dtype=np.bool_)
        return judged(self.table["query"].to_numpy(dtype=np.int64), self.target)

    @property
    def in_time(self) -> bool:
        """Tell whether the resampling units are moments that follow each other."""
        return self.problem.type != "ranking" and "moment" in self.table

    @property
    def unit(self) -> UnitName:
        """Name the resampling units."""
        counted, count = self.table[self.counted], self.units.count
        if self.in_time:
            return "moment"
        if self.problem.type == "ranking" and count == counted["query"].nunique():
            return "query"
        return "row" if count == len(counted) else "group"

    @cached_property
    def units(self) -> Units:
        """The resampling units of the rows that are counted, in their order."""
        counted = self.table[self.counted]
        if self.in_time:
            return Units.from_codes(counted["moment"].to_numpy(dtype=np.int64), in_time=True)
        codes = counted["unit"].to_numpy(dtype=np.int64)
        if self.problem.type != "ranking":
            return Units.from_codes(codes)
        return query_units(codes, counted["query"].to_numpy(dtype=np.int64))

    @property
    def target(self) -> npt.NDArray[Any]:
        """What came true, shape (n,)."""
        return self.table["target"].to_numpy()

    def outcomes(self, model: str) -> Outcomes:
        """Put what came true beside what a model predicted; a further seed has the same threshold.

        Args:
            model: One of `models` or `seeds`.
        """
        known = self._outcomes
        if model not in known:
            known[model] = self._read(model)
        return known[model]

    def _read(self, model: str) -> Outcomes:
        table, names = self.table, output_columns(model, self.problem)
        prediction = table[names if len(names) > 1 else names[0]].to_numpy(dtype=np.float64)
        ranked = self.problem.type == "ranking"
        return Outcomes(
            self.problem.type,
            self.target,
            prediction,
            table["query"].to_numpy(dtype=np.int64) if ranked else None,
            self.thresholds.get("challenger" if model.startswith(SEED) else model, 0.5),
            self.problem.names,
        )

    @cached_property
    def _outcomes(self) -> dict[str, Outcomes]:
        return {}

    def within(self, chosen: npt.NDArray[np.bool_]) -> Predictions:
        """Keep some of the rows, by a mask of shape (n,)."""
        if chosen.all():
            return self
        return Predictions(self.table[chosen], self.problem, self.thresholds)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.table)


def output_columns(model: str, problem: Problem) -> list[str]:
    """Name the columns of a model's predictions: one; with several classes, one for each."""
    if problem.type != "multiclass":
        return [model]
    return [f"{model}_{code}" for code in range(problem.outputs)]


def seed_names(seed_models: Sequence[Any]) -> Iterator[str]:
    """Name further models of one run: the challenger has the first seed."""
    return (f"{SEED}{number}" for number, _ in enumerate(seed_models, start=2))


def rows_behind(test: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Put the test rows in the order of their predictions.

    Raises:
        IntegrityError: the predictions were made for other rows.
    """
    if len(test) != len(table) or not table.index.isin(test.index).all():
        raise IntegrityError(
            f"The test predictions ({len(table)} rows) were not made for this test set "
            f"({len(test)} rows). {AGAIN}"
        )
    return test.loc[table.index]
