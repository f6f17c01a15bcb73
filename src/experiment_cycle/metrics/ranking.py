"""The metrics of classes that depend on the order of the predictions only.

ROC AUC and average precision, and the mean of one ROC AUC for each class against the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiment_cycle.metrics.averages import NO_ROW_OF_OTHERS
from experiment_cycle.metrics.classification import NO_NEGATIVES, NO_POSITIVES
from experiment_cycle.metrics.outcomes import Floats, Outcomes
from experiment_cycle.metrics.sums import NO_ROWS

Indices = npt.NDArray[np.int64]

NO_OR_ALL = "the others have no row, or all of them"
MOST_KEPT = 5_000_000
"""With more predictions than this, rows are sorted anew for each metric: 40 bytes for each."""
ONE_CLASS = "all rows are of one class"


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows from the greatest prediction to the smallest, equal predictions as one block.

    `order` gives the rows in that order, shape (n,), and `block` the block of each of them.
    `positives` and `rows` are running counts up to the end of each block, shape (blocks,); they
    draw the ROC curve and the precision-recall curve. Sums are never those of BLAS
    (`@`), which depend on its number of threads.
    """

    order: Indices
    block: Indices
    positives: Floats
    rows: Floats
    thresholds: Floats

    @classmethod
    def of(cls, target: npt.ArrayLike, probability: npt.ArrayLike) -> Ranking:
        """Sort the rows; O(n log n)."""
        predicted = np.asarray(probability, dtype=np.float64)
        order = np.argsort(-predicted, kind="stable")
        ordered = predicted[order]
        changes = ordered[1:] != ordered[:-1]
        ends = np.append(np.flatnonzero(changes), len(ordered) - 1)[: len(ordered)]
        block = np.concatenate([np.zeros(min(len(ordered), 1)), np.cumsum(changes)])
        positives = np.cumsum(np.asarray(target)[order], dtype=np.float64)[ends]
        return cls(order, block.astype(np.int64), positives, ends + 1.0, ordered[ends])

    @property
    def negatives(self) -> Floats:
        """Running count of negative rows up to the end of each block, shape (blocks,)."""
        return self.rows - self.positives

    def undefined(self, name: str) -> str | None:
        """Say why a metric is not defined here; None where it is."""
        positives = self.positives[-1] if len(self.positives) else 0.0
        if positives == 0:
            return NO_POSITIVES
        if RANKED[name] is not average_precision and positives == self.rows[-1]:
            return NO_NEGATIVES
        return None

    def spread(self, by_class: Floats, target: npt.ArrayLike) -> Floats:
        """Hand each row what its block and class get.

        Args:
            by_class: One number for a negative and a positive row of each block, shape (2, blocks).
            target: 0 or 1 per row, in the order of the data, shape (n,).

        Returns:
            One number per row, in the order of the data, shape (n,).
        """
        spread = np.empty(len(self.order))
        spread[self.order] = by_class[np.asarray(target)[self.order].astype(np.int64), self.block]
        return spread


def roc_auc(ranking: Ranking) -> tuple[float, Floats]:
    """Compute the ROC AUC and each row's influence, by placement values; ties count half.

    A positive row's placement is the share of negatives it is ranked above, a negative row's the
    share of positives ranked above it. DeLong et al. (1988), in the O(n log n) form of Sun and
    Xu (2014).

    Returns:
        The value, and its derivative in the weight of a negative and of a positive row of each
        block, shape (2, blocks).
    """
    positives, negatives = ranking.positives, ranking.negatives
    positive_rows = np.diff(positives, prepend=0.0)
    negative_rows = np.diff(negatives, prepend=0.0)
    of_positive = (negatives[-1] - negatives + negative_rows / 2) / negatives[-1]
    of_negative = (positives - positive_rows / 2) / positives[-1]
    value = float((positive_rows * of_positive).sum()) / float(positives[-1])
    by_class = np.stack(
        [(of_negative - value) / negatives[-1], (of_positive - value) / positives[-1]]
    )
    return value, by_class


def average_precision(ranking: Ranking) -> tuple[float, Floats]:
    """Compute the average precision and each row's influence; ties as scikit-learn.

    With p positives in a block, C positives and A rows up to its end, and P positives in all, the
    value is sum(p * C / A) / P over the blocks. A row adds to C and A of every block from its own
    on, so its derivative is a sum over the blocks from there to the last.

    Returns:
        The value, and the derivative in the weight of a negative and of a positive row of each
        block, shape (2, blocks).
    """
    positives, rows = ranking.positives, ranking.rows
    total = float(positives[-1])
    positive_rows = np.diff(positives, prepend=0.0)
    precision = positives / rows
    value = float((positive_rows * precision).sum()) / total
    lost = _sum_to_last(positive_rows * positives / rows**2)
    gained = _sum_to_last(positive_rows / rows)
    by_class = np.stack([-lost, precision + gained - lost - value]) / total
    return value, by_class


RANKED: dict[str, Callable[[Ranking], tuple[float, Floats]]] = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "roc_auc_ovr": roc_auc,
    "average_precision_ovr": average_precision,
}
"""What each metric of this file does with a ranking, by name."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """A metric laid out by order: its mean over the classes in which it is defined."""

    name: str
    outcomes: Outcomes

    def value(self) -> float:
        """Compute the metric; nan where it is not defined."""
        return self.influence()[0]

    def influence(self) -> tuple[float, Floats, str | None]:
        """Compute value, derivative in the weight of each row (shape (n,)), and note."""
        values, missing = [], []
        contributions = np.zeros(len(self.outcomes.target))
        for positive, ranking in rankings(self.outcomes):
            undefined = ranking.undefined(self.name)
            if undefined is not None:
                missing.append(undefined)
                continue
            value, by_class = RANKED[self.name](ranking)
            values.append(value)
            contributions += ranking.spread(by_class, positive)
        count = len(values) + len(missing)
        if not values:
            return float("nan"), contributions, missing[0] if count == 1 else self._nothing()
        why = NO_ROW_OF_OTHERS if RANKED[self.name] is average_precision else NO_OR_ALL
        note = f"the mean is over {len(values)} of {count} classes: {why}"
        mean = float(np.mean(values))
        return mean, contributions / len(values), note if missing else None

    def _nothing(self) -> str:
        return ONE_CLASS if len(self.outcomes.target) else NO_ROWS


def rankings(outcomes: Outcomes) -> Iterator[tuple[npt.NDArray[np.bool_], Ranking]]:
    """Rank the rows for each class against the rest; for two classes once.

    Yields:
        Which rows are of the class, shape (n,), and the ranking by its probability.
    """
    if outcomes.prediction.size > MOST_KEPT:
        yield from _ranked(outcomes)
        return
    if "rankings" not in outcomes.memo:
        outcomes.memo["rankings"] = list(_ranked(outcomes))
    yield from outcomes.memo["rankings"]


def _ranked(outcomes: Outcomes) -> Iterator[tuple[npt.NDArray[np.bool_], Ranking]]:
    target = np.asarray(outcomes.target)
    if outcomes.problem == "binary":
        yield target.astype(np.bool_), Ranking.of(target, outcomes.prediction)
        return
    for code in range(outcomes.prediction.shape[1]):
        yield target == code, Ranking.of(target == code, outcomes.prediction[:, code])


def _sum_to_last(per_block: Floats) -> Floats:
    """Sum from each block to the last one, shape (blocks,)."""
    return np.asarray(np.cumsum(per_block[::-1])[::-1], dtype=np.float64)
