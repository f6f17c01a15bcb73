"""Each model on each class."""

from __future__ import annotations

from experiment_cycle.evaluation.estimates import measure_with_interval
from experiment_cycle.evaluation.predictions import MODELS, Predictions
from experiment_cycle.evaluation.records import ClassEstimates


def estimate_by_class(
    predictions: Predictions, confidence: float
) -> dict[str, tuple[ClassEstimates, ...]] | None:
    """Measure both models on every class, each metric with its interval.

    Args:
        predictions: For the test rows.
        confidence: Level of the two-sided intervals.

    Returns:
        By model, in the order of the classes' codes; None where no classes are predicted.
    """
    if not predictions.problem.classes:
        return None
    return {
        model: tuple(
            ClassEstimates(
                name=name,
                rows=int((predictions.target == code).sum()),
                **{
                    what: measure_with_interval(f"{what}_of_{name}", predictions, model, confidence)
                    for what in ("precision", "recall", "f1")
                },
            )
            for code, name in enumerate(predictions.problem.names)
        )
        for model in MODELS
    }
