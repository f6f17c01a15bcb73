"""Verdicts and gates as plain sentences."""

from __future__ import annotations

import math

from experiment_cycle.decision.criteria import Criterion, improvement
from experiment_cycle.decision.records import (
    FoldEffects,
    Foresight,
    Gate,
    Look,
    SeedEffects,
    Verdict,
)
from experiment_cycle.metrics.catalogue import metric

MAX_DECIMALS = 6


def number(value: float) -> str:
    """Write a metric or a difference: three decimals, more where two digits would not show."""
    size = abs(value)
    if size < 10.0**-MAX_DECIMALS:
        return "0.000"
    decimals = max(3, 1 - math.floor(math.log10(size)))
    return f"{value:.{min(decimals, MAX_DECIMALS)}f}"


def signed(value: float) -> str:
    """Write a difference with its sign, such as ``+0.012``."""
    return f"{'-' if value < 0.0 else '+'}{number(abs(value))}"


def confidence(level: float) -> str:
    """Write an error level as the confidence it leaves, such as ``97 %``."""
    return f"{100.0 * (1.0 - level):.3g} %"


def describe_verdict(verdict: Verdict, criterion: Criterion) -> str:
    """Say what was measured, within which bounds, against which demand, and the verdict.

    Args:
        verdict: The verdict on one criterion.
        criterion: That criterion, which knows what kind of effect the bounds are of.
    """
    role = "primary criterion" if verdict.criterion == "primary" else "guardrail"
    observed = _observed(verdict)
    bounds = [
        f"with {confidence(level)} confidence it {bound}"
        for level, bound in _bounds(verdict, criterion)
    ]
    measured = "; ".join([observed, ", and ".join(bounds)] if bounds else [observed])
    parts = [f"{measured}: the {role} '{verdict.requirement}' is {verdict.status}."]
    if verdict.rows_needed is not None:
        parts.append(_describe_rows_needed(verdict, verdict.rows_needed))
    if verdict.note:
        parts.append(_sentence(verdict.note))
    return _sentence(" ".join(parts))


def describe_futility(verdict: Verdict, expected_improvement: float) -> str:
    """Say that the improvement the hypothesis claims is excluded."""
    bound = _bound(verdict.upper or 0.0, "less", improvement(verdict.metric))
    return (
        f"The expected improvement of {expected_improvement:g} is excluded: with "
        f"{confidence(verdict.upper_level)} confidence {metric(verdict.metric).label} {bound}."
    )


def describe_foresight(told: Foresight) -> str:
    """Say what the test set could show before it was opened, and whether that is enough."""
    if told.smallest is None:
        why = f": {told.note}" if told.note else ", or the budget of its family is spent"
        return _sentence(f"validation does not tell what the test set can show{why}")
    sentence = (
        f"Before it was opened, as the models differ on validation: the test set ({told.rows:,} "
        f"rows) shows an improvement of {number(told.smallest)} in {metric(told.metric).label} "
        f"with {100 * told.power:.0f} % power; {number(told.expected)} is expected"
    )
    if told.is_enough or told.rows_needed is None:
        return _sentence(sentence)
    return _sentence(f"{sentence}, which takes about {told.rows_needed:,} rows")


def describe_gate(gate: Gate) -> str:
    """Say what became of a gate that did not pass."""
    status = "failed" if gate.status == "failed" else "was not run, which is not passed"
    need = "Required" if gate.required else "Advisory"
    return f"{need} gate '{gate.code}' {status}: {_sentence(gate.evidence)}"


def describe_reuse(look: Look) -> str:
    """Say that this very comparison was made before."""
    return (
        f"This very comparison was made before, as look {look.number} at this family of test sets: "
        f"it keeps that look's level of {look.alpha:.4f}, and nothing was spent."
    )


