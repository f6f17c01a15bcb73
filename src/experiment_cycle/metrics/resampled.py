"""What a resample, a count for each unit, makes of metrics: by their sums, or by their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.metrics.ranking import RANKED, Ranking, average_precision
from experiment_cycle.metrics.sums import Sums
from experiment_cycle.metrics.units import Units

Counts = npt.NDArray[np.int32]


class Summed:
    """All sums of all metrics by unit, so that a resample is one product."""

    def __init__(self, metrics: dict[str, Sums], units: Units) -> None:
        """Add up within the units."""
        self._metrics = metrics
        sums = [each.by_unit(units) for each in metrics.values()]
        self._sums = sparse.csr_array(np.concatenate(sums)) if sums else None

    def values(self, counts: Counts) -> dict[str, Floats]:
        """Compute each metric on each resample, shape (chunk,)."""
        if self._sums is None:
            return {}
        # a sparse product: how BLAS adds up depends on its number of threads
        sums = self._sums @ np.ascontiguousarray(counts.T, dtype=np.float64)
        ends = np.cumsum([each.count for each in self._metrics.values()])
        parts = np.split(sums, ends[:-1])
        return {
            name: each.function.value(part)
            for (name, each), part in zip(self._metrics.items(), parts, strict=True)
        }


class Ordered:
    """Rows in the order of their predictions; only blocks that hold a positive row count."""

    def __init__(self, ranking: Ranking, positive: npt.NDArray[np.bool_], units: Units) -> None:
        """Put the units in the order of the ranking."""
        self._units = units.codes[ranking.order]
        self._positive_units = self._units[positive[ranking.order]]
        kept = np.diff(ranking.positives, prepend=0.0) > 0
        self._rows = _bounds(ranking.rows, kept)
        self._positives = _bounds(ranking.positives, kept)

    def values(self, counts: Counts, names: Sequence[str]) -> dict[str, Floats]:
        """Compute each named metric on each resample, shape (chunk,)."""
        rows = _running(counts, self._units)
        positives = _running(counts, self._positive_units)
        total, all_positives = rows[:, -1:].astype(np.float64), positives[:, -1:]
        negatives = total - all_positives
        before, upto = (positives[:, at] for at in self._positives)
        inside = (upto - before).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = {}
            for name in names:
                if RANKED[name] is average_precision:
                    precision = upto / np.maximum(rows[:, self._rows[1]], 1)
                    found[name] = _dot(inside, precision) / all_positives[:, 0]
                    continue
                above = rows[:, self._rows[0]] + rows[:, self._rows[1]] - before - upto
                pairs = _dot(inside, 2.0 * negatives - above)
                found[name] = pairs / (2.0 * all_positives[:, 0] * negatives[:, 0])
        return found


class Binned:
    """Rows by bins of their predictions: for so many rows that bins tell no worse than rows.

    A bin holds about one part in `BINS` of the positive and of the negative rows, mixed, and never
    divides rows of equal prediction. Within a bin rows count as tied, which changes a ROC AUC by at
    most half the sum over the bins of (share of positives) x (share of negatives), 1 / (2 `BINS`).
    What the bins cost on all rows is added again, which leaves less than a tenth of that.
    """

    BINS = 2048

    def __init__(self, ranking: Ranking, positive: npt.NDArray[np.bool_], units: Units) -> None:
        """Count by bin, class and unit."""
        bins = self._bins(ranking)[ranking.block]
        cells = 2 * bins + positive[ranking.order]
        ones = np.ones(len(cells))
        shape = (2 * self.BINS, units.count)
        counted = sparse.coo_array((ones, (cells, units.codes[ranking.order])), shape=shape)
        self._counts = counted.tocsr()
        self._exact = {
            name: np.nan if ranking.undefined(name) else how(ranking)[0]
            for name, how in RANKED.items()
        }
        self._whole = self._measured(np.asarray(self._counts.sum(axis=1))[:, None])

    def values(self, counts: Counts, names: Sequence[str]) -> dict[str, Floats]:
        """Compute each named metric on each resample, shape (chunk,)."""
        found = self._measured(self._counts @ np.ascontiguousarray(counts.T, dtype=np.float64))
        lost = {name: self._exact[name] - float(self._whole[name][0]) for name in names}
        return {name: np.clip(found[name] + lost[name], 0.0, 1.0) for name in names}

    def _bins(self, ranking: Ranking) -> npt.NDArray[np.int64]:
        """Number the bins of the blocks, shape (blocks,), by the middle of their share of rows."""
        shares = [
            np.diff(running, prepend=0.0) / max(running[-1], 1.0)
            for running in (ranking.positives, ranking.negatives)
        ]
        mass = (shares[0] + shares[1]) / 2.0
        middle = np.cumsum(mass) - mass / 2.0
        return np.asarray(np.minimum(middle * self.BINS, self.BINS - 1), dtype=np.int64)

    def _measured(self, cells: Floats) -> dict[str, Floats]:
        """Compute all metrics of counts by cell, shape (2 bins, chunk)."""
        negatives, positives = cells[0::2], cells[1::2]
        upto, below = np.cumsum(positives, axis=0), np.cumsum(negatives, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = upto / np.maximum(upto + below, 1.0)
            area = _down(positives, below[-1] - below + negatives / 2.0)
            known = {
                "roc_auc": area / (upto[-1] * below[-1]),
                "average_precision": _down(positives, precision) / upto[-1],
            }
        return known | {f"{name}_ovr": values for name, values in known.items()}


def _bounds(
    running: Floats, kept: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Say where each kept block begins and ends in a running sum that starts with 0."""
    ends = running.astype(np.int64)
    return np.concatenate([[0], ends[:-1]])[kept].astype(np.int64), ends[kept]


def _running(counts: Counts, units: npt.NDArray[np.int64]) -> Counts:
    """Sum counts over rows in their order, from 0, shape (chunk, rows + 1)."""
    running = np.zeros((len(counts), len(units) + 1), dtype=np.int32)
    np.cumsum(np.take(counts, units, axis=1), axis=1, out=running[:, 1:])
    return running


def _dot(left: Floats, right: Floats) -> Floats:
    """Multiply and add up along the blocks, shape (chunk,)."""
    return np.asarray(np.einsum("ij,ij->i", left, right), dtype=np.float64)


def _down(left: Floats, right: Floats) -> Floats:
    """Multiply and add up over the bins, shape (chunk,)."""
    return np.asarray(np.einsum("ij,ij->j", left, right), dtype=np.float64)
