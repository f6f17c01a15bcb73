"""Limits on what a model costs: judged by pairs of calls, or as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from experiment_cycle.decision.criteria import check_hypothesis, list_criteria
from experiment_cycle.decision.records import Verdict
from experiment_cycle.decision.trade_offs import judge_cost, may_abandon
from experiment_cycle.errors import ConfigurationError, IntegrityError
from experiment_cycle.evaluation.prediction_cost import Latency, ModelCost, PredictionCost, Ratio
from experiment_cycle.hypothesis import Hypothesis

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


def test_the_p_value_is_that_of_the_sign_test() -> None:
    found = verdict(metric="predict_latency_ms", max_increase_ratio=1.02)
    noise = np.random.default_rng(0).lognormal(0, 0.05, (80, 2)) * [2.0, 1.0]
    good = int((noise[:, 0] / noise[:, 1] < 2.02).sum())
    assert found.p_value == pytest.approx(binomtest(good, 80, alternative="greater").pvalue)


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
