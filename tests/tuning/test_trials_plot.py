from __future__ import annotations

import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.tuning.plots import (
    plot_curves,
    plot_history,
    plot_importance,
    plot_parallel,
    plot_slices,
)
from experiment_cycle.tuning.plots.importance import importance_of

TRIALS = pd.DataFrame(
    {
        "trial": [0, 1, 2, 3, 4],
        "state": ["complete", "failed", "complete", "complete", "pruned"],
        "value": [0.6, None, 0.7, 0.5, 0.9],
        "duration_seconds": [0.1] * 5,
        "steps": [3, 0, 3, 3, 1],
        "reason": [None, "it broke", None, None, "after step 1"],
        "num_leaves": [4, 5, 6, 7, 8],
        "penalty": ["l1", "l1", "l2", "l1", "l2"],
    }
)
CURVES = pd.DataFrame(
    {
        "trial": [0, 0, 0, 2, 2, 2, 3, 3, 3, 4],
        "step": [1, 2, 3, 1, 2, 3, 1, 2, 3, 1],
        "value": [0.9, 0.7, 0.6, 0.9, 0.8, 0.7, 0.8, 0.6, 0.5, 0.9],
    }
)
PLOTS = {
    "history": plot_history,
    "importance": lambda trials, metric: plot_importance(trials, metric, 7),
    "parallel": plot_parallel,
    "slices": plot_slices,
    "curves": lambda trials, metric: plot_curves(CURVES, trials, metric),
}


def drawn(figure):
    text = figure.to_json()
    assert "bdata" not in text
    return json.loads(text)


def by_name(figure):
    return {trace.get("name"): trace for trace in drawn(figure)["data"]}


def searched(count=40):
    """Trials whose value depends on one hyperparameter much, on one little, on one not at all."""
    draw = np.random.default_rng(0)
    rate = np.exp(draw.uniform(np.log(0.01), np.log(1), count))
    leaves = draw.integers(4, 64, count)
    value = np.log(rate / 0.1) ** 2 + 0.01 * abs(leaves - 20) + 0.05 * draw.normal(size=count)
    return pd.DataFrame(
        {
            "trial": range(count),
            "state": "complete",
            "value": value,
            "duration_seconds": 0.1,
            "steps": 10,
            "reason": None,
            "learning_rate": rate,
            "num_leaves": leaves,
            "subsample": draw.uniform(0.5, 1.0, count),
        }
    )


@pytest.mark.parametrize("name", list(PLOTS))
def test_a_table_read_back_from_csv_is_drawn_alike(name):
    read = pd.read_csv(io.StringIO(TRIALS.to_csv(index=False)))
    assert drawn(PLOTS[name](read, "log_loss")) == drawn(PLOTS[name](TRIALS, "log_loss"))


@pytest.mark.parametrize("name", list(PLOTS))
def test_without_trials_the_figure_says_so(name):
    empty = pd.read_csv(io.StringIO(TRIALS[:0].to_csv(index=False)))
    figure = drawn(PLOTS[name](empty, "log_loss"))
    assert figure["data"] == []
    assert "Nothing was searched" in figure["layout"]["annotations"][0]["text"]


@pytest.mark.parametrize("name", ["importance", "parallel", "slices"])
def test_without_a_complete_trial_the_figure_says_so(name):
    figure = drawn(PLOTS[name](TRIALS[TRIALS["state"] == "failed"], "log_loss"))
    assert figure["data"] == []
    assert "No trial is complete" in figure["layout"]["annotations"][0]["text"]


@pytest.mark.parametrize(
    ("metric", "best"), [("log_loss", [0.6, 0.6, 0.5]), ("roc_auc", [0.6, 0.7, 0.7])]
)
def test_values_and_the_best_so_far_are_drawn_in_the_metrics_direction(metric, best):
    found = by_name(plot_history(TRIALS, metric))
    assert (found["trial"]["x"], found["trial"]["y"]) == ([0, 2, 3], [0.6, 0.7, 0.5])
    assert found["trial"]["text"][0] == "num_leaves 4<br>penalty l1"
    assert found["best so far"]["y"] == best
    assert found["best so far"]["line"]["shape"] == "hv"
    assert found["failed"]["x"] == [1]
    assert (found["stopped early"]["x"], found["stopped early"]["y"]) == ([4], [0.9])


def test_a_few_far_worse_trials_do_not_squash_the_others():
    trials = searched()
    trials["value"] = 0.6 + 0.01 * trials["value"].rank() / len(trials)
    trials.loc[5, "value"] = 80.0
    for figure in (plot_history(trials, "log_loss"), plot_slices(trials, "log_loss")):
        low, high = drawn(figure)["layout"]["yaxis"]["range"]
        assert (low < 0.6003, high) == (True, pytest.approx(0.625, abs=0.01))
        assert "1 far worse beyond the axis" in figure.layout.title.text
    low, high = drawn(plot_history(trials.assign(value=-trials["value"]), "r2"))["layout"]["yaxis"][
        "range"
    ]
    assert (low, high > -0.6003) == (pytest.approx(-0.625, abs=0.01), True)


