"""Everything a report shows, read out of what the stages stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from experiment_cycle.columns import Columns
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.records import DatasetProfile, DatasetVersion
from experiment_cycle.decision.records import Comparison, Decision, Gate, Promotion, Verdict
from experiment_cycle.errors import IntegrityError
from experiment_cycle.evaluation.call_costs import CallCosts
from experiment_cycle.evaluation.errors.behaviour_records import Behaviour
from experiment_cycle.evaluation.errors.disagreement import Disagreement
from experiment_cycle.evaluation.errors.drift import TestDrift
from experiment_cycle.evaluation.errors.edge_records import EdgeCases
from experiment_cycle.evaluation.errors.explanations import ExplanationRecord
from experiment_cycle.evaluation.errors.residual_records import ResidualAnalysis
from experiment_cycle.evaluation.errors.suspects import LabelErrors
from experiment_cycle.evaluation.prediction_cost import PredictionCost
from experiment_cycle.evaluation.records import (
    Fairness,
    IncumbentRecord,
    Metrics,
    Mitigation,
    WeakSlices,
)
from experiment_cycle.evaluation.what_if.records import Counterfactuals
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.options import fingerprint
from experiment_cycle.problem import Problem
from experiment_cycle.splitting.records import LeakageReport, SplitManifest
from experiment_cycle.tracking.row_counts import RowCounts
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.records import (
    Environment,
    LearningCurvePoint,
    ModelRecord,
    Resources,
    TrainingHistory,
    ValidationReport,
)
from experiment_cycle.tuning.records import SearchRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIGURES = (
    "trials_plot",
    "importance_plot",
    "parallel_plot",
    "slice_plot",
    "curves_plot",
    "loss_plot",
    "learning_curve_plot",
    "curve_plot",
    "detail_plot",
    "calibration_plot",
    "confusion_plot",
    "threshold_plot",
    "gain_plot",
    "quantile_plot",
    "residual_plot",
    "weak_slices_plot",
    "groups_plot",
    "mitigation_plot",
    "disagreement_plot",
    "dependence_plot",
)
STAGES = {
    "decision": "decision",
    "promotion": "decision",
    "comparison": "decision",
    "gates": "decision",
    "dataset_version": "data_versioning",
    "dataset_profile": "data_versioning",
    "row_counts": "data_versioning",
    "split_manifest": "splitting",
    "leakage_report": "splitting",
    "search_record": "tuning",
    "challenger_record": "training",
    "training_history": "training",
    "validation_report": "training",
    "learning_curve": "training",
    "challenger_resources": "training",
    "baseline_resources": "training",
    "environment": "training",
    "incumbent_record": "evaluation",
    "metrics": "evaluation",
    "weak_slices": "evaluation",
    "fairness": "evaluation",
    "mitigation": "evaluation",
    "failure_explanations": "evaluation",
    "disagreement": "evaluation",
    "label_errors": "evaluation",
    "test_drift": "evaluation",
    "counterfactuals": "evaluation",
    "edge_cases": "evaluation",
    "behaviour": "evaluation",
    "prediction_cost": "evaluation",
    "call_costs": "evaluation",
    "residuals": "evaluation",
}
"""Which stage writes what a report reads."""

Kind = TypeVar("Kind")


@dataclass(frozen=True, eq=False)
class Report:
    """The evidence of one cycle.

    Attributes:
        columns: The roles of the dataset's columns.
        versioning: They say under which name the dataset version was asked for.
        training: They say how classes are weighed.
        command: Runs the whole cycle again.
        trials: One row a trial: `FIXED_COLUMNS` of `experiment_cycle.tuning.records`, then the
            hyperparameters that were searched.
        slices: One row for each slice and metric; see `experiment_cycle.reporting.slices`.
        failures: The worst rows, the worst first.
        attributions: What drove them, by row and feature.
        neighbours: The training rows nearest to them.
        broken: The rows that only the incumbent got right, the worst first.
        suspected: The rows with the most doubtful labels.
        figures: Plotly figures by dataset name.
    """

    hypothesis: Hypothesis
    columns: Columns
    versioning: DataVersioningOptions
    training: TrainingOptions
    command: str
    decision: Decision
    promotion: Promotion
    comparison: Comparison
    gates: tuple[Gate, ...]
    version: DatasetVersion
    profile: DatasetProfile
    row_counts: RowCounts
    split: SplitManifest
    leakage: LeakageReport
    search: SearchRecord
    trials: pd.DataFrame
    hyperparameters: dict[str, Any]
    challenger: ModelRecord
    incumbent: IncumbentRecord
    history: TrainingHistory
    validation: ValidationReport
    learning_curve: tuple[LearningCurvePoint, ...]
    challenger_resources: Resources
    baseline_resources: Resources
    environment: Environment
    metrics: Metrics
    slices: pd.DataFrame
    weak_slices: WeakSlices
    fairness: Fairness
    mitigation: Mitigation
    failures: pd.DataFrame
    attributions: pd.DataFrame
    neighbours: pd.DataFrame
    explanations: ExplanationRecord
    disagreement: Disagreement
    broken: pd.DataFrame
    label_errors: LabelErrors
    suspected: pd.DataFrame
    test_drift: TestDrift
    counterfactuals: Counterfactuals
    edge_cases: EdgeCases
    behaviour: Behaviour
    prediction_cost: PredictionCost
    call_costs: CallCosts
    residuals: ResidualAnalysis
    figures: dict[str, go.Figure]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The primary criterion's verdict, then the guardrails'; empty if nothing was compared."""
        primary = self.comparison.primary
        return () if primary is None else (primary, *self.comparison.guardrails)

    @property
    def problem(self) -> Problem:
        """What kind of prediction both models make."""
        return self.metrics.problem

    @property
    def incumbent_name(self) -> str:
        """What the challenger was compared with, such as ``champion (version 3)``."""
        kind, version = self.incumbent.kind, self.incumbent.version
        return kind if version is None else f"{kind} (version {version})"


