"""The evidence of cycles on problems that are not binary, and of a run of several seeds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from tests.reporting import row_evidence

from experiment_cycle.columns import Columns
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint

Evidence = dict[str, Any]
SCRIPT = "<script>"
"""A class of the multiclass cycle is called so."""
CLASSES = (SCRIPT, "setosa", "virginica")


def _hypothesis(metric: str, expected: float, tracked: list[str]) -> Hypothesis:
    return Hypothesis.model_validate(
        {
            "id": "H002",
            "statement": "Boosting is better than a linear model.",
            "expected_outcome": f"{metric} gets better by {expected:g}.",
            "success_criteria": {
                "primary": {
                    "metric": metric,
                    "min_improvement": 0.0,
                    "expected_improvement": expected,
                },
                "guardrails": [],
            },
            "metrics_to_track": tracked,
        }
    )


CONFIGURED = {
    "multiclass": (_hypothesis("log_loss", 0.04, ["accuracy"]), Columns(target="any_visit")),
    "regression": (_hypothesis("rmse", 2e4, ["mae", "r2"]), Columns(target="visits")),
    "ranking": (
        _hypothesis("mrr", 0.05, ["ndcg_at_3"]),
        Columns(target="idp", query="disea", weight="lncoins"),
    ),
}
"""The hypothesis and the columns of a variant that are not those of the example."""


def seeded(evidence: Evidence) -> Evidence:
    """Five seeds, a refit, a learning curve."""
    seeds = [_spread("roc_auc", [0.668, 0.671, 0.640, 0.664, 0.6702])]
    points = [
        {"share": share, "repeat": repeat, "rows": int(14_133 * share), "train": 0.55 - gap, **end}
        for share, repeats, gap, end in (
            (0.1, 2, 0.05, {"validation": 0.64}),
            (0.4, 2, 0.03, {"validation": 0.61}),
            (1.0, 1, 0.01, {"validation": 0.602}),
        )
        for repeat in range(repeats)
    ]
    effects = {
        "metric": "roc_auc",
        "effects": [0.02833, 0.0310, -0.0002, 0.0241, None],
        "mean": 0.02081,
        "standard_deviation": 0.0141,
        "flipped": 0.25,
    }
    return evidence | {
        "comparison": evidence["comparison"] | {"seeds": effects},
        "metrics": evidence["metrics"] | {"seeds": seeds},
        "validation_report": evidence["validation_report"] | {"seeds": seeds},
        "learning_curve": points,
        "challenger_record": evidence["challenger_record"]
        | {"seed_identities": ["b" * 64] * 4, "refit_rows": 17_162},
        "challenger_resources": evidence["challenger_resources"] | {"gpu_memory_mib": 812.0},
    }


def multiclass(evidence: Evidence) -> Evidence:
    """Three classes, one of them called like a tag."""
    matrix = [[20, 3, 0], [1, 30, 2], [0, 9, 35]]
    problem = {"type": "multiclass", "classes": list(CLASSES)}
    values = {"accuracy": 0.85, "f1_macro": 0.84, "roc_auc_ovr": 0.95, "log_loss": 0.41}
    failures = pd.DataFrame(
        {
            "__row__": [5, 7],
            "loss": [3.1, 2.9],
            "prediction": ["setosa", SCRIPT],
            "probability": [0.045, 0.055],
            "target": [SCRIPT, "virginica"],
            "incumbent_prediction": ["setosa", "setosa"],
        }
    )
    changed = _common(
        evidence, "multiclass", problem, values, ("log_loss", "accuracy", "f1_macro"), failures
    )
    changed["metrics"] |= {
        "confusion": {"challenger": matrix, "incumbent": matrix},
        "classes": list(CLASSES),
    }
    changed["validation_report"] |= {"confusion": matrix, "classes": list(CLASSES)}
    changed["dataset_profile"] = evidence["dataset_profile"] | {
        "target": {"setosa": 7000, "virginica": 7000, SCRIPT: 6190}
    }
    return changed


def regression(evidence: Evidence) -> Evidence:
    """A number of great size, with more levels than a page has room for."""
    values = {"rmse": 123_456.7, "mae": 45_678.9, "mse": 1.52415e10, "r2": 0.4321}
    failures = pd.DataFrame(
        {
            "__row__": [5, 7],
            "loss": [812_345.6, 700_000.0],
            "prediction": [1.2e6, 3.0e5],
            "target": [387_654.4, 1.0e6],
            "incumbent_prediction": [1.0e6, 2.5e5],
        }
    )
    problem = {"type": "regression", "classes": []}
    names = ("rmse", "mae", "mean_error")
    changed = _common(evidence, "regression", problem, values, names, failures)
    changed["fairness"] = _fairness(
        {"mae": 45_678.9, "mean_error": -1200.0}, {"mae_difference": 12_345.6}, None
    )
    levels = {str(number): 1 for number in range(5000)}
    changed["dataset_profile"] = evidence["dataset_profile"] | {"target": levels}
    parts = evidence["split_manifest"]["parts"]
    changed["split_manifest"] = evidence["split_manifest"] | {
        "parts": {
            name: part | {"positive_share": None, "target_mean": 2.86e5}
            for name, part in parts.items()
        }
    }
    return changed


def ranking(evidence: Evidence) -> Evidence:
    """Queries; a column that cannot be sliced by, an estimator that is fitted at once."""
    values = {"ndcg_at_10": 0.71, "mrr": 0.62, "map": 0.6, "precision_at_5": 0.31}
    failures = pd.DataFrame(
        {
            "__row__": [5, 6],
            "loss": [0.9, 0.9],
            "query": [12, 12],
            "place": [1, 2],
            "prediction": [1.5, -0.25],
            "target": [0.0, 2.0],
            "incumbent_prediction": [0.5, 0.25],
        }
    )
    problem = {"type": "ranking", "classes": []}
    changed = _common(
        evidence, "ranking", problem, values, ("ndcg_at_10", "mrr"), failures, unit="query"
    )
    apart = (
        changed["slice_metrics"]
        .iloc[:1]
        .assign(
            column="cost",
            level="not sliced",
            value=np.nan,
            lower=np.nan,
            upper=np.nan,
            note="apart",
        )
    )
    changed["slice_metrics"] = pd.concat([changed["slice_metrics"], apart], ignore_index=True)
    changed["fairness"] = {
        "columns": [
            {"column": "physlm", "groups": [], "gaps": {}, "note": "not compared: it differs"}
        ]
    }
    changed["training_history"] |= {
        **{"unit": None, "best_step": None, "steps": 0, "stopped_because": "It was fitted at once."}
    }
    changed["challenger_record"] |= {"best_step": None}
    changed["dataset_profile"] = evidence["dataset_profile"] | {"target": {"0": 19_000, "1": 1190}}
    return changed


def _common(
    evidence: Evidence,
    name: str,
    problem: dict[str, Any],
    values: dict[str, float],
    sliced: tuple[str, ...],
    failures: pd.DataFrame,
    unit: str = "row",
) -> Evidence:
    """Change what every problem has: metrics, verdict, slices, records of both models."""
    hypothesis = CONFIGURED[name][0]
    primary = hypothesis.success_criteria.primary.metric
    value = values.get(primary, 0.5)
    verdict = evidence["comparison"]["primary"] | {
        "metric": primary,
        "challenger": value,
        "incumbent": 0.9 * value,
        "effect": 0.1 * value,
        "lower": 0.02 * value,
        "upper": 0.18 * value,
    }
    loss = sliced[0]
    curves = {loss: [0.7, 0.6], primary: [0.6, 0.5]}
    changed = {
        "comparison": {"unit": unit, "primary": verdict, "guardrails": [], "tracked": []},
        "decision": {"hypothesis_id": "H002", "hypothesis_hash": fingerprint(hypothesis)},
        "metrics": {
            **{"problem": problem, "unit": unit, "units": 3028 if unit == "row" else 757},
            **{"thresholds": None, "confusion": None, "classes": []},
            "challenger": {metric: _estimate(value) for metric, value in values.items()},
            "incumbent": {metric: _estimate(0.9 * value) for metric, value in values.items()},
        },
        "validation_report": {"metrics": values, "confusion": None, "classes": []},
        "challenger_record": {"problem": problem, "threshold": None, "calibration": "none"},
        "incumbent_record": {"problem": problem, "threshold": None},
        "training_history": {"loss": loss, "metric": loss, "train": curves, "validation": curves},
    }
    plain = json.loads(json.dumps({key: evidence[key] | own for key, own in changed.items()}))
    reasons = row_evidence.without_reasons() if name == "multiclass" else {}
    own = {"slice_metrics": _slices(sliced), "failure_cases": failures}
    return evidence | plain | own | row_evidence.other(name) | reasons


def _estimate(value: float) -> dict[str, Any]:
    room = 0.05 * abs(value)
    return {"value": value, "lower": value - room, "upper": value + room}


def _spread(metric: str, values: list[float]) -> dict[str, Any]:
    return {
        "metric": metric,
        "values": values,
        "mean": float(np.mean(values)),
        "standard_deviation": float(np.std(values, ddof=1)),
        "worst": min(values),
    }


def _slices(names: tuple[str, ...]) -> pd.DataFrame:
    """Two slices that are weaker than all rows, and one that is not."""
    greater = not names[0].startswith(("log", "rmse"))
    rows = [
        {
            **{
                "kind": "level",
                "column": "age",
                "level": level,
                "rows": 400,
                "units": 100,
                "positives": np.nan,
            },
            **{"metric": name, "value": 0.5 + shift, "lower": 0.45 + shift, "upper": 0.55 + shift},
            **{"overall": 0.5, "note": np.nan},
        }
        for level, worse in (("over 60", 0.2), ("over 40", 0.01), ("up to 20", -0.1))
        for name in names
        for shift in (-worse if greater else worse,)
    ]
    return pd.DataFrame(rows)


def _fairness(
    values: dict[str, float], gaps: dict[str, float | None], note: str | None
) -> dict[str, Any]:
    groups = [
        {
            **{"level": level, "rows": 1500, "units": 1500, "compared": True},
            "metrics": {name: _estimate(value) for name, value in values.items()},
        }
        for level in ("False", "True")
    ]
    written = {name: {"value": gap, "lower": gap, "upper": gap} for name, gap in gaps.items()}
    column = {"column": "physical_limitation", "groups": groups, "gaps": written, "note": note}
    return {"columns": [column]}