@pytest.mark.parametrize(("metric", "best"), [("log_loss", 3), ("roc_auc", 2)])
def test_slices_have_a_panel_for_each_hyperparameter_that_varies(metric, best):
    trials = TRIALS.assign(depth=3)
    figure = drawn(plot_slices(trials, metric))
    axes = [figure["layout"][axis]["title"]["text"] for axis in ("xaxis", "xaxis2")]
    assert axes == ["num_leaves", "penalty"]
    assert "xaxis3" not in figure["layout"]
    marked = [trace["text"] for trace in figure["data"] if trace["name"] == "best trial"]
    assert marked == [[str(best)]] * 2
    assert figure["data"][2]["x"] + figure["data"][3]["x"] == (
        ["l1", "l2", "l1"] if best == 3 else ["l1", "l1", "l2"]
    )


def test_a_hyperparameter_that_does_not_hold_has_no_point_and_a_line_below():
    trials = TRIALS.assign(l1_ratio=[0.1, 0.2, None, 0.4, None])
    slices = drawn(plot_slices(trials, "log_loss"))["data"]
    assert sum(len(trace["x"]) for trace in slices[4:]) == 2
    lines = by_name(plot_parallel(trials, "roc_auc"))
    assert lines["best trial"]["y"][2] < 0
    assert lines["best trial"]["text"][:4] == ["6", "l2", "none", "0.7"]


def test_zero_has_a_place_of_its_own_among_orders_of_magnitude():
    trials = TRIALS.assign(reg_lambda=[0.0, 0.1, 0.001, 10.0, 0.1]).drop(columns="penalty")
    slices = drawn(plot_slices(trials, "log_loss"))
    axis = slices["layout"]["xaxis2"]
    assert (axis["type"], axis["ticktext"][0], axis["ticktext"][-1]) == ("log", "0", "10")
    at = axis["tickvals"][0]
    assert at == pytest.approx(0.001 / 3)
    assert slices["data"][2]["x"] == [at, 0.001]
    traces = drawn(plot_parallel(trials, "roc_auc"))["data"]
    assert "0" in [trace["text"][0] for trace in traces if trace.get("mode") == "text"]


@pytest.mark.parametrize(("metric", "value"), [("log_loss", "0.5"), ("roc_auc", "0.7")])
def test_the_best_trial_ends_highest_among_the_parallel_lines(metric, value):
    lines = by_name(plot_parallel(TRIALS, metric))
    best = lines["best trial"]
    assert (best["y"][2], best["text"][2]) == (1.0, value)
    rest = lines["the other half"]["y"] + lines["second quarter"]["y"]
    assert all(height < 1 for height in rest[2::4])


def test_curves_are_a_line_a_trial_by_what_became_of_it():
    found = by_name(plot_curves(CURVES, TRIALS, "log_loss"))
    assert found["best trial"]["y"] == [0.8, 0.6, 0.5, None]
    assert found["trial"]["y"] == [0.9, 0.7, 0.6, None, 0.9, 0.8, 0.7, None]
    assert found["stopped early"]["y"] == [0.9, None]
    title = plot_curves(CURVES, TRIALS, "log_loss").layout.title.text
    assert "10 steps in all" in title


def test_an_estimator_that_is_fitted_at_once_has_no_curves():
    once = CURVES[CURVES["step"] == 1]
    figure = drawn(plot_curves(once, TRIALS, "log_loss"))
    assert "fitted at once" in figure["layout"]["annotations"][0]["text"]


def test_long_curves_are_thinned_and_keep_their_end():
    steps = np.arange(1, 15_002)
    curves = pd.concat(
        [pd.DataFrame({"trial": one, "step": steps, "value": 1 / steps}) for one in (0, 2, 3)]
    )
    lines = drawn(plot_curves(curves, TRIALS, "log_loss"))["data"]
    assert sum(len(line["x"]) for line in lines) < 21_000
    assert {step for line in lines for step in line["x"][-2:-1]} == {15_001}


def test_the_hyperparameter_that_matters_is_found_and_the_rest_is_uncertain():
    found = importance_of(searched(), "log_loss", 7)
    means = dict(zip(found.names, found.mean, strict=True))
    assert max(means, key=means.get) == "learning_rate"
    assert means["learning_rate"] > 5 * abs(means["subsample"])
    lower = dict(zip(found.names, found.lower, strict=True))
    assert lower["learning_rate"] > 0 > lower["subsample"]
    assert found.explained > 0.4
    figure = plot_importance(searched(), "log_loss", 7)
    assert figure.data[0].y[-1] == "learning_rate"
    assert re.search(r"foretells \d+% of the order", figure.layout.title.text)


def test_values_that_depend_on_nothing_are_said_to_tell_nothing():
    trials = searched()
    trials["value"] = np.random.default_rng(3).normal(size=len(trials))
    assert "do not tell" in plot_importance(trials, "log_loss", 7).layout.title.text


def test_few_trials_have_no_importance():
    figure = drawn(plot_importance(searched(11), "log_loss", 7))
    assert figure["data"] == []
    assert "11 complete trials do not tell" in figure["layout"]["annotations"][0]["text"]
