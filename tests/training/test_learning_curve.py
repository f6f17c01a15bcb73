"""Shares of the training rows are whole groups, and the curve says whether more would help."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.columns import Columns
from experiment_cycle.training.learning_curve import draw_share, trace_learning_curve
from experiment_cycle.training.learning_curve_plot import answer, plot_learning_curve
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.training.plan import Plan
from experiment_cycle.training.records import LearningCurvePoint
from experiment_cycle.training.trainer import train_model


def plan_of(train, validation=None, shares=(0.2, 0.5, 1.0), repeats=2, **columns):
    options = TrainingOptions.model_validate(
        {"learning_curve": {"shares": list(shares), "repeats": repeats}}
    )
    roles = Columns.model_validate({"target": "y", **columns})
    return Plan("linear", {}, train, validation, roles, options, "classification", 7)


def rows_of(sizes, rare=1):
    """Groups of these sizes; the positive class is in as many of them as `rare` says."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    return pd.DataFrame({"g": group, "x": np.arange(len(group)), "y": group < rare})


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=30), st.floats(0.01, 0.99), st.integers(1, 5)
)
def test_a_share_is_whole_groups_with_every_class_and_as_near_as_can_be(sizes, share, repeat):
    frame = rows_of(sizes)
    drawn = draw_share(plan_of(frame, group="g"), share, repeat)
    counts = drawn["g"].value_counts()
    assert (counts == pd.Series(sizes)[counts.index]).all()
    assert drawn.index.is_monotonic_increasing
    assert drawn["y"].nunique() == 2
    # one group more or less would be no nearer, unless the classes need them
    assert abs(len(drawn) - share * len(frame)) <= max(sizes) / 2 + 1e-9 or counts.size <= 2


def test_a_greater_share_holds_the_smaller_one_and_repeats_differ():
    plan = plan_of(rows_of([1] * 100, rare=50))
    small, large = (set(draw_share(plan, share, 1).index) for share in (0.2, 0.6))
    assert small < large
    assert len(small) == 20
    assert small != set(draw_share(plan, 0.2, 2).index)
    assert draw_share(plan, 1.0, 1) is plan.train


def test_each_point_is_a_training_on_the_rows_drawn(mixed):
    frame = mixed.rename(columns={"outcome": "y"})
    plan = plan_of(frame[:400], frame[400:], positive="yes", drop=["id"])
    points = trace_learning_curve(plan)
    assert [(point.share, point.repeat) for point in points] == [
        (0.2, 1),
        (0.2, 2),
        (0.5, 1),
        (0.5, 2),
        (1.0, 1),
    ]
    assert [point.rows for point in points] == [80, 80, 200, 200, 400]
    drawn = draw_share(plan, 0.5, 2)
    alone = train_model(
        *("linear", {}, drawn, plan.validation, plan.columns, plan.options, plan.task, 7)
    )
    assert points[3].validation == alone.history.validation["log_loss"][0]
    assert points[3].train == alone.history.train["log_loss"][0]


def test_what_was_not_asked_for_costs_nothing_and_is_said_in_the_figure():
    plan = plan_of(rows_of([1] * 10))
    plan = replace(plan, options=TrainingOptions())
    assert trace_learning_curve(plan) == []
    figure = plot_learning_curve([], "log_loss")
    assert not figure.data
    assert "training.learning_curve" in figure.layout.annotations[0].text


def points_of(validation):
    """Make points of the shares 0.5 and 1.0."""
    *half, whole = validation
    return [
        *(
            LearningCurvePoint(share=0.5, repeat=k, rows=50, train=0.1, validation=value)
            for k, value in enumerate(half, start=1)
        ),
        LearningCurvePoint(share=1.0, repeat=1, rows=100, train=0.2, validation=whole),
    ]


@pytest.mark.parametrize(
    ("loss", "validation", "told"),
    [
        ("log_loss", [0.6, 0.7, 0.5], "More data would probably help: log loss on validation imp"),
        ("log_loss", [0.4, 0.5, 0.5], "More data would probably not help"),
        ("log_loss", [0.4, 0.6, 0.5], "cannot be told"),
        ("ndcg_at_10", [0.4, 0.45, 0.5], "improves by 0.0750 from 50% to 100%"),
        ("ndcg_at_10", [0.6, 0.7, 0.5], "More data would probably not help"),
        ("rmse", [2.0, 1.0], "More data may help: RMSE on validation improves by 1.0000"),
    ],
)
def test_the_last_step_of_the_curve_answers_the_question(loss, validation, told):
    assert told in answer(points_of(validation), loss)


def test_the_figure_shows_mean_and_range_in_plain_lists():
    figure = plot_learning_curve(points_of([0.6, 0.8, 0.5]), "log_loss")
    text = figure.to_json()
    assert "bdata" not in text
    curves = {curve["name"]: curve for curve in json.loads(text)["data"]}
    assert curves["validation"]["x"] == [50, 100]
    assert curves["validation"]["y"] == pytest.approx([0.7, 0.5])
    assert curves["validation"]["error_y"]["array"] == pytest.approx([0.1, 0.0])
    assert curves["validation"]["error_y"]["arrayminus"] == pytest.approx([0.1, 0.0])
    assert "probably help" in figure.layout.title.text
