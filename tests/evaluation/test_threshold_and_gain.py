"""Thresholds are drawn on validation, gain on the test rows, and wrong calls have their cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk

from experiment_cycle.evaluation.call_costs import cost_calls
from experiment_cycle.evaluation.plots.gain import gain, plot_gain
from experiment_cycle.evaluation.plots.threshold import plot_threshold
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.problem import Problem
from experiment_cycle.training.options import ErrorCosts, ThresholdOptions
from experiment_cycle.training.records import ModelRecord
from experiment_cycle.training.threshold import choose_threshold

COSTS = ErrorCosts(false_positive=1.0, false_negative=4.0)


def chosen(validation: Outcomes, **changes: object) -> ModelRecord:
    options = ThresholdOptions(choose_by="costs", costs=COSTS)
    record = {
        "estimator": "linear",
        "identity": "1",
        "problem": Problem(type="binary", classes=("no", "yes")),
        "features": (),
        "hyperparameters": {},
        "best_step": None,
        "threshold": choose_threshold(validation, options),
    }
    return ModelRecord.model_validate(record | changes)


def cost(outcomes: Outcomes, threshold: float) -> float:
    called = outcomes.prediction >= threshold
    (_, false_positive), (missed, _) = sk.confusion_matrix(outcomes.target, called)
    return (false_positive + 4.0 * missed) / len(called)


def test_the_curves_are_of_validation_and_the_test_rows_stand_at_the_chosen_threshold(make) -> None:
    validation = make("binary", seed=1).outcomes("challenger")
    tested = make("binary", seed=2).outcomes("challenger")
    record = chosen(validation)
    threshold = record.threshold.value

    figure = plot_threshold(validation, tested, record, COSTS)

    lines = {each.name: each for each in figure.data if each.mode == "lines"}
    assert set(lines) == {"precision", "recall", "F1", "cost of a row"}
    for at in (0.2, 0.5, 0.8):
        place = int(np.abs(np.asarray(lines["recall"].x) - at).argmin())
        exact = lines["recall"].x[place]
        recall = sk.recall_score(validation.target, validation.prediction >= exact)
        assert lines["recall"].y[place] == pytest.approx(recall, abs=0.01)
    least = min(lines["cost of a row"].y)
    assert cost(validation, threshold) <= least + 1e-6
    marks = [each for each in figure.data if each.mode == "markers"]
    assert {mark.x[0] for mark in marks} == {threshold}
    called = tested.prediction >= threshold
    expected = [
        sk.precision_score(tested.target, called),
        sk.recall_score(tested.target, called),
        sk.f1_score(tested.target, called),
        cost(tested, threshold),
    ]
    assert [mark.y[0] for mark in marks] == pytest.approx(expected, abs=1e-5)
    told = f"a row costs {cost(validation, threshold):.3f} on validation"
    assert told in figure.layout.title.text
    assert "bdata" not in figure.to_json()
    assert len(figure.to_json()) < 80_000


def test_what_has_no_threshold_curve_says_why(make) -> None:
    validation = make("binary").outcomes("challenger")
    one_class = replace(validation, target=np.ones_like(validation.target))
    record = chosen(validation)

    refitted = plot_threshold(validation, validation, chosen(validation, refit_rows=9), COSTS)
    others = plot_threshold(None, validation, record, COSTS)
    constant = plot_threshold(one_class, validation, record, COSTS)

    assert "trained again on the validation rows" in refitted.layout.title.text
    assert "not two classes" in others.layout.title.text
    assert "one class only" in constant.layout.title.text
    assert not any(figure.data for figure in (refitted, others, constant))


def test_gain_counts_the_positive_rows_among_the_likeliest(make) -> None:
    outcomes = make("binary").outcomes("challenger")

    rows, found = gain(outcomes)

    order = np.argsort(-outcomes.prediction, kind="stable")
    tenth = len(order) // 10
    expected = outcomes.target[order][:tenth].sum() / outcomes.target.sum()
    assert np.interp(0.1, rows, found) == pytest.approx(expected)
    # the area between gain and chance is that of the ROC curve, scaled (Gini)
    share = outcomes.target.mean()
    area = (sk.auc(rows, found) - 0.5) / (0.5 * (1 - share))
    assert area == pytest.approx(2 * sk.roc_auc_score(outcomes.target, outcomes.prediction) - 1)


def test_rows_of_equal_probability_are_taken_in_any_order() -> None:
    same = Outcomes("binary", np.array([1, 0, 0, 1]), np.full(4, 0.3))

    rows, found = gain(same)

    assert (rows.tolist(), found.tolist()) == ([0.0, 1.0], [0.0, 1.0])


def test_gain_and_lift_are_drawn_for_both_models(make) -> None:
    figure = plot_gain(make("binary", rows=5000))

    drawn = [each for each in figure.data if each.name == "challenger"]
    assert (drawn[0].y[0], drawn[0].y[-1], drawn[1].y[-1]) == (0.0, 1.0, 1.0)
    assert all(len(each.x) <= 500 for each in drawn)
    lift = np.interp(0.2, drawn[1].x, drawn[1].y)
    assert lift == pytest.approx(np.interp(0.2, drawn[0].x, drawn[0].y) / 0.2, rel=0.01)
    assert "against" in figure.layout.title.text
    assert "bdata" not in figure.to_json()


@pytest.mark.parametrize("kind", ["multiclass", "regression", "ranking"])
def test_other_problems_have_no_gain_and_no_costs(kind: str, make) -> None:
    assert not plot_gain(make(kind)).data
    found = cost_calls(make(kind), COSTS, 0.95)
    assert (found.challenger, found.improvement) == (None, None)
    assert found.note


def test_without_positive_rows_there_is_no_gain(make) -> None:
    made = make("binary")
    made.table["target"] = 0

    assert "no row is positive" in plot_gain(made).layout.title.text


def test_calls_cost_what_each_model_gets_wrong_at_its_own_threshold(make) -> None:
    made = make("binary", groups=80, threshold=0.3)

    found = cost_calls(made, COSTS, 0.95)

    own, other = (cost(made.outcomes(model), 0.3) for model in ("challenger", "incumbent"))
    assert found.challenger.value == pytest.approx(own)
    assert found.incumbent.value == pytest.approx(other)
    assert found.improvement.value == pytest.approx(other - own)
    assert found.improvement.lower < other - own < found.improvement.upper
    # pairing helps: both models are wrong about the same rows
    alone = np.hypot(found.challenger.standard_error, found.incumbent.standard_error)
    assert found.improvement.standard_error < alone


def test_equal_costs_are_the_share_of_wrong_calls(make) -> None:
    made = make("binary")

    found = cost_calls(made, ErrorCosts(), 0.95)

    called = made.outcomes("challenger").prediction >= 0.5
    assert found.challenger.value == pytest.approx(1 - sk.accuracy_score(made.target, called))
