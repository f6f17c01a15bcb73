from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.reporting.numbers import (
    confidence,
    duration,
    interval,
    number,
    p_value,
    percent,
    rounded_alike,
    signed,
    signed_as_precise,
    signed_interval,
    size,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.64031, "0.6403"),
        (12345.6, "12,350"),
        (20190, "20,190"),
        (1234567, "1,234,567"),
        (0.5, "0.5"),
        (1.0, "1"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.0123456, "-0.01235"),
        (0.99996, "1"),
        (0.000012345, "1.234e-05"),
        (987_654_321.0, "987,700,000"),
        (1.52415e10, "1.524e+10"),
        (None, "not defined"),
        (math.nan, "not defined"),
        (math.inf, "not defined"),
    ],
)
def test_a_number_has_at_most_four_significant_digits(value: float | None, shown: str) -> None:
    assert number(value) == shown


@given(st.floats(min_value=1e-9, max_value=1e12))
def test_a_number_read_back_is_within_half_of_its_last_digit(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=5.001e-4)


@pytest.mark.parametrize(
    ("estimate", "shown"),
    [
        ((0.64031, 0.61234, 0.66821), "0.640 (0.612 to 0.668)"),
        ((0.64031, 0.63990, 0.64072), "0.6403 (0.6399 to 0.6407)"),
        ((12.3456, 8.1, 16.9), "12.3 (8.1 to 16.9)"),
        ((-0.0004, -0.03, 0.03), "0.000 (-0.030 to 0.030)"),
        ((1.0, 1.0, 1.0), "1 (1 to 1)"),
        ((1.2344e-6, 1.18e-6, 1.28e-6), "1.234e-06 (1.180e-06 to 1.280e-06)"),
        ((0.0, -4.1e-7, 4.1e-7), "0 (-4.1e-07 to 4.1e-07)"),
        ((0.00052, 0.000518, 0.000522), "0.0005200 (0.0005180 to 0.0005220)"),
        ((123456.7, 118456.2, 128456.9), "123,500 (118,500 to 128,500)"),
        ((1.2345e9, 1.1e9, 1.4e9), "1.23e+09 (1.10e+09 to 1.40e+09)"),
        ((5e-324, 0.0, 1e-323), "4.941e-324 (0 to 9.881e-324)"),
        ((0.5, None, None), "0.5"),
        ((None, None, None), "not defined"),
    ],
)
def test_an_estimate_and_its_bounds_have_the_same_decimals(
    estimate: tuple[float | None, float | None, float | None], shown: str
) -> None:
    assert interval(*estimate) == shown


@given(
    st.floats(-1.0, 1.0),
    st.floats(1e-6, 1.0),
    st.floats(1e-6, 1.0),
    st.sampled_from(range(-12, 13)),
)
def test_bounds_stay_in_order_and_near_after_rounding(
    middle: float, below: float, above: float, power: int
) -> None:
    values = tuple(10.0**power * value for value in (middle - below, middle, middle + above))
    written = [float(text.replace(",", "")) for text in rounded_alike(*values)]
    assert written == sorted(written)
    half = (values[2] - values[0]) / 2.0
    greatest = max(abs(value) for value in values)
    for value, shown in zip(values, written, strict=True):
        assert abs(value - shown) <= max(0.051 * half, 5.1e-4 * greatest)


def test_a_difference_shows_its_sign() -> None:
    assert signed(0.0312) == "+0.0312"
    assert signed(-0.0312) == "-0.0312"
    assert signed(0.0) == "0"
    assert signed(None) == "not defined"
    assert signed_interval(0.031, 0.004, 0.058) == "+0.031 (0.004 to 0.058)"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.7, "70 %"),
        (0.15342, "15.3 %"),
        (0.67029, "67.0 %"),
        (0.0, "0 %"),
        (0.0001, "under 0.1 %"),
        (1.0, "100 %"),
        (None, "not defined"),
    ],
)
def test_a_share_is_a_percentage(share: float | None, shown: str) -> None:
    assert percent(share) == shown


def test_a_level_is_the_confidence_it_leaves() -> None:
    assert [confidence(level) for level in (0.05, 0.025, 0.0304)] == ["95 %", "97.5 %", "97 %"]


def test_small_p_values_are_not_told_apart() -> None:
    assert [p_value(value) for value in (1e-9, 0.0138, None)] == ["< 0.001", "0.014", "not defined"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4216, "0.422 s"), (59.0, "59 s"), (125.2, "2 min 5 s"), (3780.0, "1 h 3 min")],
)
def test_a_duration_is_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(512, "512 bytes"), (131_072, "131 kB"), (1_250_000, "1.25 MB"), (3 * 10**12, "3 TB")],
)
def test_a_size_is_in_the_unit_that_fits(count: int, shown: str) -> None:
    assert size(count) == shown


def test_a_difference_is_as_precise_as_the_estimate_it_belongs_to() -> None:
    assert signed_as_precise(0.0427712, 0.658, 0.731) == "+0.043"
    assert signed_as_precise(-0.008646, 0.9, 0.957) == "-0.009"
    assert signed_as_precise(-2.4e-7, 1.1e-6, 1.3e-6) == "-0.24e-06"
    assert signed_as_precise(43_210.0, 1.1e6, 1.3e6) == "+40,000"
    assert signed_as_precise(0.0427712, None, None) == "+0.04277"
