"""The metrics by name: of which problem, which way is better, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from experiment_cycle.problem import ProblemType

INFINITE = float("inf")


@dataclass(frozen=True)
class Metric:
    """A metric by name.

    Attributes:
        name: As the hypothesis has it.
        label: As a reader sees it.
        greater_is_better: Which way is better.
        lowest: The least value there can be.
        greatest: The greatest value there can be.
        problems: Of which problems it is a metric.
        on_request: Problems in which it is measured only where the hypothesis names it.
        has_influence: Whether each row has an influence on it, so that its interval has a formula;
            the others have an interval by bootstrap only.
        biased: Why a criterion cannot rest on it; None of those it can.
    """

    name: str
    label: str
    greater_is_better: bool
    lowest: float = 0.0
    greatest: float = 1.0
    problems: tuple[ProblemType, ...] = ("binary",)
    on_request: tuple[ProblemType, ...] = ()
    has_influence: bool = True
    biased: str | None = None


CLASSES: tuple[ProblemType, ...] = ("binary", "multiclass")
RANKING: tuple[ProblemType, ...] = ("ranking",)
_BINARY: tuple[ProblemType, ...] = ("binary",)
_MULTICLASS: tuple[ProblemType, ...] = ("multiclass",)
_REGRESSION: tuple[ProblemType, ...] = ("regression",)

BINNED = (
    "it is biased by its bins, above 0 even for perfect probabilities, and the more so the fewer "
    "rows there are. Next step: name log_loss or brier, and track 'ece'"
)


def _averaged(kind: str, label: str) -> tuple[Metric, ...]:
    """Describe a metric of calls averaged over the classes; of two classes only on request."""
    # the weighted recall is the accuracy
    seldom = CLASSES if kind == "recall" else _BINARY
    return (
        Metric(f"{kind}_macro", f"macro {label}", True, problems=CLASSES, on_request=_BINARY),
        Metric(f"{kind}_weighted", f"weighted {label}", True, problems=CLASSES, on_request=seldom),
    )


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", True, problems=CLASSES),
        Metric("balanced_accuracy", "balanced accuracy", True, problems=CLASSES),
        Metric("precision", "precision", True),
        Metric("recall", "recall", True),
        Metric("f1", "F1", True),
        *_averaged("precision", "precision"),
        *_averaged("recall", "recall"),
        *_averaged("f1", "F1"),
        Metric("mcc", "Matthews correlation", True, lowest=-1.0, problems=CLASSES),
        Metric("roc_auc", "ROC AUC", True),
        Metric("roc_auc_ovr", "ROC AUC, one against the rest", True, problems=_MULTICLASS),
        Metric("average_precision", "average precision", True),
        Metric(
            "average_precision_ovr",
            "average precision, one against the rest",
            True,
            problems=_MULTICLASS,
        ),
        Metric("log_loss", "log loss", False, greatest=INFINITE, problems=CLASSES),
        Metric("brier", "Brier score", False, greatest=2.0, problems=CLASSES),
        Metric(
            "ece",
            "expected calibration error",
            False,
            problems=CLASSES,
            has_influence=False,
            biased=BINNED,
        ),
        Metric("rmse", "RMSE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric("mae", "MAE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric(
            "median_absolute_error",
            "median absolute error",
            False,
            greatest=INFINITE,
            problems=_REGRESSION,
        ),
        Metric("mape", "MAPE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric("mse", "MSE", False, greatest=INFINITE, problems=_REGRESSION),
        Metric("r2", "R²", True, lowest=-INFINITE, problems=_REGRESSION),
        Metric("ndcg_at_1", "NDCG at 1", True, problems=RANKING),
        Metric("ndcg_at_5", "NDCG at 5", True, problems=RANKING),
        Metric("ndcg_at_10", "NDCG at 10", True, problems=RANKING),
        Metric("ndcg", "NDCG", True, problems=RANKING, on_request=RANKING),
        Metric("mrr", "mean reciprocal rank", True, problems=RANKING),
        Metric("map", "mean average precision", True, problems=RANKING),
        Metric("precision_at_5", "precision at 5", True, problems=RANKING),
        Metric("recall_at_5", "recall at 5", True, problems=RANKING),
    )
}
"""In the order in which they are shown. Families without end (`ndcg_at_K`) are in `catalogue`."""
