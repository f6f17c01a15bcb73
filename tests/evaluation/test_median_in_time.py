"""The median of a series has bounds that hold where neighbours are alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import binomtest, quantile_test

from experiment_cycle.evaluation.median_in_time import MedianInTime

LEVEL = 0.05


def series(count: int, correlation: float, generator: np.random.Generator) -> np.ndarray:
    """Draw an autoregressive series around 0, with long tails to the right."""
    noise = generator.standard_normal(count + 60)
    steps = lfilter([np.sqrt(1 - correlation**2)], [1, -correlation], noise)[60:]
    return np.expm1(steps)


@pytest.mark.parametrize("count", [20, 60, 200])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_a_bound_is_wrong_no_more_often_than_its_level(count: int, correlation: float) -> None:
    generator, runs, wrong = np.random.default_rng(count), 400, np.zeros(2, dtype=int)
    for _ in range(runs):
        lower, upper = MedianInTime.of(series(count, correlation, generator)).bounds(LEVEL, LEVEL)
        wrong += [lower is not None and lower > 0.0, upper is not None and upper < 0.0]

    for found in wrong.tolist():
        assert binomtest(found, runs, LEVEL, alternative="greater").pvalue > 0.01


def test_the_bounds_of_independent_values_would_not_hold() -> None:
    # the reason for this module: what the test above would miss if neighbours were never alike
    generator, wrong = np.random.default_rng(1), 0
    for _ in range(300):
        values = series(60, 0.6, generator)
        wrong += bool(binomtest(int((values > 0).sum()), 60, alternative="greater").pvalue < LEVEL)

    assert wrong > 2 * LEVEL * 300


@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60),
    threshold=st.floats(-1e3, 1e3),
    level=st.sampled_from([0.002, 0.01, 0.025, 0.05, 0.2]),
)
def test_a_bound_excludes_a_number_where_its_p_value_is_below_the_level(
    values: list[float], threshold: float, level: float
) -> None:
    found = MedianInTime.of(np.array(values))

    lower, upper = found.bounds(level, level)

    assert (lower is not None and lower > threshold) == (found.p_value(threshold) <= level)
    assert (upper is not None and upper < threshold) == (found.p_value_above(threshold) <= level)
    assert lower is None or lower <= found.value
    assert upper is None or upper >= found.value
    # never less careful than where values are independent
    exact = quantile_test(values, q=threshold, p=0.5, alternative="greater").pvalue
    assert found.p_value(threshold) >= exact * (1 - 1e-9)


def test_order_matters_to_the_bounds_only() -> None:
    rising = np.linspace(1.0, 2.0, 100)
    shuffled = np.random.default_rng(0).permutation(rising)
    drifting, steady = MedianInTime.of(rising), MedianInTime.of(shuffled)

    assert drifting.value == steady.value == pytest.approx(1.5)
    lower, upper = steady.bounds(LEVEL, LEVEL)
    assert 1.35 < lower < 1.5 < upper < 1.65
    wide_lower, wide_upper = drifting.bounds(LEVEL, LEVEL)
    assert (wide_upper - wide_lower) > 2 * (upper - lower)


def test_values_that_are_all_equal_are_taken_for_independent() -> None:
    assert MedianInTime.of(np.full(10, 2.0)).bounds(LEVEL, LEVEL) == (2.0, 2.0)
    assert MedianInTime.of(np.full(10, 2.0)).p_value(1.0) == pytest.approx(2.0**-10)
    assert MedianInTime.of(np.array([2.0])).bounds(0.4, 0.4) == (None, None)
