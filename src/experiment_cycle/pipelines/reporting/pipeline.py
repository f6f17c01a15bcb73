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
    "fairness",
    "failure_cases",
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
]


def create_pipeline(**_: object) -> Pipeline:
    """Everything before -> report.html, report.md."""
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
                ["report_html", "report_markdown"],
                name="render_reports",
            )
        ],
        tags="reporting",
    )
