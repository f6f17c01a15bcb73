"""What a model costs, by names that a hypothesis can limit or track like metrics.

    predict_latency_ms         one call with one row: the median of the calls
    predict_batch_latency_ms   one call with a batch of up to 1,000 rows: the median of the calls
    predict_memory_mib         the most that Python and numpy held during one batch
    model_size_mib             the file
    training_seconds           wall time of the one training

Less is better. They are no metrics of predictions: nothing is trained, tuned or primarily judged by
them, and they are measured on validation rows.
"""

from __future__ import annotations

from experiment_cycle.metrics.listed import INFINITE, Metric
from experiment_cycle.problem import ProblemType

_ALL: tuple[ProblemType, ...] = ("binary", "multiclass", "regression", "ranking")

ONCE = (
    "it is measured once, so that nothing tells how far it would differ the next time, and a "
    "champion's was measured at another time or not at all. Next step: track 'training_seconds'"
)


def _cost(name: str, label: str, biased: str | None = None) -> Metric:
    return Metric(
        name, label, False, greatest=INFINITE, problems=_ALL, has_influence=False, biased=biased
    )


COSTS = {
    cost.name: cost
    for cost in (
        _cost("predict_latency_ms", "latency of one row (ms)"),
        _cost("predict_batch_latency_ms", "latency of a batch (ms)"),
        _cost("predict_memory_mib", "memory of a batch (MiB)"),
        _cost("model_size_mib", "size of the model's file (MiB)"),
        _cost("training_seconds", "time of training (s)", ONCE),
    )
}
"""In the order in which they are shown."""
EXACT = frozenset({"model_size_mib"})
"""Costs that are the same whenever they are measured."""


def without_costs(names: list[str]) -> list[str]:
    """Leave the metrics of predictions, in the order given."""
    return [name for name in names if name not in COSTS]
