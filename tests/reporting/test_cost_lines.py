"""What models cost, as the page, its twin and the terminal show it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from experiment_cycle.hypothesis import Guardrail, Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.reporting.cost_lines import cost_effects, prediction_cost_lines
from experiment_cycle.reporting.evidence import Report
from experiment_cycle.reporting.html import render_html
from experiment_cycle.reporting.lines import criterion_lines
from experiment_cycle.reporting.markdown import render_markdown
from experiment_cycle.reporting.options import ReportingOptions
from experiment_cycle.reporting.summary import summarise

OPTIONS = ReportingOptions()
TRACKED = {
    "predict_batch_latency_ms": (-3.5, -4.0, -3.0),
    "predict_memory_mib": (-0.25, None, None),
    "training_seconds": (None, None, None),
}


@pytest.fixture
def limited(hypothesis: Hypothesis) -> Hypothesis:
    """The hypothesis with a limit on the latency."""
    rail = Guardrail(metric="predict_latency_ms", max=500.0)
    criteria = hypothesis.success_criteria.model_copy(update={"guardrails": (rail,)})
    return hypothesis.model_copy(update={"success_criteria": criteria})


@pytest.fixture
def costly(evidence: dict[str, Any], limited: Hypothesis) -> dict[str, Any]:
    """Evidence whose guardrail is on the latency, and whose tracked metrics are costs."""
    changed = deepcopy(evidence)
    changed["decision"]["hypothesis_hash"] = fingerprint(limited)
    (verdict,) = changed["comparison"]["guardrails"]
    verdict.update(
        metric="predict_latency_ms",
        requirement="below 500",
        challenger=2.1,
        incumbent=1.05,
        effect=497.9,
        threshold=0.0,
        lower=497.5,
        upper=None,
        status="met",
        is_improvement=False,
    )
    first = changed["comparison"]["tracked"][0]
    changed["comparison"]["tracked"] = [
        first | dict(zip(("metric", "effect", "lower", "upper"), (name, *values), strict=True))
        for name, values in TRACKED.items()
    ]
    return changed


def test_tracked_costs_stand_beside_their_lines(
    collected: Callable[..., Report], costly: dict[str, Any], limited: Hypothesis
) -> None:
    report = collected(costly, limited)

    effects = dict(
        zip(
            [line[0] for line in prediction_cost_lines(report.prediction_cost)],
            cost_effects(report),
            strict=True,
        )
    )

    assert effects["one row, median"] == "judged above"
    assert effects["1,000 rows, median"] == "-3.50 (-4.00 to -3.00) ms, tracked"
    assert effects["memory for 1,000 rows"] == "-0.25 MiB, tracked"
    assert effects["size of the file"] == ""
    for page in (render_html(report, OPTIONS), render_markdown(report, OPTIONS)):
        assert "-3.50 (-4.00 to -3.00) ms, tracked" in page


def test_costs_that_are_not_named_have_no_column(
    collected: Callable[..., Report], evidence: dict[str, Any]
) -> None:
    assert cost_effects(collected(evidence)) == []


def test_a_missing_bound_is_open_and_not_taken_for_the_other_side(
    collected: Callable[..., Report], costly: dict[str, Any], limited: Hypothesis
) -> None:
    line = criterion_lines(collected(costly, limited))[1]

    assert (line.lower, line.upper, line.between) == ("497.5", "none", "above 497.5")
    assert line.drawing is not None
    span = line.drawing.effect
    assert line.drawing.threshold < span.lower < span.middle < span.upper == 100.0


@pytest.mark.parametrize(
    ("lower", "upper", "between"),
    [(None, 499.0, "below 499.0"), (None, None, "no interval"), (497.0, 499.0, "497.0 to 499.0")],
)
def test_bounds_are_written_as_far_as_they_are_known(
    lower: float | None,
    upper: float | None,
    between: str,
    collected: Callable[..., Report],
    costly: dict[str, Any],
    limited: Hypothesis,
) -> None:
    costly["comparison"]["guardrails"][0].update(lower=lower, upper=upper)

    assert criterion_lines(collected(costly, limited))[1].between == between


def test_the_terminal_tells_a_distance_from_a_limit_and_the_bound_there_is(
    costly: dict[str, Any],
) -> None:
    console = Console(width=100, force_terminal=False)
    names = ("decision", "comparison", "gates", "promotion")
    with console.capture() as capture:
        console.print(summarise(*(costly[name] for name in names), Path("report.html")))

    told = " ".join(capture.get().split())
    assert "+497.9 from the limit above 497.5 with 97 % confidence ✓" in told
