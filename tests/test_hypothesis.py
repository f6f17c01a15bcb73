"""What a hypothesis may say."""

import pytest
from pydantic import ValidationError

from experiment_cycle.hypothesis import Guardrail, Hypothesis, PrimaryCriterion
from experiment_cycle.options import fingerprint


def hypothesis(**changes: object) -> Hypothesis:
    content: dict[str, object] = {
        "id": "H1",
        "statement": "B beats A.",
        "expected_outcome": "by 0.02",
        "success_criteria": {"primary": {"metric": "roc_auc", "expected_improvement": 0.02}},
        "metrics_to_track": ["f1", "roc_auc"],
    }
    return Hypothesis.model_validate(content | changes)


def test_each_metric_is_named_once_the_primary_first() -> None:
    assert hypothesis().metrics() == ["roc_auc", "f1"]


def test_its_fingerprint_changes_with_what_it_says_and_with_nothing_else() -> None:
    assert fingerprint(hypothesis()) == fingerprint(hypothesis())
    assert fingerprint(hypothesis()) != fingerprint(hypothesis(alpha=0.04))


@pytest.mark.parametrize("limits", [{}, {"max": 1.0, "min": 0.0}, {"max_increase": 0.0}])
def test_a_guardrail_takes_exactly_one_limit_and_a_margin_above_zero(
    limits: dict[str, float],
) -> None:
    with pytest.raises(ValidationError):
        Guardrail.model_validate({"metric": "log_loss", **limits})


def test_superiority_takes_no_limit() -> None:
    assert Guardrail(metric="f1", require="superior").limit == ("superior", 0.0)
    with pytest.raises(ValidationError, match="takes no limit"):
        Guardrail(metric="f1", require="superior", min=0.1)


def test_the_expected_improvement_exceeds_the_least_one() -> None:
    with pytest.raises(ValidationError, match="must be greater"):
        PrimaryCriterion(metric="f1", min_improvement=0.05, expected_improvement=0.05)


def test_it_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        hypothesis().alpha = 0.5  # type: ignore[misc]
