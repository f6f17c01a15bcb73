"""What becomes of a comparison whose models have seen some of the test rows."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.decision.overlap_wording import what_mends
from experiment_cycle.decision.records import Overlap
from experiment_cycle.metrics.units import Units
from experiment_cycle.seen_rows import VALUES, Mask, OnOverlap, SeenTests, are_known, find_seen
from experiment_cycle.splitting.duration import Duration
from experiment_cycle.splitting.options import TIMED
from experiment_cycle.splitting.records import SplitManifest

logger = logging.getLogger(__name__)

FEWEST_UNITS = 100
"""Effective units that a restricted test set has at least."""


@dataclass(frozen=True, eq=False)
class Tested:
    """The test rows that are compared, and what became of the others.

    Attributes:
        rows: Keys of the test rows that are compared, indexed by `__row__`.
        overlap: None where no model has seen a test row.
    """

    rows: pd.DataFrame
    overlap: Overlap | None

    def of(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Take the predictions of these rows."""
        if self.overlap is None or not self.overlap.left_out:
            return predictions
        return predictions.loc[predictions.index.isin(self.rows.index)]


def choose_rows(
    tests: pd.DataFrame,
    challenger_seen: pd.DataFrame,
    incumbent_seen: pd.DataFrame,
    manifest: SplitManifest,
    columns: Columns,
    on_overlap: OnOverlap,
    allowed: float,
    horizon: Duration | None,
) -> Tested:
    """Choose the test rows on which two models are compared.

    Args:
        tests: Keys of all test rows (see `timed_keys`).
        challenger_seen: Keys of every row that influenced the challenger.
        incumbent_seen: Keys of every row that influenced the incumbent.
        manifest: How the split was made.
        columns: The roles of the columns.
        on_overlap: `restrict` leaves out what a model has seen; the others leave nothing out.
        allowed: Share of test rows that may be seen by their values.
        horizon: How long after its moment a row's label is known.
    """
    if tests.empty or not are_known(incumbent_seen) or not are_known(challenger_seen):
        return Tested(tests, None)
    by_model = {
        model: seen_tests(
            *(tests, seen, challenger_seen, columns, allowed, horizon),
            ordered=model == "incumbent" and in_time(manifest),
        )
        for model, seen in (("challenger", challenger_seen), ("incumbent", incumbent_seen))
    }
    faults = [
        describe_faults(found, model, columns, len(tests))
        for model, found in by_model.items()
        if found.faults
    ]
    if not faults:
        return Tested(tests, None)
    seen: Mask = np.logical_or.reduce([found.rows for found in by_model.values()])
    overlap = Overlap(
        on_overlap=on_overlap, seen=int(seen.sum()), rows=len(tests), told=" ".join(faults)
    )
    if on_overlap != "restrict":
        return Tested(tests, overlap)
    kept = tests[~seen]
    against = _speaks_against(kept, manifest)
    if against is not None:
        return Tested(tests, overlap.model_copy(update={"note": against}))
    return Tested(kept, overlap.model_copy(update={"left_out": overlap.seen}))


def seen_tests(
    tests: pd.DataFrame,
    seen: pd.DataFrame,
    present: pd.DataFrame,
    columns: Columns,
    allowed: float,
    horizon: Duration | None,
    *,
    ordered: bool,
) -> SeenTests:
    """Look for test rows among the rows a model has seen; see `find_seen`."""
    span = None if horizon is None else horizon.delay or horizon.number
    return find_seen(tests, seen, present, columns, allowed, span, in_time=ordered)


def in_time(manifest: SplitManifest) -> bool:
    """Tell whether the test rows follow all others in time."""
    return manifest.strategy in TIMED and manifest.guarantees.get("ordered_in_time", False)


def describe_faults(found: SeenTests, model: str, columns: Columns, rows: int) -> str:
    """Say how many test rows a model has seen, and by what they are known."""
    sentences = []
    faults = found.faults
    for way, count in faults.items():
        if way == VALUES and len(faults) > 1:
            continue
        told = f"The {model} has seen {count:,} of {rows:,} test rows"
        if way == VALUES:
            sentences.append(
                f"{told}, by their values, beyond the twins that chance makes; up to "
                f"{found.allowed:.1%} may be (splitting.max_duplicate_share)."
            )
        elif way == "time":
            sentences.append(f"{told}: they are no later than the last row it has seen.")
        else:
            sentences.append(f"{told} (same '{getattr(columns, way)}').")
    return " ".join(sentences)


def warn_of_overlap(overlap: Overlap | None) -> None:
    """Say it before a look is taken that cannot lead to a promotion."""
    if overlap is None or overlap.left_out:
        return
    why = f" ({overlap.note})" if overlap.note else ""
    logger.warning(
        "%s Nothing can be promoted or abandoned by this comparison%s, and it takes a look at the "
        "test set all the same. Next step: stop here, and %s.",
        overlap.told,
        why,
        what_mends(overlap),
    )


def _speaks_against(kept: pd.DataFrame, manifest: SplitManifest) -> str | None:
    """Say why a test set may not be restricted to these rows; None: it may."""
    kinds = ("key_hash", *TIMED)
    if manifest.strategy not in kinds and manifest.inherited is None:
        return (
            f"a split by '{manifest.strategy}' that goes on with no champion's is not restricted; "
            f"{', '.join(kinds)} and inherited splits are"
        )
    codes = np.unique(kept["unit"].to_numpy(), return_inverse=True)[1]
    effective = Units.from_codes(codes).effective
    if effective < FEWEST_UNITS:
        return (
            f"without the seen rows the test set is worth {effective:.0f} effective units, and "
            f"{FEWEST_UNITS} are needed"
        )
    return None
