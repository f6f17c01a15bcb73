from __future__ import annotations

import pytest

from experiment_cycle.evaluation.errors.fairness import GROUP_METRICS
from experiment_cycle.evaluation.errors.gaps import GAPS
from experiment_cycle.evaluation.errors.slices import SLICE_METRICS
from experiment_cycle.metrics.catalogue import is_metric, known_metrics
from experiment_cycle.reporting.metric_terms import explanation, label

PROBLEMS = ("binary", "multiclass", "regression", "ranking")
SHOWN = {
    *(name for problem in PROBLEMS for name in known_metrics(problem)),
    *(name for problem in PROBLEMS for name in SLICE_METRICS[problem]),
    *(name for problem in PROBLEMS for name in GROUP_METRICS[problem]),
    *GAPS,
    *(f"{name}_difference" for name in ("accuracy", "log_loss", "mae", "mean_error", "ndcg_at_10")),
    *("ndcg", "ndcg_at_3", "map_at_7", "precision_at_1", "recall_at_100"),
}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_whatever_a_report_can_show_is_explained_in_a_sentence(name: str) -> None:
    meaning = explanation(name)
    assert meaning is not None
    assert meaning.endswith(".")
    assert "{" not in meaning
    assert "_" not in label(name)
    if is_metric(name) and "_at_" in name:
        assert name.rpartition("_")[2] in meaning


@pytest.mark.parametrize("name", ["stratified_group", "at_5", "accuracy_at_5", "difference", "x_y"])
def test_other_names_are_not_explained(name: str) -> None:
    assert explanation(name) is None
    assert label(name) == name.replace("_", " ")


def test_a_gap_is_named_after_its_metric() -> None:
    assert label("mae_difference") == "MAE difference"
    assert (
        explanation("mae_difference") == "Greatest difference between the groups' MAE; 0 is equal."
    )
