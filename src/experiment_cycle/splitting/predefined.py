"""Parts that a column of the data says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiment_cycle.errors import DataError
from experiment_cycle.splitting.moments import Moments
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.parts import PARTS, Part, word_codes
from experiment_cycle.splitting.time import in_order, spans
from experiment_cycle.splitting.units import Codes, divided_units

SHOWN = 3


def read_parts(column: pd.Series) -> Part:
    """Read the part of each row, shape (n,), from the words in a column.

    Raises:
        DataError: a value is missing or none of train, validation and test.
    """
    codes = word_codes(column, PARTS)
    strange = np.flatnonzero(codes < 0)
    if len(strange):
        found = column.iloc[strange].astype(object).drop_duplicates().head(SHOWN).tolist()
        shown = ", ".join(repr(value) for value in found)
        raise DataError(
            f"The column '{column.name}' ('splitting.column') says for {len(strange):,} of "
            f"{len(codes):,} rows something else than {', '.join(PARTS)}, such as {shown} (row "
            f"{strange[0]:,}). Next step: write one of these words for every row before "
            "'raw_data', or choose another 'splitting.strategy'."
        )
    return codes


def check_predefined(
    part: Part,
    groups: Codes | None,
    queries: Codes | None,
    moments: Moments | None,
    options: SplittingOptions,
) -> None:
    """Check that the column respects what is declared: groups, queries, time and its gaps.

    Args:
        part: The part of each row, shape (n,).
        groups: The group of each row, shape (n,); None where none is declared.
        queries: The query of each row, shape (n,); None where none is declared.
        moments: When each row is predicted; None where no time column is declared.
        options: The column, the stretches to keep free, and why groups and time may be ignored.

    Raises:
        DataError: it does not. A reason excuses divided groups and disorder in time, not a query
            that is divided, nor parts in order with too small a gap.
    """
    where = f"The column '{options.column}' ('splitting.column')"
    excuse = "or, if it is meant, say why in 'splitting.override_reason'."
    for name, units in (("query", queries), ("group", groups)):
        divided = 0 if units is None else len(divided_units(part, units, len(PARTS)))
        if divided and (name == "query" or not options.reason):
            many = f"{divided:,} {'queries' if name == 'query' else 'groups'}"
            other = "." if name == "query" else f"; {excuse}"
            raise DataError(
                f"{where} puts rows of the same {name} on both sides of the split: {many} are "
                f"divided, although 'columns.{name}' is declared. Next step: mend the column, or "
                f"set 'splitting.strategy' to {'group' if moments is None else 'group_time'}"
                f"{other}"
            )
    if moments is None:
        return
    if not in_order(part, moments):
        if options.reason:
            return
        raise DataError(
            f"{where} does not put train before validation and validation before test in time "
            f"('{moments.column}'). Next step: mend the column, or set 'splitting.strategy' to "
            f"time; {excuse}"
        )
    _check_gaps(part, moments, options, where)


def _check_gaps(part: Part, moments: Moments, options: SplittingOptions, where: str) -> None:
    for key, span in zip(
        ("label_horizon", "feature_lookback"), spans(moments, options), strict=True
    ):
        if not in_order(part, moments, span):
            raise DataError(
                f"{where} leaves a gap between two parts that is smaller than 'splitting.{key}' "
                f"({getattr(options, key)}), so that rows on both sides of it share their window "
                f"('{moments.column}'). Next step: leave out the rows in between before "
                "'raw_data', or set 'splitting.strategy' to time, which does so."
            )
