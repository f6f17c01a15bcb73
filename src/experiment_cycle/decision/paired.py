"""The predictions of two models for the same test rows, and what they are worth as evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.decision.accepted_values import refuse_wrong_rows, refuse_wrong_values
from experiment_cycle.evaluation.predictions import MODELS, Predictions
from experiment_cycle.evaluation.query_units import judged, query_units
from experiment_cycle.metrics.bootstrap import bootstrap
from experiment_cycle.metrics.influence import Influence, influence
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.units import UnitName, Units
from experiment_cycle.problem import ProblemType
from experiment_cycle.row_keys import hash_rows

Codes = npt.NDArray[np.int64]

RESAMPLES = 1000
"""Of a metric on which no row has an influence."""


@dataclass(frozen=True, eq=False)
class PairedPredictions:
    """What came true and what every model said of it, sorted by row position.

    Attributes:
        rows: Positions of the rows in the dataset, shape (n,).
        codes: The resampling unit of each row, shape (n,).
        models: Outcomes of `challenger`, `incumbent`, and of `challenger_seed_2`, ... where the
            challenger was trained with further seeds; all of them with the same targets.
        in_time: Whether the units are moments that follow each other.
    """

    rows: Codes
    codes: Codes
    models: Mapping[str, Outcomes]
    in_time: bool = False

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        challenger_record: dict[str, Any],
        incumbent_record: dict[str, Any],
    ) -> PairedPredictions:
        """Take over a table of test predictions, indexed by `__row__`.

        Args:
            table: The columns `unit`, `query` (ranking), `target`, and those of every model.
            challenger_record: A `ModelRecord`, as stored: the problem, and its threshold.
            incumbent_record: An `IncumbentRecord`, as stored, with a threshold of its own.

        Raises:
            DataError: a column is missing, a row occurs twice, or a value is not one that the
                problem allows.
        """
        return cls.of(Predictions.from_records(table, challenger_record, incumbent_record))

    @classmethod
    def of(cls, predictions: Predictions) -> PairedPredictions:
        """Take over predictions, in whatever order their rows are.

        Raises:
            DataError: a row occurs twice, or a value is not one that the problem allows.
        """
        refuse_wrong_rows(predictions.table)
        ordered = replace(predictions, table=predictions.table.sort_index())
        rows = ordered.table.index.to_numpy(dtype=np.int64)
        models = {name: ordered.outcomes(name) for name in (*MODELS, *ordered.seeds)}
        for name, outcomes in models.items():
            refuse_wrong_values(name, outcomes, rows)
        units = ordered.table["moment" if ordered.in_time else "unit"]
        return cls(rows, units.to_numpy(dtype=np.int64), models, ordered.in_time)

    @property
    def problem(self) -> ProblemType:
        """What kind of prediction was made."""
        return self.models["challenger"].problem

    @property
    def seeds(self) -> list[str]:
        """Name the challenger's further trainings, in their order."""
        return [name for name in self.models if name not in MODELS]

    @cached_property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Tell which rows count, shape (n,): for ranking those of queries with a relevant row."""
        outcomes = self.models["challenger"]
        if outcomes.query is None or self.problem != "ranking":
            return np.ones(len(self.rows), dtype=np.bool_)
        return judged(outcomes.query, outcomes.target)

    @cached_property
    def units(self) -> Units:
        """The resampling units of the rows that count, in their order.

        Units that share a query are one. For ranking, where every query weighs alike however many
        rows it has, a unit is worth its queries.
        """
        codes = self.codes[self.counted]
        if self._query is None:
            return Units.from_codes(codes, in_time=self.in_time)
        return query_units(codes, self._query)

    @cached_property
    def unit(self) -> UnitName:
        """Name what was resampled."""
        if self.in_time:
            return "moment"
        if self._query is not None and self.units.count == len(np.unique(self._query)):
            return "query"
        return "row" if self.units.count == len(self.units.codes) else "group"

    @cached_property
    def fewest_of_a_class(self) -> int:
        """Count the units that hold the rarest class of several, or none of it."""
        outcomes = self.models["challenger"]
        pairs = np.unique(np.stack([outcomes.target, self.units.codes]), axis=1)
        classes = outcomes.prediction.shape[1]
        return int(np.bincount(pairs[0].astype(np.int64), minlength=classes).min())

    @cached_property
    def rows_hash(self) -> str:
        """Hash of the row positions, as the split manifest has it."""
        return hash_rows(self.rows)

    def standard_error(self, contributions: Floats) -> float:
        """Estimate a standard error from contributions of all rows, shape (n,); see `Units`."""
        return float(self.units.standard_error(contributions[self.counted]))

    def influence(self, model: str, name: str) -> Influence:
        """Measure a metric of a model, with each row's contribution to it."""
        known = self._influences
        if (model, name) not in known:
            known[model, name] = influence(name, self.models[model])
        return known[model, name]

    def resampled(self, model: str, name: str) -> Floats:
        """Measure a metric of a model on resamples, shape (replicates,); the same for all models.

        A metric of the user's own has fewer of them, see `bootstrap`.
        """
        known = self._resamples
        if (model, name) not in known:
            outcomes = self.models[model].rows(self.counted)
            # of the rows, so that it is the same for whoever compares models on them
            seed = int(self.rows_hash[:8], 16)
            drawn = bootstrap([name], outcomes, self.units, RESAMPLES, seed)
            known[model, name] = drawn[name]
        return known[model, name]

    def threshold(self, model: str) -> float | None:
        """Tell from which probability on a model calls a row positive; None but for two classes."""
        return self.models[model].threshold if self.problem == "binary" else None

    def hash(self, *models: str) -> str:
        """Hash what metrics of these models depend on: problem, rows, units, targets, predictions.

        A query, and the threshold of two classes, are among it.
        """
        first = self.models["challenger"]
        digest = hashlib.sha256(self.problem.encode())
        digest.update(b"in time" if self.in_time else b"")
        whole = self.problem in {"binary", "multiclass"}
        parts = [(self.rows, "<i8"), (self.codes, "<i8"), (first.target, "<i8" if whole else "<f8")]
        if first.query is not None:
            parts.append((first.query, "<i8"))
        parts += [(self.models[model].prediction, "<f8") for model in models]
        for part, kind in parts:
            digest.update(f"{part.shape}".encode())
            digest.update(np.ascontiguousarray(part, dtype=kind).tobytes())
        for model in models:
            digest.update(repr(self.threshold(model)).encode())
        return digest.hexdigest()

    def hashes(self) -> dict[str, str]:
        """Hash the predictions of both models, and those of all further seeds together."""
        found = {f"{model}_predictions": self.hash(model) for model in MODELS}
        return found | ({"seed_predictions": self.hash(*self.seeds)} if self.seeds else {})

    @cached_property
    def _resamples(self) -> dict[tuple[str, str], Floats]:
        return {}

    @cached_property
    def _influences(self) -> dict[tuple[str, str], Influence]:
        return {}

    @cached_property
    def _query(self) -> Codes | None:
        """The query of each row that counts; None where nothing is ranked."""
        query = self.models["challenger"].query
        return None if query is None or self.problem != "ranking" else query[self.counted]
