"""The decision rule: promote, iterate or abandon, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from experiment_cycle.decision.criteria import list_criteria
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.overlap_wording import describe_overlap, has_seen_tests
from experiment_cycle.decision.records import Comparison, Decision, Gate, Look, Verdict
from experiment_cycle.decision.seeds import MOST_FLIPPED
from experiment_cycle.decision.spending import SPENT
from experiment_cycle.decision.trade_offs import may_abandon
from experiment_cycle.decision.wording import (
    describe_folds,
    describe_foresight,
    describe_futility,
    describe_gate,
    describe_reuse,
    describe_seeds,
    describe_spent,
    describe_verdict,
)
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint

DATA_GATES = ("no_leakage", "data_version_committed", "incumbent_unseen")
"""Gates on data and incumbent: unless they passed, a bad result says nothing of the hypothesis."""

Outcome = Literal["promote", "iterate", "abandon"]


def decide(
    comparison: Comparison,
    gates: Sequence[Gate],
    hypothesis: Hypothesis,
    options: DecisionOptions,
    override_reason: str | None = None,
) -> Decision:
    """Decide.

    - promote, if the primary criterion and every guardrail are met, every required gate passed, and
      the level granted to the look is not spent;
    - abandon, if a criterion is refuted, or the primary is not met and the expected improvement is
      excluded (`futility`), and the gates on data and incumbent passed;
    - iterate otherwise. A limit on a cost that the clock measured withholds the promotion, and
      never abandons: a busy or another machine may tell otherwise. Nothing but iterate follows
      from rows that a model has seen, also where that gate is advisory.

    An effect whose sign flips over the seeds of training is told, and changes nothing: the
    comparison is of the fitted models, of which one would be promoted.

    Args:
        comparison: The verdicts.
        gates: What was checked; a gate that is not among them has not passed.
        hypothesis: The expected improvement, and the wording of the criteria.
        options: Whether futility abandons.
        override_reason: The reason given for ignoring a declared group column in the split.
    """
    outcome, reasons = _weigh(comparison, gates, hypothesis, options)
    if override_reason:
        reasons.append(
            f"The split was made with splitting.override_reason: {override_reason.rstrip('.')}."
        )
    return Decision(
        decision=outcome,
        reasons=tuple(reasons),
        hypothesis_id=hypothesis.id,
        hypothesis_hash=fingerprint(hypothesis),
        incumbent_kind=comparison.incumbent_kind,
        look=comparison.look,
        evidence={
            **comparison.evidence,
            "comparison": fingerprint(comparison),
            "gates": fingerprint({"gates": [gate.model_dump(mode="json") for gate in gates]}),
        },
    )


def _weigh(
    comparison: Comparison, gates: Sequence[Gate], hypothesis: Hypothesis, options: DecisionOptions
) -> tuple[Outcome, list[str]]:
    failed = [describe_gate(gate) for gate in gates if gate.status != "passed"]
    primary, look = comparison.primary, comparison.look
    if comparison.identical or primary is None or look is None:
        return "iterate", [_describe_identical(comparison), *describe_overlap(comparison), *failed]
    verdicts = [primary, *comparison.guardrails]
    futile = _is_futile(primary, hypothesis, options)
    beyond = [verdict for verdict in verdicts if verdict.status == "refuted"]
    refuted = any(may_abandon(verdict.metric) for verdict in beyond)
    met = all(verdict.status == "met" for verdict in verdicts)
    fair = not has_seen_tests(comparison)
    outcome: Outcome = "iterate"
    if fair and met and look.alpha >= SPENT and _may_promote(gates, options):
        outcome = "promote"
    elif fair and (refuted or futile) and _have_passed(gates, DATA_GATES):
        outcome = "abandon"
    doubtful = [gate.title for gate in gates if gate.code in DATA_GATES and gate.status != "passed"]
    against = _against(refuted=refuted, futile=futile)
    undecided = any(verdict.status == "undecided" for verdict in verdicts)
    reasons = [
        _headline(outcome, against, doubtful, met=met, undecided=undecided, costly=bool(beyond))
    ]
    reasons += describe_overlap(comparison)
    if futile and primary.status == "undecided":
        reasons.append(describe_futility(primary, _expected(hypothesis)))
    reasons += [
        describe_verdict(verdict, criterion)
        for verdict, criterion in zip(verdicts, list_criteria(hypothesis), strict=True)
    ]
    if comparison.seeds is not None and comparison.seeds.flipped > MOST_FLIPPED:
        reasons.append(describe_seeds(comparison.seeds))
    if comparison.foresight is not None and not comparison.foresight.is_enough:
        reasons.append(describe_foresight(comparison.foresight))
    if comparison.folds is not None:
        reasons.append(describe_folds(comparison.folds))
    return outcome, [*reasons, *failed, *_describe_look(look)]


def _expected(hypothesis: Hypothesis) -> float:
    return hypothesis.success_criteria.primary.expected_improvement


def _is_futile(primary: Verdict, hypothesis: Hypothesis, options: DecisionOptions) -> bool:
    """Tell whether the claimed effect is excluded although nothing else is decided."""
    return (
        options.futility
        and primary.status != "met"
        and primary.upper is not None
        and primary.enough_units
        and primary.upper < _expected(hypothesis)
    )


def _may_promote(gates: Sequence[Gate], options: DecisionOptions) -> bool:
    """Tell whether every required gate is there and passed."""
    return _have_passed(gates, options.required_gates()) and not any(
        gate.required and gate.status != "passed" for gate in gates
    )


def _have_passed(gates: Sequence[Gate], codes: Sequence[str]) -> bool:
    passed = {gate.code for gate in gates if gate.status == "passed"}
    return passed.issuperset(codes)


def _against(*, refuted: bool, futile: bool) -> str:
    """Say what speaks against the hypothesis; the empty string if nothing does."""
    if refuted:
        return "A criterion is refuted"
    return "The improvement that was claimed is excluded" if futile else ""


def _headline(
    outcome: Outcome,
    against: str,
    doubtful: Sequence[str],
    *,
    met: bool,
    undecided: bool,
    costly: bool,
) -> str:
    if outcome == "promote":
        return "Every criterion is met and every required gate has passed."
    if outcome == "abandon":
        return f"{against}, and the gates on data and incumbent passed."
    if against:
        told = "; ".join(doubtful) or "not all were checked"
        return f"{against}, but that does not count: a gate has not passed ({told})."
    if met:
        return "Every criterion is met, but the promotion is withheld."
    if undecided:
        also = ", and a cost is beyond its limit on this machine" if costly else ""
        return f"Not every criterion is decided{also}."
    return "A cost is beyond its limit on this machine: the promotion is withheld."


def _describe_identical(comparison: Comparison) -> str:
    incumbent = "champion's procedure" if comparison.retrained else comparison.incumbent_kind
    sentence = (
        f"The challenger is identical to the {incumbent}: nothing was compared, and no look was "
        "spent."
    )
    if comparison.incumbent_kind == "baseline":
        sentence += (
            " Next step: give training.estimator and training.baseline different models or "
            "hyperparameters."
        )
    return sentence


def _describe_look(look: Look) -> list[str]:
    sentences = [describe_reuse(look)] if look.reused else []
    if look.alpha < SPENT:
        sentences.append(describe_spent(look, SPENT))
    return sentences