def describe_spent(look: Look, least: float) -> str:
    """Say that the test set was looked at too often, and what to do."""
    return (
        f"This is look {look.number} at this family of test sets, and its level of "
        f"{look.alpha:.5f} is below {least:g}: the family's budget is spent, and nothing is "
        "promoted on it any more. Next step: compare on fresh test data, of which at least 95 % of "
        "the rows (groups, queries) are new; another seed or split of the same data is not fresh."
    )


def describe_seeds(seeds: SeedEffects) -> str:
    """Say that the effect is not one of the training procedure: it depends on the seed."""
    further = len(seeds.effects) - 1
    flipped = round(seeds.flipped * further)
    shown = ", ".join("undefined" if each is None else signed(each) for each in seeds.effects)
    spread = ""
    if seeds.mean is not None and seeds.standard_deviation is not None:
        spread = (
            f"; mean {signed(seeds.mean)}, standard deviation {number(seeds.standard_deviation)}"
        )
    return (
        f"Warning: the sign of the effect flips over the seeds of training. By "
        f"{metric(seeds.metric).label}, {flipped} of {further} further trainings of the challenger "
        f"come out on the other side of the incumbent than the one compared (improvements: {shown}"
        f"{spread})."
    )


def describe_folds(folds: FoldEffects) -> str:
    """Say what cross-validation tells of the two procedures."""
    told = folds.effect
    label, count = metric(told.metric).label, f"{folds.folds} folds"
    if folds.decides:
        return (
            f"There is no test set: the verdicts are of the two procedures, tuned and trained anew "
            f"inside each of {count}, and not of the fitted models."
        )
    if told.effect is None or told.lower is None or told.upper is None:
        return f"By cross-validation over {count}, {label} cannot be compared."
    return (
        f"For information, by cross-validation over {count} the challenger's procedure changes "
        f"{label} for the better by {signed(told.effect)} ({signed(told.lower)} to "
        f"{signed(told.upper)}, 95 % confidence)."
    )


def _observed(verdict: Verdict) -> str:
    label = metric(verdict.metric).label
    if verdict.challenger is None or verdict.effect is None:
        return f"{label} is not defined on these rows"
    if verdict.incumbent is None:
        return f"{label} is {number(verdict.challenger)}"
    change = verdict.challenger - verdict.incumbent
    if change == 0.0:
        return f"{label} stays at {number(verdict.challenger)}"
    return (
        f"{label} {'rises' if change > 0.0 else 'falls'} by {number(abs(change))} "
        f"(from {number(verdict.incumbent)} to {number(verdict.challenger)})"
    )


def _bounds(verdict: Verdict, criterion: Criterion) -> list[tuple[float, str]]:
    """Give the bounds that the status rests on, each with its error level."""
    bounds = []
    if verdict.lower is not None and verdict.status != "refuted":
        bounds.append((verdict.lower_level, _bound(verdict.lower, "more", criterion)))
    if verdict.upper is not None and verdict.status != "met":
        bounds.append((verdict.upper_level, _bound(verdict.upper, "less", criterion)))
    return bounds


def _bound(bound: float, than: str, criterion: Criterion) -> str:
    """Say a bound of the effect; below zero it bounds the opposite from the other side."""
    good, bad = ("improves by", "worsens by")
    if not criterion.is_improvement:
        good, bad = ("is on the good side of its limit by", "is beyond its limit by")
    if bound > 0.0:
        return f"{good} {than} than {number(bound)}"
    opposite = "less" if than == "more" else "more"
    return f"{bad} {opposite} than {number(-bound)}"


def _describe_rows_needed(verdict: Verdict, needed: int) -> str:
    if verdict.criterion == "primary":
        planned = "the expected improvement would be shown"
    else:
        planned = "a model equal to the incumbent would meet it"
    if needed <= verdict.rows:
        return (
            f"This test set is not too small: {planned} with 80 % power on about {needed:,} test "
            f"rows, and it has {verdict.rows:,}."
        )
    return _sentence(
        f"{planned} with 80 % power on about {needed:,} test rows; this test set has "
        f"{verdict.rows:,}"
    )


def _sentence(text: str) -> str:
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "!", "?")) else f"{start}."
