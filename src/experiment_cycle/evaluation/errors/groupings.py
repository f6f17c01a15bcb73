"""Which groups are compared: the levels of each sensitive column, and of several at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.errors.levels import levels
from experiment_cycle.evaluation.options import EvaluationOptions

MOST_LEVELS = 20
"""A sensitive column of numbers with more levels (an age, say) is cut at quantiles."""
ALSO, TOGETHER = " and ", ", "
"""Between the names of columns looked at together, and between their levels."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """A division of all rows into groups: `codes` index `labels`, shape (n,).

    `cut` names the columns that were cut at quantiles.
    """

    name: str
    codes: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    cut: tuple[str, ...] = ()

    def crossed(self, other: Grouping) -> Grouping:
        """Divide by both; only groups that have rows are numbered."""
        joint = self.codes * len(other.labels) + other.codes
        present, codes = np.unique(joint, return_inverse=True)
        pairs = (divmod(int(each), len(other.labels)) for each in present)
        labels = tuple(f"{self.labels[one]}{TOGETHER}{other.labels[two]}" for one, two in pairs)
        name = f"{self.name}{ALSO}{other.name}"
        return Grouping(name, codes.astype(np.int64).reshape(-1), labels, self.cut + other.cut)


def groupings(rows: pd.DataFrame, columns: Columns, options: EvaluationOptions) -> list[Grouping]:
    """Divide the rows by every sensitive column, then by the intersections asked for.

    Args:
        rows: The rows, with the sensitive columns.
        columns: Names the sensitive columns.
        options: Which intersections, and how finely numbers are cut.

    Raises:
        ConfigurationError: an intersection names a column that is not sensitive.
    """
    single = {}
    for name in columns.sensitive:
        found = levels(rows[name], options.slices.bins, MOST_LEVELS)
        single[name] = Grouping(name, found.codes, found.labels, (name,) if found.cut else ())
    wanted = intersections(columns.sensitive, options)
    crossed = [reduce(Grouping.crossed, (single[name] for name in names)) for names in wanted]
    return [*single.values(), *crossed]


def intersections(sensitive: Iterable[str], options: EvaluationOptions) -> list[tuple[str, ...]]:
    """List the sensitive columns that are looked at together: those asked for, else every pair.

    Raises:
        ConfigurationError: one of those asked for is not sensitive.
    """
    known = tuple(sensitive)
    wanted = options.fairness.intersections
    if wanted is None:
        return list(combinations(known, 2))
    for names in wanted:
        for name in names:
            if name not in known:
                allowed = near_misses(name, known) if known else "columns.sensitive is empty."
                raise ConfigurationError(
                    f"evaluation.fairness.intersections: '{name}' is no sensitive column. {allowed}"
                    " Next step: name columns of columns.sensitive in parameters_task.yml."
                )
    return list(wanted)
