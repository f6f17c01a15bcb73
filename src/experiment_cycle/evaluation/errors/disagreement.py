"""Where challenger and incumbent disagree: what was mended, and what was broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import ROW
from experiment_cycle.evaluation.errors.failures import greatest, told, with_own_columns
from experiment_cycle.evaluation.estimates import estimate
from experiment_cycle.evaluation.predictions import Predictions
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.metrics.classification import called
from experiment_cycle.metrics.influence import Influence
from experiment_cycle.metrics.losses import row_losses
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.units import Units
from experiment_cycle.options import Record

MARGIN = 0.1
"""Share of the incumbent's mean absolute error by which one error must be smaller."""
LEAST_CHANGE = 1e-9
"""A change of a query's NDCG below it is rounding."""

Bools = npt.NDArray[np.bool_]


class BrokenSlice(Record):
    """A level of a column among whose rows the challenger broke more than elsewhere."""

    column: str
    level: str
    counted: int
    units: int
    broken: int
    fixed: int
    share: float
    """Of the rows of the level, how many were broken."""
    elsewhere: float
    excess: Estimate
    """By how much the share is greater than elsewhere."""
    adjusted_p_value: float


class Disagreement(Record):
    """Both models on what is counted: rows, or whole queries of a ranking.

    `fixed`: the incumbent was wrong and the challenger is right. `broken`: the other way round.
    For numbers and rankings, where nothing is simply right, they are those that came out better or
    worse by more than the margin; `both_right` and `both_wrong` are None, and `alike` is the rest.
    """

    counts: Literal["row", "query"]
    counted: int
    unit: Literal["row", "group", "query"]
    units: int
    fixed: int
    broken: int
    both_right: int | None = None
    both_wrong: int | None = None
    alike: int | None = None
    margin: float | None = None
    """Regression: by how much an absolute error must change, in units of the target."""
    fixed_units: int
    broken_units: int
    net: Estimate
    """Share fixed less share broken."""
    slices: tuple[BrokenSlice, ...] = ()
    """Those that are no chance, the greatest excess first."""
    slices_tested: int = 0
    alpha: float


@dataclass(frozen=True, eq=False)
class Changes:
    """What became of each row that is counted; of a ranking, one row stands for its query.

    Attributes:
        places: Of these rows among the predictions, shape (n,).
        fixed: Shape (n,).
        broken: Shape (n,).
        right: Whether the challenger is right, shape (n,); None where nothing is simply right.
        worse: By how much the challenger's loss is greater, shape (n,).
        units: Their resampling units.
        margin: Regression only.
    """

    places: npt.NDArray[np.int64]
    fixed: Bools
    broken: Bools
    right: Bools | None
    worse: Floats
    units: Units
    margin: float | None = None

    @classmethod
    def of(cls, predictions: Predictions) -> Changes:
        """Compare both models row by row, or query by query.

        Classes: a row is right if it is called its class. Numbers: an error is smaller if it is by
        more than `MARGIN` of the incumbent's mean absolute error. Rankings: by NDCG at 10.
        """
        both = [predictions.outcomes(model) for model in predictions.models]
        losses = [row_losses(outcomes) for outcomes in both]
        worse, units = losses[0] - losses[1], predictions.units
        places = np.arange(len(predictions))
        if predictions.problem.classes:
            challenger, incumbent = (called(each) == each.target for each in both)
            fixed, broken = challenger & ~incumbent, incumbent & ~challenger
            return cls(places, fixed, broken, challenger, worse, units)
        if predictions.problem.type == "regression":
            margin = MARGIN * float(losses[1].mean()) if len(losses[1]) else 0.0
            return cls(places, worse < -margin, worse > margin, None, worse, units, margin)
        counted = np.flatnonzero(predictions.counted)
        query = predictions.table["query"].to_numpy()[counted]
        first = np.unique(query, return_index=True)[1]
        places, worse = counted[first], worse[counted[first]]
        codes = Units.from_codes(units.codes[first], in_time=units.in_time)
        return cls(places, worse < -LEAST_CHANGE, worse > LEAST_CHANGE, None, worse, codes)


def count_changes(changes: Changes, confidence: float, ranked: bool) -> Disagreement:
    """Count what was fixed and what was broken.

    The interval of the net is paired: each row counts as +1 (fixed), -1 (broken) or 0, with the
    cluster standard error of the resampling units.

    Args:
        changes: Of both models.
        confidence: Of the interval.
        ranked: Whether queries are counted.
    """
    fixed, broken, right = changes.fixed, changes.broken, changes.right
    count = len(fixed)
    alike = ~fixed & ~broken
    signs = fixed.astype(np.float64) - broken
    net = float(signs.mean()) if count else np.nan
    note = None if count else "there is nothing to count"
    influence = Influence(net, (signs - net) / max(1, count), note)
    units, codes = changes.units.count, changes.units.codes
    alone = "query" if ranked else "row"
    return Disagreement(
        counts="query" if ranked else "row",
        counted=count,
        unit=alone if units == count else "group",
        units=units,
        fixed=int(fixed.sum()),
        broken=int(broken.sum()),
        both_right=None if right is None else int((alike & right).sum()),
        both_wrong=None if right is None else int((alike & ~right).sum()),
        alike=int(alike.sum()) if right is None else None,
        margin=changes.margin,
        fixed_units=len(np.unique(codes[fixed])),
        broken_units=len(np.unique(codes[broken])),
        net=estimate(influence, changes.units, confidence, (-1.0, 1.0)),
        alpha=1.0 - confidence,
    )


def broken_rows(
    test: pd.DataFrame, predictions: Predictions, changes: Changes, n: int
) -> pd.DataFrame:
    """Take the rows whose loss grew most, the worst first, of those that were broken.

    Args:
        test: The test rows, indexed by `__row__`.
        predictions: For the same rows.
        changes: Of both models.
        n: How many rows (of a ranking: queries) at most.

    Returns:
        As `worst_rows`; `loss` is by how much the challenger's loss is greater than the
        incumbent's. Of a ranking there are the rows that either model puts first.
    """
    said: dict[str, Any] = told(predictions)
    found = pd.DataFrame({ROW: predictions.table.index, "loss": np.nan, **said})
    chosen = changes.places[changes.broken]
    found.iloc[chosen, 1] = changes.worse[changes.broken]
    worst = greatest(found.iloc[chosen], n)
    if "query" not in found.columns:
        return with_own_columns(worst, test, predictions)
    by_query = worst.set_index("query")["loss"]
    found["loss"] = found["query"].map(by_query)
    kept = found[found["loss"].notna()]
    first = kept.groupby("query")["incumbent_prediction"].transform("max")
    kept = kept[(kept["place"] == 1) | (kept["incumbent_prediction"] == first)]
    return with_own_columns(
        kept.sort_values(["loss", "query", "place"], ascending=[False, True, True]),
        test,
        predictions,
    )
