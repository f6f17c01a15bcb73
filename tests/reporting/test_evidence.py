from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from experiment_cycle.errors import IntegrityError
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.pipelines.reporting.pipeline import EVIDENCE
from experiment_cycle.reporting.evidence import STAGES, Report

Evidence = dict[str, Any]
POINT = {"share": 1.0, "repeat": 0, "rows": 9, "train": 0.1, "validation": 0.2}
Collected = Callable[..., Report]


def test_evidence_is_read_into_typed_records(collected: Collected, evidence: Evidence) -> None:
    report = collected(evidence)
    assert report.decision.decision == "promote"
    assert [verdict.metric for verdict in report.verdicts] == ["roc_auc", "log_loss"]
    assert report.incumbent_name == "baseline"
    assert report.profile.columns["disea"].top[0] == ("13.7319", 801)


def test_the_pipeline_hands_over_exactly_what_the_report_reads(evidence: Evidence) -> None:
    assert sorted(EVIDENCE) == sorted(evidence)


@pytest.mark.parametrize("name", list(STAGES))
def test_a_dataset_of_another_form_is_named_with_its_stage(
    name: str, collected: Collected, evidence: Evidence
) -> None:
    content = evidence[name]
    if content == []:
        content.append(dict(POINT))
    first = content[0] if isinstance(content, list) else content
    first["left_over"] = 1
    with pytest.raises(IntegrityError) as caught:
        collected(evidence)
    told = str(caught.value)
    assert f"'{name}'" in told
    assert STAGES[name] in told
    assert "left_over" in told
    assert "kedro run" in told


def test_a_decision_about_another_hypothesis_is_not_reported(
    hypothesis: Hypothesis, collected: Collected, evidence: Evidence
) -> None:
    other = hypothesis.model_copy(update={"statement": "Something else."})
    with pytest.raises(IntegrityError, match="another hypothesis"):
        collected(evidence, other)


def test_an_identical_challenger_has_no_verdicts(report_of: Any) -> None:
    report = report_of("identical")
    assert report.verdicts == ()
    assert report.incumbent_name == "champion (version 1)"
