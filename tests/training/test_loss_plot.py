from __future__ import annotations

import json
import math
from typing import Any

import pytest

from experiment_cycle.training.plots import MOST_POINTS, plot_loss
from experiment_cycle.training.records import TrainingHistory


def history(
    train: dict[str, list[float]], validation: dict[str, list[float]], **changes: Any
) -> dict[str, Any]:
    """As the stage training stores it: the first metric of `validation` is the loss."""
    loss = next(iter(validation))
    found = {
        "estimator": "lightgbm",
        "unit": "round",
        "loss": loss,
        "metric": loss,
        "train": train,
        "validation": validation,
        "best_step": 2,
        "steps": len(validation[loss]),
        "stopped_because": "All steps were used.",
    }
    return TrainingHistory.model_validate(found | changes).model_dump(mode="json")


def drawn(found: dict[str, Any]) -> dict[str, Any]:
    """The figure as a page reads it: without numpy, and strict JSON."""
    text = plot_loss(found).to_json()
    assert "bdata" not in text
    return json.loads(text, parse_constant=pytest.fail)


def titles(figure: dict[str, Any]) -> list[str]:
    return [note["text"] for note in figure["layout"]["annotations"]]


def test_the_loss_is_drawn_by_step_with_the_best_one_marked() -> None:
    figure = drawn(history({"log_loss": [0.6, 0.4, 0.3]}, {"log_loss": [0.6, 0.5, 0.55]}))
    curves = {curve["name"]: curve for curve in figure["data"]}
    assert curves["train"]["line"]["color"] == "#E69F00"
    assert curves["validation"]["line"]["color"] == "#0072B2"
    assert curves["validation"]["x"] == [1, 2, 3]
    assert curves["validation"]["y"] == [0.6, 0.5, 0.55]
    marked = curves["best round, by log loss"]
    assert (marked["x"], marked["y"]) == ([2], [0.5])
    assert [line["x0"] for line in figure["layout"]["shapes"]] == [2]
    assert figure["layout"]["xaxis"]["title"]["text"] == "boosting round"


def test_every_tracked_metric_has_a_panel_below_the_loss() -> None:
    curves = {"rmse": [9.0, 8.0, 7.0], "mae": [5.0, 4.0, 3.0], "r2": [-0.1, 0.2, 0.3]}
    figure = drawn(history(curves, curves, unit="epoch", metric="r2"))
    assert titles(figure) == [
        "RMSE (less is better)",
        "MAE (less is better)",
        "R² (more is better)",
    ]
    shown = {curve["yaxis"] for curve in figure["data"]}
    assert len(figure["data"]) == 3 * len(("train", "validation", "best"))
    assert shown == {"y", "y2", "y3"}
    assert [curve["name"] for curve in figure["data"] if curve["showlegend"]] == [
        "train",
        "validation",
        "best epoch, by R²",
    ]
    one = drawn(history({"rmse": [9.0, 8.0]}, {"rmse": [9.0, 8.0]}))
    assert figure["layout"]["height"] > one["layout"]["height"]


def test_a_metric_that_is_not_defined_leaves_a_gap() -> None:
    curves = {"log_loss": [0.6, 0.5], "precision": [math.nan, 0.7]}
    figure = drawn(history(curves, curves))
    gaps = [curve["y"] for curve in figure["data"] if curve["yaxis"] == "y2"]
    assert gaps == [[None, 0.7], [None, 0.7], [0.7]]


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_the_best_step() -> None:
    steps = 12_345
    losses = [1.0 / step for step in range(1, steps + 1)]
    figure = drawn(history({"log_loss": losses}, {"log_loss": losses}, best_step=7777))
    for curve in figure["data"][:2]:
        assert len(curve["x"]) <= MOST_POINTS + 2
        assert {1, 7777, steps} <= set(curve["x"])
        assert curve["y"] == [1.0 / step for step in curve["x"]]


def test_without_a_best_step_none_is_marked() -> None:
    figure = drawn(history({"log_loss": [0.6]}, {"log_loss": [0.6]}, best_step=0))
    assert [curve["name"] for curve in figure["data"]] == ["train", "validation"]


def test_an_estimator_that_is_fitted_at_once_gets_two_bars_a_metric() -> None:
    values = {"ndcg_at_10": [0.8], "mrr": [0.7], "map": [math.nan]}
    once = {"unit": None, "best_step": None, "steps": 0, "estimator": "linear"}
    figure = drawn(history(values, values, **once))
    assert [(bar["type"], bar["name"]) for bar in figure["data"][:2]] == [
        ("bar", "train"),
        ("bar", "validation"),
    ]
    assert [bar["y"] for bar in figure["data"]] == [[0.8], [0.8], [0.7], [0.7], [None], [None]]
    assert titles(figure) == ["NDCG at 10", "mean reciprocal rank", "mean average precision"]


def test_training_rows_that_were_not_watched_are_not_drawn() -> None:
    figure = drawn(history({}, {"rmse": [9.0, 8.0]}))
    assert [len(curve["y"]) for curve in figure["data"]] == [0, 2, 1]
