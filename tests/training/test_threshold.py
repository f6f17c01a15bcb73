"""The threshold is the best there is, however finely one looks, and says how it was chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from experiment_cycle.errors import DataError
from experiment_cycle.metrics.catalogue import measure
from experiment_cycle.metrics.outcomes import Outcomes
from experiment_cycle.training.options import ThresholdOptions
from experiment_cycle.training.threshold import SCORES, Cuts, choose_threshold, expected_cost

# few values, so that ties are common; both ends are in it
probabilities = st.sampled_from([0.0, 1e-300, 0.1, 0.3, 0.3000000000000001, 0.5, 0.7, 0.95, 1.0])
rows = st.lists(st.tuples(st.integers(0, 1), probabilities), min_size=1, max_size=25)


def outcomes_of(pairs, threshold=0.5):
    target, probability = zip(*pairs, strict=True)
    return Outcomes(
        "binary", np.array(target), np.array(probability, dtype=np.float64), threshold=threshold
    )


def with_threshold(outcomes, threshold):
    return Outcomes("binary", outcomes.target, outcomes.prediction, threshold=threshold)


def candidates(outcomes):
    """Every threshold that can differ in effect, and the two ends."""
    levels = np.unique(outcomes.prediction)
    return [*levels, *np.nextafter(levels, 2.0)[np.nextafter(levels, 2.0) <= 1.0], 0.0]


@given(rows, st.sampled_from(sorted(SCORES)))
def test_no_threshold_has_a_better_value_of_the_metric(pairs, name):
    outcomes = outcomes_of(pairs)
    values = [measure(name, with_threshold(outcomes, value)) for value in candidates(outcomes)]
    options = ThresholdOptions(choose_by="metric", metric=name)
    if np.isnan(values).all():
        with pytest.raises(DataError, match="No threshold can be chosen"):
            choose_threshold(outcomes, options)
        return
    record = choose_threshold(outcomes, options)
    assert 0.0 <= record.value <= 1.0
    reached = measure(name, with_threshold(outcomes, record.value))
    assert reached == pytest.approx(np.nanmax(values), abs=1e-12)
    assert f"is {reached:.4f} here" in record.detail


@given(rows, st.integers(0, 9), st.integers(1, 9))
def test_no_threshold_costs_less(pairs, false_positive, false_negative):
    outcomes = outcomes_of(pairs)

    def cost(threshold):
        called = outcomes.prediction >= threshold
        wrong = np.where(outcomes.target == 1, ~called * false_negative, called * false_positive)
        return wrong.mean()

    record = choose_threshold(
        outcomes,
        ThresholdOptions.model_validate(
            {
                "choose_by": "costs",
                "costs": {"false_positive": false_positive, "false_negative": false_negative},
            }
        ),
    )
    least = min(cost(value) for value in candidates(outcomes))
    assert cost(record.value) == pytest.approx(least, abs=1e-12)
    assert f"costs {least:.4f} on average here" in record.detail
    assert f"at 0.5 it costs {cost(0.5):.4f}" in record.detail


@given(rows, st.sampled_from(sorted(SCORES)))
def test_what_is_told_of_the_usual_threshold_is_so(pairs, name):
    outcomes = outcomes_of(pairs)
    cuts = Cuts.of(outcomes)
    usual = SCORES[name](cuts)[cuts.at(0.5)]
    assert usual == pytest.approx(measure(name, outcomes), nan_ok=True)


def test_the_cost_curve_is_that_of_the_confusion_matrix():
    draw = np.random.default_rng(0)
    outcomes = outcomes_of(list(zip(draw.integers(0, 2, 300), draw.random(300), strict=True)))
    cuts = Cuts.of(outcomes)
    costs = ThresholdOptions.model_validate(
        {"costs": {"false_positive": 2, "false_negative": 7}}
    ).costs
    for place in (0, 50, 299, 300):
        called = outcomes.prediction >= cuts.threshold[place]
        (_, wrong), (missed, _) = reference.confusion_matrix(outcomes.target, called)
        assert expected_cost(cuts, costs)[place] == pytest.approx((2 * wrong + 7 * missed) / 300)


def test_it_lies_midway_between_the_probabilities_that_it_parts():
    outcomes = outcomes_of([(0, 0.1), (0, 0.2), (1, 0.6), (1, 0.9)])
    record = choose_threshold(outcomes, ThresholdOptions(choose_by="metric", metric="accuracy"))
    assert record.value == pytest.approx(0.4)


def test_of_equally_good_ones_the_nearest_to_the_middle_is_taken():
    # recall is 1 for every threshold up to 0.8, which leaves those midway below
    outcomes = outcomes_of([(0, 0.1), (0, 0.4), (0, 0.62), (1, 0.8)])
    record = choose_threshold(outcomes, ThresholdOptions(choose_by="metric", metric="recall"))
    assert record.value == pytest.approx(0.51)


def test_a_fixed_threshold_stays_what_was_configured():
    record = choose_threshold(outcomes_of([(1, 0.2)]), ThresholdOptions(value=0.3))
    assert (record.value, record.choose_by) == (0.3, "fixed")


def test_a_million_rows_take_no_time_to_speak_of():
    draw = np.random.default_rng(1)
    outcomes = Outcomes("binary", draw.integers(0, 2, 10**6), draw.random(10**6))
    record = choose_threshold(outcomes, ThresholdOptions(choose_by="metric", metric="f1"))
    # all draws differ, and one cut is below them all
    assert "of 1,000,001 thresholds" in record.detail