def collect(
    hypothesis: Hypothesis,
    columns: Columns,
    versioning: DataVersioningOptions,
    training: TrainingOptions,
    command: str,
    evidence: dict[str, Any],
) -> Report:
    """Read the evidence of one cycle into typed records.

    Args:
        hypothesis: The hypothesis as configured.
        columns: The roles of the columns as configured.
        versioning: The options of data versioning as configured.
        training: The options of training as configured.
        command: Runs the whole cycle again.
        evidence: What the stages stored, by dataset name: records as plain dicts, tables as data
            frames, figures as Plotly figures.

    Raises:
        IntegrityError: a dataset does not have the form its stage writes, or the decision was made
            about another hypothesis.
    """

    def read(name: str, kind: type[Kind]) -> Kind:
        return _read(name, kind, evidence[name])

    decision = read("decision", Decision)
    if decision.hypothesis_hash != fingerprint(hypothesis):
        raise IntegrityError(
            f"The decision at hand was made about another hypothesis ('{decision.hypothesis_id}') "
            f"than the one in parameters_hypothesis.yml ('{hypothesis.id}'). Next step: "
            "kedro run --pipelines=decision,reporting"
        )
    return Report(
        hypothesis=hypothesis,
        columns=columns,
        versioning=versioning,
        training=training,
        command=command,
        decision=decision,
        promotion=read("promotion", Promotion),
        comparison=read("comparison", Comparison),
        gates=read("gates", tuple[Gate, ...]),
        version=read("dataset_version", DatasetVersion),
        profile=read("dataset_profile", DatasetProfile),
        row_counts=read("row_counts", RowCounts),
        split=read("split_manifest", SplitManifest),
        leakage=read("leakage_report", LeakageReport),
        search=read("search_record", SearchRecord),
        trials=evidence["trials"],
        hyperparameters=evidence["best_hyperparameters"],
        challenger=read("challenger_record", ModelRecord),
        incumbent=read("incumbent_record", IncumbentRecord),
        history=read("training_history", TrainingHistory),
        validation=read("validation_report", ValidationReport),
        learning_curve=read("learning_curve", tuple[LearningCurvePoint, ...]),
        challenger_resources=read("challenger_resources", Resources),
        baseline_resources=read("baseline_resources", Resources),
        environment=read("environment", Environment),
        metrics=read("metrics", Metrics),
        slices=evidence["slice_metrics"],
        weak_slices=read("weak_slices", WeakSlices),
        fairness=read("fairness", Fairness),
        mitigation=read("mitigation", Mitigation),
        failures=evidence["failure_cases"],
        attributions=evidence["failure_attributions"],
        neighbours=evidence["failure_neighbours"],
        explanations=read("failure_explanations", ExplanationRecord),
        disagreement=read("disagreement", Disagreement),
        broken=evidence["broken_cases"],
        label_errors=read("label_errors", LabelErrors),
        suspected=evidence["suspected_labels"],
        test_drift=read("test_drift", TestDrift),
        counterfactuals=read("counterfactuals", Counterfactuals),
        edge_cases=read("edge_cases", EdgeCases),
        behaviour=read("behaviour", Behaviour),
        prediction_cost=read("prediction_cost", PredictionCost),
        call_costs=read("call_costs", CallCosts),
        residuals=read("residuals", ResidualAnalysis),
        figures={name: evidence[name] for name in FIGURES},
    )


def _read(name: str, kind: type[Kind], content: Any) -> Kind:
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise IntegrityError(
            f"The dataset '{name}' does not have the form that the stage {STAGES[name]} writes: "
            f"{where}: {first['msg']}. It may come from another version of the project. "
            f"Next step: run the whole cycle again with `kedro run`."
        ) from error
