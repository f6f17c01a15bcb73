"""Promote, iterate, abandon: a table of cases, and properties that hold for all of them."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.decision.options import DecisionOptions, GateOptions
from experiment_cycle.decision.records import Comparison, Decision, Gate, Look, Verdict
from experiment_cycle.decision.rule import decide
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint

Status = Literal["met", "refuted", "undecided"]
STATUSES: tuple[Status, ...] = ("met", "undecided", "refuted")
EXPECTED = 0.05
HYPOTHESIS = Hypothesis.model_validate(
    {
        "id": "H1",
        "statement": "s",
        "expected_outcome": "o",
        "success_criteria": {
            "primary": {"metric": "roc_auc", "expected_improvement": EXPECTED},
            "guardrails": [{"metric": "log_loss", "max_increase": 0.02}],
        },
    }
)
RANK = {"abandon": 0, "iterate": 1, "promote": 2}


def verdict(kind: Literal["primary", "guardrail"], status: Status, **changes: Any) -> Verdict:
    """A verdict whose bounds agree with its status; undecided reaches beyond what is expected."""
    primary = kind == "primary"
    threshold = 0.0 if primary else -0.02
    lower, upper = {
        "met": (threshold + 0.01, threshold + 0.09),
        "undecided": (threshold - 0.01, threshold + 0.08),
        "refuted": (threshold - 0.09, threshold - 0.01),
    }[status]
    effect = (lower + upper) / 2
    plain: dict[str, Any] = {
        "criterion": kind,
        "metric": "roc_auc" if primary else "log_loss",
        "requirement": "rises by more than 0" if primary else "rises by less than 0.02",
        "challenger": 0.6 + effect if primary else 0.6 - effect,
        "incumbent": 0.6,
        "effect": effect,
        "threshold": threshold,
        "lower": lower,
        "upper": upper,
        "lower_level": 0.0304,
        "upper_level": 0.025,
        "p_value": 0.1,
        "test": "paired",
        "rows": 3000,
        "units": 3000,
        "effective_units": 3000.0,
        "enough_units": True,
        "status": status,
        "rows_needed": 12345 if status == "undecided" else None,
    }
    return Verdict.model_validate({**plain, **changes})


def comparison(
    primary: Status | Verdict = "met", guardrail: Status = "met", **changes: Any
) -> Comparison:
    first = verdict("primary", primary) if isinstance(primary, str) else primary
    plain = Comparison(
        identical=False,
        incumbent_kind="champion",
        rows_hash="0" * 64,
        rows=3000,
        unit="row",
        units=3000,
        effective_units=3000.0,
        look=Look(id="1" * 64, family="f", number=1, alpha=0.0304, reused=False),
        primary=first,
        guardrails=(verdict("guardrail", guardrail),),
        tracked=(),
        evidence={"hypothesis": fingerprint(HYPOTHESIS)},
    )
    return plain.model_copy(update=changes)


def gates(**changes: str) -> list[Gate]:
    """All gates passed, apart from the changes."""
    return [
        Gate(
            code=code,
            title=code,
            status=changes.get(code, "passed"),
            required=need == "required",
            evidence=f"evidence of {code}",
        )
        for code, need in GateOptions()
    ]


def rule(
    compared: Comparison, checked: list[Gate] | None = None, futility: bool = True, **more: Any
) -> Decision:
    options = DecisionOptions(registered_model="m", futility=futility)
    return decide(compared, gates() if checked is None else checked, HYPOTHESIS, options, **more)


NO_FUTURE = verdict("primary", "undecided", lower=-0.01, upper=0.049)
CLAIM_OPEN = verdict("primary", "undecided", lower=-0.01, upper=0.05)


@pytest.mark.parametrize(
    ("primary", "guardrail", "futility", "decision"),
    [
        ("met", "met", True, "promote"),
        ("met", "undecided", True, "iterate"),
        ("met", "refuted", True, "abandon"),
        ("undecided", "met", True, "iterate"),
        ("undecided", "undecided", True, "iterate"),
        ("undecided", "refuted", True, "abandon"),
        ("refuted", "met", True, "abandon"),
        ("refuted", "undecided", True, "abandon"),
        ("refuted", "refuted", True, "abandon"),
        ("refuted", "met", False, "abandon"),
        (NO_FUTURE, "met", True, "abandon"),
        (NO_FUTURE, "undecided", True, "abandon"),
        (NO_FUTURE, "met", False, "iterate"),
        (CLAIM_OPEN, "met", True, "iterate"),
        # met, yet less than was claimed: the demand decides, not the claim
        (verdict("primary", "met", lower=0.001, upper=0.03), "met", True, "promote"),
        (verdict("primary", "met", lower=0.001, upper=0.03), "undecided", True, "iterate"),
        # too few units: no automatic decision, whatever the bounds
        (verdict("primary", "undecided", upper=0.01, enough_units=False), "met", True, "iterate"),
        (verdict("primary", "undecided", lower=None, upper=None), "met", True, "iterate"),
    ],
)
def test_all_gates_passed(
    primary: Status | Verdict, guardrail: Status, futility: bool, decision: str
) -> None:
    assert rule(comparison(primary, guardrail), futility=futility).decision == decision


def test_the_same_procedure_is_not_said_to_be_the_champion() -> None:
    decided = rule(comparison(identical=True, look=None, primary=None, retrained=True))

    assert decided.decision == "iterate"
    assert decided.reasons[0].startswith("The challenger is identical to the champion's procedure:")


DATA = ("no_leakage", "data_version_committed", "incumbent_unseen")
NOT_PASSED = ("failed", "not_run")
RECORD = ("hypothesis_registered", "artifacts_logged", "decision_documented")


@pytest.mark.parametrize(("code", "status"), list(product(DATA + RECORD, NOT_PASSED)))
def test_nothing_is_promoted_past_a_required_gate(code: str, status: str) -> None:
    decided = rule(comparison(), gates(**{code: status}))

    assert decided.decision == "iterate"
    assert any(
        f"'{code}'" in reason and f"vidence of {code}" in reason for reason in decided.reasons
    )


@pytest.mark.parametrize(("code", "status"), list(product(DATA, NOT_PASSED)))
@pytest.mark.parametrize("primary", ["refuted", NO_FUTURE])
def test_nothing_is_abandoned_past_a_gate_on_data_or_incumbent(
    code: str, status: str, primary: Status | Verdict
) -> None:
    assert rule(comparison(primary), gates(**{code: status})).decision == "iterate"


@pytest.mark.parametrize("code", RECORD)
def test_the_gates_on_the_record_do_not_stop_an_abandoning(code: str) -> None:
    assert rule(comparison("refuted"), gates(**{code: "failed"})).decision == "abandon"


def test_an_advisory_gate_is_told_and_decides_nothing() -> None:
    decided = rule(comparison(), gates(code_committed="failed"))

    assert decided.decision == "promote"
    assert any("Advisory gate 'code_committed' failed" in reason for reason in decided.reasons)


@pytest.mark.parametrize("primary", ["met", "refuted"])
def test_a_gate_that_is_missing_has_not_passed(primary: Status) -> None:
    without = [gate for gate in gates() if gate.code != "no_leakage"]

    assert rule(comparison(primary), without).decision == "iterate"
    assert rule(comparison(primary), []).decision == "iterate"


def test_a_spent_test_set_promotes_nothing_and_says_what_to_do() -> None:
    spent = Look(id="1" * 64, family="f", number=6, alpha=0.00084, reused=False)
    decided = rule(comparison(look=spent))

    assert decided.decision == "iterate"
    assert "fresh test data" in decided.reasons[-1]
    assert rule(comparison("refuted", look=spent)).decision == "abandon"


@pytest.mark.parametrize("kind", ["champion", "baseline"])
def test_an_identical_challenger_is_iterated_on(kind: str) -> None:
    same = comparison(identical=True, incumbent_kind=kind, look=None, primary=None, guardrails=())
    decided = rule(same)

    assert decided.decision == "iterate"
    assert f"identical to the {kind}" in decided.reasons[0]


def test_a_reused_look_is_told() -> None:
    reused = Look(id="1" * 64, family="f", number=2, alpha=0.0076, reused=True)

    assert "made before, as look 2" in rule(comparison(look=reused)).reasons[-1]


def test_the_reason_for_overriding_the_split_travels_into_the_decision() -> None:
    assert "demonstration" in rule(comparison(), override_reason="demonstration").reasons[-1]


def test_reasons_are_sentences_with_numbers() -> None:
    promoted, guardrail = rule(comparison()).reasons[1:3]

    assert promoted == (
        "ROC AUC rises by 0.050 (from 0.600 to 0.650); with 97 % confidence it improves by more "
        "than 0.010: the primary criterion 'rises by more than 0' is met."
    )
    assert guardrail == (
        "Log loss falls by 0.030 (from 0.600 to 0.570); with 97 % confidence it worsens by less "
        "than 0.010: the guardrail 'rises by less than 0.02' is met."
    )


def test_an_undecided_criterion_names_the_rows_it_would_take() -> None:
    reason = rule(comparison("undecided")).reasons[1]

    assert "with 97 % confidence it worsens by less than 0.010" in reason
    assert "with 97.5 % confidence it improves by less than 0.080" in reason
    assert "12,345 test rows; this test set has 3,000" in reason


def test_a_test_set_that_was_large_enough_is_not_called_too_small() -> None:
    enough = verdict("primary", "undecided", rows_needed=700)

    assert "not too small" in rule(comparison(enough)).reasons[1]


def test_futility_names_the_expected_improvement_it_excludes() -> None:
    reasons = rule(comparison(NO_FUTURE)).reasons

    assert any("expected improvement of 0.05 is excluded" in reason for reason in reasons)
    assert any("improves by less than 0.049" in reason for reason in reasons)


def test_the_decision_cites_comparison_and_gates_by_hash() -> None:
    compared = comparison()
    decided = rule(compared)

    assert decided.evidence["comparison"] == fingerprint(compared)
    assert decided.evidence["hypothesis"] == decided.hypothesis_hash == fingerprint(HYPOTHESIS)
    assert (
        rule(compared, gates(code_committed="failed")).evidence["gates"]
        != (decided.evidence["gates"])
    )


statuses = st.sampled_from(STATUSES)
gate_changes = st.dictionaries(
    st.sampled_from([*DATA, *RECORD]), st.sampled_from(["failed", "not_run"])
)


@given(statuses, statuses, gate_changes, st.booleans())
def test_a_gate_that_fails_never_helps_a_promotion_nor_an_abandoning(
    primary: Status, guardrail: Status, changes: dict[str, str], futility: bool
) -> None:
    compared = comparison(primary, guardrail)
    passed = rule(compared, futility=futility).decision
    failed = rule(compared, gates(**changes), futility=futility).decision

    assert failed in {passed, "iterate"}


@given(statuses, statuses, statuses, statuses, st.booleans())
def test_better_verdicts_never_make_a_worse_decision(
    first: Status, second: Status, guardrail: Status, better_guardrail: Status, futility: bool
) -> None:
    worse, better = sorted((first, second), key=STATUSES.index, reverse=True)
    low, high = sorted((guardrail, better_guardrail), key=STATUSES.index, reverse=True)

    assert (
        RANK[rule(comparison(worse, low), futility=futility).decision]
        <= RANK[rule(comparison(better, high), futility=futility).decision]
    )


@given(st.floats(-0.2, 0.0), st.floats(0.001, 0.2), statuses)
def test_turning_futility_off_only_ever_turns_abandon_into_iterate(
    lower: float, upper: float, guardrail: Status
) -> None:
    compared = comparison(verdict("primary", "undecided", lower=lower, upper=upper), guardrail)
    on, off = rule(compared).decision, rule(compared, futility=False).decision

    assert on == off or (on, off) == ("abandon", "iterate")


@given(st.floats(0.0001, 0.05), st.integers(1, 30))
def test_only_a_level_that_is_not_spent_promotes(alpha: float, number: int) -> None:
    look = Look(id="1" * 64, family="f", number=number, alpha=alpha, reused=False)

    assert (rule(comparison(look=look)).decision == "promote") is (alpha >= 0.001)
