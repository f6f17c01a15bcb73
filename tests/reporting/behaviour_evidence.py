"""What the stages store of edge cases, expectations, costs and errors."""

from __future__ import annotations

from typing import Any

from experiment_cycle.evaluation.call_costs import CallCosts
from experiment_cycle.evaluation.errors.behaviour_records import Behaviour
from experiment_cycle.evaluation.errors.edge_records import EdgeCases
from experiment_cycle.evaluation.errors.residual_records import ResidualAnalysis, Residuals
from experiment_cycle.evaluation.prediction_cost import PredictionCost
from experiment_cycle.options import Record

NAMES = "an error that names the column"
NOT_TESTED = {
    "statistic": None,
    "p_value": None,
    "test": "Ljung-Box",
    "note": "not tested: rows have no order, for columns.time names no column",
}


def records() -> dict[str, Record]:
    """The records of a binary cycle, by dataset name."""
    return {
        "edge_cases": edge_cases(),
        "behaviour": behaviour(),
        "prediction_cost": prediction_cost(),
        "call_costs": call_costs(),
        "residuals": ResidualAnalysis(note="A binary problem has no numbers to be off by."),
    }


def edge_cases(**changes: Any) -> EdgeCases:
    answers = f"predictions in range, or {NAMES}"
    cases = [
        _case("training rows", None, "passed", answers, "predicted", "predicted"),
        _case("a missing value", "lncoins", "passed", answers, "predicted", "moved", 0.0312),
        _case("a missing value", "<i>idp", "passed", answers, "predicted", "moved", 0.11),
        _case("a missing column", "lncoins", "passed", NAMES, "refused", "lacks: lncoins"),
        _case("infinite", "<i>idp", "failed", answers, "crashed", "ValueError: <b>inf</b>"),
    ]
    found = {"rows": 20, "columns": 2, "left_out": (), "passed": 4, "failed": 1, "cases": cases}
    return EdgeCases.model_validate(found | changes)


def _case(*values: Any) -> dict[str, Any]:
    names = ("case", "column", "status", "expected", "did", "told", "moved")
    return dict(zip(names, values, strict=False))


def behaviour(**changes: Any) -> Behaviour:
    passed = {
        "name": "dearer care is not used more",
        "change": "lncoins +1",
        "expected": "does not rise",
        "status": "passed",
        "min_share": 0.95,
        "rows": 3029,
        "units": 414,
        "share": 0.9701,
        "lower": 0.9502,
        "upper": 0.9804,
        "median_change": -0.021,
        "violations": [],
    }
    violation = {
        "row": 17,
        "before": {"idp": 0},
        "after": {"idp": None},
        "predicted": 0.61,
        "predicted_after": 0.42,
    }
    failed = passed | {
        "name": "<b>a plan</b> does not matter",
        "change": "idp is missing",
        "expected": "moves by at most 0.05",
        "status": "failed",
        "share": 0.81,
        "lower": 0.77,
        "upper": 0.84,
        "violations": [violation],
    }
    found = {"rows": 3029, "confidence": 0.95, "tests": [passed, failed]}
    return Behaviour.model_validate(found | changes)


def prediction_cost() -> PredictionCost:
    def model(scale: float, size: int) -> dict[str, Any]:
        return {
            "row": {"p50_ms": 2.1 * scale, "p95_ms": 3.4 * scale},
            "batch": {"p50_ms": 7.25 * scale, "p95_ms": 9.0 * scale},
            "batch_memory_mib": 0.31,
            "model_bytes": size,
        }

    def ratio(value: float) -> dict[str, Any]:
        return {"value": value, "lower": value - 0.1, "upper": value + 0.1, "pairs": 150}

    return PredictionCost.model_validate(
        {
            "batch_rows": 1000,
            "challenger": model(1.0, 1_250_000),
            "incumbent": model(0.5, 48_000),
            "row_ratio": ratio(2.0),
            "batch_ratio": ratio(1.9),
        }
    )


def call_costs(false_negative: float = 1.0) -> CallCosts:
    def found(value: float) -> dict[str, Any]:
        return {"value": value, "lower": value - 0.02, "upper": value + 0.02}

    costs = {"challenger": found(0.41), "incumbent": found(0.45), "improvement": found(0.04)}
    both = {"false_positive": 1.0, "false_negative": false_negative}
    return CallCosts.model_validate(both | costs)


def residuals() -> Residuals:
    bins = [
        {"level": "up to 3", "rows": 900, "mean_error": 0.9, "lower": 0.5, "upper": 1.3},
        {"level": "over 3", "rows": 2128, "mean_error": -0.4, "lower": -0.7, "upper": -0.1},
    ]
    return Residuals.model_validate(
        {
            "rows": 3028,
            "units": 467,
            "mean": 0.04,
            "standard_deviation": 4.19,
            "skewness": -5.26,
            "excess_kurtosis": 60.4,
            "low_spread": 2.197,
            "high_spread": 6.586,
            "spread": {"statistic": 7.97, "p_value": 0.0005, "test": "White's test, special form"},
            "durbin_watson": None,
            "sequence": NOT_TESTED,
            "feature_rows": 3028,
            "features": [
                {"column": "<i>disea", "explained": 0.004, "p_value": 0.0003, "bins": bins},
                {"column": "lncoins", "explained": 0.005, "p_value": 0.4, "bins": bins},
            ],
        }
    )
