"""What the evaluation says of single rows, for a report of each problem type."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from experiment_cycle.evaluation.errors.disagreement import BrokenSlice, Disagreement
from experiment_cycle.evaluation.errors.drift import FeatureDrift, TestDrift
from experiment_cycle.evaluation.errors.explanations import ExplanationRecord
from experiment_cycle.evaluation.errors.suspects import RANKED, LabelErrors
from experiment_cycle.evaluation.records import Estimate
from experiment_cycle.options import Record

NET = Estimate(value=0.023, lower=0.006, upper=0.04)
SLICE = BrokenSlice(
    **{"column": "idp", "level": "0", "counted": 700, "units": 90, "broken": 70, "fixed": 35},
    **{"share": 0.1, "elsewhere": 0.03},
    excess=Estimate(value=0.07, lower=0.03, upper=0.11),
    adjusted_p_value=0.004,
)


def binary() -> dict[str, Any]:
    """Groups: a slice that is broken, and labels that are no more doubtful than chance has it."""
    found = Disagreement(
        **{"counts": "row", "counted": 3028, "unit": "group", "units": 414},
        **{"fixed": 180, "broken": 110, "fixed_units": 43, "broken_units": 35},
        **{"both_right": 1991, "both_wrong": 747, "slices_tested": 26, "alpha": 0.05},
        net=NET,
        slices=(SLICE,),
    )
    doubts = LabelErrors(
        method="confident_learning",
        rows={"test": 3028, "validation": 3029},
        **{"suspected": 1453, "by_chance": 1442.06, "p_value": 0.4, "estimated": 1895.6},
        classes=("False", "True"),
        thresholds=(0.386, 0.714),
        joint=((853, 572), (881, 2358)),
    )
    broken = pd.DataFrame(
        {
            **{"__row__": [7], "loss": [1.25], "probability": [0.9], "target": [0]},
            **{"incumbent_probability": [0.4], "disea": [58.6]},
        }
    )
    suspected = pd.DataFrame(
        {
            **{"__row__": [9], "part": ["test"], "label": ["False"], "suggested": ["True"]},
            **{"label_probability": [0.04], "suggested_probability": [0.96], "disea": [31.0]},
        }
    )
    return _with_reasons(100, "False", "log odds of the positive class") | {
        "disagreement": _plain(found),
        "broken_cases": broken,
        "label_errors": _plain(doubts),
        "suspected_labels": suspected,
        "test_drift": _plain(_drift()),
        "disagreement_plot": go.Figure(
            go.Bar(x=[-3.6, 5.9], y=["all", "all"]),
            layout={"title": "Challenger against incumbent: 180 fixed, 110 broken"},
        ),
    }


def other(kind: str) -> dict[str, Any]:
    """The same for a problem without two classes."""
    counts: dict[str, Any] = {"both_right": 60, "both_wrong": 20}
    if kind != "multiclass":
        counts = {"alike": 80, "margin": 1234.5 if kind == "regression" else None}
    found = Disagreement(
        counts="query" if kind == "ranking" else "row",
        unit="query" if kind == "ranking" else "row",
        **{"counted": 100, "units": 100, "fixed": 12, "broken": 8},
        **{"fixed_units": 12, "broken_units": 8, "alpha": 0.05},
        net=NET,
        **counts,
    )
    doubts = {
        "multiclass": LabelErrors(
            method="confident_learning",
            rows={"test": 100},
            **{"suspected": 9, "by_chance": 0.4, "p_value": 0.0002, "estimated": 8.0},
            note="Validation was left out: the challenger was refitted on it.",
        ),
        "regression": LabelErrors(
            method="extreme_residuals",
            rows={"test": 100},
            **{"suspected": 2, "by_chance": 0.05, "limit": 3.9},
        ),
        "ranking": LabelErrors(
            method="none", rows={"test": 100}, suspected=0, by_chance=0.0, note=RANKED
        ),
    }[kind]
    reasons = {} if kind == "multiclass" else _with_reasons(5, 3.0, "score")
    return reasons | {
        "disagreement": _plain(found),
        "broken_cases": pd.DataFrame({"__row__": []}),
        "label_errors": _plain(doubts),
        "suspected_labels": pd.DataFrame({"__row__": []}),
        "test_drift": _plain(
            TestDrift(columns=(), unit="row", train_units=9, test_units=0, note="No test set.")
        ),
    }


def without_reasons() -> dict[str, Any]:
    """An estimator without exact attributions, in a pipeline of other steps."""
    record = ExplanationRecord(
        **{"output": None, "calibrated": False, "compared": (), "training_rows": 9},
        **{
            "searched_rows": 0,
            "attributions_note": "No exact ones.",
            "neighbours_note": "No rows.",
        },
    )
    return {
        "failure_explanations": _plain(record),
        "failure_attributions": pd.DataFrame({"__row__": [], "feature": []}),
        "failure_neighbours": pd.DataFrame({"__row__": [], "target": []}),
    }


def _with_reasons(first: int, target: object, output: str) -> dict[str, Any]:
    record = ExplanationRecord(
        **{"output": output, "calibrated": True, "compared": ("disea", "hlthp")},
        **{"training_rows": 14_133, "searched_rows": 10_000},
    )
    features = [
        ("disea", "58.6", 0.5752),
        ("hlthp", "", -0.25),
        ("name", "<b>x", 0.1),
        ("d", "1", 0),
    ]
    attributions = [
        (row, *each[:2], each[2] * sign, 0.86, 2.1)
        for row, sign in ((first, 1), (first + 1, 2))
        for each in features
    ]
    return {
        "failure_explanations": _plain(record),
        "failure_attributions": pd.DataFrame(
            attributions, columns=["__row__", "feature", "value", "contribution", "base", "score"]
        ),
        "failure_neighbours": pd.DataFrame(
            {
                **{"__row__": [first] * 3 + [first + 1] * 3, "nearest": [1, 2, 3] * 2},
                **{"neighbour": range(6), "distance": 0.1, "disea": 58.0},
                "target": ["True", "True", "True", target, "True", target]
                if isinstance(target, str)
                else [1.0, 2.0, target, 0.0, 0.0, 1.5],
            }
        ),
    }


def _drift() -> TestDrift:
    shared = {"p_value": 0.001, "adjusted_p_value": 0.01, "differs": True}
    columns = (
        FeatureDrift(
            **{"column": "disea", "role": "feature", "effect": 0.21, "most": "median"},
            **{"train": 10.57626, "test": 13.7, **shared},
        ),
        FeatureDrift(
            **{"column": "any_visit", "role": "target", "effect": 0.024, "most": "share of False"},
            **{"train": 0.305, "test": 0.281, "p_value": 0.3, "adjusted_p_value": 1.0},
            differs=False,
        ),
    )
    return TestDrift(columns=columns, unit="group", train_units=1910, test_units=430)


def _plain(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.model_dump_json())
    return found
