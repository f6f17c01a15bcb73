"""Limits on what a model costs: judged by pairs of calls, or as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from experiment_cycle.decision.criteria import check_hypothesis, list_criteria
from experiment_cycle.decision.options import DecisionOptions, GateOptions
from experiment_cycle.decision.records import Gate, Verdict
from experiment_cycle.decision.rule import decide
from experiment_cycle.decision.trade_offs import judge_cost, may_abandon, track_cost
from experiment_cycle.errors import ConfigurationError, IntegrityError
from experiment_cycle.evaluation.prediction_cost import Latency, ModelCost, PredictionCost, Ratio
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.metrics.costs import COSTS
from experiment_cycle.options import fingerprint

MIB = 2**20


def cost_of(pairs: Any) -> PredictionCost:
    """Costs whose latencies are the pairs; a file of 2 MiB against one of 1."""
    latency, ratio = Latency(p50_ms=1, p95_ms=1), Ratio(value=1, lower=1, upper=1, pairs=1)
    own, other = (
        ModelCost(row=latency, batch=latency, batch_memory_mib=3, model_bytes=size * MIB)
        for size in (2, 1)
    )
    told = tuple(map(tuple, pairs.tolist()))
    return PredictionCost(
        batch_rows=9, challenger=own, incumbent=other, row_ratio=ratio, batch_ratio=ratio,
        row_pairs_ms=told, batch_pairs_ms=told,
    )  # fmt: skip


def hypothesis_with(primary: str = "roc_auc", **rail: Any) -> Hypothesis:
    criteria = {
        "primary": {"metric": primary, "expected_improvement": 0.1},
        "guardrails": [rail] if rail else [],
    }
    return Hypothesis.model_validate(
        {"id": "H", "statement": "s", "expected_outcome": "o", "success_criteria": criteria}
    )


def verdict(**rail: Any) -> Verdict:
    noise = np.random.default_rng(0).lognormal(0, 0.05, (80, 2))
    return judge_cost(
        list_criteria(hypothesis_with(**rail))[1], cost_of(noise * [2.0, 1.0]), 0.03, 0.02
    )


@pytest.mark.parametrize(
    ("name", "limit", "value", "status"),
    [
        ("predict_latency_ms", "max", 3.0, "met"),
        ("predict_latency_ms", "max", 1.0, "refuted"),
        ("predict_latency_ms", "max_increase_ratio", 1.2, "met"),
        ("predict_batch_latency_ms", "max_increase_ratio", 0.5, "refuted"),
        ("predict_batch_latency_ms", "max_increase_ratio", 1.0, "undecided"),
        ("model_size_mib", "max_increase", 1.5, "met"),
        ("model_size_mib", "max", 1.9, "refuted"),
        ("predict_memory_mib", "max", 4.0, "met"),
    ],
)
def test_a_limit_on_a_cost_has_its_verdict(
    name: str, limit: str, value: float, status: str
) -> None:
    assert verdict(metric=name, **{limit: value}).status == status


def test_the_p_value_is_no_smaller_than_that_of_the_sign_test_of_the_ratios() -> None:
    found = verdict(metric="predict_latency_ms", max_increase_ratio=1.02)
    noise = np.random.default_rng(0).lognormal(0, 0.05, (80, 2)) * [2.0, 1.0]
    good = int((noise[:, 0] / noise[:, 1] < 2.02).sum())
    least = binomtest(good, 80, alternative="greater").pvalue
    assert least * (1 - 1e-9) <= found.p_value < 3 * least


def test_few_calls_are_not_decided_and_say_so() -> None:
    rail = list_criteria(hypothesis_with(metric="predict_latency_ms", max=1000))[1]
    found = judge_cost(rail, cost_of(np.ones((4, 2))), 0.03, 0.02)
    assert (found.status, found.lower, found.upper, found.enough_units) == (
        *("undecided", None, None),
        False,
    )
    assert "4 pairs of calls are too few" in found.note


@pytest.mark.parametrize("name", list(COSTS))
def test_a_cost_is_tracked_with_an_interval_where_there_is_one(name: str) -> None:
    noise = np.random.default_rng(0).lognormal(0, 0.05, (80, 2))
    found = track_cost(name, cost_of(noise * [2.0, 1.0]))
    if "latency" in name:
        assert found.lower < found.effect < found.upper < 0.0
        assert found.p_value < 0.001
    else:
        assert (found.lower, found.upper, found.p_value) == (None, None, None)
    assert (found.effect is None) == (name == "training_seconds")


@pytest.mark.parametrize(
    ("rail", "decision", "headline"),
    [
        ({"metric": "predict_latency_ms", "max": 1.0}, "iterate", "promotion is withheld"),
        ({"metric": "predict_memory_mib", "max": 1.0}, "iterate", "promotion is withheld"),
        ({"metric": "predict_latency_ms", "max": 9.0}, "promote", "Every criterion is met"),
        ({"metric": "model_size_mib", "max": 9.0}, "promote", "Every criterion is met"),
        ({"metric": "model_size_mib", "max": 1.9}, "abandon", "A criterion is refuted"),
    ],
)
def test_a_slow_model_is_iterated_on_and_a_large_one_abandoned(
    case: Any, rail: dict[str, Any], decision: str, headline: str
) -> None:
    noise = np.random.default_rng(0).lognormal(0, 0.05, (80, 2))
    case.hypothesis, case.cost = hypothesis_with(**rail), cost_of(noise * [2.0, 1.0])
    passed = [
        Gate(code=code, title=code, status="passed", required=need == "required", evidence="e")
        for code, need in GateOptions()
    ]

    compared = case.compare()
    decided = decide(compared, passed, case.hypothesis, case.options)

    assert (compared.primary.status, decided.decision) == ("met", decision)
    assert headline in decided.reasons[0]
    assert compared.evidence["prediction_cost"] == fingerprint(case.cost)


def test_a_slow_model_that_is_not_shown_to_be_better_is_told_both(
    case: Any, make_predictions: Any
) -> None:
    case.predictions = make_predictions(challenger=1.0)
    case.hypothesis = hypothesis_with(metric="predict_latency_ms", max=1.0)
    case.cost = cost_of(np.full((80, 2), 2.0))

    case.options = DecisionOptions(registered_model="m", futility=False)

    decided = decide(case.compare(), [], case.hypothesis, case.options)

    assert decided.decision == "iterate"
    assert decided.reasons[0] == (
        "Not every criterion is decided, and a cost is beyond its limit on this machine."
    )


def test_only_what_is_the_same_every_time_may_abandon() -> None:
    names = ["model_size_mib", "log_loss", "predict_latency_ms", "predict_memory_mib"]
    assert [may_abandon(name) for name in names] == [True, True, False, False]


@pytest.mark.parametrize("primary", ["predict_latency_ms", "training_seconds"])
def test_a_cost_cannot_be_the_primary_criterion(primary: str) -> None:
    with pytest.raises(ConfigurationError, match=primary):
        check_hypothesis(hypothesis_with(primary), "classification")


def test_training_time_is_no_guardrail() -> None:
    with pytest.raises(ConfigurationError, match="measured once"):
        check_hypothesis(hypothesis_with(metric="training_seconds", max=9), "classification")


def test_costs_that_were_not_measured_stop_before_a_look(case: Any) -> None:
    case.hypothesis = hypothesis_with(metric="model_size_mib", max=9)
    with pytest.raises(IntegrityError, match="model_size_mib"):
        case.compare()
    assert not case.ledger.exists()
