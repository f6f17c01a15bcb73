"""Wiring of the stage reporting."""

from kedro.pipeline import Node, Pipeline

from .nodes import render_reports

EVIDENCE = [
    "decision",
    "promotion",
    "comparison",
    "gates",
    "dataset_version",
    "dataset_profile",
    "row_counts",
    "split_manifest",
    "leakage_report",
    "trials",
    "search_record",
    "best_hyperparameters",
    "challenger_record",
    "incumbent_record",
    "training_history",
    "validation_report",
    "learning_curve",
    "challenger_resources",
    "baseline_resources",
    "environment",
    "metrics",
    "slice_metrics",
    "weak_slices",
    "fairness",
    "mitigation",
    "failure_cases",
    "failure_attributions",
    "failure_neighbours",
    "failure_explanations",
    "disagreement",
    "broken_cases",
    "label_errors",
    "suspected_labels",
    "test_drift",
    "counterfactuals",
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
    "weak_slices_plot",
    "groups_plot",
    "mitigation_plot",
    "disagreement_plot",
    "dependence_plot",
    "edge_cases",
    "behaviour",
    "prediction_cost",
    "call_costs",
    "residuals",
    "threshold_plot",
    "gain_plot",
    "quantile_plot",
    "residual_plot",
]


def create_pipeline(**_: object) -> Pipeline:
    """Everything before -> report.html, report.md, model_card.md."""
    return Pipeline(
        [
            Node(
                render_reports,
                {
                    "hypothesis": "params:hypothesis",
                    "columns": "params:columns",
                    "versioning": "params:data_versioning",
                    "training": "params:training",
                    "options": "params:reporting",
                    "command": "run_command",
                    **{name: name for name in EVIDENCE},
                },
                ["report_html", "report_markdown", "model_card"],
                name="render_reports",
            )
        ],
        tags="reporting",
    )
