"""Two procedures over the folds of a cross-validation: what decides where there is no hold-out."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.decision.criteria import Criterion
from experiment_cycle.decision.intervals import Effect
from experiment_cycle.decision.paired import PairedPredictions
from experiment_cycle.evaluation.cross_validation import out_of_fold
from experiment_cycle.evaluation.predictions import MODELS, Predictions
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.corrected_t import corrected_resampled_t
from experiment_cycle.metrics.outcomes import Floats

FEWEST = 2


@dataclass(frozen=True, eq=False)
class PairedFolds:
    """Every tested fold of every repeat.

    Attributes:
        pooled: One prediction for each row, by models of the other folds of the first repeat.
        parts: The predictions of each fold, each model with the threshold chosen inside it.
        train_rows: Rows a model learned from, on average.
        test_rows: Rows of a fold, on average.
        repeats: How often folds were drawn.
        digest: SHA-256 (hex) of all predictions.
    """

    pooled: PairedPredictions
    parts: tuple[Predictions, ...]
    train_rows: float
    test_rows: float
    repeats: int
    digest: str

    @classmethod
    def from_table(
        cls,
        fold_predictions: pd.DataFrame,
        challenger_record: dict[str, Any],
        incumbent_record: dict[str, Any],
    ) -> PairedFolds | None:
        """Take over what `CrossValidation.run` predicted; None where there are no folds.

        Raises:
            DataError: a column is missing, or a value is not one that the problem allows.
        """
        if fold_predictions.empty:
            return None
        pooled = Predictions.from_records(
            out_of_fold(fold_predictions), challenger_record, incumbent_record
        )
        places = fold_predictions.groupby(["repeat", "fold"], sort=True)
        parts = tuple(Predictions(part, pooled.problem, _thresholds(part)) for _, part in places)
        hashed = pd.util.hash_pandas_object(fold_predictions).to_numpy()
        return cls(
            pooled=PairedPredictions.of(pooled),
            parts=parts,
            train_rows=float(places["train_rows"].first().mean()),
            test_rows=float(places.size().mean()),
            repeats=int(fold_predictions["repeat"].nunique()),
            digest=hashlib.sha256(hashed.tobytes()).hexdigest(),
        )

    def effect(self, criterion: Criterion) -> Effect:
        """Measure the effect a criterion speaks of: the mean over the folds of all repeats.

        Its standard error is corrected for the rows that the folds share in training (Nadeau and
        Bengio 2003); where all folds agree it is that of one fold that does not.
        """
        own, other = (self._values(model, criterion.metric) for model in MODELS)
        count, degrees = len(self.parts), len(self.parts) - 1.0
        undefined = int((np.isnan(own) | np.isnan(other)).sum())
        if undefined:
            note = f"not defined in {undefined} of {count} folds"
            return Effect(_mean(own), _mean(other), None, None, degrees, note)
        effects = np.array(
            [criterion.effect(one, two) for one, two in zip(own, other, strict=True)]
        )
        value = float(effects.mean())
        if count < FEWEST:
            note = "one fold has no spread"
            return Effect(_mean(own), _mean(other), value, None, degrees, note)
        error = corrected_resampled_t(effects, self.train_rows, self.test_rows).standard_error
        if error > 0.0:
            return Effect(_mean(own), _mean(other), value, error, degrees, None)
        error = (abs(value) or 1.0) / count
        note = "no fold differs from the others; the standard error is that of one that does"
        return Effect(_mean(own), _mean(other), value, error, degrees, note)

    def test(self, criterion: Criterion) -> str:
        """Name the method in words, with its source."""
        pairing = "one-sample" if criterion.is_absolute else "paired"
        count = len(self.parts)
        again = f" of {self.repeats} repeats" if self.repeats > 1 else ""
        return (
            f"{pairing} corrected resampled t test over {count} folds{again} (Nadeau and Bengio "
            f"2003; Bouckaert and Frank 2004), t with {count - 1} degrees of freedom"
        )

    def _values(self, model: str, name: str) -> Floats:
        """Measure a metric on every fold, shape (folds of all repeats,)."""
        known = self._measured
        if (model, name) not in known:
            values = [measure(name, part.outcomes(model)) for part in self.parts]
            known[model, name] = np.array(values, dtype=np.float64)
        return known[model, name]

    @cached_property
    def _measured(self) -> dict[tuple[str, str], Floats]:
        return {}


def _thresholds(part: pd.DataFrame) -> dict[str, float]:
    names = {model: f"{model}_threshold" for model in MODELS}
    return {model: float(part[name].iloc[0]) for model, name in names.items() if name in part}


def _mean(values: Floats) -> float | None:
    value = float(values.mean())
    return value if math.isfinite(value) else None
