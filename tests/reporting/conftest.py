"""The evidence of one cycle, made of the records that the stages store."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.reporting import behaviour_evidence, row_evidence
from tests.reporting.problem_types import CONFIGURED, multiclass, ranking, regression, seeded

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.records import (
    ColumnProfile,
    ContentHash,
    DatasetProfile,
    DatasetVersion,
)
from experiment_cycle.decision.records import (
    Comparison,
    Decision,
    Gate,
    Look,
    Promotion,
    TrackedEffect,
    Verdict,
)
from experiment_cycle.evaluation.records import (
    Estimate,
    Fairness,
    GroupMetrics,
    IncumbentRecord,
    Metrics,
    Mitigation,
    SensitiveColumn,
    TradeOff,
    WeakSlice,
    WeakSlices,
)
from experiment_cycle.evaluation.what_if.records import Counterfactuals
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import Record, fingerprint
from experiment_cycle.problem import Problem
from experiment_cycle.reporting.evidence import Report, collect
from experiment_cycle.reporting.search_lines import SEARCH_FIGURES
from experiment_cycle.splitting.records import Finding, LeakageReport, SplitManifest, SplitPart
from experiment_cycle.tracking.row_counts import NodeRows, RowCounts
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import (
    Environment,
    ModelRecord,
    Resources,
    ThresholdRecord,
    TrainingHistory,
    ValidationReport,
)
from experiment_cycle.tuning.records import SearchRecord

HYPOTHESIS = Hypothesis.model_validate(
    {
        "id": "H001",
        "statement": "Gradient boosting tells better than logistic regression who will see a "
        "doctor.",
        "expected_outcome": "ROC AUC rises by 0.04.",
        "success_criteria": {
            "primary": {
                "metric": "roc_auc",
                "min_improvement": 0.0,
                "expected_improvement": 0.04,
            },
            "guardrails": [{"metric": "log_loss", "max_increase": 0.01}],
        },
        "metrics_to_track": ["average_precision", "f1", "accuracy", "brier"],
    }
)
COLUMNS = Columns(
    target="any_visit",
    sensitive=("physical_limitation",),
    drop=("visits", "physical_limitation"),
)
BINARY = Problem(type="binary", classes=(False, True))
TRAINING = TrainingOptions.model_validate({"class_weight": {"False": 2.0, "True": 1.0}})
Evidence = dict[str, Any]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def look() -> Look:
    return Look(id="a1", family=digest("family"), number=1, alpha=0.0304, reused=False)


def primary(status: str = "met", **changes: Any) -> Verdict:
    found = {
        "criterion": "primary",
        "metric": "roc_auc",
        "requirement": "rises by more than 0",
        "challenger": 0.66815,
        "incumbent": 0.63982,
        "effect": 0.02833,
        "threshold": 0.0,
        "lower": 0.00394,
        "upper": 0.05381,
        "lower_level": 0.0304,
        "upper_level": 0.025,
        "p_value": 0.0138,
        "test": "paired DeLong test (DeLong et al. 1988; Sun and Xu 2014), placement values summed "
        "by group (Obuchowski 1997), t with 205.3 degrees of freedom",
        "rows": 3028,
        "units": 414,
        "effective_units": 206.3,
        "enough_units": True,
        "status": status,
    }
    return Verdict.model_validate(found | changes)


def guardrail(status: str = "met", **changes: Any) -> Verdict:
    found = {
        "criterion": "guardrail",
        "metric": "log_loss",
        "requirement": "rises by less than 0.01",
        "challenger": 0.58804,
        "incumbent": 0.60313,
        "effect": 0.01509,
        "threshold": -0.01,
        "lower": 0.00021,
        "upper": 0.03044,
        "lower_level": 0.0304,
        "upper_level": 0.025,
        "p_value": 0.0002,
        "test": "paired t test of the rows' values (Student 1908), summed by group (Liang and "
        "Zeger 1986), t with 205.3 degrees of freedom",
        "rows": 3028,
        "units": 414,
        "effective_units": 206.3,
        "enough_units": True,
        "status": status,
    }
    return Verdict.model_validate(found | changes)


def comparison(first: Verdict | None, *rails: Verdict) -> Comparison:
    tracked = [
        ("average_precision", 0.8012, 0.7811, 0.0201, 0.0012, 0.0390),
        ("f1", 0.8101, 0.8071, 0.0030, -0.0061, 0.0121),
        ("accuracy", 0.7014, 0.6902, 0.0112, -0.0021, 0.0245),
        ("brier", 0.1989, 0.2053, 0.0064, 0.0008, 0.0120),
    ]
    names = ("metric", "challenger", "incumbent", "effect", "lower", "upper")
    return Comparison(
        identical=first is None,
        incumbent_kind="baseline" if first is not None else "champion",
        rows_hash=digest("rows"),
        rows=3028,
        unit="group",
        units=414,
        effective_units=206.3,
        look=None if first is None else look(),
        primary=first,
        guardrails=rails,
        tracked=()
        if first is None
        else tuple(
            TrackedEffect.model_validate(dict(zip(names, t, strict=True)) | shown())
            for t in tracked
        ),
        evidence={"split_manifest": digest("split"), "challenger": digest("challenger")},
    )


def shown() -> dict[str, Any]:
    """What a tracked effect tells besides its interval."""
    return {
        "p_value": 0.03,
        "probability_better": 0.985,
        "rows": 3028,
        "unit": "group",
        "units": 414,
        "effective_units": 206.3,
        "test": "paired t test of the rows' values (Student 1908), summed by group (Liang and "
        "Zeger 1986), t with 205.3 degrees of freedom",
    }


def gates(**statuses: str) -> list[Gate]:
    titles = {
        "hypothesis_registered": "Hypothesis registered before the look",
        "no_leakage": "No leakage between the splits",
        "data_version_committed": "Data version committed",
        "incumbent_unseen": "Neither model has seen the test rows",
        "artifacts_logged": "Evidence is in the record",
        "decision_documented": "Decision is documented",
        "code_committed": "Code is committed",
    }
    return [
        Gate.model_validate(
            {
                "code": code,
                "title": title,
                "status": statuses.get(code, "passed"),
                "required": code != "code_committed",
                "evidence": f"What was found about {title.lower()}.",
            }
        )
        for code, title in titles.items()
    ]


def decision(outcome: str, *reasons: str, seen: Look | None) -> Decision:
    return Decision.model_validate(
        {
            "decision": outcome,
            "reasons": reasons,
            "hypothesis_id": HYPOTHESIS.id,
            "hypothesis_hash": fingerprint(HYPOTHESIS),
            "incumbent_kind": "baseline",
            "look": None if seen is None else seen.model_dump(),
            "evidence": {"comparison": digest("comparison"), "test_rows": digest("test")},
        }
    )


def column(kind: str, **known: Any) -> ColumnProfile:
    return ColumnProfile.model_validate({"type": kind, "missing": 0, "distinct": 2} | known)


def profile() -> DatasetProfile:
    numeric = {
        "distinct": 13,
        "mean": 11.2445,
        "standard_deviation": 6.742,
        "quantiles": {"min": 0.0, "25 %": 6.9, "50 %": 10.58, "75 %": 13.73, "max": 58.6},
        "top": (("13.7319", 801), ("10.5762", 640), ("6.9", 521)),
        "bin_edges": (0.0, 10.0, 20.0, 40.0, 58.6),
        "bin_counts": (9100, 8000, 3000, 90),
    }
    columns = {
        "any_visit": column("BOOLEAN", top=(("true", 13_882), ("false", 6308))),
        "visits": column("BIGINT", **numeric),
        "lncoins": column("DOUBLE", **numeric),
        "idp": column("BIGINT", top=(("0", 14_941), ("1", 5249))),
        "physlm": column("DOUBLE", **(numeric | {"missing": 120})),
        "disea": column("DOUBLE", **(numeric | {"estimated": ("distinct", "top")})),
        "enrolled": column(
            "DATE",
            bin_edges=("1974-11-01", "1975-11-01", "1977-01-15"),
            bin_counts=(12_000, 8190),
        ),
        "physical_limitation": column("BOOLEAN", top=(("false", 17_700), ("true", 2490))),
    }
    return DatasetProfile(
        content_hash=ContentHash(
            digest=digest("data"), rows=20_190, columns={name: digest(name) for name in columns}
        ),
        rows=20_190,
        columns=columns,
        target={"true": 13_882, "false": 6308},
    )


def row_counts() -> RowCounts:
    return RowCounts(
        steps=(
            NodeRows(
                node="leave_out_children",
                reason="Leave out children: they were asked other questions.",
                reads={"persons": 5908},
                makes={"adults": 3912},
            ),
            NodeRows(
                node="join_persons",
                reason="Keep the visits of persons that are left.",
                reads={"visits": 20_652, "adults": 3912},
                makes={"raw_data": 20_190},
            ),
            NodeRows(
                node="take_snapshot",
                reason="Write the raw table to a Parquet file.",
                reads={"raw_data": 20_190},
                makes={"dataset": 20_190},
            ),
        ),
        dataset=20_190,
    )


def split() -> SplitManifest:
    shares = {"train": 0.7, "validation": 0.15, "test": 0.15}
    rows = {"train": 14_133, "validation": 3029, "test": 3028}
    return SplitManifest(
        hash=digest("split"),
        content_hash=digest("data"),
        strategy="stratified_group",
        seed=42,
        requested=shares,
        parts={
            name: SplitPart(
                rows=rows[name],
                share=share,
                groups=round(2760 * share),
                positive_share=0.6874,
                rows_hash=digest(name),
            )
            for name, share in shares.items()
        },
        guarantees={
            "every_row_once": True,
            "groups_undivided": True,
            "every_class_in_every_part": True,
        },
        override_reason=None,
    )


def leakage() -> LeakageReport:
    return LeakageReport(
        passed=True,
        findings=(
            Finding(
                code="LEAK001",
                title="Groups on two sides",
                severity="high",
                status="passed",
                message="No value of 'profile' is in two splits.",
                evidence={"groups": 0},
            ),
            Finding(
                code="LEAK002",
                title="Identical feature rows across splits",
                severity="medium",
                status="warning",
                message="12 of 3,028 test rows (0.4 %) have an identical twin elsewhere.",
                evidence={"rows": 12},
            ),
        ),
    )


def estimate(value: float, half: float = 0.02) -> Estimate:
    return Estimate(
        value=value,
        standard_error=half / 2,
        lower=value - half,
        upper=value + half,
        bootstrap_lower=value - half,
        bootstrap_upper=value + half,
    )


def metrics() -> Metrics:
    challenger = {
        "accuracy": estimate(0.7014),
        "precision": estimate(0.7215),
        "recall": estimate(0.9231, 0.011),
        "f1": estimate(0.8101, 0.013),
        "roc_auc": estimate(0.66815, 0.028),
        "average_precision": estimate(0.8012),
        "log_loss": estimate(0.58804),
        "brier": estimate(0.1989, 0.008),
    }
    incumbent = {
        name: found.model_copy(
            update={
                "value": (found.value or 0.0) - 0.015,
                "lower": (found.lower or 0.0) - 0.015,
                "upper": (found.upper or 0.0) - 0.015,
            }
        )
        for name, found in challenger.items()
    }
    counts = ((206, 741), (160, 1921))
    return Metrics(
        problem=BINARY,
        rows=3028,
        unit="group",
        units=414,
        effective_units=206.3,
        confidence=0.95,
        thresholds={"challenger": 0.42, "incumbent": 0.5},
        challenger=challenger,
        incumbent=incumbent,
        confusion={"challenger": counts, "incumbent": counts},
        classes=("False", "True"),
    )


def slices() -> pd.DataFrame:
    rows = []
    for number, (name, level) in enumerate(
        [("disea", "over 13.73"), ("hlthp", "1"), ("physlm", "over 0.3"), ("idp", "0")]
    ):
        for metric, value in (("log_loss", 0.66), ("roc_auc", 0.61), ("recall", 0.9)):
            middle = value + (0.02 - 0.02 * number) * (1 if metric == "log_loss" else -1)
            rows.append(
                {
                    "kind": "level",
                    "column": name,
                    "level": level,
                    "rows": 752 - 200 * number,
                    "units": 101 - 20 * number,
                    "positives": 520 - 150 * number,
                    "metric": metric,
                    "value": middle,
                    "lower": middle - 0.04,
                    "upper": middle + 0.04,
                    "overall": {"log_loss": 0.588, "roc_auc": 0.668, "recall": 0.923}[metric],
                    "note": math.nan,
                }
            )
    return pd.DataFrame(rows)


def weak_slices() -> WeakSlices:
    shared = {"columns": ("disea",), "rows": 371, "units": 52, "rest": 0.571}
    found = WeakSlice(
        **shared,
        **{"slice": "disea: over 13.73", "loss": 0.693, "excess": 0.122, "lower": 0.06},
        **{"upper": 0.184, "p_value": 0.0002, "adjusted_p_value": 0.0004, "confirmed": True},
        excess_when_found=0.19,
    )
    lost = found.model_copy(
        update={"slice": "idp: 0 and hlthp: 1", "confirmed": False, "adjusted_p_value": 0.41}
    )
    return WeakSlices(
        loss="log loss",
        alpha=0.05,
        searched_rows=1514,
        confirming_rows=1514,
        candidates=1234,
        slices=(found, lost),
    )


def mitigation() -> Mitigation:
    points = [
        TradeOff(name=name, objective=estimate(value), gap=estimate(gap), tolerance=tolerance)
        for name, value, gap, tolerance in (
            ("gap of 0.01 allowed", 0.69, 0.012, 0.01),
            ("gap of 0.1 allowed", 0.705, 0.05, 0.1),
        )
    ]
    models = [
        TradeOff(name=name, objective=estimate(0.71), gap=estimate(0.08))
        for name in ("challenger", "incumbent")
    ]
    return Mitigation(
        method="threshold_optimizer",
        constraint="demographic_parity",
        column="physical_limitation",
        objective="accuracy",
        gap="demographic_parity_difference",
        models=tuple(models),
        points=tuple(points),
    )


def fairness() -> Fairness:
    groups = tuple(
        GroupMetrics(
            level=level,
            rows=rows,
            units=rows // 7,
            metrics={
                "selection_rate": estimate(0.84 + shift),
                "true_positive_rate": estimate(0.91 + shift),
                "roc_auc": estimate(0.66 - shift, 0.05),
            },
            compared=True,
        )
        for level, rows, shift in (("False", 2660, 0.0), ("True", 368, 0.05))
    )
    gaps = {
        "demographic_parity_difference": estimate(0.05, 0.02),
        "demographic_parity_ratio": estimate(0.9438, 0.02),
        "equalized_odds_difference": estimate(0.0801, 0.02),
        "equalized_odds_ratio": Estimate(
            value=None, note="not defined: a rate is 0 in every group"
        ),
    }
    column_found = SensitiveColumn(column="physical_limitation", groups=groups, gaps=gaps)
    return Fairness(columns=(column_found,))


def counterfactuals(**changes: Any) -> Counterfactuals:
    found = {
        "row": 7341,
        "target": "True",
        "called": "False",
        "wanted": "True",
        "before": 0.4193,
        "after": 0.6207,
        "train_row": 12,
        "distance": 0.009,
        "changes": [{"feature": "lpi", "value": "5.01063", "other": "<b>5.6</b>"}],
    }
    searched = {
        "rows": 3032,
        "wrong": 861,
        "donors": 14122,
        "immutable": ["physical_limitation"],
        "found": [found],
        "not_found": 2,
    }
    return Counterfactuals.model_validate(searched | changes)


def failures() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "__row__": range(100, 130),
            "loss": np.linspace(3.2, 2.1, 30),
            "probability": np.linspace(0.96, 0.88, 30),
            "target": 0,
            "incumbent_probability": np.linspace(0.90, 0.80, 30),
            "any_visit": False,
            "lncoins": 4.61512,
            "disea": 58.6,
            "hlthp": 1,
        }
    )


def trials() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "trial": range(30),
            "state": ["complete"] * 29 + ["failed"],
            "value": [*(0.59 + 0.02 * generator.random(29)), math.nan],
            "duration_seconds": 0.4,
            "steps": 60,
            "reason": "",
            "num_leaves": generator.integers(4, 64, 30),
            "learning_rate": generator.uniform(0.02, 0.2, 30),
        }
    )


def search_record(**changes: Any) -> SearchRecord:
    found = {
        "method": "bayesian",
        "backend": "optuna",
        "estimator": "lightgbm",
        "metric": "log_loss",
        "derived": True,
        "space": {
            "learning_rate": {"type": "float", "low": 0.02, "high": 0.2, "log": True},
            "num_leaves": {"type": "int", "low": 4, "high": 64, "log": True},
        },
        "trials_asked": 30,
        "complete": 29,
        "failed": 1,
        "earlier": 12,
        "seconds": 12.3,
        "stopped_because": "All 30 trials were tried.",
        "study": digest("study"),
        "best_trial": 17,
        "best_value": 0.5903,
        "default_value": 0.6011,
        "honest": {
            "corrected": 0.5967,
            "standard_error": 0.0051,
            "gain": 0.0044,
            "gain_error": 0.0031,
            "noise": 0.0052,
            "chosen_again": 0.23,
            "candidates": 29,
            "resamples": 500,
            "units": 414,
        },
        "warnings": ("The search has not beaten the configuration by more than noise.",),
    }
    return SearchRecord.model_validate(found | changes)


def curve(title: str, x_title: str, y_title: str, bend: float) -> go.Figure:
    at = [round(step / 100, 2) for step in range(101)]
    figure = go.Figure()
    for name, colour, power in (
        ("challenger", "#0072B2", bend),
        ("incumbent", "#E69F00", bend * 1.15),
    ):
        figure.add_scatter(
            x=at, y=[x**power for x in at], name=name, mode="lines", line={"color": colour}
        )
    figure.update_layout(
        template="plotly_white",
        title=title,
        xaxis_title=x_title,
        yaxis_title=y_title,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
    )
    return figure


@cache
def figures() -> dict[str, go.Figure]:
    confusion = go.Figure(
        go.Heatmap(
            z=[[206, 741], [160, 1921]],
            x=["called negative", "called positive"],
            y=["negative", "positive"],
            colorscale=[[0, "#ffffff"], [1, "#0072B2"]],
            texttemplate="%{z}",
        )
    )
    confusion.update_layout(template="plotly_white", title="Confusion: 70 % of rows are right")
    return {
        "trials_plot": curve("Search: log loss on validation", "trial", "log loss", 0.3),
        **{name: curve(name, "x", "log loss", 0.3) for name in SEARCH_FIGURES[1:]},
        "loss_plot": curve("Loss of the challenger (lightgbm)", "boosting round", "loss", 0.4),
        "learning_curve_plot": curve("Learning curve", "rows", "log loss", 0.4),
        "curve_plot": curve(
            "ROC curve: AUC 0.668 against 0.640", "false positive rate", "true positive rate", 0.5
        ),
        "detail_plot": curve(
            "Precision and recall: 0.801 against 0.781", "recall", "precision", 0.1
        ),
        "calibration_plot": curve("Calibration", "predicted", "observed", 1.0),
        "confusion_plot": confusion,
        "threshold_plot": curve("Threshold 0.42", "threshold", "cost of a row", 0.6),
        "gain_plot": curve("Gain", "share of the rows", "share of the positive rows", 0.6),
        "quantile_plot": curve("Q-Q of the errors", "normal", "errors", 0.6),
        "residual_plot": curve("Errors by feature", "level", "mean error", 0.6),
        "weak_slices_plot": curve("Weak slices: 1 of 2 confirmed", "excess", "slice", 0.2),
        "groups_plot": curve("The challenger by group", "rate", "group", 0.9),
        "mitigation_plot": curve("What fairness would cost", "gap", "accuracy", 0.7),
        "dependence_plot": curve("Partial dependence", "age", "mean probability", 0.6),
    }


def resources(seconds: float) -> Resources:
    return Resources(
        wall_seconds=seconds,
        cpu_seconds=seconds * 1.1,
        peak_memory_mib=412.3,
        model_bytes=1_250_000,
        train_rows=14_133,
        validation_rows=3029,
    )


def plain(content: Record | list[Gate]) -> Any:
    """What the record is once it was written as JSON and read again."""
    if isinstance(content, list):
        return [plain(item) for item in content]
    return json.loads(json.dumps(content.model_dump(mode="json"), allow_nan=False))


def promoted() -> Evidence:
    shown = comparison(primary(), guardrail())
    records: dict[str, Record | list[Gate]] = {
        "decision": decision(
            "promote",
            "Every criterion is met and every required gate has passed.",
            "ROC AUC rises by 0.028 (from 0.640 to 0.668); with 97 % confidence improves by more "
            "than 0.0039: the primary criterion 'rises by more than 0' is met.",
            "Log loss falls by 0.015 (from 0.603 to 0.588); with 97 % confidence improves by more "
            "than 0.0002: the guardrail 'rises by less than 0.01' is met.",
            "Advisory gate 'code_committed' was not run, which is not passed: The project is not "
            "under git, or has no commit yet.",
            seen=look(),
        ),
        "promotion": Promotion(
            moved=True,
            registered_model="doctor-visits",
            version=1,
            previous_version=None,
            aliases=("champion", "staging"),
            sentence="Version 1 of 'doctor-visits' is champion, the first champion.",
        ),
        "comparison": shown,
        "gates": gates(code_committed="not_run"),
        "dataset_version": DatasetVersion(
            backend="dvc",
            id=digest("version")[:32],
            content_hash=digest("data"),
            column_hashes={name: digest(name) for name in profile().columns},
            rows=20_190,
            columns=13,
            size_bytes=131_072,
            pointer="data/02_intermediate/dataset.parquet.dvc",
        ),
        "dataset_profile": profile(),
        "row_counts": row_counts(),
        "split_manifest": split(),
        "leakage_report": leakage(),
        "challenger_record": ModelRecord(
            estimator="lightgbm",
            identity=digest("challenger"),
            problem=BINARY,
            features=("lncoins", "idp", "disea"),
            hyperparameters={"num_leaves": 12, "learning_rate": 0.0417263, "max_depth": None},
            best_step=141,
            threshold=ThresholdRecord(
                value=0.42, choose_by="metric", detail="F1 on validation is 0.806 there"
            ),
            calibration="sigmoid",
        ),
        "incumbent_record": incumbent_record(),
        "training_history": TrainingHistory(
            estimator="lightgbm",
            unit="round",
            loss="log_loss",
            metric="log_loss",
            train={"log_loss": (0.62, 0.6, 0.58)},
            validation={"log_loss": (0.62, 0.61, 0.6)},
            best_step=141,
            steps=191,
            stopped_because="Validation log_loss did not improve for 50 steps.",
        ),
        "validation_report": ValidationReport(
            rows=3029,
            metrics={"accuracy": 0.7101, "roc_auc": 0.6734, "log_loss": None},
            confusion=((210, 737), (142, 1940)),
            classes=("False", "True"),
            seeds=(),
        ),
        "challenger_resources": resources(1.84),
        "baseline_resources": resources(0.09),
        "environment": Environment(
            python="3.11.7",
            system="Linux 6.1",
            processor="x86_64",
            cores=2,
            memory_mib=7940,
            packages={"kedro": "1.7.0", "lightgbm": "4.7.0", "mlflow": "3.17.0"},
            lock_hash=digest("lock"),
            git_commit=None,
            git_clean=None,
            diff_hash=None,
        ),
        "metrics": metrics(),
        "weak_slices": weak_slices(),
        "fairness": fairness(),
        "mitigation": mitigation(),
        "counterfactuals": counterfactuals(),
        **behaviour_evidence.records(),
        "search_record": search_record(),
    }
    return {name: plain(content) for name, content in records.items()} | {
        "trials": trials(),
        "best_hyperparameters": {"num_leaves": 12, "learning_rate": 0.0417263, "subsample": 1.0},
        "slice_metrics": slices(),
        "failure_cases": failures(),
        **row_evidence.binary(),
        "learning_curve": [],
        **figures(),
    }


def incumbent_record(**changes: Any) -> IncumbentRecord:
    found = {
        "kind": "baseline",
        "identity": digest("baseline"),
        "problem": BINARY,
        "threshold": 0.5,
        "estimator": "linear",
        "hyperparameters": {"C": 1.0, "max_iter": 1000},
        "registered_model": "doctor-visits",
    }
    return IncumbentRecord.model_validate(found | changes)


def unmoved(sentence: str) -> Any:
    return plain(
        Promotion(
            moved=False,
            registered_model="doctor-visits",
            version=None,
            previous_version=None,
            aliases=(),
            sentence=sentence,
        )
    )


def iterating() -> Evidence:
    shown = comparison(
        primary("undecided", lower=-0.0081, upper=0.0641, rows_needed=7400), guardrail()
    )
    told = decision("iterate", "Not every criterion is decided.", seen=look())
    return promoted() | {
        "comparison": plain(shown),
        "decision": plain(told),
        "promotion": unmoved("The decision is to iterate, so the registry stays as it was."),
    }


def abandoned() -> Evidence:
    shown = comparison(
        primary("refuted", effect=-0.021, lower=-0.041, upper=-0.001, challenger=0.61882),
        guardrail("refuted", effect=-0.03, lower=-0.045, upper=-0.015, challenger=0.63313),
    )
    told = decision(
        "abandon",
        "The improvement that was claimed is excluded, and the gates on data and incumbent passed.",
        "ROC AUC falls by 0.021.",
        seen=look(),
    )
    return promoted() | {
        "comparison": plain(shown),
        "decision": plain(told),
        "promotion": unmoved("The decision is to abandon, so the registry stays as it was."),
    }


def identical() -> Evidence:
    told = decision(
        "iterate",
        "The challenger is identical to the champion: nothing was compared, and no look was spent.",
        seen=None,
    )
    champion = incumbent_record(
        kind="champion",
        identity=digest("challenger"),
        version=1,
        run_id="r1",
        split_hash=digest("split"),
    )
    return promoted() | {
        "comparison": plain(comparison(None)),
        "decision": plain(told),
        "incumbent_record": plain(champion),
        "promotion": unmoved("The decision is to iterate, so the registry stays as it was."),
    }


def gate_failed() -> Evidence:
    told = decision(
        "iterate",
        "Every criterion is met, but the promotion is withheld.",
        "Required gate 'no_leakage' failed: LEAK001: 812 groups are on two sides.",
        seen=look(),
    )
    ignored = split().model_copy(update={"override_reason": "demonstration"})
    return promoted() | {
        "gates": plain(gates(no_leakage="failed")),
        "decision": plain(told),
        "split_manifest": plain(ignored),
        "promotion": unmoved("The decision is to iterate, so the registry stays as it was."),
    }


def without_sensitive_columns() -> Evidence:
    return promoted() | {"fairness": plain(Fairness(columns=()))}


def without_search() -> Evidence:
    nothing = SearchRecord.nothing("optuna", "lightgbm", "log_loss")
    return promoted() | {
        "search_record": plain(nothing),
        "trials": trials().head(0),
        **dict.fromkeys(SEARCH_FIGURES, go.Figure()),
    }


def undefined() -> Evidence:
    nothing = Estimate(value=None, note="only one class is present")
    found = metrics()
    blank = found.model_copy(update={"challenger": found.challenger | {"roc_auc": nothing}})
    unknown = primary(
        "undecided",
        challenger=None,
        effect=None,
        lower=None,
        upper=None,
        p_value=None,
        note="challenger: only one class is present",
    )
    return iterating() | {
        "metrics": plain(blank),
        "comparison": plain(comparison(unknown, guardrail())),
    }


VARIANTS: dict[str, Callable[[], Evidence]] = {
    "promoted": promoted,
    "iterating": iterating,
    "abandoned": abandoned,
    "identical": identical,
    "gate_failed": gate_failed,
    "without_sensitive_columns": without_sensitive_columns,
    "without_search": without_search,
    "undefined": undefined,
    "seeded": lambda: seeded(promoted()),
    "multiclass": lambda: multiclass(promoted()),
    "regression": lambda: regression(promoted()),
    "ranking": lambda: ranking(promoted()),
}


@pytest.fixture(scope="session")
def hypothesis() -> Hypothesis:
    return HYPOTHESIS


@pytest.fixture
def evidence() -> Evidence:
    """What the stages of a cycle that promoted its challenger stored."""
    return promoted()


@pytest.fixture(scope="session")
def collected() -> Callable[..., Report]:
    """Make a report of evidence, as configured in the example unless told otherwise."""

    def collect_as_configured(
        evidence: Evidence,
        hypothesis: Hypothesis = HYPOTHESIS,
        columns: Columns = COLUMNS,
        **versioning: Any,
    ) -> Report:
        options = DataVersioningOptions(**versioning)
        return collect(hypothesis, columns, options, TRAINING, "kedro run --env=trial", evidence)

    return collect_as_configured


@pytest.fixture(scope="session")
def report_of(collected: Callable[..., Report]) -> Callable[[str], Report]:
    """Make the report of one of the variants."""
    return cache(lambda name: collected(VARIANTS[name](), *CONFIGURED.get(name, ())))


@pytest.fixture(params=list(VARIANTS), scope="session")
def any_name(request: pytest.FixtureRequest) -> str:
    """The name of each variant in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def any_report(any_name: str, report_of: Callable[[str], Report]) -> Report:
    """The report of each variant in turn."""
    return report_of(any_name)
