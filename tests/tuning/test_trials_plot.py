from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from experiment_cycle.tuning.plots import plot_trials

TRIALS = pd.DataFrame(
    {
        "trial": [0, 1, 2, 3],
        "state": ["complete", "failed", "complete", "complete"],
        "value": [0.6, None, 0.7, 0.5],
        "duration_seconds": [0.1] * 4,
        "num_leaves": [4, 5, 6, 7],
    }
)


def drawn(trials, metric):
    text = plot_trials(trials, metric).to_json()
    assert "bdata" not in text
    return json.loads(text)


@pytest.mark.parametrize(
    ("metric", "best"), [("log_loss", [0.6, 0.6, 0.5]), ("roc_auc", [0.6, 0.7, 0.7])]
)
def test_values_and_the_best_so_far_are_drawn_in_the_metrics_direction(metric, best):
    trial, so_far, failed = drawn(TRIALS, metric)["data"]
    assert (trial["x"], trial["y"]) == ([0, 2, 3], [0.6, 0.7, 0.5])
    assert so_far["y"] == best
    assert so_far["line"]["shape"] == "hv"
    assert failed["x"] == [1]
    assert trial["text"] == ["num_leaves 4", "num_leaves 6", "num_leaves 7"]


def test_a_table_read_back_from_csv_is_drawn_alike():
    read = pd.read_csv(io.StringIO(TRIALS.to_csv(index=False)))
    assert drawn(read, "log_loss") == drawn(TRIALS, "log_loss")


def test_without_trials_the_figure_says_so():
    empty = pd.read_csv(io.StringIO(TRIALS[:0].to_csv(index=False)))
    figure = drawn(empty, "log_loss")
    assert figure["data"] == []
    assert "Nothing was searched" in figure["layout"]["annotations"][0]["text"]
