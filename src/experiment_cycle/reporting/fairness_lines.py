"""What the report says of weak slices and of fairer alternatives, in sentences and lines."""

from __future__ import annotations

from dataclasses import dataclass

from experiment_cycle.evaluation.records import (
    Estimate,
    Mitigation,
    SensitiveColumn,
    TradeOff,
    WeakSlices,
)
from experiment_cycle.reporting.metric_terms import label
from experiment_cycle.reporting.numbers import number, percent

METHODS = {
    "threshold_optimizer": "Thresholds of their own for each group, fitted on validation "
    "(Fairlearn's ThresholdOptimizer)",
    "exponentiated_gradient": "The challenger's estimator, trained again under a constraint on "
    "the train rows (Fairlearn's ExponentiatedGradient)",
}
GAP_NOTE = (
    "The intervals of gaps come from resampling the units. A gap is a greatest difference and "
    "never below 0: where groups hardly differ, its interval lies too high."
)


@dataclass(frozen=True)
class Alternative:
    """A model on the trade-off curve, or one that stands as it is."""

    name: str
    objective: Estimate
    gap: Estimate


@dataclass(frozen=True)
class GapLine:
    """The gaps of one kind: by difference, by ratio; `name` is of either, for its explanation."""

    label: str
    name: str
    difference: Estimate | None
    ratio: Estimate | None


def gap_lines(sensitive: SensitiveColumn) -> list[GapLine]:
    """Put differences and ratios of the same kind side by side, in their order."""
    kinds = dict.fromkeys(name.rpartition("_")[0] for name in sensitive.gaps)
    return [
        GapLine(
            label=label(kind),
            name=next(name for name in sensitive.gaps if name.rpartition("_")[0] == kind),
            difference=sensitive.gaps.get(f"{kind}_difference"),
            ratio=sensitive.gaps.get(f"{kind}_ratio"),
        )
        for kind in kinds
    ]


def weak_sentence(found: WeakSlices) -> str:
    """Say how many weak slices are confirmed, and on what grounds; or that none is."""
    if found.note is not None:
        return f"Weak slices were not searched for: {found.note.removeprefix('not searched: ')}."
    confirmed = sum(each.confirmed for each in found.slices)
    searched = (
        f"{number(found.candidates)} slices (levels, pairs of levels, nodes of an error tree) "
        "were looked at on one half of the test units"
    )
    if not found.slices:
        return f"No weak slice is confirmed: {searched}, and none looked weak."
    tested = f"{len(found.slices)} looked weak there, to be tested on the other half"
    if not confirmed:
        return f"No weak slice is confirmed: {searched}, and {tested}, where none held."
    what = "One weak slice is" if confirmed == 1 else f"{confirmed} weak slices are"
    return (
        f"{what} confirmed: {searched}, and {tested}. Where no slice is weak, a run confirms one "
        f"with a chance of at most {percent(found.alpha)}."
    )


def mitigation_sentence(found: Mitigation) -> str:
    """Say what the alternatives are; empty where none was asked for."""
    if found.note is not None:
        return f"No fairer alternative was made: {found.note}."
    if found.method == "none":
        return ""
    return (
        f"{METHODS[found.method]}, so that {label(found.constraint)} by {found.column} holds; "
        f"judged on the test rows. It changes nothing in the decision.{_wider(found)}"
    )


def alternative_name(found: TradeOff) -> str:
    """Say what an alternative is, so that it is understood without its table's caption."""
    if found.share is not None:
        if found.share >= 1.0:
            return "fairer calls for all rows"
        return f"fairer calls for {percent(found.share)} of the rows, drawn at random"
    return found.name


def _wider(found: Mitigation) -> str:
    """Say that a fairer alternative came out less even than the challenger on the test rows."""
    own = next((each.gap.value for each in found.models if each.name == "challenger"), None)
    known = [each.gap.value for each in found.points if each.gap.value is not None]
    wider = sum(own is not None and gap > own for gap in known)
    if not wider or own is None:
        return ""
    which = "All of them have" if wider == len(known) else f"{wider} of {len(known)} have"
    return (
        f" {which} a larger gap on the test rows than the challenger ({number(own)}): what was "
        "fitted on other rows did not hold here."
    )


def alternatives(found: Mitigation) -> list[Alternative]:
    """List both models as they are, then the mitigated ones."""
    return [
        Alternative(alternative_name(each), each.objective, each.gap)
        for each in (*found.models, *found.points)
    ]
