from __future__ import annotations

import json

import pytest

from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plots import plot_loss
from experiment_cycle.training.trainer import train_model


def history_of(estimator, metric, mixed, columns):
    options = TrainingOptions.model_validate(
        {
            "estimators": {"lightgbm": {"n_estimators": 30}},
            "early_stopping": {"metric": metric, "patience": 5},
        }
    )
    trained = train_model(estimator, {}, mixed[:400], mixed[400:], columns, options, 42)
    return trained.history.model_dump(mode="json")


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_both_losses_are_drawn_by_round_with_the_best_one_marked(metric, mixed, mixed_columns):
    history = history_of("lightgbm", metric, mixed, mixed_columns)
    text = plot_loss(history).to_json()
    assert "bdata" not in text
    curves = {curve["name"]: curve for curve in json.loads(text)["data"]}
    assert curves["train"]["line"]["color"] == "#E69F00"
    assert curves["validation"]["line"]["color"] == "#0072B2"
    assert curves["validation"]["y"] == history["validation"]["log_loss"]
    assert curves["validation"]["x"][0] == 1
    (marked,) = (curve for name, curve in curves.items() if name.startswith("best round"))
    assert marked["x"] == [history["best_round"]]
    assert marked["y"] == [history["validation"]["log_loss"][history["best_round"] - 1]]


def test_a_model_without_rounds_gets_two_bars(mixed, mixed_columns):
    history = history_of("linear", "log_loss", mixed, mixed_columns)
    text = plot_loss(history).to_json()
    assert "bdata" not in text
    bars = json.loads(text)["data"]
    assert [(bar["type"], bar["name"]) for bar in bars] == [("bar", "train"), ("bar", "validation")]
    assert bars[1]["y"] == history["validation"]["log_loss"]
